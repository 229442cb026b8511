"""More kinds of faults, as converters make them: margins of another library, parameters read in another order or left as
they were made, images prepared otherwise, and ends in another place."""

import numpy as np
from edited_network import gates, linear, of, whole
from fault_kinds import FUNCTION, LEFT_OUT, attribute, kind, weights

#: What fits few networks: no small one has a place for it that moves outputs.
OF_FEW_NETWORKS = {"product with the transposed matrix", "extents of a reshape exchanged", "constant that is added left out", "part of another number"}
MOVED = LEFT_OUT | {"operator", "wiring", "attribute"}


def strided(net, node):
    return net.kernel(node) == [3, 3] and net.attribute(node, "strides") == [2, 2] and net.attribute(node, "pads") == [1] * 4


# Windows.

attribute("margins on the other side", "Conv", ["padding"], lambda net, n: strided(net, n) and {"pads": [2, 2, 0, 0]})
attribute("margins left out", "Conv MaxPool AveragePool", ["padding"], lambda net, n: max(net.attribute(n, "pads", [0])) > 0 and {"pads": [0] * 4})
attribute("margins of one axis", "Conv", ["padding"], lambda net, n: net.kernel(n) == [3, 3] and net.attribute(n, "pads") == [1] * 4 and {"pads": [2, 0, 2, 0]})
attribute("stride of a pool", "MaxPool AveragePool", ["stride", "pooling"], lambda net, n: net.attribute(n, "strides") == [2, 2] and {"strides": [1, 1]})
attribute("stride of one axis", "Conv", ["stride"], lambda net, n: net.attribute(n, "strides") == [2, 2] and {"strides": [2, 1]})
attribute("momentum for epsilon", "BatchNormalization", ["batch_norm_epsilon"], lambda net, n: {"epsilon": 0.1})
attribute("rounding of resize", "Resize", ["resize_mode"], lambda net, n: net.attribute(n, "mode", b"nearest") == b"nearest" and {"nearest_mode": "ceil"})
attribute("asymmetric for half a pixel", "Resize", ["align_corners"], lambda net, n: net.attribute(n, "mode") == b"linear" and {"coordinate_transformation_mode": "asymmetric"})
attribute("cubic for linear", "Resize", ["resize_mode"], lambda net, n: net.attribute(n, "mode") == b"linear" and {"mode": "cubic"})


@kind("max for mean", of("AveragePool"), ["pooling"])
def max_for_mean(net, node):
    node.op_type = "MaxPool"
    net.clear_attributes(node, "count_include_pad")


def reduced(name, op):
    @kind(name, of("ReduceMean"), ["pooling", "operator"])
    def edit(net, node):
        node.op_type = op
        axes = net.attribute(node, "axes")
        if axes is not None and op == "ReduceSum":
            net.clear_attributes(node, "axes")
            node.input.append("")
            net.set_constant(node, 1, np.int64(axes))


reduced("max for mean in a reduction", "ReduceMax")
reduced("sum for mean in a reduction", "ReduceSum")

# Functions.


@kind("function twice", of("Sigmoid", "HardSwish", "HardSigmoid", "Tanh", "LeakyRelu"), FUNCTION | {"operator"})
def function_twice(net, node):
    net.behind(node, node.op_type, "planted")


@kind("lower bound left out", of("Clip"), ["activation", "operator"])
def no_lower_bound(net, node):
    if net.constant(node, 1) is None:
        return False
    node.input[1] = ""


@kind("lower bound for upper", of("Clip"), ["activation", "operator"])
def other_bound(net, node):
    if net.constant(node, 2) is None:
        return False
    node.input[1] = node.input[2]
    del node.input[2:]


@kind("mean before the function", of("GlobalAveragePool", "ReduceMean"), FUNCTION | {"wiring"})
def early_mean(net, node):
    maker = net.makers.get(node.input[0])
    if maker is None or maker.op_type not in ("Relu", "HardSwish", "Clip", "LeakyRelu"):
        return False
    node.input[0] = maker.input[0]


# Attention.


def before_softmax(net, node, steps):
    """Whether a Softmax comes soon behind a node, with nothing but a product, a scale or a mask between."""
    for _ in range(steps):
        readers = net.readers(node.output[0])
        if len(readers) != 1 or readers[0].op_type not in ("Softmax", "MatMul", "Mul", "Div", "Add"):
            return False
        if readers[0].op_type == "Softmax":
            return True
        node = readers[0]
    return False


