"""Kinds of faults, planted into any ONNX model with onnx's own package; what a comparison may call each."""

import numpy as np
from edited_network import Network, gates, linear, of, residuals, whole, with_bias
from onnx import numpy_helper

LEFT_OUT = {"missing_node", "added_node"}
FUNCTION = {"activation"} | LEFT_OUT


KINDS = {}


def kind(name, places, names):
    def register(edit):
        KINDS[name] = (places, set(names), edit)
        return edit

    return register


def attribute(name, op, names, change):
    """A fault that sets attributes: `change` gives them for a node, or None where it does not fit."""

    @kind(name, of(*op.split()), names)
    def edit(net, node):
        changed = change(net, node)
        if not changed:
            return False
        for key, value in changed.items():
            net.set_attribute(node, key, value)


def weights(name, places, names, change, position=1):
    @kind(name, places, names)
    def edit(net, node):
        array = net.constant(node, position)
        changed = None if array is None else change(array)
        if changed is None or np.array_equal(changed, array):
            return False
        net.set_constant(node, position, changed.astype(array.dtype))


def same_upper(net, node):
    """TensorFlow's margins; SAME_LOWER's are PyTorch's where the stride is 2 and extents are even."""
    net.clear_attributes(node, "pads")
    return {"auto_pad": "SAME_UPPER"}


attribute("stride", "Conv", ["stride"], lambda net, n: net.kernel(n) == [3, 3] and {"strides": [1, 1] if net.attribute(n, "strides") == [2, 2] else [2, 2]})
attribute("dilation", "Conv", ["dilation", "padding"], lambda net, n: net.kernel(n) == [3, 3] and net.attribute(n, "pads") == [1] * 4 and {"dilations": [2, 2], "pads": [2] * 4})
attribute("margins on one side", "Conv", ["padding"], lambda net, n: net.kernel(n) == [3, 3] and net.attribute(n, "strides") == [2, 2] and net.attribute(n, "pads") == [1] * 4 and {"pads": [0, 0, 2, 2]})
attribute("auto_pad SAME_UPPER", "Conv", ["padding"], lambda net, n: net.attribute(n, "strides") == [2, 2] and net.kernel(n)[0] > 2 and same_upper(net, n))
attribute("pool rounds up", "MaxPool AveragePool", ["padding", "pooling"], lambda net, n: {"ceil_mode": 1 - net.attribute(n, "ceil_mode", 0)})
attribute("margins counted", "AveragePool", ["padding"], lambda net, n: {"count_include_pad": 1 - net.attribute(n, "count_include_pad", 0)})
attribute("pool extent", "MaxPool", ["pooling", "padding"], lambda net, n: net.kernel(n) == [3, 3] and {"kernel_shape": [2, 2], "pads": [0, 0, 1, 1]})
attribute("epsilon", "BatchNormalization", ["batch_norm_epsilon"], lambda net, n: {"epsilon": 1e-2})
attribute("epsilon of layer norm", "LayerNormalization", ["batch_norm_epsilon", "attribute"], lambda net, n: {"epsilon": 1e-1})
attribute("slope", "LeakyRelu", ["activation"], lambda net, n: {"alpha": 0.3})
attribute("HardSigmoid's slope", "HardSigmoid", ["activation"], lambda net, n: {"alpha": 0.2})
attribute("softmax axis", "Softmax", ["attribute", "activation"], lambda net, n: {"axis": 1 if net.attribute(n, "axis", -1) != 1 else 2})
attribute("alpha of Gemm", "Gemm", ["attribute"], lambda net, n: {"alpha": 0.5})
attribute("beta of Gemm", "Gemm", ["attribute"], lambda net, n: {"beta": 0.5})
attribute("resize mode", "Resize", ["resize_mode"], lambda net, n: {"mode": "linear" if net.attribute(n, "mode", b"nearest") == b"nearest" else "nearest"})
attribute("coordinates of resize", "Resize", ["align_corners"], lambda net, n: {"coordinate_transformation_mode": "align_corners"})


