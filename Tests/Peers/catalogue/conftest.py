"""What the tests of the catalogue share, and the lines that tell how each number of it fared."""

import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import reference
import survive

# Helpers that let calls to the system fail stand with the tests that try all of them.
sys.path.append(str(Path(__file__).resolve().parents[1] / "trust"))

MAKE = reference.FIXTURES / "malformed" / "make.py"
NUMBER = re.compile(r"catalogue/test_\w+\.py::test_(\d\d)_(\w+)")


@pytest.fixture(scope="session")
def malformed(session_folder):
    """The malformed files, made anew."""
    folder = session_folder / "malformed"
    subprocess.run([sys.executable, MAKE, folder], check=True)
    return folder


@pytest.fixture(scope="session")
def runner(session_folder):
    folder = session_folder / "runner"
    folder.mkdir()
    result = survive.Runner(folder)
    yield result
    result.close()


@pytest.fixture
def place(tmp_path, runner, malformed):
    return survive.Place(runner, tmp_path, malformed)


def pytest_terminal_summary(terminalreporter):
    """A line for each test of a numbered line of the catalogue, and the total."""
    tests = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            match = NUMBER.search(report.nodeid)
            if match:
                tests[match[1], match[2]][outcome] += 1
    if not tests:
        return
    terminalreporter.write_line("")
    terminalreporter.write_line("the catalogue of bad inputs and faults, by number")
    total = Counter()
    for (number, name), counts in sorted(tests.items()):
        total += counts
        terminalreporter.write_line(f"  {number}  {name.replace('_', ' ')}: {said(counts)}")
    numbers = len({number for number, _ in tests})
    terminalreporter.write_line(f"  {numbers} numbers, {len(tests)} tests, {sum(total.values())} cases: {said(total)}")


def said(counts):
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
