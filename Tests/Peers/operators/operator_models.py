"""Small ONNX models of one operator or idiom each, with weights and constants as initializers."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper

RANDOM = np.random.default_rng(2)


def real(*shape):
    return RANDOM.standard_normal(shape).astype(np.float32)


def int64(*values):
    return np.array(values, np.int64)


def float32(*values):
    return np.array(values, np.float32)


def model(nodes, shape, constants=None, opset=17, inputs=None, outputs=("y",), functions=(), domains=()):
    """A model of input `x` of a shape and outputs of any; `inputs` are shapes of further ones."""
    values = {"x": shape} | (inputs or {})
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, each) for name, each in values.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=imports, ir_version=8, functions=functions)


def node(op, *inputs, outputs=("y",), **attributes):
    return helper.make_node(op, list(inputs), list(outputs), name="the_node", **attributes)


def one(op, shape, *constants, opset=17, **attributes):
    """A model of one node that reads `x`, then constants; None stands for one that is left out."""
    names = [f"c{index}" if each is not None else "" for index, each in enumerate(constants)]
    given = {name: each for name, each in zip(names, constants) if name}
    return model([node(op, "x", *names, **attributes)], shape, given, opset)


IMAGE = (2, 3, 6, 7)

#: Models by name.
MODELS = {
    "Conv of one axis": one("Conv", (2, 4, 9), real(6, 2, 3), real(6), group=2, strides=[2], pads=[1, 2]),
    "Conv, dilated": one("Conv", IMAGE, real(4, 3, 2, 3), dilations=[2, 1], pads=[1, 0, 2, 1]),
    "Conv, SAME_LOWER": one("Conv", IMAGE, real(4, 3, 2, 3), strides=[2, 1], auto_pad="SAME_LOWER"),
    "LeakyRelu": one("LeakyRelu", IMAGE, alpha=0.2),
    "PRelu": one("PRelu", IMAGE, real(3, 1, 1)),
    "HardSigmoid": one("HardSigmoid", IMAGE, alpha=0.3, beta=0.4),
    "HardSwish": one("HardSwish", IMAGE),
    "Tanh": one("Tanh", IMAGE),
    "Sigmoid": one("Sigmoid", IMAGE),
    "Exp": one("Exp", IMAGE),
    "Clip, one limit": one("Clip", IMAGE, None, np.float32(0.5)),
    "Clip, two limits": one("Clip", IMAGE, np.float32(-1), np.float32(0.5)),
    "Softmax, middle axis": one("Softmax", IMAGE, axis=1),
    "Softmax of rows": one("Softmax", IMAGE, opset=11, axis=1),
    "MaxPool of one axis": one("MaxPool", (2, 3, 9), kernel_shape=[3], strides=[2], ceil_mode=1),
    "MaxPool of three axes": one("MaxPool", (1, 2, 5, 6, 7), kernel_shape=[2, 3, 2], pads=[1, 0, 1, 0, 1, 1]),
    "AveragePool of three axes": one("AveragePool", (1, 2, 5, 6, 7), kernel_shape=[2, 3, 2], pads=[1, 0, 1, 0, 1, 1]),
    "GlobalMaxPool of one axis": one("GlobalMaxPool", (2, 3, 9)),
    "GlobalAveragePool": one("GlobalAveragePool", IMAGE),
    "LRN": one("LRN", (1, 8, 3, 3), size=5, alpha=0.3, beta=0.6, bias=1.5),
    "Sub": one("Sub", IMAGE, real(7)),
    "Div": one("Div", IMAGE, np.abs(real(3, 1, 1)) + 1),
    "Pow": one("Pow", IMAGE, np.array(2, np.int64)),
    "MatMul of many matrices": one("MatMul", (2, 3, 4, 5), real(3, 5, 6)),
    "Gemm": one("Gemm", (5, 4), real(3, 4), real(3), alpha=0.5, beta=2.0, transB=1),
    "Transpose": one("Transpose", IMAGE, perm=[0, 3, 1, 2]),
    "Slice": one("Slice", IMAGE, int64(-1, 1), int64(-100, 3), int64(3, 1), int64(-2, 1)),
    "Gather": one("Gather", IMAGE, np.array([[0, -1], [2, 0]], np.int64), axis=1),
    "ReduceMean": one("ReduceMean", IMAGE, axes=[1, -1], keepdims=0),
    "ReduceMean of all": one("ReduceMean", IMAGE),
    "Expand": one("Expand", (3, 1, 7), int64(2, 1, 4, 1)),
    "Squeeze": one("Squeeze", (2, 1, 3, 1), int64(1)),
    "Pad, constant": one("Pad", IMAGE, int64(0, 1, 2, 0, 0, 0, -1, 3), np.float32(0.5)),
    "Pad, reflect": one("Pad", IMAGE, int64(0, 0, 2, 3, 0, 0, 1, 2), mode="reflect"),
    "Pad, edge": one("Pad", IMAGE, int64(1, 0, 2, 3, 0, 2, 1, 2), mode="edge"),
    "Pad, wrap": one("Pad", IMAGE, int64(0, 0, 2, 3, 0, 1, 1, 2), opset=19, mode="wrap"),
    "Pad of some axes": one("Pad", IMAGE, int64(1, 2, 3, 0), None, int64(-1, 1), opset=18),
    "Split": model([node("Split", "x", outputs=("y", "z"), axis=2)], IMAGE, outputs=("y", "z")),
    "Split, uneven": model(
        [node("Split", "x", outputs=("y", "z"), axis=3, num_outputs=2)], IMAGE, opset=18, outputs=("y", "z")
    ),
    "Sum": model([node("Sum", "x", "x", "c")], IMAGE, {"c": real(7)}),
    "Resize, cubic": one(
        "Resize", IMAGE, None, None, int64(2, 3, 9, 4), mode="cubic", cubic_coeff_a=-0.5, exclude_outside=1
    ),
    "Resize, antialias": one("Resize", IMAGE, None, None, int64(3, 4), opset=18, mode="linear", antialias=1, axes=[2, 3]),
    "Resize, not_larger": one(
        "Resize", IMAGE, None, None, int64(9, 20), opset=18, axes=[2, 3], keep_aspect_ratio_policy="not_larger"
    ),
    "Resize, symmetric": one(
        "Resize",
        IMAGE,
        None,
        float32(1, 1, 1.7, 0.6),
        opset=19,
        mode="linear",
        coordinate_transformation_mode="half_pixel_symmetric",
    ),
    "Resize, tf_half_pixel_for_nn": one(
        "Resize",
        IMAGE,
        float32(),
        float32(1, 1, 2, 3),
        opset=11,
        coordinate_transformation_mode="tf_half_pixel_for_nn",
    ),
    "Upsample": one("Upsample", IMAGE, float32(1, 1, 2, 3), opset=9),
    "Erf": one("Erf", IMAGE),
    "Elu": one("Elu", IMAGE, alpha=0.7),
    "Gelu": one("Gelu", IMAGE, opset=20, approximate="tanh"),
    "Mish": one("Mish", IMAGE, opset=18),
    "Max of two": one("Max", IMAGE, real(3, 1, 7)),
    "Mean": one("Mean", IMAGE, real(7)),
    "ReduceSum": one("ReduceSum", IMAGE, int64(1, -1), keepdims=0),
    "ReduceL2": one("ReduceL2", IMAGE, axes=[2]),
    "LayerNormalization": one("LayerNormalization", IMAGE, real(6, 7), real(6, 7), axis=2, epsilon=1e-3),
    "InstanceNormalization": one("InstanceNormalization", IMAGE, real(3), real(3), epsilon=1e-3),
    "LogSoftmax": one("LogSoftmax", IMAGE, axis=-1),
    "ConvTranspose": one("ConvTranspose", IMAGE, real(3, 2, 3, 2), real(2), strides=[2, 3], output_padding=[1, 0]),
    "ConvTranspose of stated extents": one("ConvTranspose", IMAGE, real(3, 2, 3, 3), strides=[2, 2], output_shape=[12, 14]),
    "Einsum": one("Einsum", IMAGE, real(7, 5), equation="nchw,wk->nhkc"),
    "CumSum": one("CumSum", IMAGE, np.int64(2), reverse=1),
    "Trilu": one("Trilu", IMAGE, np.int64(1), upper=0),
    "Tile": one("Tile", (2, 3), int64(3, 2)),
    "DepthToSpace": one("DepthToSpace", (2, 8, 3, 4), blocksize=2, mode="CRD"),
    "GridSample": one("GridSample", (2, 3, 4, 5), real(2, 3, 6, 2), padding_mode="reflection", align_corners=1),
    "GatherElements": one("GatherElements", (3, 4), np.array([[0, -1], [2, 1]], np.int64), axis=1),
    "ScatterND": one("ScatterND", (4, 5), np.array([[3], [0]], np.int64), real(2, 5)),
    "LSTM": one("LSTM", (5, 2, 3), real(1, 16, 3), real(1, 16, 4), real(1, 32), hidden_size=4),
}