@kind("groups", of("Conv"), ["groups"])
def groups(net, node):
    weight = net.constant(node, 1)
    if weight is None or net.attribute(node, "group", 1) != 1 or weight.shape[1] % 2 or weight.shape[0] % 2:
        return False
    net.set_constant(node, 1, weight[:, : weight.shape[1] // 2])
    net.set_attribute(node, "group", 2)


# Functions.

PLAIN = ("Relu", "Sigmoid", "HardSwish", "HardSigmoid", "LeakyRelu", "Clip", "Tanh", "Erf")


@kind("function left out", of(*PLAIN), FUNCTION)
def left_out(net, node):
    net.drop(node)


@kind("softmax left out", of("Softmax"), FUNCTION | {"missing_softmax"})
def no_softmax(net, node):
    net.drop(node)


def exchange(name, old, new, names=("activation",), constants=(), **attributes):
    @kind(name, of(*old.split()), names)
    def edit(net, node):
        node.op_type = new
        del node.attribute[:]
        del node.input[1:]
        for key, value in attributes.items():
            net.set_attribute(node, key, value)
        for number, array in enumerate(constants):
            node.input.append("")
            net.set_constant(node, number + 1, array)


exchange("LeakyRelu for Relu", "Relu", "LeakyRelu", alpha=0.1)
exchange("HardSwish for Relu", "Relu", "HardSwish")
exchange("Elu for Relu", "Relu", "Elu")
exchange("bound of 0.5 for Relu", "Relu", "Clip", constants=[np.float32(0), np.float32(0.5)])
exchange("Relu for HardSwish", "HardSwish", "Relu")
exchange("Sigmoid for HardSigmoid", "HardSigmoid", "Sigmoid")
exchange("HardSigmoid for Sigmoid", "Sigmoid", "HardSigmoid")
exchange("Tanh for Sigmoid", "Sigmoid", "Tanh")
exchange("Tanh for Erf", "Erf", "Tanh", names=["activation", "operator"])
exchange("Relu for Clip", "Clip", "Relu")
exchange("max for global mean", "GlobalAveragePool", "GlobalMaxPool", names=["pooling"])


@kind("mean for max", of("MaxPool"), ["pooling"])
def mean_for_max(net, node):
    node.op_type = "AveragePool"
    net.clear_attributes(node, "dilations", "storage_order")


@kind("function added", of("BatchNormalization", "Add"), FUNCTION)
def added(net, node):
    if any(name in net.tensors() for name in node.input) and node.op_type == "Add":
        return False
    net.behind(node, "Tanh", "planted")


@kind("tanh for erf in gelu", of("Erf"), ["activation", "operator"] + sorted(LEFT_OUT))
def tanh_gelu(net, node):
    """GELU's approximation, in the place of x / sqrt(2) -> Erf: tanh(sqrt(2 / pi) (x + 0.044715 x^3)) of x."""
    div = net.makers.get(node.input[0])
    if div is None or div.op_type not in ("Div", "Mul"):
        return False
    x, at = div.input[0], net.place(node)
    for name, value in (("three", 3.0), ("c", 0.044715), ("r", float(np.sqrt(2 / np.pi)))):
        net.graph.initializer.append(numpy_helper.from_array(np.float32(value), f"planted.{name}"))
    for offset, (op, name, inputs) in enumerate(
        [("Pow", "cube", [x, "planted.three"]), ("Mul", "part", ["planted.cube", "planted.c"]), ("Add", "sum", [x, "planted.part"]), ("Mul", "scaled", ["planted.sum", "planted.r"])]
    ):
        net.insert(op, f"planted.{name}", inputs, at + offset)
    node = net.graph.node[at + 4]
    node.op_type = "Tanh"
    node.input[0] = "planted.scaled"


# Wiring.


@kind("residual left out", residuals, LEFT_OUT | {"wiring"})
def no_residual(net, node):
    # The longer way stays.
    place = {name: number for number, each in enumerate(net.graph.node) for name in each.output}
    net.replace(node.output[0], max(node.input, key=lambda name: place.get(name, -1)))


@kind("residual of another block", residuals, ["wiring"])
def other_residual(net, node):
    shape = net.shapes.get(node.output[0])
    # A value of the branch itself would leave out what comes behind it.
    branch = net.all_makers(node.input[1]) - net.all_makers(node.input[0])
    before = [n for n in list(net.graph.node)[: net.place(node)] if n.name not in branch]
    found = [n for n in before if n.op_type in ("Relu", "Add", "Mul", "BatchNormalization") and net.shapes.get(n.output[0]) == shape and n.output[0] not in node.input]
    if not found:
        return False
    node.input[1] = found[0].output[0]


@kind("Sub for Add", residuals, ["operator"])
def sub(net, node):
    node.op_type = "Sub"


@kind("Mul for Add", residuals, ["operator", "activation"])
def mul(net, node):
    node.op_type = "Mul"


@kind("parts of a Concat exchanged", of("Concat"), ["wiring"])
def concat(net, node):
    shapes = [net.shapes.get(name) or [] for name in node.input]
    if len(shapes) < 2 or any(shape != shapes[0] or len(shape) != 4 for shape in shapes):
        return False
    names = list(node.input)[::-1]
    del node.input[:]
    node.input.extend(names)


@kind("gate skipped", gates, FUNCTION | {"operator"})
def no_gate(net, node):
    wide = max(node.input, key=lambda name: int(np.prod(net.shapes.get(name) or [0])))
    net.replace(node.output[0], wide)


@kind("normalisation left out", of("BatchNormalization", "LayerNormalization"), LEFT_OUT)
def no_norm(net, node):
    net.drop(node)


@kind("convolution left out", of("Conv"), LEFT_OUT | {"operator"})
def no_conv(net, node):
    if net.shapes.get(node.input[0]) != net.shapes.get(node.output[0]):
        return False
    net.drop(node)


@kind("dropout left in", of("Flatten", "GlobalAveragePool", "ReduceMean"), LEFT_OUT | {"operator"})
def dropout(net, node):
    net.behind(node, "Mul", "planted", [np.float32(0.8).reshape(1)])


@kind("flatten of channels last", of("Flatten", "Reshape"), LEFT_OUT | {"operator", "input_layout", "wiring"})
def flatten(net, node):
    shape = net.shapes.get(node.input[0]) or []
    if len(shape) != 4 or shape[2] < 2:
        return False
    made = net.insert("Transpose", "planted", [node.input[0]], net.place(node), perm=[0, 2, 3, 1])
    node.input[0] = made


@kind("axes of a transpose", of("Transpose"), ["attribute", "wiring"])
def perm(net, node):
    shape = net.shapes.get(node.input[0]) or []
    order = list(net.attribute(node, "perm", []))
    if len(shape) != len(order):
        return False
    for a in range(1, len(order)):
        for b in range(a + 1, len(order)):
            if shape[order[a]] == shape[order[b]] and shape[order[a]] > 1:
                order[a], order[b] = order[b], order[a]
                net.set_attribute(node, "perm", order)
                return None
    return False


@kind("constant factor", of("Mul", "Div"), ["different_weights"])
def factor(net, node):
    for position in (0, 1):
        array = net.constant(node, position)
        if array is not None and array.size == 1:
            net.set_constant(node, position, array * np.float32(1.25))
            return None
    return False


# Weights.

weights("different weights", linear, ["different_weights"], lambda w: w + 0.3 * np.where(np.arange(w.size).reshape(w.shape) % 7 == 3, np.abs(w).max(), 0))
weights("negated weights", linear, ["different_weights"], lambda w: -w)
weights("kernel transposed", of("Conv"), ["transposed_weights"], lambda w: w.transpose(0, 1, 3, 2) if w.ndim == 4 and w.shape[2] == w.shape[3] > 1 else None)
weights("matrix transposed", of("Gemm", "MatMul"), ["transposed_weights"], lambda w: w.T.reshape(w.shape) if w.ndim == 2 else None)
weights("output channels reversed", linear, ["permuted_channels", "different_weights"], lambda w: w[::-1] if w.shape[0] > 1 else None)
weights("bias doubled", with_bias, ["different_weights"], lambda b: 2 * b, position=2)
weights("int8 for the tensor", linear, ["quantized_weights"], lambda w: np.round(w / (np.abs(w).max() / 127)) * (np.abs(w).max() / 127))
weights("bfloat16 in one weight", linear, ["half_precision"], lambda w: (w.view(np.uint32) + 0x8000 & 0xFFFF0000).view(np.float32))
weights("float16 in one weight", linear, ["half_precision"], lambda w: w.astype(np.float16))
weights("statistics shifted", of("BatchNormalization"), ["different_weights"], lambda m: m + 0.5, position=3)
weights("slopes of PRelu", of("PRelu"), ["different_weights", "activation"], lambda s: s * 2)


@kind("int8 for each channel", linear, ["quantized_weights"])
def per_channel(net, node):
    weight = net.constant(node, 1)
    axes = tuple(range(1, weight.ndim)) if node.op_type != "MatMul" else tuple(range(weight.ndim - 1))
    step = np.abs(weight).max(axis=axes, keepdims=True) / 127
    if weight.size // step.size < 8:
        return False
    net.set_constant(node, 1, (np.round(weight / step) * step).astype(np.float32))


@kind("bias left out", with_bias, ["missing_bias"])
def no_bias(net, node):
    del node.input[2:]


@kind("mean and variance exchanged", of("BatchNormalization"), ["different_weights", "wiring"])
def exchanged(net, node):
    mean, variance = net.constant(node, 3), net.constant(node, 4)
    if mean is None or variance is None or np.allclose(np.abs(mean), variance):
        return False
    net.set_constant(node, 3, variance)
    net.set_constant(node, 4, np.abs(mean) + 1e-3)


# Beginning and end.


def at_end(name, op, names, **attributes):
    @kind(name, whole, names)
    def edit(net, node):
        net.behind(net.makers[net.graph.output[0].name], op, "planted", **attributes)


at_end("softmax at the end", "Softmax", {"missing_softmax"} | LEFT_OUT, axis=1)
at_end("sigmoid at the end", "Sigmoid", FUNCTION)


@kind("x / 255", whole, ["preprocessing"])
def scaled(net, node):
    net.front("Div", [np.float32([255])])


@kind("mean and deviation", whole, ["preprocessing"])
def normalized(net, node):
    net.front("Div", [net.for_each_channel(0.229, 0.224, 0.225)])
    net.front("Sub", [net.for_each_channel(0.485, 0.456, 0.406)])


@kind("height and width exchanged", whole, ["input_layout"])
def turned(net, node):
    order = [0, 1, 2, 3]
    _, height, width = net.image_axes()
    order[height], order[width] = width, height
    net.front("Transpose", perm=order)


@kind("BGR for RGB in the first weight", whole, ["swapped_input_channels"])
def swapped(net, node):
    first = next((n for n in net.graph.node if n.op_type == "Conv" and net.constant(n, 1) is not None), None)
    if first is None or net.constant(first, 1).shape[1] != 3:
        return False
    net.set_constant(first, 1, net.constant(first, 1)[:, ::-1])


@kind("BGR for RGB before the network", whole, ["swapped_input_channels", "preprocessing"])
def gathered(net, node):
    net.front("Gather", [np.int64([2, 1, 0])], axis=net.image_axes()[0])


@kind("a class for the background", whole, ["background_class"])
def background(net, node):
    output = net.graph.output[0]
    last = net.makers[output.name]
    if last.op_type != "Gemm" or net.constant(last, 1) is None:
        return False
    weight, bias = net.constant(last, 1), net.constant(last, 2)
    axis = 0 if net.attribute(last, "transB", 0) else 1
    row = np.full_like(np.take(weight, [0], axis), 0.01)
    net.set_constant(last, 1, np.concatenate([row, weight], axis))
    if bias is not None:
        net.set_constant(last, 2, np.concatenate([np.float32([0.5]), bias]))
    for value in [output, *net.graph.value_info]:
        if value.name == output.name:
            value.type.tensor_type.shape.dim[1].dim_value += 1


@kind("float16 in all weights", whole, ["half_precision"])
def all_half(net, node):
    # What is computed of constants alone is a constant, which is told as a different one.
    fed = {net.graph.input[0].name}
    for each in net.graph.node:
        if fed & set(each.input):
            fed.update(each.output)
    for each in linear(net):
        if each.input[0] not in fed:
            continue
        net.set_constant(each, 1, net.constant(each, 1).astype(np.float16).astype(np.float32))


def edited(create, kind, places):
    """Yields (node, network with the fault) for some of the places that a kind of `KINDS` fits; `create` makes a network."""
    fits, _, edit = kind
    found = 0
    count = len(fits(create()))
    # The first, one in the middle, the last, and what comes between where these do not fit.
    order = sorted(range(count), key=lambda i: (i not in (0, count // 2, count - 1), i))
    for index in order:
        if found == places:
            return
        net = create()
        node = fits(net)[index]
        where = node.name
        if edit(net, node) is False:
            continue
        found += 1
        yield where, net


def plant(model, name, places=2, shapes=None):
    """Yields (node, faulty model) for some of the places that a kind of fault fits."""
    first = Network(model, shapes)
    for where, net in edited(lambda: Network(model, first.shapes), KINDS[name], places):
        del net.graph.value_info[:]
        yield where, net.model
