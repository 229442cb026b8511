"""More kinds of faults: parameters as they were made before training, or of another place; other strides, gates and ends."""

import numpy as np
from edited_network import gates, linear, of, residuals, whole, with_bias
from fault_kinds import FUNCTION, LEFT_OUT, at_end, exchange, kind, weights

#: A kind that fits only networks with halves.
OF_HALVES = {"slice of another part"}


def filled(net, node, values):
    for position, value in values.items():
        net.set_constant(node, position, np.full_like(net.constant(node, position), value))


@kind("statistics of a fresh normalisation", of("BatchNormalization"), ["different_weights"])
def fresh(net, node):
    filled(net, node, {3: 0, 4: 1})


@kind("gamma of one", of("BatchNormalization"), ["different_weights"])
def gamma(net, node):
    filled(net, node, {1: 1})


@kind("beta of zero", of("BatchNormalization"), ["different_weights"])
def beta(net, node):
    filled(net, node, {2: 0})


@kind("bias of zeros", with_bias, ["missing_bias"])
def zero_bias(net, node):
    filled(net, node, {2: 0})


@kind("bias of another layer", with_bias, ["different_weights", "missing_bias"])
def foreign_bias(net, node):
    own = net.constant(node, 2)
    for each in with_bias(net):
        bias = net.constant(each, 2)
        if bias.shape == own.shape and not np.allclose(bias, own):
            net.set_constant(node, 2, bias)
            return None
    return False


@kind("classes in another order", whole, ["permuted_channels"])
def classes(net, node):
    last = net.makers[net.graph.output[0].name]
    if last.op_type != "Gemm" or net.constant(last, 2) is None:
        return False
    axis = 0 if net.attribute(last, "transB", 0) else 1
    order = np.random.default_rng(0).permutation(net.constant(last, 1).shape[axis])
    net.set_constant(last, 1, np.take(net.constant(last, 1), order, axis))
    net.set_constant(last, 2, net.constant(last, 2)[order])


@kind("stride in the other convolution", of("Conv"), ["stride", "padding"])
def other_stride(net, node):
    behind = node
    for _ in range(3):
        readers = net.readers(behind.output[0])
        if len(readers) != 1:
            return False
        behind = readers[0]
        if behind.op_type == "Conv":
            break
    strides = [net.attribute(each, "strides") for each in (node, behind)]
    if strides not in ([[2, 2], [1, 1]], [[1, 1], [2, 2]]):
        return False
    net.set_attribute(node, "strides", strides[1])
    net.set_attribute(behind, "strides", strides[0])


@kind("slice of another part", of("Slice"), ["attribute", "wiring"])
def other_part(net, node):
    first, end = net.constant(node, 1), net.constant(node, 2)
    shape, axes = net.shapes.get(node.input[0]) or [], net.constant(node, 3)
    if first is None or end is None or first.size != 1 or axes is None or len(shape) != 4:
        return False
    extent = shape[int(axes[0])]
    count = min(int(end[0]), extent) - int(first[0])
    if not 0 < count < extent:
        return False
    start = 0 if int(first[0]) + count >= extent else extent - count
    net.set_constant(node, 1, np.int64([start]))
    net.set_constant(node, 2, np.int64([start + count]))


@kind("transpose of a shuffle left out", of("Transpose"), LEFT_OUT | {"wiring", "operator"})
def no_shuffle(net, node):
    readers = net.readers(node.output[0])
    if len(readers) != 1 or readers[0].op_type != "Reshape":
        return False
    net.drop(node)


@kind("Add for a gate", gates, ["operator", "activation"])
def added_gate(net, node):
    node.op_type = "Add"


@kind("Max for Add", residuals, ["operator"])
def largest(net, node):
    node.op_type = "Max"


@kind("residual twice", residuals, LEFT_OUT | {"wiring"})
def twice(net, node):
    node.input[0] = node.input[1]


@kind("x / 127.5 - 1", whole, ["preprocessing"])
def centred(net, node):
    net.front("Sub", [np.float32([1])])
    net.front("Div", [np.float32([127.5])])


@kind("temperature at the end", whole, LEFT_OUT)
def temperature(net, node):
    net.behind(net.makers[net.graph.output[0].name], "Div", "planted", [np.float32([2])])


at_end("LogSoftmax at the end", "LogSoftmax", FUNCTION, axis=1)
exchange("Softplus for Relu", "Relu", "Softplus")
exchange("Selu for Relu", "Relu", "Selu")


def groups_exchanged(net, node):
    weight, groups = net.constant(node, 1), net.attribute(node, "group", 1)
    if groups < 2 or weight is None:
        return False
    net.set_constant(node, 1, np.roll(weight, weight.shape[0] // groups, 0))


kind("groups exchanged", of("Conv"), ["permuted_channels"])(groups_exchanged)


def in_steps_of_4_bits(weight):
    if weight.ndim != 4 or weight[0].size < 8:
        return None
    step = np.abs(weight).max((1, 2, 3), keepdims=True) / 7
    return np.round(weight / step) * step


weights("int4 for each channel", linear, ["quantized_weights"], in_steps_of_4_bits)
weights("a channel of zeros", linear, ["different_weights"], lambda w: np.where((np.arange(len(w)) == len(w) // 2).reshape(-1, *[1] * (w.ndim - 1)), 0, w))
weights("kernel moved by a pixel", of("Conv"), ["different_weights"], lambda w: np.roll(w, 1, 2) if w.ndim == 4 and w.shape[2] > 1 else None)
weights("weight of input and output exchanged", of("Conv"), ["transposed_weights"], lambda w: w.transpose(1, 0, 2, 3) if w.ndim == 4 and w.shape[0] == w.shape[1] > 1 else None)
