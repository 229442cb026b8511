"""Limits of the system: full disks, sizes of files, lack of memory, many outputs; names that are no text."""

import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

import faults
import numpy as np
import outputs
import pytest
import reference
from command import BAD_INPUT, BINARY, CANNOT_CREATE, NO_INPUT, OK, scalenet
from onnx import TensorProto, helper

INPUT_OUTPUT = 74
PHOTO = reference.FIXTURES / "images/420.jpg"
KINDS = outputs.ONE + outputs.SETS


def run(arguments, prepare=None, **options):
    return subprocess.run(
        [BINARY, *arguments],
        capture_output=True, text=True, errors="replace", preexec_fn=prepare, timeout=300, **options,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_limit_of_file_sizes(shim, root, inputs, kind):
    runs = faults.Bench(shim, root, inputs, kind)
    largest = max(len(content) for name, content in runs.after.items() if content != runs.before.get(name))
    for limit in (0, largest // 2, largest - 1):
        runs.reset()
        process = run(runs.arguments, lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        faults.figures[kind.name, "FSIZE"] += 1
        assert process.returncode == INPUT_OUTPUT and "File too large" in process.stderr, process
        assert runs.files() == runs.before


@pytest.fixture
def small_disk(root):
    place = root / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", place], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_disk_of_64_kilobytes(small_disk, inputs, kind):
    for name in kind.inputs:
        (small_disk.parent / name).parent.mkdir(exist_ok=True)
        shutil.copy(inputs / name, small_disk.parent / name)
    target = [
        argument.replace("{}", str(small_disk.parent if kind.is_input(argument[3:]) else small_disk))
        for argument in kind.arguments
    ]
    process = run(target)
    faults.figures[kind.name, "64 kB"] += 1
    left = [path for path in small_disk.rglob("*")]
    if process.returncode == OK:
        assert {str(path.relative_to(small_disk)) for path in left if path.is_file()} >= set(kind.outputs)
    else:
        assert process.returncode == INPUT_OUTPUT and "No space left on device" in process.stderr, process
        assert left == []


@pytest.fixture(scope="module")
def wide(fast_folder):
    """A model of 300 outputs."""
    folder = fast_folder / "wide"
    folder.mkdir()
    names = [f"y{number}" for number in range(300)]
    nodes = [helper.make_node("Relu", ["x"], [name]) for name in names]
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1000]) for name in ("x", *names)]
    graph = helper.make_graph(nodes, "wide", ports[:1], ports[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "wide.onnx").write_bytes(model.SerializeToString())
    np.save(folder / "x.npy", np.zeros((1, 1000), np.float32))
    return folder


def test_hundreds_of_outputs_appear_together(wide, root):
    arguments = ("run", wide / "wide.onnx", "--input", wide / "x.npy", "--output-dir", root / "out")
    process = run(arguments, lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200)))
    assert process.returncode == OK, process
    assert len(list((root / "out").iterdir())) == 300


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda number: number.name)
def test_none_of_hundreds_of_outputs_is_left(wide, root, number):
    """A signal at any time: all outputs, or none, and no temporary."""
    arguments = [BINARY, "run", wide / "wide.onnx", "--input", wide / "x.npy", "--output-dir", root / "out"]
    for delay in np.linspace(0, 0.2, 20):
        process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(number)
        process.wait()
        left = list((root / "out").iterdir()) if (root / "out").exists() else []
        assert len(left) in (0, 300), (delay, left)
        shutil.rmtree(root / "out", ignore_errors=True)


def test_a_crash_leaves_no_temporary(shim, root, inputs):
    """SIGABRT, as lack of memory ends in it, on a file system where temporaries have names."""
    runs = faults.Bench(shim, root, inputs, outputs.ONE[0], "tmpfile", has_old=False)
    for point, call in enumerate(runs.trace, 1):
        runs.reset()
        ending = runs.run(point, "hook", hook="kill -ABRT $PPID")
        faults.figures[outputs.ONE[0].name, "SIGABRT"] += 1
        assert ending.status in (-signal.SIGABRT, OK), (call, ending)
        files = runs.files()
        if files not in (runs.before, runs.after):
            # In the moment in which names are taken nothing is removed, as it could be what stood there.
            assert call in ("link", "unlink", "rename", "open", "fsync") and not runs.torn(files), (call, files.keys())
            following = runs.run(arguments=runs.kind.command(runs.folder, "--force"))
            assert all(f"{name}: " in following.stderr for name in set(files) - set(runs.after)), following


