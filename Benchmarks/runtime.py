"""usage: runtime.py NAME MODEL BATCH SIZE THREADS SECONDS

One runtime's forward pass in a process of its own: prints its median in seconds and the process's peak memory in bytes,
as JSON. NAME is scalenet, onnxruntime, openvino or tensorflow; SIZE is a height and a width, such as 224x224.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time

name, model, batch, size, threads, seconds = sys.argv[1:]
batch, threads, seconds = int(batch), int(threads), float(seconds)
height, width = map(int, size.split("x"))


def median(call):
    """After two passes that are not timed: at least five, for as long as was asked."""
    call()
    call()
    times = []
    begin = time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def image(*shape):
    import numpy as np

    return np.random.default_rng(1).standard_normal(shape).astype(np.float32)


def scalenet():
    binary = os.environ.get("SCALENET", ".build/release/scalenet")
    command = [binary, "bench", model, "--format", "json", "--batch", str(batch), "--size", size]
    command += ["--threads", str(threads)]

    def run(runs):
        output = subprocess.run(command + ["--runs", str(runs)], check=True, capture_output=True, text=True).stdout
        return json.loads(output)[0]["median_seconds"]

    return run(max(5, min(1000, int(seconds / run(1)))))


def onnxruntime():
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = {session.get_inputs()[0].name: image(batch, 3, height, width)}
    return median(lambda: session.run(None, inputs))


def openvino():
    import openvino as ov

    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    request = ov.Core().compile_model(model, "CPU", settings).create_infer_request()
    inputs = {0: image(batch, 3, height, width)}
    return median(lambda: request.infer(inputs))


def tensorflow():
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    network = tf.keras.models.load_model(model, compile=False)
    run = tf.function(lambda x: network(x, training=False))
    inputs = tf.constant(image(batch, height, width, 3))
    return median(lambda: run(inputs))


result = {"scalenet": scalenet, "onnxruntime": onnxruntime, "openvino": openvino, "tensorflow": tensorflow}[name]()
who = resource.RUSAGE_CHILDREN if name == "scalenet" else resource.RUSAGE_SELF
print(json.dumps({"seconds": result, "bytes": resource.getrusage(who).ru_maxrss * 1024}))
