"""The packages that `make dist` made, in the folder that DIST names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Systems to install on are made where ROOTS says so, as root: that is `make test-dist`.
collect_ignore = [] if "ROOTS" in os.environ else ["test_systems.py"]

FOLDER = Path(os.environ.get("DIST") or Path(__file__).resolve().parents[3] / "dist").resolve()


def package(pattern):
    found = sorted(FOLDER.glob(pattern))
    assert len(found) == 1, f"expected one {pattern} in {FOLDER}, found {found}: run `make dist`"
    return found[0]


@pytest.fixture(scope="session")
def wheel():
    return package("*.whl")


@pytest.fixture(scope="session")
def debian_package():
    return package("*.deb")


@pytest.fixture(scope="session")
def tarball():
    return package("*.tar.gz")


@pytest.fixture(scope="session")
def environment(session_folder, wheel):
    """A Python environment that holds nothing but the wheel."""
    folder = session_folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run(
        [folder / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", wheel], check=True)
    return folder


@pytest.fixture(scope="session")
def unpacked(session_folder, environment, debian_package, tarball):
    """By the kind of package: the folder that has its bin and share."""
    folders = {"wheel": environment, "deb": session_folder / "deb/usr"}
    subprocess.run(["dpkg-deb", "--extract", debian_package, session_folder / "deb"], check=True)
    (session_folder / "tar").mkdir()
    subprocess.run(["tar", "-xf", tarball, "-C", session_folder / "tar"], check=True)
    folders["tarball"], = (session_folder / "tar").iterdir()
    return folders
