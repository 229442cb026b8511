"""An input that changes while it is read gives no result, and the error blames the input and says what changed."""

import os
import shutil
import subprocess

import faults
import numpy as np

import pytest
import reference
from command import BAD_INPUT, CANNOT_CREATE, OK, scalenet
from onnx import TensorProto, helper
from outputs import INITIALIZE, Kind

READERS = [
    Kind("pth", ("convert", "{}/in.pth", "-o", "{}/o.safetensors"), ("o.safetensors",)),
    Kind("pth, not verified", ("convert", "{}/in.pth", "-o", "{}/o.onnx", "--no-verify"), ("o.onnx",)),
    Kind("legacy pth", ("convert", "{}/in.legacy.pth", "-o", "{}/o.onnx", "--no-verify"), ("o.onnx",)),
    Kind("safetensors", ("convert", "{}/in.safetensors", "-o", "{}/o.npz", "--no-verify"), ("o.npz",)),
    Kind("onnx", ("convert", "{}/in.onnx", "-o", "{}/o.onnx", "--no-verify"), ("o.onnx",)),
    Kind("h5", ("convert", "{}/in.h5", "-o", "{}/o.onnx", "--no-verify"), ("o.onnx",)),
    Kind("keras", ("convert", "{}/in.keras", "-o", "{}/o.onnx", "--no-verify"), ("o.onnx",)),
    Kind("npy", ("run", "{}/fixed.pth", "--input", "{}/in.npy", "-o", "{}/o.npy"), ("o.npy",)),
    Kind("npz", ("run", "{}/fixed.pth", "--input", "{}/in.npz", "-o", "{}/o.npy"), ("o.npy",)),
    Kind("model of a run", ("run", "{}/in.onnx", "--input", "{}/x.npy", "-o", "{}/o.npy"), ("o.npy",)),
    Kind("structure", ("init", "scalenet", "--structure", "{}/in.json", "-o", "{}/o.pth"), ("o.pth",)),
    Kind("inspect", ("inspect", "{}/in.onnx", "--html", "{}/o.html"), ("o.html",)),
    Kind("allocate", ("allocate", "{}/in.pth", "--width", "0.5", "-o", "{}/o.json"), ("o.json",)),
    Kind("diff", ("diff", "{}/in.pth", "{}/fixed.pth", "--save-inputs", "{}/o"), ("o/inputs.npz",)),
]


@pytest.fixture(scope="module")
def models(fast_folder):
    """The tiny network in every format."""
    folder = fast_folder / "models"
    folder.mkdir()
    for name in ("in.pth", "fixed.pth"):
        shutil.copy(reference.TINY / "tiny.pth", folder / name)
    shutil.copy(reference.TINY / "tiny.legacy.pth", folder / "in.legacy.pth")
    shutil.copy(reference.TINY / "structure.json", folder / "in.json")
    for ending in ("safetensors", "onnx", "h5", "keras"):
        scalenet("convert", folder / "fixed.pth", "-o", folder / f"in.{ending}", "--no-verify")
    array = np.load(reference.TINY / "input_1x3x224x224.npy")
    np.save(folder / "in.npy", array)
    np.save(folder / "x.npy", array)
    np.savez(folder / "in.npz", input=array)
    return folder


def bench(shim, root, models, kind):
    names = [argument[3:] for argument in kind.arguments if argument.startswith("{}/") and (models / argument[3:]).exists()]
    given = Kind(kind.name, kind.arguments, kind.outputs, tuple(names))
    return faults.Bench(shim, root, models, given, has_old=False)


def changing(bench):
    """The input that is changed, and the calls after all inputs were opened and before the output gets its name."""
    path = next(bench.folder / name for name in bench.kind.inputs if name.startswith("in."))
    first = len(bench.trace) - bench.trace[::-1].index("mmap") if "mmap" in bench.trace else 1
    first = next((number for number, call in enumerate(bench.trace, 1) if call in ("write", "mkdir")), first)
    last = max(number for number, call in enumerate(bench.trace, 1) if call in ("fsync", "write"))
    return path, range(first, last)


