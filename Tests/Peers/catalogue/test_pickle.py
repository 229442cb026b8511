"""Pickles that lie, that are damaged, and that ask for more than weights: lines 1 to 13 of the catalogue."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import survive
from command import BAD_INPUT
from survive import named, refused

FLOATS = np.float32([0, 1, 2, 3])


def read(place, name):
    """The weights of a checkpoint, which must be read: as NumPy reads what was written of them."""
    place.converts(name, "out.npz")
    with np.load(place.folder / "out.npz") as arrays:
        return {key: arrays[key] for key in arrays}


@pytest.mark.parametrize("name", [*named("01-weight"), *named("01-top")])
def test_01_calls_are_refused_by_name_where_weights_would_come_of_them(place, name):
    place.refuses_file(name)


BESIDE = [name.replace("weight", kind) for kind in ("beside", "dropped") for name in named("01-weight")]


@pytest.mark.parametrize("name", BESIDE)
def test_01_calls_beside_weights_are_never_made(place, name):
    weights = read(place, name)
    assert list(weights) == ["w"]
    np.testing.assert_array_equal(weights["w"], FLOATS)
    for command in ("inspect", "structure"):
        place.run(command, name)
    assert {path.name for path in place.folder.iterdir()} == {name, "out.npz"}


@pytest.mark.parametrize("way", ["GLOBAL", "STACK_GLOBAL", "INST", "OBJ"])
def test_01_the_canary_sings_in_python(place, way):
    """What is refused here is alive: Python's own reader makes the file."""
    path = place.take(f"01-top-{way}-posix.system.pth")
    program = "import pickle, sys, zipfile; pickle.loads(zipfile.ZipFile(sys.argv[1]).read('archive/data.pkl'))"
    subprocess.run([sys.executable, "-c", program, path.name], cwd=place.folder, check=True)
    assert (place.folder / "canary").exists()


test_02_wrong_arity_or_types = refused("02")
test_03_opcodes_of_other_programs_and_lying_frames = refused("03")
test_04_newobj_or_build_of_a_tensor = refused("04")
test_05_items_of_the_wrong_type_or_an_odd_number = refused("05")
test_06_stack_mark_and_memo = refused("06")


@pytest.fixture
def places(tmp_path, malformed):
    """Two places in which commands run at the same time."""
    folders = [tmp_path / name for name in ("a", "b", "a.runner", "b.runner")]
    for folder in folders:
        folder.mkdir()
    runners = [survive.Runner(folder) for folder in folders[2:]]
    yield [survive.Place(runner, folder, malformed) for runner, folder in zip(runners, folders)]
    for runner in runners:
        runner.close()


def cut(places, name, *patterns):
    """Every beginning of a file is refused, each with one of these messages, and each of them is seen."""
    data = (places[0].malformed / name).read_bytes()
    with ThreadPoolExecutor() as pool:
        lengths = [range(start, len(data), len(places)) for start in range(len(places))]
        seen = list(pool.map(lambda place, lengths: cut_at(place, data, lengths, patterns), places, lengths))
    assert set().union(*seen) == set(patterns)


def cut_at(place, data, lengths, patterns):
    """The messages that are seen at these lengths."""
    path = place.folder / "cut.pth"
    seen = set()
    for length in lengths:
        path.write_bytes(data[:length])
        ending = place.run("convert", "cut.pth", "-o", "out.npz")
        assert (ending.status, ending.stdout) == (BAD_INPUT, ""), (length, ending)
        assert [each.name for each in place.folder.iterdir()] == ["cut.pth"], length
        match = [each for each in patterns if re.fullmatch(f"scalenet: error: cut.pth: {each}\n", ending.stderr)]
        assert match, (length, ending.stderr)
        seen.update(match)
    return seen


NO_MODEL = "expected a PyTorch checkpoint, safetensors, an ONNX or a Keras model, found "
EMPTY = re.escape(NO_MODEL + "an empty file: was its download cut off?")
BYTES = NO_MODEL + r"\d+ bytes that begin with [0-9a-f ]+"


def test_06_a_zip_archive_cut_at_every_byte(places):
    cut(
        places, "06-good.pth", EMPTY, BYTES, NO_MODEL + r"a damaged zip archive: is it complete\?",
        r"expected a zip archive, found no central directory \(is the file cut off\?\)",
    )


def test_06_a_legacy_file_cut_at_every_byte(places):
    cut(
        places, "06-good.legacy.pth", EMPTY, BYTES,
        re.escape(NO_MODEL + "a plain pickle of Python, not of torch.save: load it in Python and save the weights with ")
        + "torch.save or safetensors",
        r"byte \d+: expected a pickle opcode, found the end",
        r"byte \d+: expected an operand of \d+ bytes, found (the end|\d+ left)",
        r"byte \d+: expected the name of a class or function, found no end of line",
        r"storage '0': expected a number of elements at byte \d+, found the end of the file",
        r"storage '0': expected 4 elements of 4 bytes at byte \d+, found \d+ bytes until the end of the file",
    )


test_07_bytes_behind_stop_and_legacy_streams_in_the_wrong_sequence = refused("07")
test_08_memo_bombs = refused("08")
test_09_nesting_100000_deep = refused("09")
test_10_lengths_that_lie = refused("10")
test_11_containers_that_contain_themselves = refused("11")


@pytest.mark.parametrize("name", ["11-list-in-itself-beside.pth", "11-dictionary-in-itself-beside.pth"])
def test_11_containers_that_contain_themselves_beside_weights(place, name):
    np.testing.assert_array_equal(read(place, name)["w"], FLOATS)


test_12_names_that_are_no_text_or_would_act_on_terminals = refused("12")


@pytest.mark.parametrize("name", named("12"))
def test_12_nothing_that_is_said_acts_on_a_terminal(place, name):
    for command in ("inspect", "structure"):
        ending = place.run(command, place.take(name).name)
        text = ending.stdout + ending.stderr
        assert all(character.isprintable() or character == "\n" for character in text), repr(text)


test_13_persistent_ids_that_are_no_storage = refused("13")
