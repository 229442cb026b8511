"""What ONNX Runtime makes of a model with a planted fault, and what a report says of it."""

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as refusals

#: What ONNX Runtime says of an edit that fits no other shape, which is no model.
REFUSALS = (refusals.Fail, refusals.InvalidArgument, refusals.InvalidGraph, refusals.RuntimeException)
#: A fault that moves ONNX Runtime's outputs by less, of the largest, is none.
LEAST_EFFECT = 2e-4


def image(session):
    """The same image for every model of these extents; open ones are 1."""
    shape = [extent if isinstance(extent, int) else 1 for extent in session.get_inputs()[0].shape]
    return np.random.default_rng(7).standard_normal(shape).astype(np.float32)


def run(model):
    """The image, and what ONNX Runtime gives for it with nothing optimised away."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    given = image(session)
    return given, session.run(None, {session.get_inputs()[0].name: given})[0]


def differ(expected, found):
    """What is no number has moved too."""
    return found.shape != expected.shape or not np.abs(found - expected).max() < LEAST_EFFECT * np.abs(expected).max()


def moved(expected, faulty):
    """Whether ONNX Runtime can run the model, and gives other outputs."""
    try:
        _, found = run(faulty)
    except REFUSALS:
        return False
    return differ(expected, found)


def causes(report):
    """The first cause of a report and the others."""
    return [cause for cause in [report["cause"], *report["other_causes"]] if cause]
