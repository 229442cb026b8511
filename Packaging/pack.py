#!/usr/bin/env python3
"""usage: pack.py BINARY --link DIRECTORY --output DIRECTORY [--name NAME] [--maintainer TEXT]

Packs the command with its manual pages and completions: a tarball, a Debian package, and a wheel. Only the standard library
is needed. The same command gives the same bytes: times are those of the last commit, or SOURCE_DATE_EPOCH.
"""
import argparse
import base64
import csv
import gzip
import hashlib
import io
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile

import elf
import manual

ROOT = pathlib.Path(__file__).resolve().parent.parent
SUMMARY = "Convert, inspect, run and compare ScaleNet and ResNet image networks: PyTorch, safetensors, ONNX, Keras"
SHELLS = {"bash": "scalenet", "zsh": "_scalenet", "fish": "scalenet.fish"}
# The C library with its parts, which is wherever Python is.
KIN = re.compile(r"(libc|libm|libpthread|libdl|librt|ld-linux[-\w]*)\.so\.\d+")
#: Debian's names of processors.
SYSTEM = {"x86_64": "amd64", "aarch64": "arm64"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def moment():
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    try:
        return int(output("git", "-C", ROOT, "log", "-1", "--format=%ct"))
    except (OSError, subprocess.CalledProcessError):
        # Not a repository: the first moment that a zip archive can hold.
        return 315532800


def tools():
    """Where the toolchain's programs are."""
    target = json.loads(output(os.environ.get("SWIFT", "swift"), "-print-target-info"))
    return pathlib.Path(target["paths"]["runtimeResourcePath"]).parent.parent / "bin"


def notices(link):
    """The licences of what stands in the binary beside our own code; each asks to be passed on."""
    texts = {}
    for archive in sorted(link.glob("*.a")):
        package = None
        if shutil.which("dpkg"):
            # An archive that somebody built is of no package.
            found = subprocess.run(["dpkg", "-S", archive.resolve()], capture_output=True, text=True)
            if found.returncode == 0:
                package = found.stdout.split(":")[0]
        if package is None:
            print(f"note: {archive.name}: its licence is not known here, and not passed on", file=sys.stderr)
            continue
        texts[package] = (pathlib.Path("/usr/share/doc") / package / "copyright").read_text()
    swift = tools().parent / "share/swift/LICENSE.txt"
    if swift.is_file():
        texts["the Swift runtime, and swift-argument-parser"] = swift.read_text()
    rule = "=" * 78
    return "scalenet contains code of others:\n\n" + "\n".join(
        f"{rule}\n{name}\n{rule}\n\n{text.strip()}\n" for name, text in sorted(texts.items()))


class Contents:
    """The files of a package, for all three kinds."""

    def __init__(self, binary, link, name, maintainer):
        stripped = link / "scalenet"
        subprocess.run([tools() / "llvm-objcopy", "--strip-all", binary, stripped], check=True)
        program = elf.Program(stripped)
        strange = [each for each in program.libraries if not KIN.fullmatch(each)]
        if strange:
            sys.exit(f"{binary}: expected the C library and its kin alone, found {', '.join(strange)}")
        self.glibc = program.newest("GLIBC")
        self.machine = platform.machine()
        if self.machine not in SYSTEM:
            sys.exit(f"expected one of the processors {', '.join(SYSTEM)}, found {self.machine}")
        self.name, self.maintainer, self.moment = name, maintainer, moment()
        self.binary = stripped.read_bytes()
        self.version = output(binary, "--version").strip()
        self.pages = {name: text.encode() for name, text in manual.of(binary).items()}
        self.completions = {
            shell: output(binary, "--generate-completion-script", shell).encode() for shell in SHELLS}
        self.readme = (ROOT / "README.md").read_bytes()
        self.license = (ROOT / "LICENSE").read_bytes()
        self.notices = notices(link).encode()


def tar(files, moment, compression, prefix=""):
    """{path: (mode, bytes)} as a tar archive; folders get entries of their own, as dpkg wants them."""
    buffer = io.BytesIO()
    # gzip would put the present time in its header.
    stream = gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) if compression == "gz" else None
    with tarfile.open(fileobj=stream or buffer, mode="w" if stream else f"w:{compression}",
                      format=tarfile.GNU_FORMAT) as archive:
        folders = {str(parent) for path in files for parent in pathlib.PurePosixPath(path).parents} - {"."}
        for path in sorted([*files, *folders]):
            entry = tarfile.TarInfo(prefix + path)
            entry.mtime, entry.uname, entry.gname = moment, "root", "root"
            if path in folders:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            else:
                entry.mode, entry.size = files[path][0], len(files[path][1])
                archive.addfile(entry, io.BytesIO(files[path][1]))
    if stream:
        stream.close()
    return buffer.getvalue()


def tarball(contents, folder):
    name = f"scalenet-{contents.version}-linux-{contents.machine}"
    texts = f"{name}/share/doc/scalenet"
    files = {f"{name}/bin/scalenet": (0o755, contents.binary), f"{texts}/README.md": (0o644, contents.readme),
             f"{texts}/LICENSE": (0o644, contents.license), f"{texts}/NOTICES": (0o644, contents.notices)}
    places = {"bash": "bash-completion/completions", "zsh": "zsh/site-functions", "fish": "fish/vendor_completions.d"}
    for shell, text in contents.completions.items():
        files[f"{name}/share/{places[shell]}/{SHELLS[shell]}"] = (0o644, text)
    for page, text in contents.pages.items():
        files[f"{name}/share/man/man1/{page}"] = (0o644, text)
    path = folder / f"{name}.tar.gz"
    path.write_bytes(tar(files, contents.moment, "gz"))
    return path


