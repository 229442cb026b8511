"""Runs commands, one after the other, and says how each ended and what it took.

A process of its own because it must be small: Linux counts what a process held before it became the command towards the
command's peak, and a Python with NumPy and onnx in it holds more than some commands may. A line of JSON comes in for
each command, and one goes out."""

import json
import os
import signal
import subprocess
import sys
import time

#: Long enough for a machine that does much else; what is judged is the processor's time.
PATIENCE = 120


def run(arguments, folder):
    with open("out", "wb") as out, open("err", "wb") as err:
        start = time.monotonic()
        process = subprocess.Popen(arguments, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.alarm(PATIENCE)
        _, status, usage = os.wait4(process.pid, 0)
        signal.alarm(0)
        process.returncode = os.waitstatus_to_exitcode(status)
    texts = [open(name, encoding="utf-8", errors="surrogateescape", newline="").read() for name in ("out", "err")]
    return {
        "status": process.returncode,
        "stdout": texts[0],
        "stderr": texts[1],
        "memory": usage.ru_maxrss << 10,
        "user": usage.ru_utime,
        "system": usage.ru_stime,
        "elapsed": time.monotonic() - start,
    }


if __name__ == "__main__":
    os.chdir(sys.argv[1])
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), flush=True)