def scales(net):
    found = [n for n in net.graph.node if n.op_type in ("Mul", "Div") and net.constant(n, 1) is not None and net.constant(n, 1).size == 1]
    return [node for node in found if before_softmax(net, node, 3)]


def scores(net):
    found = [n for n in net.graph.node if n.op_type == "MatMul" and net.constant(n, 1) is None]
    return [node for node in found if before_softmax(net, node, 3)]


@kind("attention's scale left out", scales, LEFT_OUT)
def no_scale(net, node):
    net.drop(node)


@kind("attention's scale twice", scales, LEFT_OUT)
def double_scale(net, node):
    net.behind(node, node.op_type, "planted", [net.constant(node, 1)])


@kind("queries and keys exchanged", scores, MOVED)
def exchanged_scores(net, node):
    rank = len(net.shapes.get(node.output[0]) or [])
    if rank < 3:
        return False
    net.behind(node, "Transpose", "planted", perm=[*range(rank - 2), rank - 1, rank - 2])


@kind("a mean for the softmax", of("Softmax"), MOVED | {"activation", "different_weights"})
def no_attention(net, node):
    shape = net.shapes.get(node.output[0]) or []
    if len(shape) < 3:
        return False
    net.behind(node, "Mul", "planted", [np.float32([0])])


@kind("part of another number", of("Gather"), ["different_weights", "attribute", "wiring", "operator"])
def other_index(net, node):
    index, shape = net.constant(node, 1), net.shapes.get(node.input[0]) or []
    axis = net.attribute(node, "axis", 0)
    # Of extents another one makes shapes that nothing has, on which ONNX Runtime crashes.
    is_extent = getattr(net.makers.get(node.input[0]), "op_type", None) == "Shape"
    if is_extent or index is None or index.size != 1 or axis >= len(shape) or shape[axis] < 2:
        return False
    net.set_constant(node, 1, ((index + 1) % shape[axis]).astype(np.int64))


@kind("extents of a reshape exchanged", of("Reshape"), MOVED)
def other_extents(net, node):
    """As where heads or groups of channels are taken for what stands in them, and no value gets another shape."""
    shape = net.constant(node, 1)
    readers = net.readers(node.output[0])
    if shape is None or shape.size < 4 or len(readers) != 1 or readers[0].op_type != "Transpose":
        return False
    own = net.shapes.get(node.output[0]) or []
    for a in range(1, shape.size - 1):
        if len(own) == shape.size and own[a] != own[a + 1] and min(own[a], own[a + 1]) > 1:
            order = [*range(shape.size)]
            order[a], order[a + 1] = order[a + 1], order[a]
            net.set_constant(node, 1, np.int64([own[place] for place in order]))
            net.behind(node, "Transpose", "planted", perm=order)
            return None
    return False


@kind("constant that is added left out", of("Add"), LEFT_OUT | {"missing_bias", "different_weights"})
def no_summand(net, node):
    for position in (0, 1):
        array = net.constant(node, position)
        if array is not None and array.size > 1 and array.dtype == np.float32:
            net.replace(node.output[0], node.input[1 - position])
            return None
    return False


@kind("gate of another block", gates, ["wiring", "operator"])
def other_gate(net, node):
    shapes = [net.shapes.get(name) for name in node.input]
    if None in shapes:
        return False
    position = int(np.prod(shapes[0]) > np.prod(shapes[1]))
    before = list(net.graph.node)[: net.place(node)]
    op = getattr(net.makers.get(node.input[position]), "op_type", None)
    for maker in before if op in ("Sigmoid", "HardSigmoid", "Clip", "Conv") else []:
        name = maker.output[0]
        if maker.op_type == op and net.shapes.get(name) == shapes[position] and name not in node.input:
            node.input[position] = name
            return None
    return False


# Parameters.

