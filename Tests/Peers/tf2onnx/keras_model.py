"""A copy of a Keras model as kinds of faults see a graph of ONNX: its layers are nodes, named as ONNX names them, with
kernels in the order that ONNX has; and what else edits ask of layers."""

import copy
from types import SimpleNamespace

import numpy as np
import planted_runs
from tensorflow import keras

#: What ONNX calls the layers that shared kinds of faults fit.
OPERATORS = {
    "Conv2D": "Conv",
    "DepthwiseConv2D": "Conv",
    "Dense": "Gemm",
    "BatchNormalization": "BatchNormalization",
    "LeakyReLU": "LeakyRelu",
}
#: The layer's attributes by those of ONNX, where both say the same.
ATTRIBUTES = {"epsilon": "epsilon", "alpha": "alpha", "strides": "strides", "dilations": "dilation_rate", "kernel_shape": "kernel_size"}
#: The layer's weights by the place of ONNX's inputs.
WEIGHTS = {
    "Conv": {1: ("kernel", "depthwise_kernel"), 2: ("bias",)},
    "Gemm": {1: ("kernel",), 2: ("bias",)},
    "BatchNormalization": {1: ("gamma",), 2: ("beta",), 3: ("moving_mean",), 4: ("moving_variance",)},
}
#: From Keras's order of axes to ONNX's.
ORDERS = {"Conv2D": (3, 2, 0, 1), "DepthwiseConv2D": (2, 3, 0, 1), "Dense": (1, 0)}


class Sound:
    """What a saved model holds: its configuration, its weights by layer and name, and what it computes."""

    def __init__(self, path):
        model = keras.models.load_model(path, compile=False)
        self.config = model.get_config()
        self.weights = {layer.name: dict(zip(map(short, layer.weights), layer.get_weights())) for layer in model.layers}
        self.expected = run(model)

    def layers(self, kind):
        return [layer["config"]["name"] for layer in self.config["layers"] if layer["class_name"] == kind]


def short(weight):
    """A weight's name without that of its layer."""
    return weight.name.split("/")[-1].split(":")[0]


def run(model):
    """What it gives for some images, for a function's bound is reached by few."""
    given = np.random.default_rng(7).standard_normal((4, *model.input_shape[1:])).astype(np.float32)
    return np.asarray(model(given, training=False))


class KerasNetwork:
    """A copy of a model with what edits ask of it."""

    def __init__(self, sound):
        self.sound = sound
        self.config = copy.deepcopy(sound.config)
        self.weights = {name: dict(arrays) for name, arrays in sound.weights.items()}
        nodes = [self.node(layer) for layer in self.config["layers"]]
        self.graph = SimpleNamespace(node=nodes, input=[SimpleNamespace(name=self.config["input_layers"][0][0])])

    def node(self, layer):
        """Layers read one another once, and give one output each."""
        name = layer["config"]["name"]
        read = list(references(layer["inbound_nodes"]))
        operator = OPERATORS.get(layer["class_name"])
        return SimpleNamespace(
            name=name, op_type=operator, kind=layer["class_name"], config=layer["config"], layer=layer,
            input=[reference[0] for reference in read], output=[name],
        )  # fmt: skip

    def place(self, node):
        return next(number for number, each in enumerate(self.graph.node) if each.name == node.name)

    def readers(self, name):
        return [each for each in self.graph.node if name in each.input]

    def around(self, name):
        """Names that tell of a layer's place: its own, and those of the layers before and behind it."""
        own = [each for each in self.graph.node if each.name == name]
        return {name, *(read for each in own for read in each.input), *(each.name for each in self.graph.node if name in each.input)}

    def weight(self, node, position):
        """The name of the weight that stands where ONNX has this input; None where the layer has none."""
        names = WEIGHTS.get(node.op_type, {}).get(position, ())
        return next((name for name in names if name in self.weights[node.name]), None)

    def constant(self, node, position):
        name = self.weight(node, position)
        if name is None:
            return None
        array = self.weights[node.name][name]
        return array.transpose(ORDERS[node.kind]) if position == 1 and node.kind in ORDERS else array

    def set_constant(self, node, position, array):
        if position == 1 and node.kind in ORDERS:
            array = array.transpose(np.argsort(ORDERS[node.kind]))
        self.weights[node.name][self.weight(node, position)] = array

    def attribute(self, node, name, default=None):
        value = node.config.get(ATTRIBUTES[name], default)
        return list(value) if isinstance(value, tuple) else value

    def set_attribute(self, node, name, value):
        node.config[ATTRIBUTES[name]] = value

    def kernel(self, node):
        return self.attribute(node, "kernel_shape")

    def replace(self, old, new, but=()):
        """Everything that read one layer reads another."""
        for layer in self.config["layers"]:
            if layer["config"]["name"] not in but:
                rename(layer["inbound_nodes"], old, new)
        for reference in self.config["output_layers"]:
            if reference[0] == old:
                reference[0] = new

    def drop(self, node):
        """All that read its output read its first input, and it is gone."""
        self.replace(node.name, node.input[0])
        self.config["layers"].remove(node.layer)

    def insert(self, kind, name, source, **config):
        """A layer that reads another."""
        layer = {"class_name": kind, "config": {"name": name} | config, "name": name, "inbound_nodes": [[[source, 0, 0, {}]]]}
        self.config["layers"].append(layer)
        self.weights[name] = {}

    def behind(self, source, kind, name="planted", **config):
        """A layer behind another, which all its readers read instead."""
        self.replace(source, name)
        self.insert(kind, name, source, **config)

    def change(self, node, kind, **config):
        """Another layer in the place of one."""
        name = node.name
        node.layer["class_name"] = kind
        node.layer.pop("module", None)
        node.layer.pop("registered_name", None)
        node.layer["config"] = {"name": name} | config
        self.weights[name] = {}

    def model(self):
        """The model with the fault; None where layers do not fit each other any more."""
        keras.backend.clear_session()
        try:
            model = keras.Model.from_config(self.config)
        except ValueError:
            return None
        for layer in model.layers:
            given = self.weights[layer.name]
            arrays = [given[short(weight)] for weight in layer.weights]
            if any(array.shape != tuple(weight.shape) for array, weight in zip(arrays, layer.weights)):
                return None
            layer.set_weights(arrays)
        return model

    def moved(self):
        """The model, if it computes something else than the sound one of every image; None otherwise."""
        model = self.model()
        if model is None:
            return None
        return model if all(map(planted_runs.differ, self.sound.expected, run(model))) else None


def references(value):
    """What an entry of `inbound_nodes` reads: lists of a layer's name and two numbers, within others or in arguments."""
    if isinstance(value, (list, tuple)):
        if len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
            yield value
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        yield from references(list(value.values()))


def rename(value, old, new):
    for reference in references(value):
        if reference[0] == old:
            reference[0] = new
