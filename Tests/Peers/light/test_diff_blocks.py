"""Blocks left out, parts exchanged, strides moved: each is one fault, whatever nodes are called."""

import numpy as np
import pytest
from onnx import helper
from planted_runs import causes
from test_diff_layouts import report, saved

BLOCKS, CHANNELS = 5, 8


class Network:
    """Nodes whose names are numbers in the order of running, as exporters give them."""

    def __init__(self):
        self.nodes, self.constants, self.counts = [], {}, {}

    def node(self, op, *inputs, **attributes):
        number = self.counts.get(op, 0)
        self.counts[op] = number + 1
        self.nodes.append(helper.make_node(op, list(inputs), [f"{op}_{number}"], name=f"node_{op}_{number}", **attributes))
        return f"{op}_{number}"

    def constant(self, name, array):
        self.constants[name] = np.asarray(array, np.float32)
        return name

    def convolution(self, value, seed, inputs, outputs, size=3, **attributes):
        """Its weights follow from the seed; their name follows from its place, as all names do."""
        random = np.random.default_rng(seed)
        place = self.counts.get("Conv", 0)
        weight = self.constant(f"w{place}", random.standard_normal((outputs, inputs, size, size)) / np.sqrt(inputs * size * size))
        bias = self.constant(f"b{place}", random.standard_normal(outputs))
        return self.node("Conv", value, weight, bias, pads=[size // 2] * 4, **attributes)

    def saved(self, path, shape=(1, 3, 12, 12)):
        value = self.nodes[-1].output[0]
        self.nodes.append(helper.make_node("GlobalAveragePool", [value], ["y"], name="mean"))
        return saved(path, self.nodes, self.constants, shape)


def residual(path, blocks):
    """Residual blocks of two convolutions, each named by its seed alone."""
    net = Network()
    value = net.node("Relu", net.convolution("x", 100, 3, CHANNELS))
    for block in blocks:
        inner = net.node("Relu", net.convolution(value, 2 * block, CHANNELS, CHANNELS))
        value = net.node("Relu", net.node("Add", net.convolution(inner, 2 * block + 1, CHANNELS, CHANNELS), value))
    return net.saved(path)


@pytest.mark.parametrize("missing", [0, 2, BLOCKS - 1])
def test_a_block_left_out_where_all_names_behind_it_are_others(tmp_path, missing):
    sound = residual(tmp_path / "sound.onnx", range(BLOCKS))
    faulty = residual(tmp_path / "faulty.onnx", [block for block in range(BLOCKS) if block != missing])
    for sides, kind, side in (((sound, faulty), "missing_node", "node"), ((faulty, sound), "added_node", "other_node")):
        found = causes(report(*sides))
        assert [(cause["kind"], cause["confirmed"]) for cause in found] == [(kind, True)], found
        assert found[0][side] == f"node_Conv_{1 + 2 * missing}"


def test_weights_that_two_layers_have_exchanged_are_other_weights(tmp_path):
    """Names are believed there: nothing has moved but numbers."""
    sides = [residual(tmp_path / "sound.onnx", range(BLOCKS)), residual(tmp_path / "faulty.onnx", [0, 1, 3, 2, 4])]
    found = causes(report(*sides))
    assert [(cause["kind"], cause["node"]) for cause in found] == [("different_weights", "node_Conv_5")], found
    assert "it is so with 4 of 11 Conv nodes" in found[0]["explanation"]


def dense(path, exchanged=None):
    """Each layer reads all before it: the parts of one Concat are those of the next."""
    net, features = Network(), ["x"]
    for layer in range(4):
        read = features[:]
        if layer == exchanged:
            read[1], read[2] = read[2], read[1]
        whole = net.node("Concat", *read, axis=1) if layer else "x"
        features.append(net.node("Relu", net.convolution(whole, layer, 3 + 8 * layer, 8)))
    net.node("Concat", *features, axis=1)
    return net.saved(path)


@pytest.mark.parametrize("exchanged", [2, 3])
def test_one_concat_in_another_order_among_several_of_the_same_parts(tmp_path, exchanged):
    found = causes(report(dense(tmp_path / "sound.onnx"), dense(tmp_path / "faulty.onnx", exchanged)))
    assert [(cause["kind"], cause["node"]) for cause in found] == [("wiring", f"node_Concat_{exchanged - 1}")], found


def bottlenecks(path, strides):
    net, value = Network(), "x"
    for index, (first, second) in enumerate(strides):
        inputs = 3 if index == 0 else CHANNELS
        y = net.node("Relu", net.convolution(value, 3 * index, inputs, CHANNELS, 1, strides=[first] * 2))
        y = net.convolution(y, 3 * index + 1, CHANNELS, CHANNELS, strides=[second] * 2)
        value = net.node("Relu", net.node("Add", y, net.convolution(value, 3 * index + 2, inputs, CHANNELS, 1, strides=[2, 2])))
    return net.saved(path, (1, 3, 32, 32))


def test_strides_that_stand_in_the_other_convolution(tmp_path):
    sides = bottlenecks(tmp_path / "sound.onnx", [(1, 2)] * 2), bottlenecks(tmp_path / "faulty.onnx", [(2, 1)] * 2)
    found = causes(report(*sides))
    assert {(cause["kind"], cause["confirmed"]) for cause in found} == {("stride", True)}, found
    assert [cause["node"] for cause in found] == [f"node_Conv_{place}" for place in (0, 1, 3, 4)]


def attention(path, order):
    """Three parts of one product, of which two are each other's."""
    net = Network()
    random = np.random.default_rng(4)
    product = net.node("MatMul", "x", net.constant("w", random.standard_normal((6, 18)) / 2))
    net.nodes.append(helper.make_node("Split", [product], [f"part{place}" for place in order], name="split", axis=2))
    q, k, v = (net.node("Identity", f"part{place}") for place in range(3))
    shares = net.node("Softmax", net.node("MatMul", q, net.node("Transpose", k, perm=[0, 2, 1])), axis=-1)
    net.nodes.append(helper.make_node("MatMul", [shares, v], ["y"], name="attended"))
    return saved(path, net.nodes, net.constants, (1, 5, 6))


def test_no_text_says_the_same_of_both_sides(tmp_path):
    found = causes(report(attention(tmp_path / "sound.onnx", (0, 1, 2)), attention(tmp_path / "faulty.onnx", (2, 1, 0))))
    assert {cause["kind"] for cause in found} == {"wiring"}, found
    for cause in found:
        own, other = cause["explanation"].split(": the left has ")[1].split(", the right has ")
        assert own.split(" read")[0] != other.split(" read")[0], cause


def resized(path, **attributes):
    net = Network()
    net.constants["scales"] = np.float32([1, 1, 2, 2])
    value = net.node("Resize", net.convolution("x", 1, 3, 4), "", "scales", **attributes)
    net.node("Relu", net.convolution(value, 2, 4, 4))
    return net.saved(path)


def test_only_attributes_that_both_modes_look_at_are_compared(tmp_path):
    sides = resized(tmp_path / "sound.onnx", mode="linear"), resized(tmp_path / "faulty.onnx", mode="nearest", nearest_mode="floor")
    (cause,) = causes(report(*sides))
    assert cause["kind"] == "resize_mode"
    assert "linear (half_pixel)" in cause["explanation"] and "nearest (half_pixel, floor)" in cause["explanation"]
    assert "antialias" not in cause["explanation"]