weights("kernel turned in its width", of("Conv"), ["different_weights", "transposed_weights", "permuted_channels"], lambda w: w[..., ::-1] if w.ndim == 4 and w.shape[3] > 1 else None)
weights("weight in the order HWIO", of("Conv"), ["transposed_weights"], lambda w: np.ascontiguousarray(w.transpose(2, 3, 1, 0)).reshape(w.shape) if w.ndim == 4 and min(w.shape) > 1 else None)
weights("weight in the order OHWI", of("Conv"), ["transposed_weights"], lambda w: np.ascontiguousarray(w.transpose(0, 2, 3, 1)).reshape(w.shape) if w.ndim == 4 and min(w.shape) > 1 else None)
weights("weight of another training", linear, ["different_weights"], lambda w: np.random.default_rng(3).normal(w.mean(), w.std(), w.shape))
weights("large weights cut off", linear, ["different_weights"], lambda w: np.clip(w, -np.abs(w).max() / 2, np.abs(w).max() / 2))
weights("a weight that is no number", linear, ["different_weights"], lambda w: np.where(np.arange(w.size).reshape(w.shape) == 1, np.nan, w))
weights("an infinite weight", linear, ["different_weights"], lambda w: np.where(np.arange(w.size).reshape(w.shape) == 1, np.inf, w))
weights("small numbers of float16 lost", linear, ["half_precision", "different_weights"], lambda w: np.where(np.abs(w) < 6.1e-5, 0, w.astype(np.float16).astype(np.float32)))
weights("one output channel exchanged", linear, ["permuted_channels", "different_weights"], lambda w: w[[1, 0, *range(2, len(w))]] if len(w) > 2 else None)
weights("statistics: mean of zero", of("BatchNormalization"), ["different_weights"], np.zeros_like, position=3)
weights("statistics: variance of one", of("BatchNormalization"), ["different_weights"], np.ones_like, position=4)
weights("deviation for variance", of("BatchNormalization"), ["different_weights"], np.sqrt, position=4)
weights("scale of a layer norm of one", of("LayerNormalization"), ["different_weights"], np.ones_like, position=1)
weights("shift of a layer norm of zero", of("LayerNormalization"), ["different_weights", "missing_bias"], np.zeros_like, position=2)


@kind("weights of two layers exchanged", of("Conv"), ["different_weights"])
def exchanged_weights(net, node):
    own = net.constant(node, 1)
    if own is None:
        return False
    for each in net.graph.node[net.place(node) + 1 :]:
        other = net.constant(each, 1) if each.op_type == "Conv" else None
        if other is not None and other.shape == own.shape and not np.array_equal(own, other):
            net.set_constant(node, 1, other)
            net.set_constant(each, 1, own)
            return None
    return False


@kind("product with the transposed matrix", of("Gemm"), ["transposed_weights", "attribute"])
def other_product(net, node):
    weight = net.constant(node, 1)
    if weight is None or weight.shape[0] != weight.shape[1]:
        return False
    net.set_attribute(node, "transB", 1 - net.attribute(node, "transB", 0))


# Beginning and end.


@kind("mean alone", whole, ["preprocessing"])
def mean_alone(net, node):
    net.front("Sub", [net.for_each_channel(0.485, 0.456, 0.406)])


@kind("image in a mirror", whole, ["preprocessing", "input_layout"])
def mirrored(net, node):
    net.front("Slice", [np.int64([-1]), np.int64([-(2**31)]), np.int64([net.image_axes()[2]]), np.int64([-1])])


@kind("image cut off at 0 and 1", whole, ["preprocessing", "activation"])
def clipped(net, node):
    net.front("Clip", [np.float32(0), np.float32(1)])


@kind("channels last read as first", whole, ["input_layout", "preprocessing"])
def misread(net, node):
    shape = net.shapes[net.graph.input[0].name]
    net.front("Reshape", [np.int64(shape)])
    # What has its channels last is read as though they came first, or the other way about.
    net.front("Transpose", perm=[0, 2, 3, 1] if net.image_axes()[0] == 1 else [0, 3, 1, 2])


@kind("output before the last layer", whole, LEFT_OUT | {"wiring", "operator"})
def no_last_layer(net, node):
    output = net.graph.output[0]
    last = net.makers[output.name]
    shape = net.shapes.get(last.input[0])
    if last.op_type not in ("Gemm", "Conv", "Resize") or not shape:
        return False
    maker = net.makers[last.input[0]]
    old, name = output.name, last.input[0]
    last.output[0] = old + ".gone"
    maker.output[list(maker.output).index(name)] = old
    for each in net.graph.node:
        for position, read in enumerate(each.input):
            if read == name:
                each.input[position] = old
    net.graph.node.remove(last)
    del output.type.tensor_type.shape.dim[:]
    for extent in shape:
        dimension = output.type.tensor_type.shape.dim.add()
        # An open extent, as that of a batch, stays open.
        if extent:
            dimension.dim_value = extent
