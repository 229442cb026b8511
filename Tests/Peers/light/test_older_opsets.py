"""Functions that an opset has no operator for are written in simpler operators, where that opset is asked for."""

import numpy as np
import onnx
import onnxruntime
import pytest
from command import refuse, scalenet
from onnx import TensorProto, helper

#: The function, its attributes, the first opset that has it, and one that does without.
FUNCTIONS = [
    ("Gelu", {}, 20, 17),
    ("Gelu", {"approximate": "tanh"}, 20, 13),
    ("Mish", {}, 18, 17),
    ("HardSwish", {}, 14, 13),
]
#: Of the largest element.
TOLERANCE = 1e-6


def network(path, op, attributes, opset):
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 5])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 5])
    node = helper.make_node(op, ["x"], ["y"], name="function", **attributes)
    model = helper.make_model(
        helper.make_graph([node], "graph", [x], [y]), opset_imports=[helper.make_opsetid("", opset)], ir_version=8
    )
    onnx.save(model, path)


def run(path, x):
    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]


@pytest.mark.parametrize("op, attributes, since, older", FUNCTIONS)
def test_function_of_older_opset(tmp_path, op, attributes, since, older):
    source, output = tmp_path / "source.onnx", tmp_path / "older.onnx"
    network(source, op, attributes, since)
    scalenet("convert", source, "-o", output, "--opset", older)
    model = onnx.load(output)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == older
    assert op not in [node.op_type for node in model.graph.node]
    x = np.linspace(-6, 6, 50, dtype=np.float32).reshape(10, 5)
    expected = run(source, x)
    assert np.abs(run(output, x) - expected).max() <= TOLERANCE * np.abs(expected).max()


def test_target_of_older_opset(tmp_path):
    """TensorRT 8.6 has no Gelu: what is written for it has none, and what it is asked for says so."""
    source, output = tmp_path / "source.onnx", tmp_path / "target.onnx"
    network(source, "Gelu", {}, 20)
    outcome = scalenet("check", source, "--target", "tensorrt-8.6", check=False)
    assert outcome.status == 1 and "convert it with --for" in outcome.stdout
    scalenet("convert", source, "-o", output, "--for", "tensorrt-8.6")
    scalenet("check", output, "--target", "tensorrt-8.6")
    x = np.linspace(-6, 6, 50, dtype=np.float32).reshape(10, 5)
    assert np.abs(run(output, x) - run(source, x)).max() < 6 * TOLERANCE


def test_axes_of_images_are_told(tmp_path):
    """Height and width of an image with channels last, as TensorFlow's exporters leave it."""
    path, output = tmp_path / "open.onnx", tmp_path / "closed.onnx"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "height", "width", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    weight = onnx.numpy_helper.from_array(np.full((2, 3, 3, 3), 0.1, np.float32), "w")
    nodes = [helper.make_node("Transpose", ["x"], ["t"], perm=[0, 3, 1, 2]), helper.make_node("Conv", ["t", "w"], ["y"])]
    graph = helper.make_graph(nodes, "graph", [x], [y], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    refuse("convert", path, "-o", output, output=output)
    scalenet("convert", path, "-o", output, "--input-size", "8x9")
    extents = [each.dim_value for each in onnx.load(output).graph.input[0].type.tensor_type.shape.dim]
    assert extents[1:] == [8, 9, 3]
    assert "(NHWC)" in scalenet("inspect", output).stdout


def test_open_extents_that_differ(tmp_path):
    """Two open extents without names may be the same or not: nothing is wrong with their sum."""
    path, output = tmp_path / "sum.onnx", tmp_path / "again.onnx"
    a, b = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 4]) for name in "ab")
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("Add", ["a", "b"], ["y"])], "graph", [a, b], [y])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    assert "float32[?, 4]" in scalenet("inspect", path).stdout
    scalenet("convert", path, "-o", output)
    arrays = {name: np.ones((rows, 4), np.float32) for name, rows in (("a", 3), ("b", 1))}
    session = onnxruntime.InferenceSession(output, providers=["CPUExecutionProvider"])
    assert session.run(None, arrays)[0].shape == (3, 4)
