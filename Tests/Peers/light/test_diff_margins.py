"""Zeros in the margins of a maximum are its own margins as long as nothing before them is negative."""

import numpy as np
import pytest
from onnx import helper
from planted_runs import causes
from test_diff_layouts import report, saved


def padded_maximum(path, function, margins):
    """A convolution, maybe a function, and a maximum whose margins are zeros of a Pad, or its own."""
    random = np.random.default_rng(1)
    shapes = {"w": (8, 3, 3, 3), "b": 8, "m": (8, 5)}
    constants = {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv", pads=[1, 1, 1, 1])]
    if function:
        nodes.append(helper.make_node(function, ["c"], ["r"], name="act"))
    value, own = nodes[-1].output[0], {"pads": [1, 1, 1, 1]}
    if margins == "Pad":
        constants["pads"] = np.int64([0, 0, 1, 1, 0, 0, 1, 1])
        nodes.append(helper.make_node("Pad", [value, "pads"], ["p"], name="pad"))
        value, own = "p", {}
    nodes += [
        helper.make_node("MaxPool", [value], ["q"], name="pool", kernel_shape=[3, 3], strides=[2, 2], **own),
        helper.make_node("GlobalAveragePool", ["q"], ["g"], name="mean"), helper.make_node("Flatten", ["g"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "m"], ["y"], name="classes"),
    ]  # fmt: skip
    return saved(path, nodes, constants, (1, 3, 16, 16))


@pytest.mark.parametrize("function", [None, "LeakyRelu", "Sigmoid"])
@pytest.mark.parametrize("margins", ["Pad", "window"])
def test_a_function_before_margins_of_zeros(tmp_path, margins, function):
    sound = padded_maximum(tmp_path / "sound.onnx", "Relu", margins)
    faulty = padded_maximum(tmp_path / "faulty.onnx", function, "Pad")
    assert report(sound, padded_maximum(tmp_path / "same.onnx", "Relu", "Pad"))["verdict"] == "match"
    for sides in ((sound, faulty), (faulty, sound)):
        found = causes(report(*sides))
        assert [(cause["kind"], cause["confirmed"]) for cause in found] == [("activation", True)], found
        assert "act" in (found[0]["node"], found[0]["other_node"])
