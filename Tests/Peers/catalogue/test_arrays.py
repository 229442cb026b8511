"""safetensors, .npy and .npz: lines 40 to 43 of the catalogue."""

import numpy as np
import pytest
from command import OK
from survive import refused

test_40_safetensors_headers = refused("40")
test_41_npy_of_code_objects_and_structures = refused("41")
test_42_npy_headers_that_lie = refused("42")
test_43_npz = refused("43")


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", ">f8", "<f2", ">f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_43_fortran_order_and_big_endian(place, dtype, order):
    """NumPy writes the array, and NumPy's own arithmetic says what must come out."""
    array = np.arange(-12, 12).reshape(2, 3, 4).astype(dtype, order=order) / 2
    np.save(place.folder / "x.npy", np.asarray(array, dtype=dtype, order=order))
    model = place.take("43-relu-2x3x4.onnx")
    ending = place.run("run", model.name, "--input", "x.npy", "-o", "y.npy")
    assert ending.status == OK, ending
    np.testing.assert_array_equal(np.load(place.folder / "y.npy"), np.maximum(array, 0).astype(np.float32))
