"""Files that other programs write in ways of their own: read, and computed as ONNX Runtime computes them."""

import numpy as np
import onnx_checks
import onnxruntime
import pytest
import reference
from command import scalenet

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
