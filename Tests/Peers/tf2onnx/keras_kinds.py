"""Kinds of faults in Keras models themselves, as who rebuilds a network and loads its weights makes them: shared kinds where
they fit layers, and what Keras alone has."""

import numpy as np
from edited_network import whole
from fault_kinds import FUNCTION, KINDS, LEFT_OUT

#: Those of graphs that are planted into layers as they are, for they change weights or what layers call by ONNX's names.
SHARED = [
    "stride", "epsilon", "momentum for epsilon", "epsilon everywhere", "slope",
    "different weights", "negated weights", "kernel transposed", "matrix transposed", "output channels reversed",
    "one output channel exchanged", "kernel turned by half", "kernel turned in its width", "kernel moved by a pixel",
    "weight in the order HWIO", "weight in the order OHWI", "weight of input and output exchanged", "weight of another training",
    "weights of another layer", "weights of two layers exchanged", "small weights left out", "a channel of zeros",
    "a weight that is no number", "bias doubled", "bias of zeros", "bias of another layer",
    "int8 for the tensor", "int8 for each channel", "float16 in one weight", "bfloat16 in one weight", "float16 in all weights",
    "gamma of one", "beta of zero", "statistics of a fresh normalisation", "statistics shifted", "mean and variance exchanged",
    "deviation for variance", "BGR for RGB in the first weight", "scale of x / 255 in the first weight",
]  # fmt: skip
#: A kind of layers beside the one of the same name in graphs.
PREFIX = "Keras: "
KERAS_KINDS = {PREFIX + name: KINDS[name] for name in SHARED}


def kind(name, places, names):
    def register(edit):
        KERAS_KINDS[PREFIX + name] = (places, set(names), edit)
        return edit

    return register


def layers(*kinds):
    return lambda net: [node for node in net.graph.node if node.kind in kinds]


def setting(name, kinds, names, change):
    """A fault that sets what layers are configured with: `change` gives it for a layer, or None where it does not fit."""

    @kind(name, layers(*kinds.split()), names)
    def edit(net, node):
        changed = change(node.config)
        if not changed:
            return False
        node.config.update(changed)


def exchange(name, old, new, names, **config):
    @kind(name, layers(*old.split()), names)
    def edit(net, node):
        net.change(node, new, **config)


# Windows.

WINDOWS = "Conv2D DepthwiseConv2D MaxPooling2D AveragePooling2D"


def window(config):
    return config.get("kernel_size", config.get("pool_size"))[0]


def strided(config):
    return config["strides"][0] == 2 and config["padding"] == "same"


def other_half(config):
    """The margins of TensorFlow's SAME where the stride is 2, on the other side."""
    (above, below), (before, after) = config["padding"]
    return above != below and {"padding": ((below, above), (after, before))}


setting("stride left out", "Conv2D DepthwiseConv2D", ["stride"], lambda c: c["strides"][0] == 2 and {"strides": (1, 1)})
setting("stride of a pool", "MaxPooling2D AveragePooling2D", ["stride", "pooling"], lambda c: c["strides"][0] == 2 and {"strides": (1, 1)})
setting("valid for same", WINDOWS, ["padding"], lambda c: c["padding"] == "same" and window(c) > 1 and {"padding": "valid"})
setting("same for valid", WINDOWS, ["padding"], lambda c: c["padding"] == "valid" and window(c) > 1 and {"padding": "same"})
setting("dilation", "Conv2D DepthwiseConv2D", ["dilation", "padding"], lambda c: c["padding"] == "same" and window(c) == 3 and c["strides"][0] == 1 and {"dilation_rate": (1, 1) if c["dilation_rate"][0] == 2 else (2, 2)})
setting("margins on the other side", "ZeroPadding2D", ["padding"], other_half)
setting("a smaller pool", "MaxPooling2D AveragePooling2D", ["pooling", "padding"], lambda c: window(c) == 3 and c["padding"] == "same" and {"pool_size": (2, 2)})
setting("nearest for bilinear", "UpSampling2D", ["resize_mode"], lambda c: c["interpolation"] == "bilinear" and {"interpolation": "nearest"})
setting("bilinear for nearest", "UpSampling2D", ["resize_mode"], lambda c: c["interpolation"] == "nearest" and {"interpolation": "bilinear"})


@kind("PyTorch's margins for same", layers(*WINDOWS.split()), ["padding"])
def margins(net, node):
    """Half of the window on each side, which is something else where the stride is 2 and extents are even."""
    if not strided(node.config) or window(node.config) < 3 or "MaxPooling2D" == node.kind:
        return False
    half = window(node.config) // 2
    node.config["padding"] = "valid"
    source = node.input[0]
    net.insert("ZeroPadding2D", "planted", source, padding=((half, half), (half, half)))
    net.replace(source, "planted", but=("planted", *(each.name for each in net.readers(source) if each.name != node.name)))


@kind("mean for max", layers("MaxPooling2D"), ["pooling"])
def mean_for_max(net, node):
    node.layer["class_name"] = "AveragePooling2D"


@kind("max for mean", layers("AveragePooling2D"), ["pooling"])
def max_for_mean(net, node):
    node.layer["class_name"] = "MaxPooling2D"


@kind("max for global mean", layers("GlobalAveragePooling2D"), ["pooling"])
def global_max(net, node):
    node.layer["class_name"] = "GlobalMaxPooling2D"


# Functions.


def functions(name):
    return lambda net: [node for node in net.graph.node if node.config.get("activation") == name]