#: How a file can be changed in place, and words of the message.
CHANGES = {
    # A name for each: the same size; the same size and time, as `cp -p` may have it; and cut.
    "rewritten": ("cat {}.other > {}", "written to at"),
    "rewritten with its time": ("touch -r {} {}.t; cat {}.other > {}; touch -r {}.t {}; rm {}.t", "its status changed"),
    "cut": ("truncate -s 100 {}", "shortened while it was read"),
    "replaced": ("cp {} {}.new; mv {}.new {}", "another file stands there now"),
    "removed": ("rm {}", "no longer there"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", READERS, ids=lambda kind: kind.name)
def test_no_result_of_an_input_that_changes(shim, root, models, kind, change):
    runs = bench(shim, root, models, kind)
    path, calls = changing(runs)
    command, words = CHANGES[change]
    # The other content has one byte in the middle flipped.
    content = bytearray((models / path.name).read_bytes())
    content[len(content) // 2] ^= 1
    other = runs.folder.with_name(path.name + ".other")
    other.write_bytes(content)
    command = command.replace("{}.other", str(other)).replace("{}.", f"{other}.").replace("{}", str(path))
    for point in {calls[0], calls[len(calls) // 2]} if calls else {1}:
        runs.reset()
        ending = runs.run(point, "hook", hook=command)
        faults.figures[kind.name, "changed"] += 1
        assert ending.status == BAD_INPUT, (point, ending)
        assert str(path) in ending.stderr and words in ending.stderr, ending
        left = set(runs.files()) - set(kind.inputs) - set(runs.kind.inputs)
        assert not left, left


def test_external_data_counts_as_an_input(shim, root, models):
    scalenet("convert", models / "fixed.pth", "-o", models / "in.two.onnx", "--external-data", "always", "--no-verify", "--force")
    data = next(models.glob("in.two.onnx.*.data"))
    kind = Kind("external data", ("run", "{}/in.two.onnx", "--input", "{}/x.npy", "-o", "{}/o.npy"), ("o.npy",), ("in.two.onnx", "x.npy", data.name))
    runs = faults.Bench(shim, root, models, kind, has_old=False)
    first = max(number for number, call in enumerate(runs.trace, 1) if call == "write")
    runs.reset()
    path = runs.folder / data.name
    ending = runs.run(first, "hook", hook=f"printf x | dd of={path} bs=1 seek=5000 conv=notrunc 2>/dev/null")
    assert ending.status == BAD_INPUT and data.name in ending.stderr and "written to" in ending.stderr, ending
    assert set(runs.files()) == set(kind.inputs)


def test_a_new_name_of_an_input_is_no_change(shim, root, models):
    """Backups of hard links change the time of a file's status, and nothing else."""
    runs = bench(shim, root, models, READERS[1])
    path, calls = changing(runs)
    runs.reset()
    ending = runs.run(calls[0], "hook", hook=f"ln {path} {path}.link")
    assert ending.status == OK, ending


# What is read must not be written, under any name.


@pytest.fixture
def place(tmp_path, models):
    for path in models.iterdir():
        shutil.copy(path, tmp_path / path.name)
    scalenet("convert", tmp_path / "fixed.pth", "-o", tmp_path / "two.onnx", "--external-data", "always", "--no-verify")
    (tmp_path / "data").symlink_to(next(tmp_path.glob("two.onnx.*.data")).name)
    return tmp_path


def refused(place, *arguments):
    before = {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
    outcome = scalenet(*(str(argument).replace("{}", str(place)) for argument in arguments), "--force", check=False)
    assert outcome.status == CANNOT_CREATE, outcome
    assert "the output is the same file as the" in outcome.stderr, outcome.stderr
    assert {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()} == before
    faults.figures["targets", "refused"] += 1


def by_every_name(place, name):
    """The path, a hard link and a symbolic link."""
    os.link(place / name, place / f"hard.{name}")
    (place / f"soft.{name}").symlink_to(name)
    return [place / name, place / f"hard.{name}", place / f"soft.{name}"]


def test_no_input_is_replaced(place):
    for path in by_every_name(place, "in.json"):
        refused(place, "structure", "{}/in.pth", "--structure", "{}/in.json", "-o", path)
        refused(place, "allocate", "{}/in.pth", "--structure", "{}/in.json", "--width", "0.5", "-o", path)
    for path in by_every_name(place, "in.pth"):
        refused(place, "convert", "{}/in.pth", "-o", path)
        refused(place, "inspect", "{}/in.pth", "--html", path)
    for path in by_every_name(place, "in.npy"):
        refused(place, "run", "{}/in.pth", "--input", "{}/in.npy", "-o", path)


def test_the_structure_of_init_is_not_replaced(place):
    os.link(place / "in.json", place / "in.json.pth")
    refused(place, *INITIALIZE[:3], "{}/in.json", "-o", "{}/in.json.pth")


def test_external_data_is_not_replaced(place):
    data = next(place.glob("two.onnx.*.data"))
    for target in (data, place / "data"):
        refused(place, "convert", "{}/two.onnx", "-o", target, "--to", "onnx", "--no-verify")
        refused(place, "inspect", "{}/two.onnx", "--html", target)


def test_data_that_another_model_refers_to_stays(place):
    """The model that is replaced and the input have the same data."""
    data = next(place.glob("two.onnx.*.data"))
    shutil.copy(place / "two.onnx", place / "copy.onnx")
    scalenet("convert", place / "copy.onnx", "-o", place / "two.onnx", "--force", "--no-verify")
    assert data.exists()
    # And one that is no input of this run.
    shutil.copy(place / "copy.onnx", place / "two.onnx")
    scalenet("convert", place / "in.pth", "-o", place / "two.onnx", "--force", "--no-verify")
    assert data.exists()
    scalenet("inspect", place / "copy.onnx")
    # When nobody refers to it any more it goes.
    shutil.copy(place / "copy.onnx", place / "two.onnx")
    (place / "copy.onnx").unlink()
    scalenet("convert", place / "in.pth", "-o", place / "two.onnx", "--force", "--no-verify")
    assert not data.exists()


def test_saved_inputs_are_not_put_over_what_is_read(place):
    (place / "save").mkdir()
    shutil.copy(place / "in.npz", place / "save/inputs.npz")
    before = (place / "save/inputs.npz").read_bytes()
    arguments = ("diff", "{}/in.pth", "{}/fixed.pth", "--input", "{}/save/inputs.npz", "--save-inputs", "{}/save")
    refused(place, *arguments)
    assert [path.name for path in (place / "save").iterdir()] == ["inputs.npz"]
    assert (place / "save/inputs.npz").read_bytes() == before


def test_two_outputs_are_two_files(place):
    for target in ("{}/o.svg", "{}/./o.svg", "{}/../" + place.name + "/o.svg"):
        refused(place, "inspect", "{}/in.pth", "--chart", "{}/o.svg", "--html", target)
    refused(place, "allocate", "{}/in.pth", "--width", "0.5", "-o", "{}/a.pth", "--weights", "{}/a.pth")
    (place / "old.svg").write_text("old")
    os.link(place / "old.svg", place / "other.html")
    refused(place, "inspect", "{}/in.pth", "--chart", "{}/old.svg", "--html", "{}/other.html")


def tensors_in_files(folder, count):
    """A model whose initializers lie in a file each."""
    nodes, initializers, last = [], [], "x"
    for number in range(count):
        (folder / f"w{number}").write_bytes(np.float32([1, 2, 3, 4]).tobytes() * 512)
        tensor = TensorProto(name=f"w{number}", data_type=TensorProto.FLOAT, dims=[2048])
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=f"w{number}")
        initializers.append(tensor)
        nodes.append(helper.make_node("Add", [last, f"w{number}"], [f"y{number}"]))
        last = f"y{number}"
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 2048]) for name in ("x", last)]
    graph = helper.make_graph(nodes, "many", ports[:1], ports[1:], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "many.onnx").write_bytes(model.SerializeToString())
    np.save(folder / "x.npy", np.zeros((1, 2048), np.float32))
    return folder / "many.onnx"


def test_more_files_than_a_process_may_open(tmp_path):
    model = tensors_in_files(tmp_path, 1100)
    arguments = f'"$0" run {model} --input {tmp_path}/x.npy -o {tmp_path}/y.npy'
    from command import BINARY

    process = subprocess.run(["bash", "-c", f"ulimit -n 1024; {arguments}", BINARY], capture_output=True, text=True)
    assert process.returncode == OK, process
    expected = np.tile(np.float32([1, 2, 3, 4]) * 1100, 512)[None]
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)


def test_any_of_many_files_may_be_cut(shim, root, tmp_path):
    model = tensors_in_files(tmp_path, 300)
    names = ("many.onnx", "x.npy", *(f"w{number}" for number in range(300)))
    kind = Kind("300 files", ("run", f"{{}}/{model.name}", "--input", "{}/x.npy", "-o", "{}/y.npy"), ("y.npy",), names)
    runs = faults.Bench(shim, root, tmp_path, kind, has_old=False)
    point = len(runs.trace) - runs.trace[::-1].index("mmap") + 2
    for number in (0, 255, 256, 299):
        runs.reset()
        ending = runs.run(point, "hook", hook=f"truncate -s 0 {runs.folder}/w{number}")
        assert ending.status == BAD_INPUT and f"w{number}" in ending.stderr, ending
