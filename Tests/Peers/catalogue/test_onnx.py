"""ONNX models that refer to what is not theirs, that lie, and that are too much: lines 44 to 50 of the catalogue."""

import os

import numpy as np
import onnx
import pytest
import survive
from command import BAD_INPUT, BINARY, OK
from faults import LONG
from onnx import numpy_helper
from survive import refused

FLOATS = np.float32([1, 2, 3, 4])
CANARY = np.float32([10, 20, 30, 40])
INPUT = np.float32([0.5, 1, 1.5, 2])


@pytest.fixture
def cage(place):
    """A folder for the model, and canaries around it."""
    folder = place.folder / "model"
    (folder / "data").mkdir(parents=True)
    (place.folder / "model.sibling").mkdir()
    for canary in (place.folder / "canary", place.folder / "model.sibling/canary", folder / "..\\canary"):
        CANARY.tofile(canary)
    np.save(place.folder / "x.npy", INPUT)
    return folder


def model(place, name):
    """Puts the model into its folder; its path from the folder in which commands run."""
    os.link(place.malformed / name, place.folder / "model" / name)
    return f"model/{name}"


def computes(place, name, weight=FLOATS):
    """The model adds its weight: NumPy does so too."""
    ending = place.run("run", name, "--input", "x.npy", "-o", "y.npy")
    assert ending.status == OK, ending
    np.testing.assert_array_equal(np.load(place.folder / "y.npy"), INPUT + weight)


def refuses(place, name, found, place_of="external_data location"):
    message = f"{name}: tensor w: {place_of}: {found}"
    place.refuses("run", name, "--input", "x.npy", "-o", "y.npy", message=message)
    place.refuses("convert", name, "-o", "out.onnx", message=message)


LINKS = "Too many levels of symbolic links"
PATHS = {
    "parent": "../canary", "parent-within": "data/../../canary", "absolute": "/proc/self/environ",
    "backslash": "..\\\\canary", "empty": "", "dot": ".", "sibling": "../model.sibling/canary",
}


@pytest.mark.parametrize("kind", PATHS)
def test_44_paths_out_of_the_folder(place, cage, kind):
    path = model(place, f"44-{kind}.onnx")
    refuses(place, path, f'expected a relative path below the model\'s directory, found "{PATHS[kind]}"')


@pytest.mark.parametrize("kind", ["absolute", "relative", "directory"])
def test_44_symbolic_links_out_of_the_folder(place, cage, kind):
    path = model(place, "44-below.onnx" if kind == "directory" else "44-plain.onnx")
    if kind == "directory":
        (cage / "data").rmdir()
        CANARY.tofile(place.folder / "model.sibling/w.bin")
        (cage / "data").symlink_to("../model.sibling")
    else:
        (cage / "w.bin").symlink_to(place.folder / "canary" if kind == "absolute" else "../canary")
    found = '"data/w.bin", found Not a directory' if kind == "directory" else f'"w.bin", found {LINKS}'
    refuses(place, path, f"expected a regular file reached without symbolic links at {found}")


def test_44_a_hard_link_out_of_the_folder(place, cage):
    os.link(place.folder / "canary", cage / "w.bin")
    path = model(place, "44-plain.onnx")
    refuses(place, path, 'expected a file of one name, found "w.bin", which has 2 hard links')


def test_44_a_pipe_and_a_directory(place, cage):
    os.mkfifo(cage / "w.bin")
    refuses(place, model(place, "44-plain.onnx"), 'expected a regular file, found "w.bin", which is none')
    refuses(place, model(place, "44-directory.onnx"), 'expected a regular file, found "data", which is none')


def test_44_what_is_not_there(place, cage):
    path = model(place, "44-missing.onnx")
    found = "No such file or directory"
    refuses(place, path, f'expected a regular file reached without symbolic links at "none.bin", found {found}')


test_44_names_with_nul = refused("44-NUL")


@pytest.mark.parametrize("kind", ["plain", "here", "below"])
def test_44_files_within_the_folder(place, cage, kind):
    FLOATS.tofile(cage / ("data/w.bin" if kind == "below" else "w.bin"))
    computes(place, model(place, f"44-{kind}.onnx"))


def test_44_links_within_one_cache(place, cage):
    """A cache of downloads: names that are links to blobs beside each other."""
    blobs, names = place.folder / "blobs", place.folder / "snapshot"
    blobs.mkdir()
    names.mkdir()
    os.rename(place.take("44-plain.onnx"), blobs / "1")
    FLOATS.tofile(blobs / "2")
    (names / "m.onnx").symlink_to("../blobs/1")
    (names / "w.bin").symlink_to("../blobs/2")
    computes(place, "snapshot/m.onnx")
    (names / "w.bin").unlink()
    (names / "w.bin").symlink_to("../canary")
    found = f'expected a regular file reached without symbolic links at "w.bin", found {LINKS}'
    refuses(place, "snapshot/m.onnx", found)


test_45_offsets_and_lengths = refused("45")
test_46_elements_and_extents = refused("46")
test_47_graphs_that_are_none = refused("47")


def test_47_unsorted_nodes_are_sorted_and_it_is_said(place):
    ending = place.converts("47-unsorted.onnx", "out.onnx")
    assert ending.stderr == "scalenet: note: nodes stand before others whose outputs they read; they were sorted\n"
    onnx.checker.check_model(onnx.load(str(place.folder / "out.onnx")))
    np.save(place.folder / "x.npy", INPUT - 4)
    ending = place.run("run", "47-unsorted.onnx", "--input", "x.npy", "-o", "y.npy")
    weight = numpy_helper.to_array(onnx.load(str(place.malformed / "47-unsorted.onnx")).graph.initializer[0])
    np.testing.assert_array_equal(np.load(place.folder / "y.npy"), np.maximum(INPUT - 4 + weight, 0))


test_48_nesting = refused("48")
test_49_wires = refused("49")


COUNT = 600_000_000


@pytest.fixture
def huge(place):
    """A model whose weight lies in a file of its own, of which nothing but its length is there."""
    place.take("50-large.onnx")
    (place.folder / "w.bin").touch()
    os.truncate(place.folder / "w.bin", 4 * COUNT)
    return place


def test_50_an_output_over_2_gibibytes_is_refused_before_anything_is_written(huge):
    place = huge
    before = place.files()
    ending = place.run("convert", "50-large.onnx", "-o", "out.onnx", "--external-data", "never", "--no-verify")
    assert (ending.status, ending.stdout) == (BAD_INPUT, ""), ending
    expected = "out.onnx: model: expected at most 2147483647 bytes, or weights in a file of their own, found 2400000192"
    assert ending.stderr == f"scalenet: error: {expected}\n", ending
    assert place.files() == before


@pytest.mark.skipif(not LONG, reason="writes 2.4 GB")
def test_50_or_its_weights_lie_in_a_file_of_their_own(huge):
    before = {path.name for path in huge.folder.iterdir()}
    arguments = [BINARY, "convert", "50-large.onnx", "-o", "out.onnx", "--no-verify"]
    ending = huge.runner.run(arguments, huge.folder)
    assert ending.status == OK and ending.memory < 4 * COUNT + survive.MEMORY, ending
    (data,) = {path.name for path in huge.folder.iterdir()} - before - {"out.onnx"}
    assert (huge.folder / data).stat().st_size == 4 * COUNT
    model = onnx.load(str(huge.folder / "out.onnx"), load_external_data=False)
    (weight,) = model.graph.initializer
    assert {each.key: each.value for each in weight.external_data}["location"] == data
