"""Fixtures that every test can ask for."""

import tempfile
from pathlib import Path

import checkpoint_writer
import command
import pytest
import reference


def pytest_sessionstart():
    if not command.BINARY.is_file():
        pytest.exit(f"{command.BINARY} is missing: run `make build`, or name the binary in SCALENET", returncode=2)


@pytest.fixture(scope="session")
def session_folder():
    """A folder for what tests share; removed at the end, for full-size networks take much room."""
    with tempfile.TemporaryDirectory(prefix="scalenet-peers-") as folder:
        yield Path(folder)


@pytest.fixture
def tmp_path(session_folder):
    """A folder for one test, in place of pytest's own, which keeps those of the last runs: too much here."""
    with tempfile.TemporaryDirectory(dir=session_folder) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def checkpoint(session_folder):
    """`checkpoint(name)`: the path of a network's .pth; full-size ones are made when first asked for."""

    def make(name):
        if name == "tiny":
            return reference.TINY / "tiny.pth"
        path = session_folder / f"{name}.pth"
        if not path.exists():
            checkpoint_writer.save_zip(path, reference.state_dict(name), stem=name)
        return path

    return make
