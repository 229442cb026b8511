"""Runs commands of which one call to the system fails, writes a part, is killed, or lets another program run first; and
looks at what is left."""

import os
import shutil
import signal
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import command

#: All points of all kinds on all file systems; by default every kind, with one error and one signal at each call.
LONG = os.environ.get("TRUST") == "long"

ERRORS = ("ENOSPC", "EIO", "EDQUOT")
KILLS = ("SIGKILL", "SIGINT", "SIGTERM")
CALLS_THAT_FAIL = {"open", "write", "fsync", "close", "rename", "link", "ftruncate", "mmap", "mkdir"}

#: What the file system lacks: nothing; files without a name; and the exchange of two names; and hard links; and a
#: rename that never replaces.
SYSTEMS = ("", "tmpfile", "tmpfile,exchange", "tmpfile,exchange,link", "tmpfile,exchange,link,noreplace")

#: What of the runs is added up for the table: (kind, fault) -> how many points.
figures = Counter()

OLD = b"what stood there before\n"


def build_shim(folder: Path) -> Path:
    """Compiles the library that stands between the command and the C library."""
    path = folder / "shim.so"
    source = Path(__file__).with_name("shim.c")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o", path, source, "-ldl"], check=True
    )
    return path


@dataclass
class Ending:
    status: int
    stdout: str
    stderr: str
    trace: list


class Bench:
    """A folder in which the commands of one kind run again and again, each time from the same beginning."""

    def __init__(self, shim, root, inputs, kind, system="", has_old=True):
        self.shim, self.inputs, self.kind, self.system, self.has_old = shim, inputs, kind, system, has_old
        self.folder = root / "f"
        self.arguments = kind.command(self.folder, *(["--force"] if has_old else []))
        self.reset()
        self.before = self.files()
        ending = self.run()
        assert ending.status == 0, ending
        self.trace = ending.trace
        self.after = self.files()
        assert set(kind.outputs) <= set(self.after), (set(self.after), ending)

    def reset(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        for name in self.kind.inputs:
            (self.folder / name).parent.mkdir(exist_ok=True)
            shutil.copy(self.inputs / name, self.folder / name)
        if self.has_old:
            for name in self.kind.outputs:
                (self.folder / name).parent.mkdir(exist_ok=True)
                (self.folder / name).write_bytes(OLD)

    def files(self):
        """The contents of all files, by their paths."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def run(self, point=0, fault="", hook="", arguments=None, timeout=120):
        trace = self.folder.with_name("trace")
        trace.unlink(missing_ok=True)
        environment = os.environ | {
            "LD_PRELOAD": str(self.shim),
            "TRUST_ROOT": str(self.folder),
            "TRUST_TRACE": str(trace),
            "TRUST_POINT": str(point),
            "TRUST_FAULT": fault,
            "TRUST_HOOK": hook,
            "TRUST_LACKS": self.system,
            "SWIFT_BACKTRACE": "enable=no",
        }
        process = subprocess.run(
            [str(command.BINARY), *map(str, arguments or self.arguments)],
            capture_output=True, text=True, timeout=timeout, env=environment, errors="replace",
        )  # fmt: skip
        calls = trace.read_text().split() if trace.exists() else []
        return Ending(process.returncode, process.stdout, process.stderr, calls)

    def try_fault(self, point, fault):
        """One point; the problem that it shows, if any."""
        self.reset()
        ending = self.run(point, fault)
        figures[self.kind.name, fault] += 1
        call = self.trace[point - 1]
        problem = self.killed(ending, fault, call) if fault in KILLS else self.failed(ending, fault, call)
        return problem and f"{self.kind.name} [{self.system or 'all'}] {fault} at {point} ({call}): {problem}: {ending}"

    def failed(self, ending, fault, call):
        files = self.files()
        if ending.status == 0:
            return None if files == self.after else f"status 0, and {self.difference(files)}"
        if fault == "short":
            return "a part that was written is no failure"
        if self.kind.tells_of_each and ending.status == 65 and "photo.jpg: " in ending.stdout + ending.stderr:
            # The outputs say that this one was not read.
            return None if set(files) in (set(self.before), set(self.after)) else self.difference(files)
        if ending.status not in (66, 73, 74):
            return "the status"
        errors = [line for line in ending.stderr.split("\n") if line.startswith("scalenet: error: ")]
        if len(errors) != 1 or str(self.folder) not in errors[0]:
            return "no error that names a file"
        if files == self.before:
            return None
        if "link" in self.system and "replaced already" in ending.stderr and not self.torn(files):
            # There is no way back on such a file system, and it is said.
            return None
        return self.difference(files)

    def killed(self, ending, fault, call):
        files = self.files()
        if fault != "SIGKILL":
            number = getattr(signal, fault)
            if ending.status not in (-number, 0):
                return "the status"
            if files not in (self.before, self.after):
                return self.difference(files)
            return None
        if ending.status != -signal.SIGKILL:
            return "the status"
        torn = self.torn(files)
        # Where nothing else keeps two programs apart, a name is taken by an empty file. The next run tells of it.
        reserved = torn if torn and "noreplace" in self.system and files.get(torn) == b"" else None
        if torn and not reserved:
            return f"{torn} is neither old nor new"
        left = {name for name in files if name not in self.before and name not in self.after}
        if left and not self.system and call not in ("rename", "link", "unlink", "open", "fsync", "close", "mmap"):
            return f"{left} were left"
        if reserved:
            refused = self.run(arguments=self.kind.command(self.folder))
            if refused.status != 73 or f"{reserved}: 0 B, left by" not in refused.stderr:
                return f"the next run did not name {reserved}, which is empty: {refused}"
        # The next run names what was left, or takes it for its own, and all is as it should be.
        following = self.run(arguments=self.kind.command(self.folder, "--force"))
        if following.status != 0:
            return f"the next run ended with {following.status}: {following.stderr}"
        now = self.files()
        extra = {name for name in now if name not in self.after}
        unnamed = [name for name in extra if f"{name}: " not in following.stderr]
        if unnamed:
            return f"the next run did not name {unnamed}: {following.stderr}"
        if {name: now[name] for name in now if name not in extra} != self.after:
            return f"after the next run {self.difference(now)}"
        return None

    def torn(self, files):
        """An output that is neither what stood there nor what should."""
        names = set(self.before) | set(self.after)
        return next(
            (
                name
                for name in sorted(names)
                if files.get(name) not in (self.before.get(name), self.after.get(name))
            ),
            None,
        )

    def difference(self, files):
        news = [name for name in files if name not in self.before and name not in self.after]
        lacking = [name for name in self.before if name not in files]
        changed = [name for name in files if name in self.before and files[name] != self.before[name]]
        made = [name for name in files if name in self.after and name not in self.before]
        return f"left {news}, lost {lacking}, changed {changed}, made {made}"