def debian_package(contents, folder):
    architecture = SYSTEM[contents.machine]
    share = "usr/share"
    files = {"usr/bin/scalenet": (0o755, contents.binary),
             f"{share}/doc/scalenet/README.md.gz": (0o644, gzip.compress(contents.readme, mtime=0)),
             f"{share}/doc/scalenet/copyright": (0o644, contents.license + b"\n" + contents.notices)}
    places = {"bash": "bash-completion/completions", "zsh": "zsh/vendor-completions", "fish": "fish/vendor_completions.d"}
    for shell, text in contents.completions.items():
        files[f"{share}/{places[shell]}/{SHELLS[shell]}"] = (0o644, text)
    for page, text in contents.pages.items():
        files[f"{share}/man/man1/{page}.gz"] = (0o644, gzip.compress(text, mtime=0))
    glibc = ".".join(map(str, contents.glibc))
    control = f"""Package: scalenet
Version: {contents.version}
Architecture: {architecture}
Maintainer: {contents.maintainer}
Installed-Size: {sum(len(data) for _, data in files.values()) // 1024}
Depends: libc6 (>= {glibc})
Section: science
Priority: optional
Description: converter and inspector of image networks
 {SUMMARY}.
"""
    sums = "".join(f"{hashlib.md5(data).hexdigest()}  {path}\n" for path, (_, data) in sorted(files.items()))
    about = {"control": (0o644, control.encode()), "md5sums": (0o644, sums.encode())}
    members = {"debian-binary": b"2.0\n", "control.tar.gz": tar(about, contents.moment, "gz", "./"),
               "data.tar.xz": tar(files, contents.moment, "xz", "./")}
    archive = b"!<arch>\n"
    for name, data in members.items():
        archive += f"{name:<16}{contents.moment:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode()
        archive += data + b"\n" * (len(data) % 2)
    path = folder / f"scalenet_{contents.version}_{architecture}.deb"
    path.write_bytes(archive)
    return path


def wheel(contents, folder):
    """A wheel that holds the program and no Python: pip puts it beside Python's own programs."""
    name = re.sub(r"[-_.]+", "_", contents.name).lower()
    tag = f"py3-none-manylinux_{contents.glibc[0]}_{contents.glibc[1]}_{contents.machine}"
    stem = f"{name}-{contents.version}"
    files = {f"{stem}.data/scripts/scalenet": (0o755, contents.binary)}
    places = {"bash": "bash-completion/completions", "zsh": "zsh/site-functions", "fish": "fish/vendor_completions.d"}
    for shell, text in contents.completions.items():
        files[f"{stem}.data/data/share/{places[shell]}/{SHELLS[shell]}"] = (0o644, text)
    for page, text in contents.pages.items():
        files[f"{stem}.data/data/share/man/man1/{page}"] = (0o644, text)
    metadata = f"""Metadata-Version: 2.4
Name: {contents.name}
Version: {contents.version}
Summary: {SUMMARY}
License-Expression: Apache-2.0
License-File: LICENSE
License-File: NOTICES
Classifier: Environment :: Console
Classifier: Operating System :: POSIX :: Linux
Classifier: Topic :: Scientific/Engineering :: Artificial Intelligence
Requires-Python: >=3.8
Description-Content-Type: text/markdown

"""
    about = f"{stem}.dist-info"
    files |= {
        f"{about}/licenses/LICENSE": (0o644, contents.license),
        f"{about}/licenses/NOTICES": (0o644, contents.notices),
        f"{about}/METADATA": (0o644, metadata.encode() + contents.readme),
        f"{about}/WHEEL": (
            0o644, f"Wheel-Version: 1.0\nGenerator: scalenet\nRoot-Is-Purelib: false\nTag: {tag}\n".encode()),
    }
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for path, (_, data) in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.writerow([path, f"sha256={digest}", len(data)])
    rows.writerow([f"{about}/RECORD", "", ""])
    files[f"{about}/RECORD"] = (0o644, record.getvalue().encode())
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, (mode, data) in files.items():
            entry = zipfile.ZipInfo(name, time.gmtime(max(contents.moment, 315532800))[:6])
            entry.compress_type, entry.external_attr, entry.create_system = zipfile.ZIP_DEFLATED, (0o100000 | mode) << 16, 3
            archive.writestr(entry, data)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("--link", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--name", default="scalenet")
    parser.add_argument("--maintainer", default="nobody <nobody@localhost>")
    arguments = parser.parse_args()
    contents = Contents(arguments.binary.resolve(), arguments.link, arguments.name, arguments.maintainer)
    arguments.output.mkdir(parents=True, exist_ok=True)
    # Of what was packed before, and of nothing else in the folder.
    wheels = f"{re.sub('[-_.]+', '_', arguments.name).lower()}-*.whl"
    for pattern in (wheels, "scalenet_*.deb", "scalenet-*.tar.gz"):
        for old in arguments.output.glob(pattern):
            old.unlink()
    for make in (tarball, debian_package, wheel):
        path = make(contents, arguments.output)
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    print(f"the command: {len(contents.binary) / 1e6:.1f} MB, needs glibc {'.'.join(map(str, contents.glibc))} or later")


if __name__ == "__main__":
    main()
