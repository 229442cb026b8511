"""Every kind of fault in PyTorch's own exports: `scalenet diff` finds all, names nearly all, and none wrongly."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import reference
from command import scalenet
from fault_kinds import KINDS, Network, plant

BLOCKS = reference.FIXTURES / "blocks"
NETWORKS = ["basic.unfolded.onnx", "gated_convolution.onnx", "inverted.unfolded.onnx", "bottleneck.onnx"]
# A fault that moves ONNX Runtime's outputs by less, of the largest, is none.
LEAST_EFFECT = 2e-4
NAMED = 0.95

# Faults in neighbouring nodes, the second a reader of the first.
NEIGHBOURS = [
    ("different weights", "function left out"),
    ("negated weights", "HardSwish for Relu"),
    ("function left out", "different weights"),
    ("function left out", "mean for max"),
    ("LeakyRelu for Relu", "mean for max"),
    ("Sub for Add", "HardSwish for Relu"),
    ("bias doubled", "function left out"),
    ("max for global mean", "dropout left in"),
    ("int8 for the tensor", "bound of 0.5 for Relu"),
]


def outputs(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    image = session.get_inputs()[0]
    shape = [extent if isinstance(extent, int) else 1 for extent in image.shape]
    return session.run(None, {image.name: np.random.default_rng(7).standard_normal(shape).astype(np.float32)})[0]


def report(left, right):
    return json.loads(scalenet("diff", left, right, "--format", "json", check=False).stdout)


def causes(found):
    return [cause for cause in [found["cause"], *found["other_causes"]] if cause]


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_is_found_and_named(tmp_path, name):
    sound = onnx.load(BLOCKS / name)
    expected = outputs(sound)
    count, named, texts = 0, 0, []
    for kind, (_, names, _) in KINDS.items():
        for where, model in plant(sound, kind, places=1):
            try:
                other = outputs(model)
            except onnxruntime.capi.onnxruntime_pybind11_state.Fail:
                # An edit that fits no other shape is no model.
                continue
            if other.shape == expected.shape and np.abs(other - expected).max() < LEAST_EFFECT * np.abs(expected).max():
                continue
            onnx.save(model, tmp_path / "faulty.onnx")
            found = report(BLOCKS / name, tmp_path / "faulty.onnx")
            kinds = [cause["kind"] for cause in causes(found) if cause["confirmed"]]
            assert found["verdict"] == "differ", (kind, where)
            assert set(kinds) <= names, (kind, where, kinds)
            count += 1
            named += bool(kinds)
            if not kinds:
                texts.append((kind, where))
    assert count > 30
    assert named >= NAMED * count, texts


def test_neighbouring_faults_are_both_named(tmp_path):
    count, named, texts = 0, 0, []
    for name in NETWORKS:
        sound = onnx.load(BLOCKS / name)
        for first, second in NEIGHBOURS:
            for model, where in neighbours(sound, first, second):
                onnx.save(model, tmp_path / "faulty.onnx")
                found = causes(report(BLOCKS / name, tmp_path / "faulty.onnx"))
                kinds = {cause["kind"] for cause in found}
                assert kinds <= KINDS[first][1] | KINDS[second][1], (name, first, second, where, kinds)
                count += 1
                named += len(found) > 1 and bool(kinds & KINDS[first][1]) and bool(kinds & KINDS[second][1])
                if len(found) < 2:
                    texts.append((name, first, second, where, kinds))
    assert count > 10
    assert named >= NAMED * count, texts


def neighbours(sound, first, second):
    """One model with both faults, if there is a place for them."""
    shape = Network(sound)
    for node in KINDS[first][0](shape):
        readers = {reader.name for reader in shape.readers(node.output[0])}
        net = Network(sound)
        later = next((each for each in KINDS[second][0](net) if each.name in readers), None)
        if later is None or KINDS[second][2](net, later) is False:
            continue
        own = next((each for each in net.graph.node if each.name == node.name), None)
        if own is None or KINDS[first][2](net, own) is False:
            continue
        del net.graph.value_info[:]
        try:
            onnx.checker.check_model(net.model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
            continue
        yield net.model, node.name
        return
