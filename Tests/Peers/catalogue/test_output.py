"""Faults while files are written or read: lines 57 to 67 of the catalogue.

The tests in trust/ try every point of every kind of output; here each line has its own, with a few points."""

import errno
import os
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import faults
import outputs
import pytest
import reference
import test_inputs
from command import BAD_INPUT, BINARY, CANNOT_CREATE, OK

INPUT_OUTPUT = 74
MODEL = outputs.convert("catalogue: onnx", "m.onnx", "--no-verify")
PAIR = outputs.convert("catalogue: onnx and data", "m.onnx", "--external-data", "always", "--no-verify")


@pytest.fixture(scope="module")
def memory():
    """A folder on a fast file system."""
    place = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="scalenet-catalogue-", dir=place if place.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def shim(memory):
    return faults.build_shim(memory)


@pytest.fixture(scope="module")
def given(memory):
    folder = memory / "inputs"
    folder.mkdir()
    outputs.make_inputs(folder)
    return folder


@pytest.fixture
def root(memory):
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.fixture
def bench(shim, root, given):
    return faults.Bench(shim, root, given, MODEL)


def points(bench, call):
    """The first and the last point at which a call is made."""
    found = [number for number, each in enumerate(bench.trace, 1) if each == call]
    assert found, (call, bench.trace)
    return sorted({found[0], found[-1]})


@pytest.mark.parametrize("call", ["write", "fsync", "close"])
@pytest.mark.parametrize("fault", faults.ERRORS)
def test_57_a_disk_that_is_full_or_fails(bench, fault, call):
    for point in points(bench, call):
        assert bench.try_fault(point, fault) is None
        bench.reset()
        ending = bench.run(point, fault)
        # What was only read, or is written already, may be closed with an error that changes nothing.
        assert ending.status == INPUT_OUTPUT or (call == "close" and bench.files() == bench.after), ending
        if ending.status:
            assert ending.stderr.count("\n") == 1 and os.strerror(getattr(errno, fault)) in ending.stderr, ending


@pytest.mark.parametrize("fault", faults.ERRORS)
def test_57_names_that_cannot_be_taken(bench, fault):
    names = [call for call in ("rename", "link") if call in bench.trace]
    assert names
    for call in names:
        for point in points(bench, call):
            assert bench.try_fault(point, fault) is None


def test_57_a_file_that_cannot_be_created(shim, root, given):
    """Where the file system has no files without a name; otherwise such a one is tried next."""
    bench = faults.Bench(shim, root, given, MODEL, "tmpfile")
    statuses = set()
    for point in [number for number, call in enumerate(bench.trace, 1) if call == "open"]:
        assert bench.try_fault(point, "ENOSPC") is None
        bench.reset()
        statuses.add(bench.run(point, "ENOSPC").status)
    assert CANNOT_CREATE in statuses


def test_58_a_kill_at_any_time(bench):
    for point in range(1, len(bench.trace) + 1):
        assert bench.try_fault(point, "SIGKILL") is None


@pytest.mark.parametrize("fault", ["SIGINT", "SIGTERM"])
def test_59_signals_that_end_a_run(bench, fault):
    for point in range(1, len(bench.trace) + 1):
        assert bench.try_fault(point, fault) is None


