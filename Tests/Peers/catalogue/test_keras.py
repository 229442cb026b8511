"""HDF5 and Keras files: lines 51 to 56 of the catalogue."""

import h5py
import numpy as np
import pytest
from command import BAD_INPUT, OK
from survive import accepted, refused

INPUT = np.float32([[1, 2, 3, 4], [-1, 0, 1, 0.5]])
KERNEL = np.arange(12, dtype=np.float32).reshape(4, 3)
BIAS = np.float32([1, 2, 3])


def computes(place, name):
    """What NumPy computes of the layer's weights."""
    np.save(place.folder / "x.npy", INPUT)
    ending = place.run("run", place.take(name).name, "--input", "x.npy", "-o", "y.npy")
    assert ending.status == OK, ending
    np.testing.assert_array_equal(np.load(place.folder / "y.npy"), INPUT @ KERNEL + BIAS)


def survives(place, data):
    """A damaged file is refused, or read; nothing else. Whether it was read."""
    (place.folder / "damaged.h5").write_bytes(data)
    ending = place.run("convert", "damaged.h5", "-o", "out.onnx", "--force")
    assert ending.status in (OK, BAD_INPUT), ending
    names = {path.name for path in place.folder.iterdir()}
    if ending.status == BAD_INPUT:
        assert names == {"damaged.h5"} and ending.stdout == "", ending
        assert ending.stderr.startswith("scalenet: error: damaged.h5: ") and ending.stderr.count("\n") == 1, ending
    else:
        assert names == {"damaged.h5", "out.onnx"}
        (place.folder / "out.onnx").unlink()
    return ending.status == OK


def test_51_truncation(place):
    data = (place.malformed / "51-good.h5").read_bytes()
    assert survives(place, data)
    assert not any(survives(place, data[:length]) for length in range(0, len(data), 61))


@pytest.mark.parametrize("part", range(4))
def test_51_byte_flips(place, part):
    """A byte in every stretch of 50 has all bits flipped, a different one in each quarter of the file."""
    data = (place.malformed / "51-good.h5").read_bytes()
    quarter = len(data) // 4
    for position in range(part * quarter, (part + 1) * quarter, 50):
        place_of = position + position % 7
        changed = bytearray(data)
        changed[place_of] ^= 0xFF
        survives(place, bytes(changed))


@pytest.fixture
def canaries(place):
    """What links and layouts of other files lead to."""
    with h5py.File(place.folder / "canary.h5", "w") as file:
        file["data"] = KERNEL
    KERNEL.tofile(place.folder / "canary.bin")


test_52_links_and_data_elsewhere = refused("52")


@pytest.mark.parametrize("name", ["52-external-link.h5", "52-external-storage.h5", "52-virtual.h5"])
def test_52_what_is_elsewhere_is_not_read_where_it_is_there(place, canaries, monkeypatch, name):
    place.refuses_file(name)
    monkeypatch.chdir(place.folder)
    # h5py, which follows them, finds the canary: the files are what they say.
    with h5py.File(place.folder / name) as file:
        np.testing.assert_array_equal(file["model_weights/dense/dense/kernel:0"][...], KERNEL)


test_53_shapes_and_chunks_that_lie = refused("53")
test_54_filters_that_are_unknown_or_fail = refused("54")


@pytest.mark.parametrize("name", accepted("54"))
def test_54_filters(place, name):
    computes(place, name)


def test_55_variable_length_strings(place):
    computes(place, "55-text.h5")


test_55_corrupt_heaps = refused("55")
test_56_code_in_configurations = refused("56")


@pytest.mark.parametrize("name", accepted("56"))
def test_56_without_code(place, name):
    computes(place, name)
