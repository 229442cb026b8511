"""More kinds of faults, neighbours of those in fault_kinds.py: layers that read or hold what belongs to others."""

import numpy as np
from edited_network import linear, of, residuals, whole, with_bias
from fault_kinds import FUNCTION, KINDS, LEFT_OUT, kind, weights
from onnx import numpy_helper

#: These fit only networks that share channels out, or whose normalisations shift.
OF_LARGE_NETWORKS = {"parts of a Split exchanged", "function before the normalisation"}


def function_before(net, name):
    """The function that makes a value from one of the same shape."""
    maker = net.makers.get(name)
    fits = maker is not None and maker.op_type in ("Relu", "HardSwish", "Sigmoid", "HardSigmoid", "Clip")
    return maker if fits else None


@kind("residual before the function", residuals, FUNCTION | {"wiring"})
def early_residual(net, node):
    for position, name in enumerate(node.input):
        function = function_before(net, name)
        if function is not None:
            node.input[position] = function.input[0]
            return None
    return False


@kind("gate before its function", of("Mul"), FUNCTION | {"wiring", "operator"})
def early_gate(net, node):
    shapes = [net.shapes.get(name) for name in node.input]
    if None in shapes or shapes[0] == shapes[1]:
        return False
    return early_residual(net, node)


@kind("block left out", residuals, LEFT_OUT | {"wiring", "operator"})
def no_block(net, node):
    place = {name: number for number, each in enumerate(net.graph.node) for name in each.output}
    net.replace(node.output[0], min(node.input, key=lambda name: place.get(name, -1)))


@kind("function before the normalisation", of("Relu"), FUNCTION | {"wiring", "operator"})
def early_function(net, node):
    norm = net.makers.get(node.input[0])
    if norm is None or norm.op_type != "BatchNormalization" or len(net.readers(norm.output[0])) != 1:
        return False
    before, between, after = norm.input[0], norm.output[0], node.output[0]
    node.input[0], node.output[0] = before, between + ".function"
    norm.input[0], norm.output[0] = node.output[0], after
    place = net.place(norm)
    net.graph.node.remove(node)
    net.graph.node.insert(place, node)


@kind("mean over one axis", of("GlobalAveragePool", "ReduceMean"), ["pooling", "operator", "attribute"])
def one_axis(net, node):
    shape = net.shapes.get(node.input[0]) or []
    if len(shape) != 4 or shape[2] < 2 or any(reader.op_type in ("Flatten", "Reshape") for reader in net.readers(node.output[0])):
        return False
    node.op_type = "ReduceMean"
    del node.input[1:]
    net.clear_attributes(node, "noop_with_empty_axes", "axes", "keepdims")
    if net.model.opset_import[0].version < 18:
        net.set_attribute(node, "axes", [3])
    else:
        node.input.append("")
        net.set_constant(node, 1, np.int64([3]))
    net.set_attribute(node, "keepdims", 1)


@kind("part of a Concat twice", of("Concat"), ["wiring"])
def twice(net, node):
    shapes = [net.shapes.get(name) or [] for name in node.input]
    if len(shapes) < 2 or shapes[0] != shapes[1] or len(shapes[0]) != 4:
        return False
    # A part in the place of what was computed of it leaves out what lies between.
    if getattr(net.makers.get(node.input[1]), "name", None) in net.all_makers(node.input[0]):
        return False
    node.input[0] = node.input[1]


@kind("parts of a Split exchanged", of("Split"), ["wiring", "attribute", "operator"])
def exchanged_parts(net, node):
    names = list(node.output)
    shapes = [net.shapes.get(name) for name in names]
    if len(names) < 2 or shapes[0] != shapes[1]:
        return False
    names[0], names[1] = names[1], names[0]
    del node.output[:]
    node.output.extend(names)


@kind("margins that reflect", of("Conv"), LEFT_OUT | {"padding", "operator", "wiring"})
def reflected(net, node):
    pads = net.attribute(node, "pads", [])
    if net.kernel(node) != [3, 3] or list(pads) != [1] * 4 or min((net.shapes.get(node.input[0]) or [0, 0, 0])[2:]) < 2:
        return False
    amounts = "planted.amounts"
    net.graph.initializer.append(numpy_helper.from_array(np.int64([0, 0, 1, 1, 0, 0, 1, 1]), amounts))
    node.input[0] = net.insert("Pad", "planted", [node.input[0], amounts], net.place(node), mode="reflect")
    net.set_attribute(node, "pads", [0] * 4)


@kind("bias added twice", with_bias, LEFT_OUT | {"operator", "different_weights"})
def double_bias(net, node):
    if node.op_type != "Conv":
        return False
    net.behind(node, "Add", "planted", [net.constant(node, 2).reshape(-1, 1, 1)])


@kind("weights of another layer", of("Conv"), ["different_weights"])
def foreign(net, node):
    own = net.constant(node, 1)
    others = [net.constant(each, 1) for each in net.graph.node if each.op_type == "Conv" and each.name != node.name]
    found = next((other for other in others if other is not None and own is not None and other.shape == own.shape), None)
    if found is None or np.array_equal(found, own):
        return False
    net.set_constant(node, 1, found)


@kind("epsilon everywhere", whole, ["batch_norm_epsilon"])
def every_epsilon(net, node):
    found = [each for each in net.graph.node if each.op_type == "BatchNormalization"]
    for each in found:
        net.set_attribute(each, "epsilon", 1e-3)
    return None if found else False


@kind("scale of x / 255 in the first weight", whole, ["different_weights", "preprocessing"])
def scaled_weight(net, node):
    first = next((each for each in net.graph.node if each.op_type == "Conv" and net.constant(each, 1) is not None), None)
    if first is None:
        return False
    net.set_constant(first, 1, (net.constant(first, 1) / 255).astype(np.float32))


def pruned(weight):
    return np.where(np.abs(weight) < np.median(np.abs(weight)), 0, weight)


def factors(weight):
    """What a smaller epsilon makes of a weight that a normalisation was folded into."""
    if weight.ndim != 4 or weight[0].size < 4:
        return None
    return weight * np.linspace(1.001, 1.3, len(weight)).reshape(-1, 1, 1, 1)


def tf32(weight):
    bits = weight.view(np.uint32)
    return (bits + 0xFFF + (bits >> 13 & 1) & 0xFFFFE000).view(np.float32)


weights("kernel turned by half", of("Conv"), ["different_weights", "transposed_weights"], lambda w: w[:, :, ::-1, ::-1] if w.ndim == 4 and w.shape[2] > 1 else None)
weights("small weights left out", linear, ["different_weights"], pruned)
weights("factor for each channel", of("Conv"), ["different_weights"], factors)
weights("TF32 in one weight", linear, ["tf32", "half_precision"], tf32)
weights("weight doubled", linear, ["different_weights"], lambda w: 2 * w)

assert OF_LARGE_NETWORKS <= set(KINDS)
