"""Half precision: what overflows stays float32 between casts, every node has one type, and runtimes take it."""

import json

import numpy as np
import onnx
import onnx_checks
import onnxruntime
import pytest
import reference
from command import DIFFERENCE, USAGE, scalenet
from onnx import TensorProto, helper, numpy_helper

TINY = reference.TINY / "tiny.pth"
FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE}
#: Of the largest output: what float16 rounds in a network of a few layers.
TOLERANCE = 1e-2


def overflowing(path):
    """Three convolutions; what the second makes is beyond float16, and the third brings it back."""
    rng = np.random.default_rng(5)

    def weight(name, factor):
        values = rng.standard_normal((8, 8, 3, 3)).astype(np.float32) * factor / 8
        return numpy_helper.from_array(values, name)

    nodes = [
        helper.make_node("Conv", ["x", "w0"], ["a"], "first", pads=[1] * 4),
        helper.make_node("Conv", ["a", "w1"], ["b"], "second", pads=[1] * 4),
        helper.make_node("Conv", ["b", "w2"], ["c"], "third", pads=[1] * 4),
        helper.make_node("Relu", ["c"], ["y"], "relu"),
    ]
    shape = [1, 8, 12, 12]
    graph = helper.make_graph(
        nodes, "overflow", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [weight("w0", 1), weight("w1", 3e5), weight("w2", 1e-6)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def types(path):
    """The element types of every node's floating-point inputs and outputs, by node."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path), strict_mode=True, check_type=True)
    found = {value.name: value.type.tensor_type.elem_type
             for value in list(model.graph.value_info) + list(model.graph.input) + list(model.graph.output)}
    found.update({tensor.name: tensor.data_type for tensor in model.graph.initializer})
    return {node.name: (node.op_type, {found[name] for name in list(node.input) + list(node.output) if name} & FLOATS)
            for node in model.graph.node}


def outputs(path, source):
    x = np.random.default_rng(1).standard_normal((1, 8, 12, 12)).astype(np.float32)
    run = lambda file: onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    return run(path), run(source)


def test_what_overflows_is_refused_with_advice(tmp_path):
    source = overflowing(tmp_path / "source.onnx")
    outcome = scalenet("convert", source, "--dtype", "float16", "-o", tmp_path / "half.onnx", check=False)
    assert outcome.status in (DIFFERENCE, 65) and "--keep-float32 auto" in outcome.stderr, outcome
    assert not (tmp_path / "half.onnx").exists()


@pytest.mark.parametrize("keep", [["auto"], ["second", "third"], ["second,third"]])
def test_what_is_kept_computes_in_float32(tmp_path, keep):
    source, half = overflowing(tmp_path / "source.onnx"), tmp_path / "half.onnx"
    options = [part for name in keep for part in ("--keep-float32", name)]
    outcome = scalenet("convert", source, "--dtype", "float16", *options, "-o", half, "--format", "json")
    kept = json.loads(outcome.stdout)["kept_float32"]
    assert [layer["name"] for layer in kept] == ["second", "third"] and all(layer["reason"] for layer in kept)
    found = types(half)
    for name, (op, own) in found.items():
        # A runtime that takes types from the file converts nothing by itself.
        assert len(own) == (2 if op == "Cast" else 1), (name, op, own)
    assert found["first"][1] == {TensorProto.FLOAT16} and found["second"][1] == {TensorProto.FLOAT}
    assert found["third"][1] == {TensorProto.FLOAT} and found["relu"][1] == {TensorProto.FLOAT16}
    ours, theirs = outputs(half, source)
    assert onnx_checks.relative_error(ours, theirs) < TOLERANCE


def test_a_module_by_name(tmp_path):
    half = tmp_path / "half.onnx"
    outcome = scalenet(
        "convert", TINY, "--dtype", "float16", "--keep-float32", "layer4", "-o", half, "--format", "json")
    kept = {layer["name"] for layer in json.loads(outcome.stdout)["kept_float32"]}
    found = types(half)
    assert kept and all(name.startswith("layer4.") for name in kept)
    assert {name for name in found if name.startswith("layer4.") and found[name][0] != "Cast"} == kept
    assert all(found[name][1] == {TensorProto.FLOAT} for name in kept)


def test_what_is_no_layer_is_refused(tmp_path):
    for options, text in [
        (["--dtype", "float16", "--keep-float32", "layer9"], "layer9"), (["--keep-float32", "auto"], "float16 or bfloat16"),
    ]:
        outcome = scalenet("convert", TINY, *options, "-o", tmp_path / "y.onnx", check=False)
        assert outcome.status == USAGE and text in outcome.stderr


def test_bfloat16_is_written_for_an_opset_that_has_it(tmp_path):
    source, half = overflowing(tmp_path / "source.onnx"), tmp_path / "half.onnx"
    scalenet("convert", source, "--dtype", "bfloat16", "-o", half)
    model = onnx.load(half)
    assert model.opset_import[0].version == 22
    onnx.checker.check_model(model, full_check=True)
    assert types(half)["second"][1] == {TensorProto.BFLOAT16}
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == "w1")
    assert weight.data_type == TensorProto.BFLOAT16
    exact = numpy_helper.to_array(onnx.load(source).graph.initializer[1])
    # The upper half of a float32, rounded to the nearest.
    pattern = exact.view(np.uint32)
    rounded = ((pattern + 0x7FFF + ((pattern >> 16) & 1)) & 0xFFFF0000).view(np.float32)
    assert np.array_equal(numpy_helper.to_array(weight).astype(np.float32), rounded)
    scalenet("diff", half, source, "--tolerance", "int8")
