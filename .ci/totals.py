"""Adds up the test runs in a log of Swift Testing and pytest, and prints `N passed, N failed`.

A step of the run that failed without a failing test, such as a build, counts as one failure. The exit status is 1
if anything failed, or if a runner is missing from the log or ran no test."""

import re
import sys

SWIFT_SUMMARY = re.compile(r"^\S+ +Test run with (\d+) tests? .*(?:passed|failed) after ")
SWIFT_TEST = re.compile(r"^\S+ +Test (?!run with \d|case passing )\S.* (failed after|skipped)\b")
PYTEST_SUMMARY = re.compile(r"^[= ]*((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s\b")
PYTEST_FAILURES = ("failed", "error", "errors")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def totals(lines):
    """Returns (passed, failed, skipped) for each runner, by its name."""
    counts = {"swift": [0, 0, 0], "pytest": [0, 0, 0]}
    for line in lines:
        line = ESCAPES.sub("", line.rstrip())
        if match := SWIFT_SUMMARY.match(line):
            counts["swift"][0] += int(match[1])
        elif match := SWIFT_TEST.match(line):
            # The summary counts every test; take those that did not pass out again.
            counts["swift"][0] -= 1
            counts["swift"][1 if match[1] == "failed after" else 2] += 1
        elif match := PYTEST_SUMMARY.match(line):
            for part in match[1].split(", "):
                number, outcome = part.split(" ")
                if outcome == "passed":
                    counts["pytest"][0] += int(number)
                elif outcome in PYTEST_FAILURES:
                    counts["pytest"][1] += int(number)
                elif outcome == "skipped":
                    counts["pytest"][2] += int(number)
    return counts


def main(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        lines = log.readlines()
    counts = totals(lines)
    idle = [runner for runner, (passed, failed, _) in counts.items() if passed + failed <= 0]
    for runner in idle:
        print(f"{runner}: no test was run")
    broken_steps = sum(re.match(r"== make \S+ failed$", line) is not None for line in lines)
    passed, failed, skipped = (sum(column) for column in zip(*counts.values()))
    failed = max(failed, broken_steps, len(idle))
    passed = max(passed, 0)
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
