"""What a start costs: beside /bin/true, and in memory."""

import os
import re
import shutil
import subprocess
import time
from pathlib import Path

#: In turns, and the least of many counts: what others do on the machine only adds.
RUNS = 200


def seconds(program, *arguments):
    """Time of the processor for one run."""
    nothing = [(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)]
    child = os.posix_spawn(program, [program, *arguments], {}, file_actions=nothing)
    _, status, usage = os.wait4(child, 0)
    assert status == 0
    return usage.ru_utime + usage.ru_stime


def test_a_start_takes_at_most_three_times_that_of_true(unpacked):
    commands = {"true": [shutil.which("true")], "scalenet": [str(unpacked["tarball"] / "bin/scalenet"), "--version"]}
    times = {name: [] for name in commands}
    for _ in range(RUNS):
        for name, command in commands.items():
            times[name].append(seconds(*command))
    least = {name: min(each) for name, each in times.items()}
    assert least["scalenet"] <= 3 * least["true"], least


def test_a_start_takes_ten_megabytes_at_most(unpacked):
    # It waits for its input, and can be looked at.
    command = [unpacked["tarball"] / "bin/scalenet", "inspect", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        status = Path(f"/proc/{process.pid}/status")
        while "read" not in Path(f"/proc/{process.pid}/wchan").read_text() and process.poll() is None:
            time.sleep(0.01)
        most = int(re.search(r"VmHWM:\s*(\d+) kB", status.read_text())[1]) * 1024
        process.kill()
    assert most <= 10_000_000, most
