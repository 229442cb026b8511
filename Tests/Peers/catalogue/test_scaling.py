"""Time grows with the size of a file, and not with its square; no depth overflows a stack.

Three sizes each: the processor's time at four times the size stays below eight times that at once the size, where a
square would be sixteen times. `TRUST=long` takes the full sizes, otherwise an eighth of them is enough."""

import sys

import pytest
import reference
from command import BINARY, OK
from faults import LONG

sys.path.append(str(reference.FIXTURES / "malformed"))
import large  # noqa: E402

#: Of the time that a run takes whatever it reads, so much may differ by chance.
NOISE = 0.25

#: What grows, how it is made, its full size, and the ending of its name.
KINDS = {
    "chain of nodes": (large.chain, 100_000, "onnx"),
    "initializers": (large.initializers, 200_000, "onnx"),
    "keys of a checkpoint": (large.checkpoint, 50_000, "pth"),
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
}
WEIGHTS = {
    "inspect": ("inspect", "{}", "--format", "json"),
    "html": ("inspect", "{}", "--html", "o.html"),
    "convert": ("convert", "{}", "-o", "o.safetensors"),
    "convert to pth": ("convert", "{}", "-o", "o.pth"),
    "diff": ("diff", "{}", "{}"),
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


@pytest.mark.parametrize(("kind", "work"), CASES, ids=lambda each: each.replace(" ", "-"))
def test_time_grows_linearly(tmp_path, runner, files, kind, work):
    ending = KINDS[kind][2]
    arguments = (WEIGHTS if ending in ("pth", "safetensors") else GRAPHS)[work]
    full = KINDS[kind][1] if LONG else KINDS[kind][1] // 8
    times = []
    for size in (full // 4, full // 2, full):
        path = files(kind, size)
        place = tmp_path / str(size)
        place.mkdir()
        found = runner.run([BINARY, *(str(path) if each == "{}" else each for each in arguments)], place)
        assert found.status == OK, f"{size}: status {found.status}: {found.stderr[:1000]}"
        assert found.memory < path.stat().st_size + (2 << 30), f"{found.memory >> 20} MiB"
        times.append(found.user + found.system)
        print(f"{kind}, {work}, {size}: {times[-1]:.2f} s, {found.memory >> 20} MiB")
    first, _, last = times
    assert last < 8 * first + NOISE, times
