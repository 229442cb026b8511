"""Time grows with the size of a file, and not with its square; no depth overflows a stack.

Two sizes or three each: what the processor's time is at four times the size, without what a run takes whatever it reads, stays
below eight times that at once the size; a square would be sixteen times. `TRUST=long` takes the full sizes, otherwise an
eighth of them is enough, or a quarter where a run is short."""

import sys

import pytest
import reference
from command import BINARY, OK
from faults import LONG

sys.path.append(str(reference.FIXTURES / "malformed"))
import large  # noqa: E402

#: Seconds of the processor's time by which runs differ by chance.
NOISE = 0.1
#: How often sizes are timed again, where another program may have been in the way; the least time of each counts.
ROUNDS = 3

#: What grows: how it is made, its full size, and the ending of its name.
KINDS = {
    "chain of nodes": (large.chain, 100_000, "onnx"),
    "initializers": (large.initializers, 200_000, "onnx"),
    "keys of a checkpoint": (large.checkpoint, 50_000, "pth"),
    "doubled lists": (large.doubled_lists, 100_000, "pth"),
    "keys of safetensors": (large.safetensors, 50_000, "safetensors"),
    "layers of h5": (large.keras_h5, 20_000, "h5"),
    "layers of keras": (large.keras_archive, 20_000, "keras"),
    "names of ONNX": (large.long_names, 1_000_000, "onnx"),
    "names of a checkpoint": (large.long_keys, 1_000_000, "pth"),
    "names of safetensors": (large.long_safetensors, 1_000_000, "safetensors"),
}

#: What is done with each, by its ending; `{}` stands for the file.
GRAPHS = {
    "inspect": ("inspect", "{}", "--format", "json"),
    "html": ("inspect", "{}", "--html", "o.html"),
    "convert": ("convert", "{}", "-o", "o.onnx", "--no-verify"),
    "verify": ("convert", "{}", "-o", "o.onnx"),
    "diff": ("diff", "{}", "{}"),
    "layers": ("diff", "{}", "{}", "--layers"),
}
WEIGHTS = {
    "inspect": ("inspect", "{}", "--format", "json"),
    "tensors": ("inspect", "{}", "--per-tensor", "--format", "markdown"),
    "convert": ("convert", "{}", "-o", "o.safetensors"),
    "convert to pth": ("convert", "{}", "-o", "o.pth"),
}
CASES = [
    (kind, work) for kind, (_, _, ending) in KINDS.items()
    for work in (WEIGHTS if ending in ("pth", "safetensors") else GRAPHS)
]  # fmt: skip


@pytest.fixture(scope="module")
def files(session_folder):
    """`files(kind, size)`: the path of a file, made when it is first asked for."""
    folder = session_folder / "large"
    folder.mkdir()

    def make(kind, size):
        function, _, ending = KINDS[kind]
        path = folder / f"{kind.replace(' ', '-')}-{size}.{ending}"
        if not path.exists():
            path.write_bytes(function(size))
        return path

    return make


@pytest.fixture(scope="module")
def least(runner, session_folder):
    """The time that a run takes for almost nothing."""
    place = session_folder / "least"
    place.mkdir()
    (place / "one.onnx").write_bytes(large.chain(1))
    found = [runner.run([BINARY, "inspect", "one.onnx"], place) for _ in range(5)]
    return min(each.user + each.system for each in found)


@pytest.mark.parametrize(("kind", "work"), CASES, ids=lambda each: each.replace(" ", "-"))
def test_time_grows_linearly(tmp_path, runner, files, least, kind, work):
    _, full, ending = KINDS[kind]
    arguments = (WEIGHTS if ending in ("pth", "safetensors") else GRAPHS)[work]
    if not LONG:
        full //= 4 if ending in ("h5", "keras") else 8
    sizes = (full // 4, full // 2, full) if LONG else (full // 4, full)
    times = dict.fromkeys(sizes, float("inf"))
    for attempt in range(ROUNDS):
        for size in sizes:
            path = files(kind, size)
            place = tmp_path / f"{size}.{attempt}"
            place.mkdir()
            command = [BINARY, *(path if each == "{}" else each for each in arguments)]
            found = runner.run(command, place)
            assert found.status == OK, f"{size}: status {found.status}: {found.stderr[:1000]}"
            assert found.memory < path.stat().st_size + (2 << 30), f"{size}: {found.memory >> 20} MiB"
            times[size] = min(times[size], found.user + found.system)
        if times[full] - least < 8 * (times[full // 4] - least) + NOISE:
            break
    print(f"{kind}, {work}: " + ", ".join(f"{size}: {seconds:.2f} s" for size, seconds in times.items()))
    assert times[full] - least < 8 * (times[full // 4] - least) + NOISE, times
