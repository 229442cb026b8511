"""Each package without anything of the system but its C library."""

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import errands
import pytest

KINDS = ("wheel", "deb", "tarball")
# The C library and its kin, which are wherever Python is.
KIN = re.compile(r"/lib(c|m|dl|pthread|rt)\.so\.\d+$|/ld-linux[-\w]*\.so\.\d+$")


@pytest.mark.parametrize("kind", KINDS)
def test_does_every_errand_with_the_c_library_alone(unpacked, kind, tmp_path):
    errands.prepare(tmp_path)
    program = unpacked[kind] / "bin/scalenet"
    loaded = set()
    for arguments in errands.ERRANDS:
        # The loader names each library that is loaded, at the start or later.
        log = tmp_path / "loader"
        outcome = subprocess.run(
            [program, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=300,
            env={"PATH": "/nowhere", "LD_DEBUG": "files", "LD_DEBUG_OUTPUT": str(log)})
        assert outcome.returncode == 0, (arguments, outcome.stderr)
        for each in tmp_path.glob("loader.*"):
            loaded |= set(re.findall(r"calling init: (\S+)", each.read_text()))
            each.unlink()
    assert any(path.endswith("/libc.so.6") for path in loaded)
    assert [path for path in sorted(loaded) if not KIN.search(path)] == []
    errands.check(tmp_path)


def test_the_wheel_puts_the_command_on_the_path(environment):
    outcome = subprocess.run(
        ["bash", "-c", "source bin/activate && command -v scalenet && scalenet --version"], cwd=environment,
        capture_output=True, text=True, check=True)
    place, version = outcome.stdout.splitlines()
    assert place == f"{environment}/bin/scalenet"
    listed = subprocess.run([environment / "bin/pip", "list", "--format", "freeze"], capture_output=True, text=True)
    assert f"scalenet=={version}" in listed.stdout.splitlines()
    subprocess.run([environment / "bin/pip", "check"], check=True, capture_output=True)


def test_the_wheels_tag_is_what_auditwheel_finds(wheel):
    # pip installs by the tag; auditwheel looks at the libraries and the versions of their symbols.
    outcome = subprocess.run(
        [Path(sys.executable).parent / "auditwheel", "show", wheel], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    tag = re.search(r"(manylinux_\d+_\d+_\w+)\.whl$", wheel.name)[1]
    found = re.search(r'following platform tag: "(\w+)"', " ".join(outcome.stdout.split()))
    assert found and found[1] == tag, outcome.stdout


def test_the_glibc_that_is_asked_for_is_old_enough(wheel, debian_package):
    # Ubuntu 20.04 and Debian 11 have 2.31.
    major, minor = re.search(r"manylinux_(\d+)_(\d+)_", wheel.name).groups()
    assert (int(major), int(minor)) <= (2, 28)
    control = subprocess.run(
        ["dpkg-deb", "--field", debian_package, "Depends"], capture_output=True, text=True, check=True)
    assert control.stdout.strip() == f"libc6 (>= {major}.{minor})"


def test_all_three_hold_the_same(unpacked):
    programs = {kind: (folder / "bin/scalenet").read_bytes() for kind, folder in unpacked.items()}
    assert len(set(programs.values())) == 1
    assert len(programs["deb"]) < 25_000_000
    for folder in unpacked.values():
        pages = {path.name.removesuffix(".gz") for path in (folder / "share/man/man1").iterdir()}
        assert {"scalenet.1", "scalenet-convert.1", "scalenet-inspect.1", "scalenet-run.1", "scalenet-diff.1"} <= pages
        assert (folder / "share/bash-completion/completions/scalenet").is_file()
        assert (folder / "share/fish/vendor_completions.d/scalenet.fish").is_file()
        assert len(list((folder / "share/zsh").glob("*/_scalenet"))) == 1


def test_licences_of_what_is_inside_are_passed_on(unpacked, wheel):
    texts = [(unpacked["tarball"] / "share/doc/scalenet/NOTICES").read_text(),
             (unpacked["deb"] / "share/doc/scalenet/copyright").read_text()]
    with zipfile.ZipFile(wheel) as archive:
        texts += [archive.read(name).decode() for name in archive.namelist() if name.endswith("/NOTICES")]
    assert len(texts) == 3
    for text in texts:
        for name in ("hdf5", "libjpeg", "libpng", "zlib", "libdeflate", "protobuf-c", "Swift"):
            assert name in text


def test_nothing_in_the_archives_leads_out_of_them(tarball, wheel):
    with tarfile.open(tarball) as archive:
        for each in archive:
            assert (each.isfile() or each.isdir()) and not each.name.startswith("/") and ".." not in each.name
    with zipfile.ZipFile(wheel) as archive:
        assert archive.testzip() is None
        assert all(not name.startswith("/") and ".." not in name for name in archive.namelist())
