"""The forward pass of ONNX files: this engine against ONNX Runtime, medians and their ratio."""

import numpy as np
import onnxruntime
import timing

options = timing.arguments(__doc__)
settings = onnxruntime.SessionOptions()
settings.intra_op_num_threads = options.threads
image = np.random.default_rng(1).standard_normal((options.batch, 3, options.size, options.size)).astype(np.float32)
for model in options.models:
    session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    theirs = timing.median(lambda: session.run(None, {name: image}), options.runs)
    timing.report("ONNX Runtime", model, timing.scalenet(model, options), theirs)
