"""Graphs that are no ScaleNets: every operator that Keras's layers express, there and back."""

import keras_models
import numpy as np
import pytest
import reference
from command import refuse, scalenet
from keras_models import FLOAT32_TOLERANCE

FOLDER = reference.FIXTURES / "keras" / "operators"
INPUTS = ("image", "rows", "sequence")
#: Each of a file's outputs, in the graph's order, as ONNX Runtime computes it.
ARRAYS = {name: dict(np.load(FOLDER / f"{name}.npz", allow_pickle=False)) for name in ("operators", "newer")}
ENDING = pytest.mark.parametrize("ending", ["h5", "keras"])
FILE = pytest.mark.parametrize("file", ARRAYS)


def to_keras(array):
    return array.transpose(0, 2, 3, 1) if array.ndim == 4 else array


def inputs(file):
    return {name: ARRAYS[file][name] for name in INPUTS}


def differing(file, found):
    """The outputs that are not what ONNX Runtime computes."""
    expected = {name: array for name, array in ARRAYS[file].items() if name not in INPUTS}
    errors = {
        name: keras_models.relative_error(value, array)
        for (name, array), value in zip(expected.items(), found, strict=True)
    }
    return {name: error for name, error in errors.items() if not error < FLOAT32_TOLERANCE}


@FILE
@ENDING
def test_every_operator(tmp_path, ending, file):
    path, back = tmp_path / f"model.{ending}", tmp_path / "back.onnx"
    scalenet("convert", FOLDER / f"{file}.onnx", "-o", path)
    outputs = keras_models.load(path).predict([to_keras(array) for array in inputs(file).values()], verbose=0)
    assert differing(file, [value.transpose(0, 3, 1, 2) if value.ndim == 4 else value for value in outputs]) == {}
    # GroupNormalization and others need a later opset than the usual one, which is chosen.
    scalenet("convert", path, "-o", back)
    np.savez(tmp_path / "inputs.npz", **inputs(file))
    found = tmp_path / "found.npz"
    scalenet("run", back, "--input", tmp_path / "inputs.npz", "--output", found)
    with np.load(found, allow_pickle=False) as arrays:
        assert differing(file, list(arrays.values())) == {}


@FILE
@ENDING
def test_half_precision(tmp_path, ending, file):
    path = tmp_path / f"model.{ending}"
    scalenet("convert", FOLDER / f"{file}.onnx", "-o", path, "--dtype", "float16", "--no-verify")
    outputs = keras_models.load(path).predict([to_keras(array) for array in inputs(file).values()], verbose=0)
    assert len(outputs) == len(ARRAYS[file]) - len(INPUTS)
    assert all(value.dtype == np.float32 and np.isfinite(value).all() for value in outputs)


def test_what_no_layer_computes_is_named(tmp_path):
    """Local response normalisation, in a model of three nodes that was written by hand."""
    output = tmp_path / "out.h5"
    outcome = refuse("convert", FOLDER / "lrn.onnx", "-o", output, output=output)
    assert "node normalize (LRN): operator: expected one that a plain Keras layer computes" in outcome.stderr
