"""Archives that contradict themselves: lines 14 to 24 of the catalogue."""

import numpy as np
import pytest
from command import OK
from survive import accepted, refused

FLOATS = np.float32([0, 1, 2, 3])


def reads_the_weight(place, name):
    """The four numbers of the archive's one weight, as NumPy reads what was written of them."""
    place.converts(name, "out.npz")
    with np.load(place.folder / "out.npz") as arrays:
        assert arrays.files == ["w"]
        np.testing.assert_array_equal(arrays["w"], FLOATS)


test_14_two_members_of_a_name = refused("14")
test_15_entries_that_overlap = refused("15")
test_16_headers_that_disagree = refused("16")


def test_16_what_pytorch_itself_leaves_to_the_directory(place):
    reads_the_weight(place, "16-as-PyTorch-writes-it.pth")


test_17_sizes_that_lie = refused("17")
test_18_bombs_and_damaged_deflate = refused("18")


def test_18_deflated_storages(place):
    reads_the_weight(place, "18-deflated.pth")


test_19_names_that_would_leave_the_folder = refused("19")


@pytest.mark.parametrize("command", ["inspect", "structure", "run"])
def test_19_nothing_is_extracted(place, command):
    """Not even in part, and not by commands that only look."""
    for name in ("19-parent.pth", "19-absolute.pth", "19-link.pth"):
        place.take(name)
        before = place.files()
        assert place.run(command, name, *(["--input", name] if command == "run" else [])).status != OK
        assert place.files() == before
        assert not (place.folder.parent / "canary").exists()


def test_19_a_name_that_is_not_text_beside_the_weights(place):
    reads_the_weight(place, "19-not-UTF-8.pth")


test_20_encrypted_members_and_unknown_methods = refused("20")
test_21_checksums = refused("21")


def test_21_a_checksum_of_0_was_not_computed(place):
    reads_the_weight(place, "21-checksum-of-0.pth")


test_22_zip64_that_overflows_or_lies = refused("22")


@pytest.mark.parametrize("name", accepted("22"))
def test_22_zip64(place, name):
    reads_the_weight(place, name)


test_23_polyglots_and_junk = refused("23")
test_24_directories_that_are_cut_miscounted_or_too_long = refused("24")
