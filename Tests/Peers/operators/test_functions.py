"""Local functions, branches, and models of several inputs and outputs, against ONNX Runtime."""

import numpy as np
import onnx
import onnxruntime
import operator_models
import pytest
from command import BAD_INPUT, CANNOT_CREATE, USAGE, scalenet
from onnx import helper


def function_model():
    """A call of a call, with attributes that are passed on, that have values of their own, and that are left out."""
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]
    act = helper.make_node("LeakyRelu", ["a"], ["t"], name="act")
    reference = onnx.AttributeProto(name="alpha", ref_attr_name="slope", type=onnx.AttributeProto.FLOAT)
    act.attribute.append(reference)
    inner = helper.make_function(
        "local", "Inner", ["a", "b"], ["c"], [act, helper.make_node("Add", ["t", "b"], ["c"])], imports, ["slope"]
    )
    call = helper.make_node("Inner", ["p", "p"], ["q"], domain="local")
    call.attribute.append(onnx.AttributeProto(name="slope", ref_attr_name="s", type=onnx.AttributeProto.FLOAT))
    outer = helper.make_function(
        "local",
        "Outer",
        ["p"],
        ["q", "r"],
        [call, helper.make_node("Inner", ["q", "p"], ["r"], domain="local")],
        imports,
        attributes=[],
        attribute_protos=[helper.make_attribute("s", 0.25)],
    )
    nodes = [
        helper.make_node("Outer", ["x"], ["t", "y"], domain="local", name="first", s=0.5),
        helper.make_node("Outer", ["t"], ["z", "unused"], domain="local", name="second"),
    ]
    return operator_models.model(
        nodes, (2, 3), outputs=("y", "z"), functions=[inner, outer], domains=["local"]
    )


def branch_model():
    """A branch that a comparison of shapes decides, as PyTorch's exporter writes it for a squeeze."""
    then = helper.make_graph(
        [helper.make_node("Squeeze", ["x", "one"], ["s"])],
        "then",
        [],
        [helper.make_tensor_value_info("s", onnx.TensorProto.FLOAT, None)],
    )
    other = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["i"])],
        "else",
        [],
        [helper.make_tensor_value_info("i", onnx.TensorProto.FLOAT, None)],
    )
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["extent"]),
        helper.make_node("Equal", ["extent", "one"], ["is_one"]),
        helper.make_node("If", ["is_one"], ["y"], name="choice", then_branch=then, else_branch=other),
    ]
    return operator_models.model(nodes, (2, 1, 3), {"one": operator_models.int64(1)})


@pytest.mark.parametrize("make", [function_model, branch_model])
def test_bodies(tmp_path, make):
    path = tmp_path / "model.onnx"
    onnx.save(make(), path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).standard_normal(session.get_inputs()[0].shape).astype(np.float32)
    names = [output.name for output in session.get_outputs()]
    np.save(tmp_path / "x.npy", x)
    scalenet("run", path, "--input", f"x={tmp_path / 'x.npy'}", "--output-dir", tmp_path / "out")
    for name, expected in zip(names, session.run(names, {"x": x})):
        found = np.load(tmp_path / "out" / f"{name}.npy")
        assert found.shape == expected.shape
        assert np.allclose(found, expected, rtol=1e-6, atol=1e-6)
    # Written again, nothing of the functions and branches is left.
    written = tmp_path / "written.onnx"
    scalenet("convert", path, "-o", written)
    assert len(onnx.load(written).functions) == 0
    again = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"]).run(names, {"x": x})
    for found, expected in zip(again, session.run(names, {"x": x})):
        assert np.allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.fixture
def pair(tmp_path):
    """A model of inputs `x` and `in/put 2` and outputs `sum` and `../product:0`, with arrays for it."""
    nodes = [
        helper.make_node("Add", ["x", "in/put 2"], ["sum"]),
        helper.make_node("Mul", ["x", "in/put 2"], ["../product:0"]),
    ]
    model = operator_models.model(
        nodes, ("n", 3), inputs={"in/put 2": (1, 3)}, outputs=("sum", "../product:0")
    )
    onnx.save(model, tmp_path / "pair.onnx")
    random = np.random.default_rng(6)
    arrays = {name: random.standard_normal(shape).astype(np.float32) for name, shape in (("x", (2, 3)), ("in/put 2", (1, 3)))}
    np.save(tmp_path / "x.npy", arrays["x"])
    np.save(tmp_path / "second.npy", arrays["in/put 2"])
    options = ["--input", f"x={tmp_path / 'x.npy'}", "--input", f"in/put 2={tmp_path / 'second.npy'}"]
    return tmp_path / "pair.onnx", options, arrays


