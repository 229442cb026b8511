"""What every line of the catalogue expects of a run: one line of error, nothing left, bounded memory and time."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from command import BAD_INPUT, BINARY, OK

#: What a run may hold beside what it maps of its inputs.
MEMORY = 256 << 20
#: Seconds of the processor that one run may take.
SECONDS = 10

EXPECTED = Path(__file__).with_name("expected")


@dataclass(frozen=True)
class Ending:
    """How a run ended, and what it took: bytes at the peak, seconds."""

    status: int
    stdout: str
    stderr: str
    memory: int
    user: float
    system: float
    elapsed: float


class Runner:
    """The small process that starts the commands."""

    def __init__(self, folder):
        program = Path(__file__).with_name("runner.py")
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", program, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, arguments, folder):
        job = {"arguments": [str(each) for each in arguments], "folder": str(folder)}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return Ending(**json.loads(self.process.stdout.readline()))

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def _expected():
    """What each malformed file is refused with, by its name; None for one that is read."""
    result = {}
    for path in sorted(EXPECTED.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, found, message = line.partition(" | ")
            assert name not in result, name
            result[name] = message if found else None
    return result


MESSAGES = _expected()


def named(beginning):
    """The names of malformed files that are refused."""
    return [name for name, message in MESSAGES.items() if name.startswith(beginning) and message is not None]


def accepted(beginning):
    """The names of files that are read."""
    return [name for name, message in MESSAGES.items() if name.startswith(beginning) and message is None]


def refused(beginning):
    """A test that every malformed file whose name begins so is refused as is expected."""

    @pytest.mark.parametrize("name", named(beginning))
    def test(place, name):
        place.refuses_file(name)

    return test


class Place:
    """A folder in which commands run on copies of malformed files, under their own names: messages name no folder."""

    def __init__(self, runner, folder, malformed):
        self.runner, self.folder, self.malformed = runner, folder, malformed

    def take_copy(self, name):
        """Puts a copy into the folder: of data beside a model, a file with a second name would be refused for that."""
        shutil.copyfile(self.malformed / name, self.folder / name)

    def take(self, name):
        """Puts a malformed file into the folder, if it is not there."""
        path = self.folder / name
        if not path.exists():
            os.link(self.malformed / name, path)
        return path

    def files(self):
        """All that stands in the folder, with sizes and times, so that a file that was written anew is seen; links to
        malformed files that other tests use are never written to."""
        return sorted(
            (str(path.relative_to(self.folder)), path.lstat().st_size, path.lstat().st_mtime_ns)
            for path in self.folder.rglob("*")
        )

    def size(self):
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    def run(self, *arguments, binary=BINARY):
        """Any ending but a signal, within memory and time."""
        size = self.size()
        ending = self.runner.run([binary, *arguments], self.folder)
        assert ending.status >= 0, f"signal {-ending.status}: {ending}"
        assert ending.memory < size + MEMORY, f"{ending.memory >> 20} MiB for {size} bytes: {ending}"
        assert ending.user + ending.system < SECONDS, ending
        return ending

    def refuses(self, *arguments, message, status=BAD_INPUT):
        """The run ends with one line on stderr, of which the whole is compared, and leaves all as it was."""
        before = self.files()
        ending = self.run(*arguments)
        assert ending.stderr == f"scalenet: error: {message}\n", ending
        assert (ending.status, ending.stdout) == (status, ""), ending
        assert self.files() == before

    def converts(self, name, output, *options):
        """The run ends well, and its output is there, and nothing else."""
        source = self.take(name)
        before = {each[0] for each in self.files()}
        ending = self.run("convert", source.name, "-o", output, *options)
        assert ending.status == OK, ending
        assert {each[0] for each in self.files()} == before | {output}
        return ending

    def refuses_file(self, name):
        """The command that reads a malformed file refuses it with the message that is expected of it."""
        self.take(name)
        arguments, companions = COMMANDS[Path(name).suffix]
        for companion in companions:
            self.take_copy(companion)
        self.refuses(*(name if each == "{}" else each for each in arguments), message=MESSAGES[name])


_TO_ARRAYS = ("convert", "{}", "-o", "out.npz"), ()
_TO_ONNX = ("convert", "{}", "-o", "out.onnx"), ()
#: By the ending of a malformed file's name: the command that reads it, and good files that this needs.
COMMANDS = {
    ".pth": _TO_ARRAYS,
    ".safetensors": _TO_ARRAYS,
    ".json": (("convert", "tiny.pth", "--structure", "{}", "-o", "out.onnx"), ("tiny.pth",)),
    ".npy": (("run", "relu.onnx", "--input", "{}", "-o", "out.npy"), ("relu.onnx",)),
    ".npz": (("run", "relu.onnx", "--input", "{}", "-o", "out.npy"), ("relu.onnx",)),
    ".onnx": (("convert", "{}", "-o", "out.onnx"), ("w.bin",)),
    ".h5": _TO_ONNX,
    ".keras": _TO_ONNX,
}
