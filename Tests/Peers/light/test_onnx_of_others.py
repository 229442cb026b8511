"""Files that other programs write in ways of their own: read, and computed as ONNX Runtime computes them."""

import numpy as np
import onnx
import onnx_checks
import onnxruntime
import pytest
import reference
from command import scalenet
from onnx import TensorProto, helper, numpy_helper

FOLDER = reference.TINY.parent / "onnx" / "others"

#: Each model, and the array that it runs on.
CASES = {
    # Extents are floor(float32(extent) * float32(scale)).
    "resize_floor": "x7",
    "resize_floor_declared": "x7",
    "upsample9_floor": "x7",
    "te_interpolate": "te_interpolate",
    # Positions follow from the common factor, not from the rounded extents.
    "resize_not_smaller": "x79",
    # An extent of -1 is open.
    "dim_minus1": "x23",
    # A declared output shape that is not so.
    "out_stale": "x23",
    "te_maxpool_ceil": "te_maxpool_ceil",
    # Nodes out of order.
    "unsorted": "x23",
    "fp16_keep_io": "x7",
    # What nobody reads need not be supported.
    "dead_branch": "x23",
    # Weights in "./e.data".
    "ext_dot_slash": "x23",
}


@pytest.mark.parametrize("name", CASES)
def test_runs_as_in_onnx_runtime(tmp_path, name):
    source, output = FOLDER / f"{CASES[name]}.npy", tmp_path / "y.npy"
    model = FOLDER / f"{name}.onnx"
    scalenet("run", model, "--input", source, "--output", output)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    expected = session.run(None, {session.get_inputs()[0].name: np.load(source)})[0]
    found = np.load(output)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    assert onnx_checks.relative_error(found, expected) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize(
    "name, note",
    [
        ("unsorted", "nodes stand before others whose outputs they read; they were sorted"),
        ("te_maxpool_ceil", "output 1 is float32[1, 2, 3, 4], not [1, 2, 4, 4] as the file declares"),
    ],
)
def test_what_was_assumed_is_said(name, note):
    outcome = scalenet("inspect", FOLDER / f"{name}.onnx")
    assert f"note: {note}" in outcome.stderr or note in outcome.stderr, outcome.stderr


def class_token_model(path):
    """Images cut into patches, a class token before them, LayerNormalization and Gelu: the batch is open, and the
    token's repetition takes it from the patches' shape, as PyTorch's exporter says it."""
    rng = np.random.default_rng(3)

    def weight(*shape):
        return numpy_helper.from_array(rng.standard_normal(shape).astype(np.float32) * 0.2)

    def named(tensor, name):
        tensor.name = name
        return tensor

    def integers(name, *values):
        return named(numpy_helper.from_array(np.array(values, np.int64)), name)

    nodes = [
        helper.make_node("Conv", ["x", "w"], ["patches"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Shape", ["patches"], ["shape"]),
        helper.make_node("Gather", ["shape", "first"], ["batch"], axis=0),
        helper.make_node("Concat", ["batch", "token_extents"], ["token_shape"], axis=0),
        helper.make_node("Expand", ["token", "token_shape"], ["tokens"]),
        helper.make_node("Reshape", ["patches", "rows"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["sequence"], perm=[0, 2, 1]),
        helper.make_node("Concat", ["tokens", "sequence"], ["all"], axis=1),
        helper.make_node("LayerNormalization", ["all", "scale", "shift"], ["normal"], axis=-1),
        helper.make_node("MatMul", ["normal", "m"], ["wide"]),
        helper.make_node("Gelu", ["wide"], ["y"]),
    ]
    weights = [
        named(weight(24, 3, 4, 4), "w"), named(weight(1, 1, 24), "token"), named(weight(24), "scale"),
        named(weight(24), "shift"), named(weight(24, 40), "m"), integers("first", 0), integers("token_extents", 1, 24),
        integers("rows", 0, 24, -1),
    ]
    graph = helper.make_graph(
        nodes, "tokens", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 16, 16])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 17, 40])], weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def test_a_repetition_takes_the_open_batch(tmp_path):
    model = tmp_path / "tokens.onnx"
    class_token_model(model)
    assert "MACs" in scalenet("inspect", model).stdout
    again = tmp_path / "again.onnx"
    scalenet("convert", model, "-o", again)
    for batch in (1, 3):
        x = np.random.default_rng(batch).standard_normal((batch, 3, 16, 16)).astype(np.float32)
        np.save(tmp_path / "x.npy", x)
        expected = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
        for file in (model, again):
            scalenet("run", file, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy", "--force")
            found = np.load(tmp_path / "y.npy")
            assert found.shape == (batch, 17, 40)
            assert onnx_checks.relative_error(found, expected) < onnx_checks.FLOAT32_TOLERANCE
