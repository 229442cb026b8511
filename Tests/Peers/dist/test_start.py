"""What a start costs: in pages beside /bin/true, and in memory."""

import contextlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

#: In turns, and the least of many counts: what others do on the machine only adds.
RUNS = 50
#: How many times the pages that /bin/true touches first a start may touch; where it was measured, 196 were 4.0 times those.
PAGES = 5


def start(program, *arguments):
    """The pages that one run touches first, and its time of the processor in seconds."""
    nothing = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    child = os.posix_spawn(program, [program, *arguments], {}, file_actions=nothing)
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    return usage.ru_minflt, usage.ru_utime + usage.ru_stime


def test_a_start_touches_few_pages(unpacked):
    """They are most of what a start takes; a time would be the machine's too, and is printed only."""
    commands = {"true": [shutil.which("true")], "scalenet": [str(unpacked["tarball"] / "bin/scalenet"), "--version"]}
    found = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            found[name].append(start(*command))
    pages = {name: min(run[0] for run in runs) for name, runs in found.items()}
    seconds = {name: min(run[1] for run in runs) for name, runs in found.items()}
    print(f"pages {pages}, {seconds['scalenet'] / seconds['true']:.1f} times the processor's time of true")
    assert pages["scalenet"] <= PAGES * pages["true"], pages


def test_a_start_takes_ten_megabytes_at_most(unpacked):
    # Its answer goes to a pipe that is full, so that it waits and can be looked at.
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    os.set_blocking(writing, True)
    command = [unpacked["tarball"] / "bin/scalenet", "--version"]
    with subprocess.Popen(command, stdout=writing) as process:
        folder = Path(f"/proc/{process.pid}")
        # It waits where it was seen to twenty times; what it waits for not every kernel tells.
        waiting, end = 0, time.monotonic() + 60
        while waiting < 20 and process.poll() is None:
            assert time.monotonic() < end, "it does not wait"
            waiting = waiting + 1 if "State:\tS" in (folder / "status").read_text() else 0
            time.sleep(0.005)
        most = int(re.search(r"VmHWM:\s*(\d+) kB", (folder / "status").read_text())[1]) * 1024
        process.kill()
    os.close(reading)
    os.close(writing)
    assert most <= 10_000_000, most
