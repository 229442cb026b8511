"""What the forward pass scripts share: the binary's own figures, and the same statistics for another runtime."""

import argparse
import json
import os
import statistics
import subprocess
import time


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    return parser.parse_args()


def scalenet(model, options):
    """Median seconds of a forward pass on the binary's engine."""
    binary = os.environ.get("SCALENET", ".build/release/scalenet")
    command = [binary, "bench", model, "--format", "json"]
    for name in ("batch", "size", "runs", "threads"):
        command += [f"--{name}", str(getattr(options, name))]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0]["median_seconds"]


def median(call, runs):
    call()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def report(name, model, ours, theirs):
    print(f"{model}: scalenet {ours * 1000:.1f} ms, {name} {theirs * 1000:.1f} ms, ratio {ours / theirs:.2f}")