def function(text, old, new, names=("activation",)):
    @kind(text, functions(old), names)
    def edit(net, node):
        node.config["activation"] = new


function("elu for relu", "relu", "elu")
function("swish for relu", "relu", "swish")
function("relu for swish", "swish", "relu")
function("hard_sigmoid for sigmoid", "sigmoid", "hard_sigmoid")
function("tanh for sigmoid", "sigmoid", "tanh")
function("relu left out", "relu", "linear", FUNCTION)
function("swish left out", "swish", "linear", FUNCTION)
function("sigmoid left out", "sigmoid", "linear", FUNCTION)
function("softmax left out", "softmax", "linear", FUNCTION | {"missing_softmax"})
setting("bound of 6 left out", "ReLU", ["activation"], lambda c: c["max_value"] == 6 and {"max_value": None})
setting("bound of 6 for none", "ReLU", ["activation"], lambda c: c["max_value"] is None and {"max_value": 6.0})
setting("negative slope", "ReLU", ["activation"], lambda c: {"negative_slope": 0.1})
exchange("LeakyReLU for ReLU", "ReLU", "LeakyReLU", ["activation"], alpha=0.3)
# As tf2onnx writes it, a PReLU is a Relu and a product that is added to it.
exchange("ReLU for LeakyReLU", "LeakyReLU", "ReLU", ["activation"])
exchange("ReLU for PReLU", "PReLU", "ReLU", {"activation"} | LEFT_OUT)


@kind("softmax at the end", whole, {"missing_softmax"} | LEFT_OUT)
def softmax(net, node):
    net.behind(net.config["output_layers"][0][0], "Softmax", axis=-1)


@kind("function added", layers("BatchNormalization"), FUNCTION)
def added(net, node):
    net.behind(node.name, "Activation", activation="tanh")


# Wiring.


def merge(name, old, new, names):
    @kind(name, layers(old), names)
    def edit(net, node):
        node.layer["class_name"] = new


merge("Average for Add", "Add", "Average", LEFT_OUT | {"operator"})
merge("Maximum for Add", "Add", "Maximum", {"operator"})
merge("Add for Multiply", "Multiply", "Add", {"operator", "activation"})


@kind("residual left out", layers("Add"), LEFT_OUT | {"wiring"})
def no_residual(net, node):
    net.replace(node.name, max(node.input, key=lambda name: net.place(next(n for n in net.graph.node if n.name == name))))
    net.config["layers"].remove(node.layer)


@kind("parts of a Concatenate exchanged", layers("Concatenate"), ["wiring"])
def exchanged(net, node):
    node.layer["inbound_nodes"][0].reverse()


@kind("gate skipped", layers("Multiply"), FUNCTION | {"operator"})
def no_gate(net, node):
    net.drop(node)


@kind("normalisation left out", layers("BatchNormalization", "LayerNormalization"), LEFT_OUT)
def no_norm(net, node):
    net.drop(node)


@kind("epsilon of a layer norm", layers("LayerNormalization"), ["batch_norm_epsilon", "attribute"])
def epsilon(net, node):
    node.config["epsilon"] = 1e-2


@kind("normalisation behind the function", layers("ReLU", "Activation"), FUNCTION | {"wiring", "operator"})
def late_norm(net, node):
    """Of a convolution's own function, that is: the function before the normalisation."""
    norm = next(each for each in net.graph.node if each.name == node.input[0])
    if norm.kind != "BatchNormalization" or len(net.readers(norm.name)) != 1:
        return False
    source = norm.input[0]
    net.replace(node.name, norm.name)
    rename_input(node, source)
    rename_input(norm, node.name)


def rename_input(node, name):
    node.layer["inbound_nodes"][0][0][0] = name


# Weights.


@kind("bias left out", layers("Conv2D", "DepthwiseConv2D", "Dense"), ["missing_bias"])
def no_bias(net, node):
    if not node.config["use_bias"]:
        return False
    node.config["use_bias"] = False


@kind("gamma and beta exchanged", layers("BatchNormalization"), ["different_weights", "wiring"])
def exchanged_parameters(net, node):
    gamma, beta = (net.constant(node, position) for position in (1, 2))
    if gamma is None or beta is None:
        return False
    net.set_constant(node, 1, beta)
    net.set_constant(node, 2, gamma)


@kind("maps laid flat channels first", layers("Flatten"), ["permuted_channels"])
def flat(net, node):
    """As weights of PyTorch, whose rows stand in the order of its maps, behind Keras's own."""
    reader = net.readers(node.name)
    rows = net.constant(reader[0], 1) if len(reader) == 1 and reader[0].kind == "Dense" else None
    channels = next((net.constant(each, 1).shape[0] for each in reversed(net.graph.node) if each.kind == "Conv2D"), 0)
    if rows is None or rows.shape[1] % channels or rows.shape[1] == channels:
        return False
    net.set_constant(reader[0], 1, rows.reshape(len(rows), -1, channels).transpose(0, 2, 1).reshape(rows.shape))


# Beginning.

PREPARED = {"preprocessing", "different_weights"}

# An offset of 0 is no node.
setting("1 / 255 for 1 / 127.5 - 1", "Rescaling", PREPARED | LEFT_OUT, lambda c: {"scale": 1 / 255, "offset": 0.0})


@kind("rescaling left out", layers("Rescaling"), PREPARED | LEFT_OUT)
def no_rescaling(net, node):
    net.drop(node)


@kind("rescaling twice", whole, PREPARED)
def rescaled(net, node):
    net.behind(net.graph.input[0].name, "Rescaling", scale=1 / 255.0, offset=0.0)
