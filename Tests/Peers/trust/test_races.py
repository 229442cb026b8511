"""Two runs that write the same files at the same time: one of them wins, and what it wrote is whole."""

import shutil
import subprocess

import faults
import numpy as np
import pytest
from command import BINARY, CANNOT_CREATE, OK, scalenet
from faults import LONG
from outputs import Kind


@pytest.fixture(scope="module")
def networks(fast_folder, inputs):
    """Two networks of other weights."""
    folder = fast_folder / "races"
    folder.mkdir()
    for seed in (1, 2):
        scalenet(
            "init", "scalenet", "--structure", inputs / "structure.json", "--classes", "10", "--seed", seed, "-o",
            folder / f"{seed}.pth",
        )  # fmt: skip
    shutil.copy(inputs / "x.npy", folder / "x.npy")
    return folder


def logits(model, folder):
    scalenet("run", model, "--input", folder / "x.npy", "-o", folder / "y.npy", "--force")
    return np.load(folder / "y.npy")


@pytest.fixture(scope="module")
def expected(networks):
    return [logits(networks / f"{seed}.pth", networks) for seed in (1, 2)]


def command(model, target, *options):
    return ["convert", model, "-o", target, "--external-data", "always", "--no-verify", *options]


def is_one_of(found, expected):
    return any(np.allclose(found, one, rtol=0, atol=1e-5 * np.abs(one).max()) for one in expected)


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["new", "over"])
@pytest.mark.parametrize("seeds", [(1, 2), (1, 1)], ids=["other", "same"])
def test_two_models_with_data(root, networks, expected, seeds, force):
    for _ in range(200 if LONG else 6):
        target = root / "m.onnx"
        runs = [
            subprocess.Popen(
                [BINARY, *command(networks / f"{seed}.pth", target, *force)], stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True,
            )
            for seed in seeds
        ]  # fmt: skip
        errors = [run.communicate()[1] for run in runs]
        statuses = sorted(run.returncode for run in runs)
        faults.figures["two runs", "raced"] += 1
        assert statuses == [OK, OK] if force else statuses in ([OK, CANNOT_CREATE],), errors
        # What stands is whole, and nothing else is left.
        assert is_one_of(logits(target, networks), expected)
        assert len(list(root.iterdir())) == 2, list(root.iterdir())
        for path in root.iterdir():
            path.unlink()


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["new", "over"])
def test_two_directories_of_results(root, networks, inputs, force):
    arguments = [BINARY, "run", inputs / "features.onnx", "--input", networks / "x.npy", "--output-dir", root / "out"]
    for _ in range(200 if LONG else 6):
        runs = [
            subprocess.Popen([*arguments, *force], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(2)
        ]
        for run in runs:
            run.communicate()
        statuses = sorted(run.returncode for run in runs)
        faults.figures["two runs", "raced"] += 1
        assert OK in statuses and set(statuses) <= {OK, CANNOT_CREATE}, statuses
        names = [f"layer{number}.npy" for number in range(1, 5)]
        assert sorted(path.name for path in (root / "out").iterdir()) == names
        shutil.rmtree(root / "out")


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["new", "over"])
@pytest.mark.parametrize("seeds", [(1, 2), (1, 1)], ids=["other", "same"])
def test_a_second_run_inside_each_call(shim, root, networks, expected, seeds, force):
    """The second runs from beginning to end while the first stands in a call."""
    arguments = tuple(command(f"{{}}/{seeds[0]}.pth", "{}/m.onnx", *force))
    kind = Kind("run inside a run", arguments, ("m.onnx",), ("1.pth", "2.pth"))
    runs = faults.Bench(shim, root, networks, kind, has_old=False)
    second = " ".join(map(str, [BINARY, *command(runs.folder / f"{seeds[1]}.pth", runs.folder / "m.onnx", *force)]))
    for point in range(1, len(runs.trace) + 1, 1 if LONG else 14):
        runs.reset()
        ending = runs.run(point, "hook", hook=f"{second}; echo $? > {root}/status")
        status = int((root / "status").read_text())
        faults.figures[kind.name, "hook"] += 1
        assert OK in (ending.status, status), (point, ending)
        assert {ending.status, status} <= {OK, 73, 74}, (point, ending)
        assert is_one_of(logits(runs.folder / "m.onnx", networks), expected), (point, ending)
        files = set(runs.files()) - {"1.pth", "2.pth"}
        assert len(files) == 2, (point, runs.trace[point - 1], files, ending)


def test_outputs_of_several_models_at_once(root, inputs):
    """A set of files of one run does not mix with that of another."""
    pages = [root / "c.svg", root / "p.html"]
    arguments = [BINARY, "inspect", inputs / "tiny.pth", "--chart", pages[0], "--html", pages[1], "--force"]
    runs = [subprocess.Popen(arguments, stdout=subprocess.DEVNULL) for _ in range(8)]
    assert {run.wait() for run in runs} == {OK}
    assert sorted(root.iterdir()) == sorted(pages)
