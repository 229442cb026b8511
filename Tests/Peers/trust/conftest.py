"""What the tests of trust share: the shim, inputs, a folder on a fast file system, and the table at the end."""

import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import faults
import numpy as np
import outputs
import pytest
import reference
from command import scalenet

@pytest.fixture(scope="session")
def fast_folder():
    """Waiting until bytes are on a disk is not what is tested here, thousands of times."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="scalenet-trust-", dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def shim(fast_folder):
    return faults.build_shim(fast_folder)


@pytest.fixture(scope="session")
def inputs(fast_folder):
    folder = fast_folder / "inputs"
    folder.mkdir()
    outputs.make_inputs(folder)
    return folder


@pytest.fixture(scope="session")
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


@pytest.fixture
def root(fast_folder):
    with tempfile.TemporaryDirectory(dir=fast_folder) as folder:
        yield Path(folder)


def pytest_terminal_summary(terminalreporter):
    """How many points were tried, by kind and fault."""
    if not faults.figures:
        return
    columns = sorted({fault for _, fault in faults.figures})
    rows = defaultdict(dict)
    for (kind, fault), count in faults.figures.items():
        rows[kind][fault] = count
    width = max(len(kind) for kind in rows)
    terminalreporter.write_line("")
    terminalreporter.write_line("points that were tried, each with what must be left found left")
    terminalreporter.write_line(" " * width + "".join(f"{column:>9}" for column in columns))
    for kind, counts in rows.items():
        numbers = "".join(f"{counts.get(column, ''):>9}" for column in columns)
        terminalreporter.write_line(f"{kind:<{width}}{numbers}")
    totals = "".join(f"{sum(row.get(column, 0) for row in rows.values()):>9}" for column in columns)
    terminalreporter.write_line(f"{'all':<{width}}{totals}")
