"""Tensors that do not fit their storages, unusual ones that do, and state dicts that do not fit: lines 25 to 34."""

import json
import struct

import checkpoint_writer
import numpy as np
import pytest
import reference
from command import BINARY, OK
from survive import refused

FLOATS = np.float32([0, 1, 2, 3])
UNUSUAL = np.uint32([0x7FC12345, 0xFF800000, 0x7F800000, 1, 0x80000000, 0x3F800000])

#: By the name of the storage's class: safetensors' name of the type, NumPy's if it has one, and the elements.
TYPES = {
    "Half": ("F16", "<f2", [0, 1, -2, 65504]),
    "BFloat16": ("BF16", "<u2", [0, 0x3F80, 0xC000, 0x7F7F]),
    "Double": ("F64", "<f8", [0, 1, -2, 1e300]),
    "Long": ("I64", "<i8", [0, 1, -2, (1 << 63) - 1]),
    "Int": ("I32", "<i4", [0, 1, -2, (1 << 31) - 1]),
    "Short": ("I16", "<i2", [0, 1, -2, (1 << 15) - 1]),
    "Char": ("I8", "i1", [0, 1, -2, 127]),
    "Byte": ("U8", "u1", [0, 1, 2, 255]),
    "Bool": ("BOOL", "u1", [0, 1, 1, 0]),
    "ComplexFloat": ("C64", "<c8", [0 + 1j, -2 + 3j, 4 + 5j, 6 + 7j]),
}


def arrays(place, name, *expected_notes):
    ending = place.converts(name, "out.npz")
    assert ending.stderr == "".join(f"scalenet: note: {note}\n" for note in expected_notes)
    with np.load(place.folder / "out.npz") as found:
        return {key: found[key] for key in found.files}


def same(found, expected):
    """Equal to the last bit, of the same type and shape."""
    expected = np.asarray(expected)
    assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
    assert found.tobytes() == expected.tobytes()


test_25_negative_extents = refused("25")
test_26_products_that_overflow = refused("26")
test_27_counts_that_disagree_with_the_record = refused("27")
test_28_expand_bombs = refused("28")


def test_28_transposed(place):
    same(arrays(place, "28-transposed.pth")["w"], np.array([[0, 2], [1, 3]], np.float32))


def test_28_stride_0(place):
    same(arrays(place, "28-stride-0.pth")["w"], np.broadcast_to(FLOATS[2], 3).copy())


def test_29_tied_storages_count_once(place):
    note = "1 tensor is another under a second name; sums count it once"
    found = arrays(place, "29-tied.pth")
    assert list(found) == ["w", "tied", "part"]
    for name, expected in {"w": FLOATS, "tied": FLOATS, "part": FLOATS[1:3]}.items():
        same(found[name], expected)
    ending = place.run("inspect", "29-tied.pth", "--format", "json")
    report = json.loads(ending.stdout)
    assert report["notes"] == [note]
    assert (report["modules"][0]["parameters"], report["modules"][0]["bytes"]) == (6, 24)
    (place.folder / "out.npz").unlink()
    assert "  parameters    6\n" in place.converts("29-tied.pth", "out.npz").stdout


def test_30_zero_size(place):
    same(arrays(place, "30-zero-size.pth")["w"], np.zeros((0, 3), np.float32))


def test_30_rank_0(place):
    same(arrays(place, "30-rank-0.pth")["w"], np.float32(3))


def safetensors(path):
    """Type, shape and bytes of the one tensor of a file, read by what the format says of itself."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    ((name, tensor),) = header.items()
    begin, end = tensor["data_offsets"]
    return name, tensor["dtype"], tensor["shape"], data[8 + length + begin : 8 + length + end]


@pytest.mark.parametrize("storage", TYPES)
def test_31_types(place, storage):
    kind, dtype, elements = TYPES[storage]
    place.converts(f"31-{storage}.pth", "out.safetensors")
    found = safetensors(place.folder / "out.safetensors")
    assert found == ("w", kind, [4], np.array(elements, dtype).tobytes())


def test_31_complex_numbers_are_carried(place):
    expected = np.array([0 + 1j, -2 + 3j, 4 + 5j, 6 + 7j])
    same(arrays(place, "31-ComplexDouble.pth")["w"], expected)


test_31_sparse_and_quantised = refused("31")


def test_32_big_endian(place):
    same(arrays(place, "32-big.pth")["w"], FLOATS)


test_32_unknown_byte_orders = refused("32")


def test_33_what_is_not_finite_is_kept_to_the_bit_and_said(place):
    found = arrays(place, "33-not-finite.pth", "tensor w is not finite at element 0")
    same(found["w"], UNUSUAL.view(np.float32))


@pytest.fixture(scope="module")
def tiny(session_folder, runner):
    """The weights of the tiny network."""
    path = session_folder / "tiny.npz"
    ending = runner.run([BINARY, "convert", reference.TINY / "tiny.pth", "-o", path], ".")
    assert ending.status == OK, ending
    with np.load(path) as found:
        return {key: found[key] for key in found.files}


def test_34_missing_extra_and_misshaped_keys_are_all_listed(place, tiny):
    state = {key: array for key, array in tiny.items() if not key.startswith("layer1.0.bn3.")}
    state["layer1.0.conv1.weight"] = np.zeros((3, 3, 3, 3), np.float32)
    state |= {"extra.one": np.zeros(3, np.float32), "extra.two": np.zeros((2, 2), np.float32)}
    checkpoint_writer.save_zip(place.folder / "34.pth", state)
    problems = [
        "layer1.0.conv1.weight: expected shape [?, 16, 1, 1], found [3, 3, 3, 3]",
        *(f"missing layer1.0.bn3.{part}, expected shape [16]" for part in PARTS),
        "unexpected extra.one, shape [3]", "unexpected extra.two, shape [2, 2]",
    ]
    start = f"34.pth: not the weights of a ScaleNet: {len(problems)} problems: "
    short = "; ".join(problems[:3]) + f"; and {len(problems) - 3} more (--verbose lists all)"
    place.refuses("convert", "34.pth", "-o", "out.onnx", message=start + short)
    place.refuses("convert", "34.pth", "-o", "out.onnx", "--verbose", message=start + "; ".join(problems))


PARTS = ("weight", "bias", "running_mean", "running_var")


def test_34_a_key_more_than_there_are_places(place, tiny):
    state = tiny | {"layer1.0.conv2.4.weight": np.zeros((1, 1, 3, 3), np.float32)}
    checkpoint_writer.save_zip(place.folder / "34.pth", state)
    message = "34.pth: not the weights of a ScaleNet: unexpected layer1.0.conv2.4.weight, shape [1, 1, 3, 3]"
    place.refuses("convert", "34.pth", "-o", "out.onnx", message=message)