def test_several_inputs_and_outputs(tmp_path, pair):
    path, options, arrays = pair
    outcome = scalenet("run", path, *options, "--output-dir", tmp_path / "out")
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["_.._product_0.npy", "sum.npy"]
    assert outcome.stdout == (
        f"{tmp_path}/out/sum.npy: sum float32[2, 3]\n"
        f"{tmp_path}/out/_.._product_0.npy: ../product:0 float32[2, 3]\n"
    )
    x, second = arrays.values()
    assert np.array_equal(np.load(tmp_path / "out/sum.npy"), x + second)
    assert np.array_equal(np.load(tmp_path / "out/_.._product_0.npy"), x * second)
    # Nothing is replaced unasked, and then nothing is written either.
    (tmp_path / "out/_.._product_0.npy").unlink()
    refused = scalenet("run", path, *options, "--output-dir", tmp_path / "out", check=False)
    assert refused.status == CANNOT_CREATE
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["sum.npy"]
    scalenet("run", path, *options, "--output-dir", tmp_path / "out", "--force")
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_inputs_from_an_archive(tmp_path):
    model = operator_models.model(
        [helper.make_node("Add", ["x", "second"], ["y"])], (2, 3), inputs={"second": (1, 3)}
    )
    onnx.save(model, tmp_path / "model.onnx")
    x, second = np.ones((2, 3), np.float32), np.arange(3, dtype=np.float32)[None]
    np.savez(tmp_path / "inputs.npz", x=x, second=second)
    scalenet("run", tmp_path / "model.onnx", "--input", tmp_path / "inputs.npz", "--output", tmp_path / "y.npy")
    assert np.array_equal(np.load(tmp_path / "y.npy"), x + second)


def test_what_does_not_fit_is_said(tmp_path, pair):
    path, options, _ = pair

    def fail(*arguments, status):
        outcome = scalenet("run", path, *arguments, check=False)
        assert outcome.status == status, outcome
        assert not (tmp_path / "out").exists()
        return outcome.stderr

    out = ("--output-dir", tmp_path / "out")
    assert "in/put 2" in fail(*options[:2], *out, status=BAD_INPUT)
    assert "expected one input" in fail("--input", tmp_path / "x.npy", *out, status=BAD_INPUT)
    assert "found two" in fail(*options, *options[:2], *out, status=USAGE)
    assert "names for all" in fail(*options[:2], "--input", tmp_path / "second.npy", *out, status=USAGE)
    assert "--input" in fail(*out, status=USAGE)
    assert "neither" in fail(*options, status=USAGE)
    assert "both" in fail(*options, *out, "--output", tmp_path / "y.npy", status=USAGE)


def test_open_image_sizes(tmp_path):
    model = operator_models.model(
        [helper.make_node("GlobalMaxPool", ["x"], ["t"], name="pool"), helper.make_node("Relu", ["t"], ["y"])],
        ("n", 3, "h", "w"),
    )
    onnx.save(model, tmp_path / "model.onnx")
    x = np.random.default_rng(1).standard_normal((2, 3, 5, 8)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    scalenet("run", tmp_path / "model.onnx", "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    assert np.array_equal(np.load(tmp_path / "y.npy"), np.maximum(x.max((2, 3), keepdims=True), 0))
    report = scalenet("inspect", tmp_path / "model.onnx", "--input-size", "5x8", "--format", "json").stdout
    assert '"name" : "x"' in report
    scalenet("convert", tmp_path / "model.onnx", "-o", tmp_path / "fixed.onnx", "--input-size", "5x8")
    shape = onnx.load(tmp_path / "fixed.onnx").graph.input[0].type.tensor_type.shape.dim
    assert [each.dim_value for each in shape[1:]] == [3, 5, 8]
