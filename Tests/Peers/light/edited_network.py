"""A copy of any ONNX model that tests edit with onnx's own package, and the places in it where edits fit."""

import copy

import numpy as np
from onnx import helper, numpy_helper, shape_inference


class Network:
    """A copy of a model with what edits ask of it again and again."""

    def __init__(self, model, shapes=None):
        """`shapes`: those of another copy of the model, which take long to find in large ones."""
        self.model = copy.deepcopy(model)
        self.graph = self.model.graph
        for number, node in enumerate(self.graph.node):
            node.name = node.name or f"node_{number}"
        self.shapes = inferred_shapes(self.model) if shapes is None else shapes
        self.makers = {output: node for node in self.graph.node for output in node.output}

    def tensors(self):
        return {tensor.name: tensor for tensor in self.graph.initializer}

    def constant(self, node, position):
        """The array of a constant input; None where it is computed or left out."""
        if position >= len(node.input):
            return None
        name = node.input[position]
        maker = self.makers.get(name)
        # PyTorch's exports share a tensor by Identity.
        while maker is not None and maker.op_type == "Identity":
            name = maker.input[0]
            maker = self.makers.get(name)
        tensor = self.tensors().get(name)
        if tensor is None:
            if maker is None or maker.op_type != "Constant":
                return None
            tensor = maker.attribute[0].t
        return numpy_helper.to_array(tensor)

    def set_constant(self, node, position, array):
        """A constant of its own for this node."""
        name = f"{node.name}.planted.{position}"
        self.graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        node.input[position] = name

    def attribute(self, node, name, default=None):
        return next((helper.get_attribute_value(a) for a in node.attribute if a.name == name), default)

    def clear_attributes(self, node, *names):
        kept = [a for a in node.attribute if a.name not in names]
        del node.attribute[:]
        node.attribute.extend(kept)

    def set_attribute(self, node, name, value):
        self.clear_attributes(node, name)
        node.attribute.append(helper.make_attribute(name, value))

    def image_axes(self):
        """Those of the channels, the height and the width of the image, which TensorFlow has in another order."""
        shape = self.shapes[self.graph.input[0].name]
        return (3, 1, 2) if shape[1] != 3 and shape[3] == 3 else (1, 2, 3)

    def for_each_channel(self, *values):
        """A constant that an operator between two arrays takes along the channels of the image."""
        shape = [1] * 4
        shape[self.image_axes()[0]] = len(values)
        return np.float32(values).reshape(shape)

    def kernel(self, node):
        return list(self.attribute(node, "kernel_shape", []))

    def all_makers(self, name):
        """Names of the nodes that a value is computed by."""
        found, names = set(), [name]
        while names:
            maker = self.makers.get(names.pop())
            if maker is not None and maker.name not in found:
                found.add(maker.name)
                names.extend(maker.input)
        return found

    def readers(self, name):
        return [node for node in self.graph.node if name in node.input]

    def replace(self, old, new, but=()):
        for node in self.graph.node:
            if node.name in but:
                continue
            for position, name in enumerate(node.input):
                if name == old:
                    node.input[position] = new
        for output in self.graph.output:
            if output.name == old:
                # The output keeps its name: what makes it is renamed.
                maker = self.makers[new]
                position = list(maker.output).index(new)
                gone = self.makers[old]
                gone.output[list(gone.output).index(old)] = old + ".gone"
                maker.output[position] = old
                self.replace(new, old)

    def drop(self, node):
        """Everything that read its output reads its first input."""
        self.replace(node.output[0], node.input[0])

    def insert(self, op, name, inputs, before=0, **attributes):
        node = helper.make_node(op, inputs, [name], name=name, **attributes)
        self.graph.node.insert(before, node)
        self.makers[name] = self.graph.node[before]
        return name

    def place(self, node):
        return next(i for i, each in enumerate(self.graph.node) if each.name == node.name)

    def behind(self, node, op, name, constants=(), **attributes):
        """A node behind another, which all its readers read instead."""
        given = []
        for number, array in enumerate(constants):
            self.graph.initializer.append(numpy_helper.from_array(array, f"{name}.{number}"))
            given.append(f"{name}.{number}")
        output = node.output[0]
        inner = output + ".before"
        node.output[0] = inner
        self.insert(op, name, [inner] + given, self.place(node) + 1, **attributes)
        self.graph.node[self.place(node) + 1].output[0] = output

    def front(self, op, constants=(), **attributes):
        """A node between the graph's input and its readers."""
        name = self.graph.input[0].name
        readers = self.readers(name)
        given = []
        for number, array in enumerate(constants):
            self.graph.initializer.append(numpy_helper.from_array(array, f"planted.{op}.{number}"))
            given.append(f"planted.{op}.{number}")
        made = self.insert(op, f"planted.{op}", [name] + given, 0, **attributes)
        for node in readers:
            for position, each in enumerate(node.input):
                if each == name:
                    node.input[position] = made


def inferred_shapes(model):
    graph = shape_inference.infer_shapes(model).graph
    values = [*graph.value_info, *graph.input, *graph.output]
    return {value.name: [d.dim_value for d in value.type.tensor_type.shape.dim] for value in values}


def of(*ops):
    return lambda net: [node for node in net.graph.node if node.op_type in ops]


def linear(net):
    return [n for n in net.graph.node if n.op_type in ("Conv", "Gemm", "MatMul") and net.constant(n, 1) is not None]


def with_bias(net):
    return [n for n in linear(net) if n.op_type != "MatMul" and net.constant(n, 2) is not None]


def residuals(net):
    return [n for n in net.graph.node if n.op_type == "Add" and not any(i in net.tensors() or net.makers.get(i, n).op_type == "Constant" for i in n.input) and net.shapes.get(n.input[0]) == net.shapes.get(n.input[1])]


def gates(net):
    return [n for n in net.graph.node if n.op_type == "Mul" and net.constant(n, 0) is None and net.constant(n, 1) is None and len({str(net.shapes.get(i)) for i in n.input}) == 2]


def whole(net):
    return [net.graph.node[0]]
