"""An input that changes while it is read gives no result, and the error blames the input and says what changed."""

import json
import subprocess
import threading
import time

import faults
import numpy as np
import pytest
from command import BAD_INPUT, BINARY, OK, scalenet
from onnx import TensorProto, helper
from outputs import Kind

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


def bench(shim, root, models, kind):
    names = [argument[3:] for argument in kind.arguments if argument.startswith("{}/")]
    given = Kind(kind.name, kind.arguments, kind.outputs, tuple(name for name in names if (models / name).exists()))
    return faults.Bench(shim, root, models, given, has_old=False)


def wait_for(path, seconds=60):
    """Until the file is there."""
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"no {path} after {seconds} s"
        time.sleep(0.01)


def changing(bench):
    """The input that is changed, and the calls after all inputs were opened and before the output gets its name."""
    path = next(bench.folder / name for name in bench.kind.inputs if name.startswith("in."))
    first = next(number for number, call in enumerate(bench.trace, 1) if call in ("write", "mkdir"))
    names = next(number for number, call in enumerate(bench.trace, 1) if call in ("link", "rename"))
    last = max(number for number, call in enumerate(bench.trace[: names - 1], 1) if call == "fsync")
    return path, range(first, last + 1)


#: How a file can be changed in place, and words of the message.
CHANGES = {
    # A name for each: the same size; the same size and time, as `cp -p` may have it; and cut.
    # Of a program that cuts the file and writes it again, as `cp` does, either may be seen.
    "rewritten": ("cat {}.other > {}", ("written to at", "it was shorter than its")),
    "rewritten with its time": ("touch -r {} {}.t; cat {}.other > {}; touch -r {}.t {}; rm {}.t", ("its status changed", "it was shorter than its")),
    "cut": ("truncate -s 100 {}", ("shortened while it was read",)),
    "replaced": ("cp {} {}.new; mv {}.new {}", ("another file stands there now",)),
    "removed": ("rm {}", ("no longer there",)),
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
    for point in {calls[0], calls[-1]}:
        runs.reset()
        ending = runs.run(point, "hook", hook=command)
        faults.figures[kind.name, "changed"] += 1
        assert ending.status == BAD_INPUT, (point, ending)
        assert str(path) in ending.stderr and any(word in ending.stderr for word in words), ending
        left = set(runs.files()) - set(runs.kind.inputs)
        assert not left, left


def test_an_input_that_comes_and_goes_is_what_is_blamed(shim, root, models):
    """Cut and written again, over and over, while it is copied: the system can't read what it is asked to write."""
    kind = Kind("safetensors", ("convert", "{}/in.safetensors", "-o", "{}/o.pth", "--no-verify"), ("o.pth",))
    runs = bench(shim, root, models, kind)
    path, calls = changing(runs)
    change = f"truncate -s 100 {path}; cat {models / path.name} > {path}"
    over = root / "over"
    for point in list(calls)[:: max(1, len(calls) // 6)]:
        runs.reset()
        over.unlink(missing_ok=True)
        process = runs.run(
            point, "hook", hook=f"{change}; (for i in $(seq 40); do {change}; done; touch {over}) >/dev/null 2>&1 &"
        )
        # The changes go on after the command has ended, and would meet the files of the next point.
        wait_for(over)
        faults.figures["safetensors", "changed"] += 1
        assert process.status == BAD_INPUT and str(path) in process.stderr, (point, process)
        assert set(runs.files()) == set(runs.kind.inputs)


def test_a_write_that_began_before_is_waited_for(fast_folder):
    """One call that writes much gives the file a new time as it begins, and none when it ends."""
    path, result = fast_folder / "half.safetensors", fast_folder / "half.npz"
    half = 40_000_000
    # What stands last in the file is read first.
    places = {"a": [4 * half, 8 * half], "b": [0, 4 * half]}
    header = json.dumps({name: {"dtype": "F32", "shape": [half], "data_offsets": place} for name, place in places.items()})
    beginning = len(header).to_bytes(8, "little") + header.encode()
    contents = [np.full(2 * half, value, np.float32).tobytes() for value in (0, 1)]
    for _ in range(3):
        path.write_bytes(beginning + contents[0])
        began = path.stat().st_mtime_ns
        with path.open("r+b", buffering=0) as file:
            file.seek(len(beginning))
            writer = threading.Thread(target=lambda: file.write(contents[1]))
            writer.start()
            while path.stat().st_mtime_ns == began:
                pass
            process = subprocess.run(
                [BINARY, "convert", path, "-o", result, "--no-verify", "--force"], capture_output=True, text=True
            )
            writer.join()
        faults.figures["safetensors", "changed"] += 1
        assert process.returncode in (OK, BAD_INPUT), process
        if process.returncode == OK:
            with np.load(result) as found:
                assert len({value for name in places for value in np.unique(found[name])}) == 1, "old and new"
    path.unlink()
    result.unlink(missing_ok=True)


def test_external_data_counts_as_an_input(shim, root, models):
    model = models / "in.two.onnx"
    scalenet("convert", models / "fixed.pth", "-o", model, "--external-data", "always", "--no-verify", "--force")
    data = next(models.glob("in.two.onnx.*.data"))
    arguments = ("run", "{}/in.two.onnx", "--input", "{}/x.npy", "-o", "{}/o.npy")
    kind = Kind("external data", arguments, ("o.npy",), ("in.two.onnx", "x.npy", data.name))
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
    process = subprocess.run(["bash", "-c", f"ulimit -n 1024; {arguments}", BINARY], capture_output=True, text=True)
    assert process.returncode == OK, process
    expected = np.tile(np.float32([1, 2, 3, 4]) * 1100, 512)[None]
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), expected)


def test_any_of_many_files_may_be_cut(shim, root, tmp_path):
    model = tensors_in_files(tmp_path, 300)
    names = ("many.onnx", "x.npy", *(f"w{number}" for number in range(300)))
    arguments = ("run", f"{{}}/{model.name}", "--input", "{}/x.npy", "-o", "{}/y.npy")
    kind = Kind("300 files", arguments, ("y.npy",), names)
    runs = faults.Bench(shim, root, tmp_path, kind, has_old=False)
    point = len(runs.trace) - runs.trace[::-1].index("mmap") + 2
    for number in (0, 255, 256, 299):
        runs.reset()
        ending = runs.run(point, "hook", hook=f"truncate -s 0 {runs.folder}/w{number}")
        assert ending.status == BAD_INPUT and f"w{number}" in ending.stderr, ending