def test_60_a_limit_of_file_sizes(bench):
    size = len(bench.after["m.onnx"])
    for limit in (0, size // 2, size - 1):
        bench.reset()
        process = subprocess.run(
            [BINARY, *bench.arguments], capture_output=True, text=True,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )  # fmt: skip
        expected = f"scalenet: error: {bench.folder}/m.onnx: write failed: File too large\n"
        assert (process.returncode, process.stderr) == (INPUT_OUTPUT, expected), process
        assert bench.files() == bench.before


#: A checkpoint whose contents are found to be damaged in the work: who says so has looked at the output too late.
BROKEN = "21-checksum.pth"


def test_61_a_missing_directory(place):
    place.take(BROKEN)
    place.refuses(
        "convert", BROKEN, "-o", "none/out.npz", status=CANNOT_CREATE,
        message="none/out.npz: cannot create: No such file or directory",
    )


def test_61_a_directory_that_may_not_be_written_to(place):
    place.take(BROKEN)
    place.refuses(
        "convert", BROKEN, "-o", "/proc/self/out.npz", status=CANNOT_CREATE,
        message="/proc/self/out.npz: cannot create: No such file or directory",
    )
    if os.geteuid() != 0:
        (place.folder / "closed").mkdir(mode=0o555)
        place.refuses(
            "convert", BROKEN, "-o", "closed/out.npz", status=CANNOT_CREATE,
            message="closed/out.npz: cannot create: Permission denied",
        )


def test_61_a_directory_as_target(place):
    place.take(BROKEN)
    (place.folder / "out.npz").mkdir()
    for options in ((), ("--force",)):
        place.refuses(
            "convert", BROKEN, "-o", "out.npz", *options, status=CANNOT_CREATE,
            message="out.npz: cannot create: a directory stands there",
        )


def same(place, *arguments, target, what):
    """The target is refused, with --force too, and says which file it is."""
    message = f"{target}: the output is the same file as the {what}"
    place.refuses(*arguments, "--force", status=CANNOT_CREATE, message=message)


def test_62_the_output_is_the_input(place):
    shutil.copy(reference.TINY / "tiny.pth", place.folder / "in.pth")
    os.link(place.folder / "in.pth", place.folder / "hard.pth")
    (place.folder / "soft.pth").symlink_to("in.pth")
    for target in ("in.pth", "./in.pth", "hard.pth", "soft.pth"):
        same(place, "convert", "in.pth", "-o", target, target=target, what="input in.pth")


def test_62_the_output_is_a_structure_file(place):
    shutil.copy(reference.TINY / "tiny.pth", place.folder / "in.pth")
    shutil.copy(reference.TINY / "structure.json", place.folder / "in.json")
    same(place, "structure", "in.pth", "--structure", "in.json", "-o", "in.json", target="in.json", what="input in.json")


def test_62_the_output_is_external_data(place):
    place.take("44-plain.onnx")
    shutil.copy(place.malformed / "w.bin", place.folder / "w.bin")
    same(place, "convert", "44-plain.onnx", "-o", "w.bin", "--to", "onnx", target="w.bin", what="input ./w.bin")


def test_62_external_data_of_other_models_stays(place):
    """Two models have the same data; what replaces one leaves it to the other."""
    place.take("tiny.pth")
    place.converts("tiny.pth", "one.onnx", "--no-verify")
    ending = place.run("convert", "tiny.pth", "-o", "two.onnx", "--external-data", "always", "--no-verify")
    assert ending.status == OK, ending
    (data,) = place.folder.glob("two.onnx.*.data")
    shutil.copy(place.folder / "two.onnx", place.folder / "three.onnx")
    assert place.run("convert", "tiny.pth", "-o", "two.onnx", "--no-verify", "--force").status == OK
    assert data.exists() and place.run("inspect", "three.onnx").status == OK


def test_62_the_output_is_another_output(place):
    place.take("tiny.pth")
    same(place, "inspect", "tiny.pth", "--chart", "o.svg", "--html", "./o.svg", target="./o.svg", what="output o.svg")


def test_63_what_exists_is_not_replaced_unasked(place):
    place.take("tiny.pth")
    (place.folder / "out.onnx").write_bytes(faults.OLD)
    place.refuses(
        "convert", "tiny.pth", "-o", "out.onnx", status=CANNOT_CREATE,
        message="out.onnx: already exists; use --force to replace it",
    )
    assert (place.folder / "out.onnx").read_bytes() == faults.OLD


def test_63_not_even_when_it_appears_in_the_last_moment(shim, root, given):
    bench = faults.Bench(shim, root, given, MODEL, has_old=False)
    target = bench.folder / "m.onnx"
    for point in range(1, len(bench.trace) + 1):
        bench.reset()
        ending = bench.run(point, "hook", hook=f"[ -e {target} ] || echo other > {target}")
        if ending.status == OK:
            # It has its name already at this point, and the other program saw that.
            assert bench.files() == bench.after
        else:
            assert (ending.status, target.read_text()) == (CANNOT_CREATE, "other\n"), (point, ending)
            assert set(bench.files()) == {*bench.before, "m.onnx"}


def test_64_a_link_at_the_target_stays(place):
    """OutputFile: a symbolic link at the target stays, and what it leads to is written."""
    place.take("tiny.pth")
    (place.folder / "elsewhere").mkdir()
    (place.folder / "out.onnx").symlink_to("elsewhere/model.onnx")
    (place.folder / "elsewhere/model.onnx").write_bytes(faults.OLD)
    place.refuses(
        "convert", "tiny.pth", "-o", "out.onnx", status=CANNOT_CREATE,
        message="out.onnx: already exists; use --force to replace it",
    )
    assert place.run("convert", "tiny.pth", "-o", "out.onnx", "--force", "--no-verify").status == OK
    assert (place.folder / "out.onnx").is_symlink()
    assert [path.name for path in (place.folder / "elsewhere").iterdir()] == ["model.onnx"]
    assert place.run("inspect", "elsewhere/model.onnx").status == OK


def test_64_a_link_that_leads_nowhere(place):
    place.take("tiny.pth")
    (place.folder / "out.onnx").symlink_to("none/model.onnx")
    before = place.files()
    ending = place.run("convert", "tiny.pth", "-o", "out.onnx", "--force")
    assert (ending.status, ending.stderr) == (
        CANNOT_CREATE,
        "scalenet: error: out.onnx: cannot create: a symbolic link that leads nowhere: No such file or directory\n",
    )
    assert place.files() == before


@pytest.mark.parametrize("form", ["table", "json", "csv", "markdown"])
def test_65_standard_output_that_is_full(given, form):
    with open("/dev/full", "w") as full:
        arguments = [BINARY, "inspect", given / "tiny.pth", "--format", form]
        process = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, text=True)
    expected = "scalenet: error: standard output: No space left on device\n"
    # An error of a command whose report is JSON is JSON.
    assert process.returncode == INPUT_OUTPUT
    assert process.stderr == expected if form != "json" else "No space left on device" in process.stderr, process


