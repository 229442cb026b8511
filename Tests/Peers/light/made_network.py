"""A small network made with onnx's own package, of operators that the fixtures' blocks lack: a margin that an average
counts, gates of HardSigmoid, attention with its scale, GELU by Erf, a join of equal parts, and functions of mobile
networks."""

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

CHANNELS, SIDE, CLASSES = 8, 6, 10


def made_network():
    """The model of images [1, 3, 12, 12] and 10 classes; its weights are drawn from a fixed seed."""
    random = np.random.default_rng(11)
    nodes, constants = [], []

    def constant(name, array):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def weight(name, *shape):
        fan = int(np.prod(shape[1:])) or 1
        return constant(name, (random.standard_normal(shape) * (2 / fan) ** 0.5).astype(np.float32))

    def add(op, name, *inputs, **attributes):
        nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def convolved(name, x, out, inner, side, **attributes):
        bias = constant(f"{name}.bias", (random.standard_normal(out) * 0.1).astype(np.float32))
        kernel = {"kernel_shape": [side, side], "pads": [side // 2] * 4}
        return add("Conv", name, x, weight(f"{name}.weight", out, inner, side, side), bias, **kernel, **attributes)

    x = convolved("stem", "images", CHANNELS, 3, 3, strides=[2, 2])
    x = add("HardSwish", "stem.act", x)
    x = add("AveragePool", "pool", x, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    x = convolved("narrow", x, CHANNELS, CHANNELS, 3)
    x = add("LeakyRelu", "leaky", x, alpha=0.1)
    gate = add("GlobalAveragePool", "gate.mean", x)
    gate = convolved("gate.squeeze", gate, CHANNELS, CHANNELS, 1)
    gate = add("HardSigmoid", "gate.act", gate, alpha=1 / 6, beta=0.5)
    x = add("Mul", "gated", x, gate)
    slopes = constant("slopes.weight", np.linspace(0.1, 0.5, CHANNELS, dtype=np.float32).reshape(-1, 1, 1))
    first = add("PRelu", "slopes", convolved("first", x, CHANNELS, CHANNELS, 3), slopes)
    second = convolved("second", x, CHANNELS, CHANNELS, 1)
    second = add("Clip", "clip", second, constant("zero", np.float32(0)), constant("bound", np.float32(0.1)))
    x = convolved("joined", add("Concat", "both", first, second, axis=1), CHANNELS, 2 * CHANNELS, 1)

    # Attention of one head over all places, in front of it a normalisation.
    last = add("Transpose", "channels.last", x, perm=[0, 2, 3, 1])
    tokens = add("Reshape", "tokens", last, constant("tokens.shape", np.int64([1, SIDE * SIDE, CHANNELS])))
    scale = constant("norm.weight", 1 + 0.1 * random.standard_normal(CHANNELS).astype(np.float32))
    shift = constant("norm.bias", 0.1 * random.standard_normal(CHANNELS).astype(np.float32))
    normal = add("LayerNormalization", "norm", tokens, scale, shift, axis=-1, epsilon=1e-5)
    query, key, value = (
        add("MatMul", part, normal, weight(f"{part}.weight", CHANNELS, CHANNELS)) for part in ("query", "key", "value")
    )
    scores = add("MatMul", "scores", query, add("Transpose", "turned", key, perm=[0, 2, 1]))
    scores = add("Div", "scaled", scores, constant("root", np.float32(0.5)))
    mixed = add("MatMul", "mixed", add("Softmax", "softmax", scores, axis=-1), value)
    tokens = add("Add", "attended", tokens, mixed)

    # GELU as PyTorch's exporter writes it.
    inner = add("MatMul", "grow", tokens, weight("grow.weight", CHANNELS, 2 * CHANNELS))
    erf = add("Erf", "erf", add("Div", "erf.in", inner, constant("root2", np.float32(2**0.5))))
    gelu = add("Mul", "gelu.wide", inner, add("Add", "erf.one", erf, constant("one", np.float32(1))))
    gelu = add("Mul", "gelu", gelu, constant("half", np.float32(0.5)))
    tokens = add("Add", "mixed.in", tokens, add("MatMul", "shrink", gelu, weight("shrink.weight", 2 * CHANNELS, CHANNELS)))

    # Images again, so that what is flattened has a height and a width.
    x = add("Transpose", "square.turned", tokens, perm=[0, 2, 1])
    x = add("Reshape", "square", x, constant("square.shape", np.int64([1, CHANNELS, SIDE, SIDE])))
    x = add("Flatten", "flat", x, axis=1)
    matrix = weight("head.weight", CLASSES, CHANNELS * SIDE * SIDE)
    bias = constant("head.bias", (random.standard_normal(CLASSES) * 0.1).astype(np.float32))
    add("Gemm", "scores.out", x, matrix, bias, transB=1)

    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 2 * SIDE, 2 * SIDE])
    output = helper.make_tensor_value_info("scores.out", TensorProto.FLOAT, [1, CLASSES])
    graph = helper.make_graph(nodes, "made", [image], [output], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model, full_check=True)
    return model
