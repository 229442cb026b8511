"""Operators against ONNX Runtime: as they are read and run, and as they are written at every opset."""

import itertools

import numpy as np
import onnx
import onnx_checks
import onnxruntime
import operator_models
import pytest
from command import BAD_INPUT, scalenet
from operator_models import float32, int64

OPSETS = (11, 12, 13, 14, 17, 18, 19, 21, 22, 25)

#: What an opset can't say: a model, the opsets that can't say it, and what the message has.
UNSAYABLE = {
    "Softmax, middle axis": (range(11, 13), "axis"),
    "Pad, wrap": (range(11, 19), "mode"),
    "Resize, antialias": (range(11, 18), "antialias"),
    "Resize, symmetric": (range(11, 19), "coordinate_transformation_mode"),
    "Resize, tf_half_pixel_for_nn": (range(13, 26), "coordinate_transformation_mode"),
    "Resize, not_larger": (range(11, 18), "op_type"),
    "Einsum": (range(11, 12), "op_type"),
    "GridSample": (range(11, 16), "op_type"),
    "LayerNormalization": (range(11, 17), "op_type"),
    "Trilu": (range(11, 14), "op_type"),
}


def image(model):
    shape = [each.dim_value for each in model.graph.input[0].type.tensor_type.shape.dim]
    return np.random.default_rng(len(model.graph.node)).standard_normal(shape).astype(np.float32)


def computed(path, arrays):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, arrays)))


def ours(folder, path, arrays):
    np.savez(folder / "inputs.npz", **arrays)
    scalenet("run", path, "--input", folder / "inputs.npz", "--output", folder / "outputs.npz", "--force")
    with np.load(folder / "outputs.npz") as found:
        return dict(found)


def assert_equal(found, expected):
    assert list(found) == list(expected)
    for name in expected:
        assert onnx_checks.relative_error(found[name], expected[name]) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("name", operator_models.MODELS)
def test_runs(tmp_path, name):
    model = operator_models.MODELS[name]
    onnx.save(model, tmp_path / "model.onnx")
    arrays = {"x": image(model)}
    expected = computed(tmp_path / "model.onnx", arrays)
    assert_equal(ours(tmp_path, tmp_path / "model.onnx", arrays), expected)


@pytest.mark.parametrize("name", operator_models.MODELS)
def test_written_at_every_opset(tmp_path, name):
    model = operator_models.MODELS[name]
    onnx.save(model, tmp_path / "model.onnx")
    arrays = {"x": image(model)}
    expected = computed(tmp_path / "model.onnx", arrays)
    unsayable, place = UNSAYABLE.get(name, ((), ""))
    for opset in OPSETS:
        written = tmp_path / f"{opset}.onnx"
        outcome = scalenet("convert", tmp_path / "model.onnx", "-o", written, "--opset", opset, check=False)
        if opset in unsayable:
            assert outcome.status == BAD_INPUT
            assert "node the_node" in outcome.stderr
            assert place in outcome.stderr and f"opset {opset}" in outcome.stderr
            continue
        assert outcome.status == 0, outcome.stderr
        onnx.checker.check_model(str(written), full_check=True)
        assert onnx.load(written).opset_import[0].version == opset
        assert_equal(computed(written, arrays), expected)


COORDINATES = ("half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric")
ROUNDINGS = ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")


@pytest.mark.parametrize("coordinates", COORDINATES)
@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_resize(tmp_path, mode, coordinates):
    """Every mode, up and down, by sizes and by factors that are no quotient of sizes."""
    extents = [int64(2, 3, 12, 5), int64(2, 3, 4, 13), int64(2, 3, 1, 7), float32(1, 1, 1.3, 2.7), float32(1, 1, 0.55, 0.7)]
    # With these factors no position lies in the middle between two elements, where the last bit decides.
    for extent, rounding in itertools.product(extents, ROUNDINGS if mode == "nearest" else ROUNDINGS[:1]):
        given = (None, extent) if extent.dtype == np.float32 else (None, None, extent)
        model = operator_models.one(
            "Resize",
            operator_models.IMAGE,
            *given,
            opset=19,
            mode=mode,
            coordinate_transformation_mode=coordinates,
            nearest_mode=rounding,
        )
        onnx.save(model, tmp_path / "model.onnx")
        arrays = {"x": image(model)}
        expected = computed(tmp_path / "model.onnx", arrays)
        assert_equal(ours(tmp_path, tmp_path / "model.onnx", arrays), expected)
