"""Runs the `scalenet` binary under test."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

BINARY = Path(os.environ.get("SCALENET") or Path(__file__).resolve().parents[2] / ".build/release/scalenet").resolve()

# Exit statuses, after sysexits.h.
OK = 0
DIFFERENCE = 1
USAGE = 64
BAD_INPUT = 65
NO_INPUT = 66
CANNOT_CREATE = 73


@dataclass(frozen=True)
class Outcome:
    """How a run ended; a negative status is a signal's number."""

    status: int
    stdout: str
    stderr: str


def scalenet(*arguments, check=True, timeout=300, **options):
    """Runs the binary; with `check`, a failure fails the test and shows what the binary said."""
    command = [str(BINARY), *map(str, arguments)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=timeout, **options)
    outcome = Outcome(process.returncode, process.stdout, process.stderr)
    if check:
        assert outcome.status == OK, f"{' '.join(command)} ended with {outcome.status}: {outcome.stderr}"
    return outcome


def refuse(*arguments, output, status=BAD_INPUT, **options):
    """Runs the binary on input that it must refuse: one line on stderr, no output, nothing temporary left.

    Where there are several problems, each has a line of its own, set in under the first."""
    folder = Path(output).parent
    before = sorted(folder.iterdir())
    outcome = scalenet(*arguments, check=False, timeout=60, **options)
    assert outcome.status == status, outcome
    first, *problems = outcome.stderr.split("\n")[:-1]
    assert first.startswith("scalenet: error: "), outcome.stderr
    assert all(line.startswith("  ") for line in problems), outcome.stderr
    assert all(line.isprintable() for line in (first, *problems)), outcome.stderr
    assert outcome.stdout == "", outcome.stdout
    assert sorted(folder.iterdir()) == before
    return outcome
