"""Planted faults: each edits a graph of this program with onnx's own package."""

import numpy as np
from onnx import helper, numpy_helper


def node_of(graph, op, number=0):
    return [node for node in graph.node if node.op_type == op][number]


def tensor_of(graph, name):
    return next(tensor for tensor in graph.initializer if tensor.name == name)


def rewrite(graph, name, change):
    tensor = tensor_of(graph, name)
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(change(numpy_helper.to_array(tensor))), name))


def set_attribute(node, name, value):
    kept = [attribute for attribute in node.attribute if attribute.name != name]
    del node.attribute[:]
    node.attribute.extend(kept + [helper.make_attribute(name, value)])


def bilinear_resizes(graph):
    for node in graph.node:
        mode = next((each.s for each in node.attribute if each.name == "mode"), b"nearest")
        if node.op_type == "Resize" and mode == b"linear":
            yield node


def align_corners(graph):
    for node in bilinear_resizes(graph):
        set_attribute(node, "coordinate_transformation_mode", "align_corners")


def nearest_for_bilinear(graph):
    for node in bilinear_resizes(graph):
        set_attribute(node, "mode", "nearest")
        set_attribute(node, "coordinate_transformation_mode", "asymmetric")
        set_attribute(node, "nearest_mode", "floor")


def larger_epsilon(graph):
    for node in graph.node:
        if node.op_type == "BatchNormalization":
            set_attribute(node, "epsilon", 1e-3)


def shifted_pads(graph):
    set_attribute(node_of(graph, "Conv"), "pads", [2, 2, 4, 4])


def transposed_gemm(graph):
    node = node_of(graph, "Gemm")

    # The elements of the transposed matrix in the shape of the right one, as a careless copy leaves them.
    def change(weight):
        return weight.T.reshape(weight.shape)

    rewrite(graph, node.input[1], change)


def permuted_channels(graph):
    order = np.random.default_rng(0).permutation(16)
    node = node_of(graph, "Conv")
    rewrite(graph, node.input[1], lambda weight: weight[order])


def rounded_to_half(graph):
    for node in graph.node:
        if node.op_type in ("Conv", "Gemm"):
            for name in node.input[1:]:
                rewrite(graph, name, lambda weight: weight.astype(np.float16).astype(np.float32))


def added_softmax(graph):
    output = graph.output[0].name
    last = next(node for node in graph.node if output in node.output)
    last.output[list(last.output).index(output)] = "logits_before"
    graph.node.append(helper.make_node("Softmax", ["logits_before"], [output], name="added", axis=1))


def swapped_colours(graph):
    rewrite(graph, node_of(graph, "Conv").input[1], lambda weight: weight[:, ::-1])


def one_weight(graph):
    def change(weight):
        weight = weight.copy()
        weight.flat[3] += 0.5
        return weight

    rewrite(graph, next(n for n in graph.node if n.name == "layer3.0.conv1").input[1], change)


FAULTS = {
    "align_corners": ("bilinear.onnx", align_corners, "align_corners"),
    "nearest": ("bilinear.onnx", nearest_for_bilinear, "resize_mode"),
    "epsilon": ("unfolded.onnx", larger_epsilon, "batch_norm_epsilon"),
    "pads": ("folded.onnx", shifted_pads, "padding"),
    "transposed": ("folded.onnx", transposed_gemm, "transposed_weights"),
    "permuted": ("folded.onnx", permuted_channels, "permuted_channels"),
    "half": ("folded.onnx", rounded_to_half, "half_precision"),
    "softmax": ("folded.onnx", added_softmax, "missing_softmax"),
    "colours": ("folded.onnx", swapped_colours, "swapped_input_channels"),
    "one_weight": ("folded.onnx", one_weight, "different_weights"),
}
