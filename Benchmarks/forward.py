"""The forward pass of this engine and of its peers, in turns: medians, ratios and peak memory as a Markdown table.

ONNX files go through ONNX Runtime and OpenVINO. A .keras file of the same name beside one goes through TensorFlow, if
--tensorflow names a Python that has it. The ratio is that to the fastest peer. --avx2 holds this engine and OpenVINO to
instructions of AVX2; ONNX Runtime has no such setting, and is left out. --sizes prints instead how long a multiply-add
takes at several sizes and batches of the first model, a file of weights.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("models", nargs="+", type=pathlib.Path)
parser.add_argument("--batches", default="1,16")
parser.add_argument("--threads", default="1,2")
parser.add_argument("--rounds", type=int, default=3, help="how often each runtime has its turn")
parser.add_argument("--seconds", type=float, default=1, help="of each turn")
parser.add_argument("--tensorflow", help="a Python interpreter that has TensorFlow")
parser.add_argument("--realtime", action="store_true", help="before all other processes; needs root")
parser.add_argument("--avx2", action="store_true", help="as on a processor without AVX-512, beside OpenVINO")
parser.add_argument("--sizes", action="store_true", help="time a multiply-add over sizes and batches")
options = parser.parse_args()
if options.realtime:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
if options.avx2:
    os.environ |= {"SCALENET_KERNELS": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
here = pathlib.Path(__file__).parent


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown processor"


def turn(name, model, batch, threads, size="224x224"):
    python = options.tensorflow if name == "tensorflow" else sys.executable
    command = [python, here / "runtime.py", name, model, batch, size, threads, options.seconds]
    output = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if output.returncode:
        print(f"{name} {model}: {output.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return json.loads(output.stdout.splitlines()[-1])


def row(model, batch, threads):
    runtimes = {"scalenet": model, "onnxruntime": model, "openvino": model}
    if options.avx2:
        del runtimes["onnxruntime"]
    if options.tensorflow and not options.avx2 and model.with_suffix(".keras").exists():
        runtimes["tensorflow"] = model.with_suffix(".keras")
    turns = {name: [] for name in runtimes}
    for _ in range(options.rounds):
        for name, path in runtimes.items():
            turns[name].append(turn(name, path, batch, threads))
    cells, times, memory = [], {}, {}
    for name in ("scalenet", "onnxruntime", "openvino", "tensorflow"):
        results = [result for result in turns.get(name, []) if result]
        if not results:
            cells.append("")
            continue
        times[name] = statistics.median(result["seconds"] for result in results)
        memory[name] = max(result["bytes"] for result in results)
        cells.append(f"{times[name] * 1000:.1f}")
    peers = [seconds for name, seconds in times.items() if name != "scalenet"]
    ratio = times["scalenet"] / min(peers) if peers and "scalenet" in times else math.nan
    megabytes = " / ".join(f"{memory[name] / 1e6:.0f}" for name in ("scalenet", "onnxruntime") if name in memory)
    print(f"| {model.stem} | {batch} | {threads} | " + " | ".join(cells) + f" | {ratio:.2f} | {megabytes} |", flush=True)
    return ratio


def table():
    print(f"{processor()}, {os.cpu_count()} processors; milliseconds, medians of {options.rounds} turns\n")
    print("| network | batch | threads | scalenet | ONNX Runtime | OpenVINO | TensorFlow | ratio | MB, with ONNX Runtime's |")
    print("|---|---|---|---|---|---|---|---|---|")
    ratios = []
    for batch in options.batches.split(","):
        for threads in options.threads.split(","):
            ratios += [row(model, batch, threads) for model in options.models]
    ratios = [ratio for ratio in ratios if not math.isnan(ratio)]
    mean = math.exp(statistics.fmean(map(math.log, ratios)))
    print(f"\ngeometric mean of the ratios: {mean:.2f}, largest: {max(ratios):.2f}")


def sizes():
    """How even the time of a multiply-add is."""
    print(f"{processor()}; picoseconds for a multiply-add, one thread\n\n| size | batch | ps/MAC |\n|---|---|---|")
    binary = os.environ.get("SCALENET", ".build/release/scalenet")
    model = options.models[0]
    for size in ("128x128", "160x160", "192x192", "224x224", "288x288", "384x384", "512x512", "800x1216"):
        for batch in (1, 4, 16, 64):
            if batch * math.prod(map(int, size.split("x"))) > 16 * 512 * 512:
                continue
            command = [binary, "bench", str(model), "--format", "json", "--batch", str(batch), "--size", size]
            command += ["--threads", "1", "--runs", "5"]
            result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)[0]
            print(f"| {size} | {batch} | {result['median_seconds'] / result['macs'] * 1e12:.1f} |", flush=True)


sizes() if options.sizes else table()