def test_memory_that_is_not_there(root, inputs):
    """Under limits of the address space from too little to enough: an error, or the result."""
    scalenet("init", "resnet18", "-o", root / "r.pth")
    np.save(root / "x.npy", np.zeros((4, 3, 224, 224), np.float32))
    refused = 0
    for limit in range(160, 800, 40):
        process = run(
            ["run", root / "r.pth", "--input", root / "x.npy", "-o", root / "y.npy", "--force"],
            lambda limit=limit << 20: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        )
        faults.figures["memory", "limit"] += 1
        if process.returncode == OK:
            break
        assert process.returncode in (INPUT_OUTPUT, NO_INPUT) and "memory" in process.stderr, (limit, process)
        assert sorted(path.name for path in root.iterdir()) == ["r.pth", "x.npy"]
        refused += 1
    assert refused > 0 and process.returncode == OK, process


@pytest.mark.parametrize(
    "arguments",
    [
        ("convert", "{}/tiny.pth", "-o", "{}/m.onnx"),
        ("convert", "{}/features.onnx", "-o", "{}/m.h5"),
        ("run", "{}/tiny.pth", "--input", "{}/x.npy", "-o", "{}/y.npy"),
        ("diff", "{}/tiny.pth", "{}/tiny.pth", "--layers", "--html", "{}/d.html"),
        ("predict", "{}/tiny.pth", "{}/photo.jpg", "--html", "{}/p.html"),
        ("inspect", "{}/tiny.pth", "--html", "{}/i.html"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_memory_that_lacks_for_small_things(root, inputs, arguments):
    """A little more at a time, so that it lacks everywhere: for threads, images, reports, arrays of a few kilobytes."""
    for name in ("tiny.pth", "features.onnx", "x.npy"):
        shutil.copy(inputs / name, root / name)
    shutil.copy(PHOTO, root / "photo.jpg")
    before = sorted(path.name for path in root.iterdir())
    command = [argument.replace("{}", str(root)) for argument in arguments]
    refused, done = 0, 0
    for limit in range(36_000, 160_000, 2_000):
        process = run(command, lambda limit=limit << 10: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
        if process.returncode == 127 or "shared object" in process.stderr:
            continue  # The C library could not be loaded.
        faults.figures["memory", "limit"] += 1
        left = sorted(path.name for path in root.iterdir())
        if process.returncode == OK:
            done += 1
            for name in set(left) - set(before):
                (root / name).unlink()
            continue
        assert process.returncode in (INPUT_OUTPUT, NO_INPUT), (limit, process)
        assert "memory" in process.stderr and process.stderr.startswith("scalenet: error: "), (limit, process)
        assert process.stderr.count("\n") == 1, (limit, process)
        assert left == before
        refused += 1
    # What only looks has enough wherever the program starts.
    assert done > 0 and (refused > 0 or arguments[0] == "inspect"), (refused, done)


def test_standard_output_that_is_full(inputs):
    with open("/dev/full", "w") as full:
        for arguments in (
            ("inspect", inputs / "tiny.pth", "--format", "json"),
            ("inspect", inputs / "tiny.pth", "--format", "csv"),
            ("structure", inputs / "tiny.pth"),
            ("diff", inputs / "tiny.pth", inputs / "tiny.pth", "--format", "json"),
        ):
            process = subprocess.run([BINARY, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
            assert process.returncode == INPUT_OUTPUT and "standard output: No space left" in process.stderr, process


# A name is bytes.

NAMES = [b"a\xff", b"\xe2\x28\xa1", b"\xf4\x8f\x9e\x80", "ä".encode(), "a\u0308".encode(), b"a b\\'\"", b"-x"]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_names_are_bytes(root, inputs, name):
    folder = os.fsencode(root)
    onnx, array, again = (folder + b"/" + name + ending for ending in (b".onnx", b".npy", b".2.onnx"))
    shutil.copy(inputs / "x.npy", array)
    for arguments in (
        ("convert", inputs / "tiny.pth", "-o", onnx, "--no-verify"),
        ("inspect", onnx, "--html", folder + b"/" + name + b".html"),
        ("run", onnx, "--input", array, "-o", folder + b"/" + name + b".y.npy"),
        ("run", onnx, "--input", array, "--output-dir", folder + b"/" + name),
        ("convert", onnx, "-o", again, "--no-verify"),
    ):
        process = run(arguments)
        assert process.returncode == OK, process
    endings = (b"", b".2.onnx", b".html", b".npy", b".onnx", b".y.npy")
    assert sorted(os.listdir(folder)) == sorted(name + ending for ending in endings)
    assert run(("convert", inputs / "tiny.pth", "-o", onnx)).returncode == CANNOT_CREATE
    assert run(("inspect", folder + b"/" + name + b".none")).returncode == NO_INPUT


def test_a_name_that_is_no_text_is_shown(root, inputs):
    process = run(("inspect", os.fsencode(root) + b"/a\xff.onnx"))
    assert process.returncode == NO_INPUT and "/a\\xff.onnx: no such file" in process.stderr
    name = os.fsencode(root) + b"/a\xff.onnx"
    process = run(("convert", inputs / "tiny.pth", "-o", name, "--external-data", "always"))
    assert process.returncode == CANNOT_CREATE and "not UTF-8" in process.stderr, process
    assert list(root.iterdir()) == []


# Every error names the file.


def test_errors_name_the_file(root, inputs):
    np.save(root / "small.npy", np.zeros((1, 3, 32, 32), np.float32))
    np.save(root / "complex.npy", np.zeros((1, 3, 224, 224), np.complex64))
    np.savez(root / "other.npz", other=np.zeros(3, np.float32))
    model = inputs / "features.onnx"
    for name in ("small.npy", "complex.npy", "other.npz"):
        process = run(("run", model, "--input", root / name, "-o", root / "y.npy"))
        assert process.returncode == BAD_INPUT, process
        assert process.stderr.startswith(f"scalenet: error: {root / name}: "), process.stderr
    for arguments in (
        ("run", model, "--input", f"input={root}/small.npy", "-o", root / "y.npy"),
        ("diff", model, model, "--input", root / "small.npy"),
        ("diff", model, model, "--input", root / "complex.npy"),
        ("diff", model, model, "--input", root / "other.npz"),
    ):
        process = run(arguments)
        assert process.returncode in (BAD_INPUT, 64) and str(root) in process.stderr, process


def test_a_list_of_labels_that_does_not_fit_is_a_bad_input(root, inputs):
    (root / "labels.txt").write_text("one\ntwo\n")
    process = run(("predict", inputs / "tiny.pth", PHOTO, "--labels", root / "labels.txt"))
    assert process.returncode == BAD_INPUT, process
    assert f"scalenet: error: {root}/labels.txt: expected 10 names, one for each class, found 2" in process.stderr, process


@pytest.fixture
def control_group():
    """A function that runs a command in a control group with so much memory, of either version."""
    second = Path("/sys/fs/cgroup/cgroup.controllers")
    first = Path("/sys/fs/cgroup/memory")
    group = (Path("/sys/fs/cgroup") if second.exists() else first) / f"scalenet-trust-{os.getpid()}"
    limit = group / ("memory.max" if second.exists() else "memory.limit_in_bytes")
    try:
        group.mkdir()
        limit.write_text(str(1 << 30))
    except OSError:
        if group.exists():
            group.rmdir()
        pytest.skip("no control group can be made here")

    def run_within(count, arguments):
        limit.write_text(str(count))
        return run(arguments, lambda: (group / "cgroup.procs").write_text(str(os.getpid())))

    yield run_within
    group.rmdir()


def test_memory_that_a_control_group_does_not_have(control_group, root):
    """The system would end the program with SIGKILL: what is needed is compared with what is left before it is taken."""
    scalenet("init", "resnet18", "-o", root / "r.pth")
    np.save(root / "x.npy", np.zeros((16, 3, 224, 224), np.float32))
    for name, arguments in (
        ("y.npy", ("run", root / "r.pth", "--input", root / "x.npy", "-o", root / "y.npy")),
        (None, ("diff", root / "r.pth", root / "r.pth", "--batch", "16")),
        (None, ("bench", root / "r.pth", "--batch", "16", "--runs", "1")),
    ):
        process = control_group(60 << 20, arguments)
        faults.figures["memory", "limit"] += 1
        assert process.returncode == INPUT_OUTPUT and "control group" in process.stderr, process
        assert sorted(path.name for path in root.iterdir()) == ["r.pth", "x.npy"]
        process = control_group(1 << 30, arguments)
        assert process.returncode == OK, process
        if name:
            (root / name).unlink()