def test_65_a_pipe_that_is_closed(given):
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.run(
        [BINARY, "inspect", given / "tiny.pth"], stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert process.stderr == "" and process.returncode not in (OK, BAD_INPUT), process


@pytest.mark.parametrize("fault", ["SIGKILL", "ENOSPC", "SIGTERM"])
def test_66_a_model_and_its_data_are_never_torn(shim, root, given, fault):
    bench = faults.Bench(shim, root, given, PAIR)
    for point in range(1, len(bench.trace) + 1):
        if fault != "ENOSPC" or bench.trace[point - 1] in faults.CALLS_THAT_FAIL:
            assert bench.try_fault(point, fault) is None


@pytest.mark.parametrize("change", ["rewritten", "cut", "grown"])
def test_67_an_input_that_changes_gives_no_result(shim, root, given, change):
    arguments = ("convert", "{}/in.pth", "-o", "{}/o.onnx", "--no-verify")
    kind = outputs.Kind("catalogue: changes", arguments, ("o.onnx",), ("in.pth",))
    shutil.copy(given / "tiny.pth", given / "in.pth")
    bench = faults.Bench(shim, root, given, kind, has_old=False)
    path, calls = test_inputs.changing(bench)
    command = {
        "rewritten": f"printf x | dd of={path} bs=1 seek=5000 conv=notrunc 2>/dev/null",
        "cut": f"truncate -s 100 {path}",
        "grown": f"printf x >> {path}",
    }[change]
    for point in {calls[0], calls[-1]}:
        bench.reset()
        ending = bench.run(point, "hook", hook=command)
        assert ending.status == BAD_INPUT and ending.stderr.count("\n") == 1, ending
        assert ending.stderr.startswith(f"scalenet: error: {path}: the file was "), ending
        assert set(bench.files()) == {"in.pth"}


def test_67_however_many_files_are_mapped(shim, root, tmp_path):
    model = test_inputs.tensors_in_files(tmp_path, 300)
    names = ("many.onnx", "x.npy", *(f"w{number}" for number in range(300)))
    arguments = ("run", f"{{}}/{model.name}", "--input", "{}/x.npy", "-o", "{}/y.npy")
    kind = outputs.Kind("catalogue: 300 files", arguments, ("y.npy",), names)
    bench = faults.Bench(shim, root, tmp_path, kind, has_old=False)
    point = len(bench.trace) - bench.trace[::-1].index("mmap") + 2
    bench.reset()
    ending = bench.run(point, "hook", hook=f"truncate -s 0 {bench.folder}/w299")
    assert ending.status == BAD_INPUT and ending.stderr.startswith(f"scalenet: error: {bench.folder}/w299: "), ending
    assert "y.npy" not in bench.files()
