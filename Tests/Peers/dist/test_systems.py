"""Each package on systems that have nothing else: Debian 11 (glibc 2.31), 12 and 13, made by debootstrap where they are not there
yet. Run by `make test-dist`, as root."""

import contextlib
import os
import shutil
import subprocess
from pathlib import Path

import errands
import pytest

ROOTS = Path(os.environ["ROOTS"]).resolve()
SYSTEMS = ("bullseye", "bookworm", "trixie")
KINDS = ("wheel", "deb", "tarball")


@contextlib.contextmanager
def processes(root):
    """/proc, as it is in every container."""
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", root / "proc"], check=True)


def inside(root, *command, folder="/"):
    """Runs a command in the system, without anything of this one's environment."""
    with processes(root):
        outcome = subprocess.run(
            ["chroot", root, "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "/bin/sh", "-c",
             'cd "$1" && shift && exec "$@"', "sh", folder, *command],
            capture_output=True, text=True, timeout=600)
    assert outcome.returncode == 0, (command, outcome.stdout, outcome.stderr)
    return outcome.stdout


@pytest.fixture(scope="module", params=SYSTEMS)
def root(request):
    folder = ROOTS / request.param
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(
            ["debootstrap", "--variant=minbase", "--include=python3-venv", request.param, folder], check=True,
            stdout=subprocess.DEVNULL)
        (folder / "complete").touch()
    return folder


@pytest.fixture
def installed(root, request, wheel, debian_package, tarball):
    """`installed(kind)`: the command's path in the system; it is gone after the test."""
    package = {"wheel": wheel, "deb": debian_package, "tarball": tarball}
    copies = []

    def install(kind):
        copy = root / package[kind].name
        shutil.copy(package[kind], copy)
        copies.append(copy)
        if kind == "wheel":
            inside(root, "python3", "-m", "venv", "--clear", "/environment")
            inside(root, "/environment/bin/pip", "install", "--no-index", f"/{copy.name}")
            return "/environment/bin/scalenet"
        if kind == "deb":
            inside(root, "dpkg", "--install", f"/{copy.name}")
            return "/usr/bin/scalenet"
        inside(root, "tar", "-xf", f"/{copy.name}", "-C", "/opt")
        return f"/opt/{copy.name.removesuffix('.tar.gz')}/bin/scalenet"

    yield install
    if debian_package.name in [copy.name for copy in copies]:
        inside(root, "dpkg", "--purge", "scalenet")
        assert not (root / "usr/bin/scalenet").exists()
    shutil.rmtree(root / "environment", ignore_errors=True)
    for each in (root / "opt").glob("scalenet-*"):
        shutil.rmtree(each)
    for copy in copies:
        copy.unlink()


@pytest.mark.parametrize("kind", KINDS)
def test_installs_and_does_every_errand(root, installed, kind):
    program = installed(kind)
    folder = root / "errands"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        errands.prepare(folder)
        for arguments in errands.ERRANDS:
            inside(root, program, *arguments, folder="/errands")
        errands.check(folder)
    finally:
        shutil.rmtree(folder)
