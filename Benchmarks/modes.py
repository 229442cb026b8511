"""Two networks in ONNX Runtime, in both of its execution modes, on one and two threads.

Usage: modes.py [--rounds N] first.onnx second.onnx

All sessions take turns, a run each, so that what else the machine does falls on all alike; medians are printed.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import onnxruntime

parser = argparse.ArgumentParser()
parser.add_argument("models", nargs=2)
parser.add_argument("--rounds", type=int, default=100)
parser.add_argument("--pause", type=float, default=0.1, help="seconds between runs")
arguments = parser.parse_args()

image = np.random.default_rng(0).standard_normal((1, 3, 224, 224)).astype(np.float32)
modes = {
    "sequential": onnxruntime.ExecutionMode.ORT_SEQUENTIAL,
    "parallel": onnxruntime.ExecutionMode.ORT_PARALLEL,
}
sessions = {}
for threads in (1, 2):
    for mode, value in modes.items():
        for model in arguments.models:
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = options.inter_op_num_threads = threads
            options.execution_mode = value
            session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
            for _ in range(3):
                session.run(None, {"input": image})
            sessions[threads, mode, model] = session, []
for _ in range(arguments.rounds):
    for session, times in sessions.values():
        begin = time.perf_counter()
        session.run(None, {"input": image})
        times.append(time.perf_counter() - begin)
        # The threads of a session go on spinning for a while; the next one should have the processors.
        time.sleep(arguments.pause)

processor = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
print(f"{processor.split(':')[1].strip()}; ONNX Runtime {onnxruntime.__version__}; medians of {arguments.rounds}, ms")
first, second = (Path(model).stem for model in arguments.models)
print(f"| mode | threads | {first} | {second} | ratio |\n|---|---|---|---|---|")
for threads in (1, 2):
    for mode in modes:
        a, b = (1000 * statistics.median(sessions[threads, mode, model][1]) for model in arguments.models)
        print(f"| {mode} | {threads} | {a:.1f} | {b:.1f} | {a / b:.2f} |")
