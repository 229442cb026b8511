"""What exporters compute of an open batch stays known: such models are inspected, and run as in ONNX Runtime."""

import json

import numpy as np
import onnx
import onnxruntime
import operator_models
import pytest
from command import scalenet
from onnx import TensorProto, helper, numpy_helper
from operator_models import int64


def strided():
    """Images taken by their positions in the flat array, as PyTorch writes `as_strided`."""
    nodes = [
        helper.make_node("Shape", ["x"], ["batch"], start=0, end=1),
        helper.make_node("Squeeze", ["batch"], ["count"]),
        helper.make_node("Range", ["zero", "count", "one"], ["images"]),
        helper.make_node("Mul", ["images", "size"], ["starts"]),
        helper.make_node("Unsqueeze", ["starts", "last"], ["column"]),
        helper.make_node("Add", ["column", "offsets"], ["places"]),
        helper.make_node("Reshape", ["x", "all"], ["flat"]),
        helper.make_node("Gather", ["flat", "places"], ["rows"], axis=0),
        helper.make_node("MatMul", ["rows", "w"], ["y"]),
    ]
    constants = {
        "zero": np.int64(0), "one": np.int64(1), "size": np.int64(12), "last": int64(1), "all": int64(-1),
        "offsets": np.arange(0, 12, 2, dtype=np.int64), "w": operator_models.real(6, 5),
    }  # fmt: skip
    return nodes, constants, 30


def steps():
    """Two numbers an image, counted in steps of two."""
    nodes = [
        helper.make_node("Shape", ["x"], ["batch"], start=0, end=1),
        helper.make_node("Mul", ["batch", "two"], ["twice"]),
        helper.make_node("Squeeze", ["twice"], ["count"]),
        helper.make_node("Range", ["zero", "count", "step"], ["even"]),
        helper.make_node("Cast", ["even"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["numbers", "last"], ["column"]),
        helper.make_node("Add", ["x", "column"], ["sum"]),
        helper.make_node("MatMul", ["sum", "w"], ["y"]),
    ]
    constants = {
        "zero": np.int64(0), "step": np.int64(2), "two": int64(2), "last": int64(1), "w": operator_models.real(12, 5),
    }  # fmt: skip
    return nodes, constants, 60


def filled():
    """Positions counted along an axis of a constant as large as the batch."""
    value = numpy_helper.from_array(np.array([1], np.float32))
    nodes = [
        helper.make_node("Shape", ["x"], ["batch"], start=0, end=1),
        helper.make_node("Concat", ["batch", "twelve"], ["shape"], axis=0),
        helper.make_node("ConstantOfShape", ["shape"], ["ones"], value=value),
        helper.make_node("CumSum", ["ones", "one"], ["counted"]),
        helper.make_node("Mul", ["x", "counted"], ["product"]),
        helper.make_node("MatMul", ["product", "w"], ["y"]),
    ]
    return nodes, {"twelve": int64(12), "one": np.int64(1), "w": operator_models.real(12, 5)}, 60


def sliced():
    """All of the batch, to an end that JAX writes."""
    nodes = [
        helper.make_node("Slice", ["x", "starts", "ends"], ["part"]),
        helper.make_node("MatMul", ["part", "w"], ["y"]),
    ]
    return nodes, {"starts": int64(0, 0), "ends": int64(10**9, 6), "w": operator_models.real(6, 5)}, 30


def folded():
    """Pixels that become images, beside an extent that is what is left."""
    nodes = [
        helper.make_node("Shape", ["x"], ["batch"], start=0, end=1),
        helper.make_node("Mul", ["batch", "four"], ["images"]),
        helper.make_node("Concat", ["images", "rest"], ["shape"], axis=0),
        helper.make_node("Reshape", ["x", "shape"], ["parts"]),
        helper.make_node("MatMul", ["parts", "w"], ["y"]),
    ]
    return nodes, {"four": int64(4), "rest": int64(-1), "w": operator_models.real(3, 5)}, 60


def repeated():
    """A constant for each image."""
    nodes = [
        helper.make_node("Shape", ["x"], ["batch"], start=0, end=1),
        helper.make_node("Concat", ["batch", "two"], ["repeats"], axis=0),
        helper.make_node("Tile", ["row", "repeats"], ["rows"]),
        helper.make_node("Add", ["x", "rows"], ["sum"]),
        helper.make_node("MatMul", ["sum", "w"], ["y"]),
    ]
    return nodes, {"two": int64(2), "row": operator_models.real(1, 6), "w": operator_models.real(12, 5)}, 60


@pytest.mark.parametrize("make", [strided, steps, filled, sliced, folded, repeated])
def test_open_batch(tmp_path, make):
    nodes, constants, macs = make()
    model = operator_models.model(nodes, ("batch", 12), constants)
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    report = json.loads(scalenet("inspect", path, "--format", "json").stdout)
    # Of one image.
    assert report["totals"]["macs"] == macs
    x = np.random.default_rng(4).standard_normal((3, 12)).astype(np.float32)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    expected = session.run(None, {"x": x})[0]
    np.save(tmp_path / "x.npy", x)
    for source in (path, tmp_path / "written.onnx"):
        if source != path:
            scalenet("convert", path, "-o", source)
        scalenet("run", source, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy", "--force")
        found = np.load(tmp_path / "y.npy")
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max()


def test_empty_arrays(tmp_path):
    """An open extent may be 0."""
    nodes = [helper.make_node("Relu", ["x"], ["t"]), helper.make_node("Concat", ["t", "c"], ["y"], axis=0)]
    model = operator_models.model(nodes, ("n", 4), {"c": operator_models.real(2, 4)})
    onnx.save(model, tmp_path / "model.onnx")
    x = np.zeros((0, 4), np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    np.save(tmp_path / "x.npy", x)
    scalenet("run", tmp_path / "model.onnx", "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), session.run(None, {"x": x})[0])
