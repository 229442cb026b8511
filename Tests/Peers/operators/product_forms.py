"""Matrix products, normalisations and recurrent operators, drawn in all their forms."""

import numpy as np
from forms import Case, MICROSOFT, axis_of, broadcastable, draw, form, integers, is_float, shape, values
from window_forms import filtered


@form("MatMul")
def matmul(random, op, opset):
    dtype = draw(random, op, opset)
    m, k, n = integers(random, 1, 5, 3)
    batch = shape(random, 0, 2)
    first = broadcastable(random, batch) + (m, k)
    second = broadcastable(random, batch) + (k, n)
    kind = random.integers(5)
    first, second = ((k,), second) if kind == 0 else (first, (k,)) if kind == 1 else (first, second)
    return Case(op, [values(random, dtype, first), values(random, dtype, second)], known=[[], [1], [0]][random.integers(3)])


@form("Gemm")
def gemm(random, op, opset):
    dtype = draw(random, op, opset)
    m, k, n = integers(random, 1, 5, 3)
    attributes = {name: integers(random, 0, 2) for name in ("transA", "transB") if random.integers(2)}
    if is_float(dtype):
        attributes |= {name: float(np.float32(random.uniform(-2, 2))) for name in ("alpha", "beta") if random.integers(2)}
    a = values(random, dtype, (k, m) if attributes.get("transA") else (m, k))
    b = values(random, dtype, (n, k) if attributes.get("transB") else (k, n))
    shapes = [(m, n), (n,), (1, n), (m, 1), (1,), ()]
    c = None if opset >= 11 and random.integers(4) == 0 else values(random, dtype, shapes[random.integers(len(shapes))])
    return Case(op, [a, b, c], known=[[], [1, 2]][random.integers(2)], **attributes)


@form("Einsum", since=12)
def einsum(random, op, opset):
    dtype = draw(random, op, opset)
    i, j, k = (2, 3, 4)
    cases = [
        ("ij,jk->ik", [(i, j), (j, k)]), ("ij,jk", [(i, j), (j, k)]), ("bij,bjk->bik", [(5, i, j), (5, j, k)]),
        ("...ij,...jk->...ik", [(2, 1, i, j), (3, j, k)]), ("ii->i", [(i, i)]), ("ij->ji", [(i, j)]), ("ij->", [(i, j)]),
        ("i,j->ij", [(i,), (j,)]), ("bhwc,hkc->bhwk", [(2, 3, 4, 5), (3, 6, 5)]), ("ij,ij,ij->i", [(i, j)] * 3),
        (" ij , jk -> ik ", [(i, j), (j, k)]), ("ab...,b->a...", [(2, 3, 4, 5), (3,)]), ("ii", [(i, i)]),
    ]  # fmt: skip
    equation, shapes = cases[random.integers(len(cases))]
    return Case(op, [values(random, dtype, each) for each in shapes], equation=equation)


@form("BatchNormalization")
def batch_normalization(random, op, opset):
    dtype = draw(random, op, opset)
    scale = draw(random, op, opset, "T1") if opset >= 15 else dtype
    moving = draw(random, op, opset, "T2" if opset >= 15 else "U") if opset >= 14 else dtype
    extents = shape(random, 2, 5, empty=0)
    c = (extents[1],)
    attributes = {"epsilon": 0.01} if random.integers(2) else {}
    if random.integers(2):
        attributes["momentum"] = 0.5
    inputs = [
        values(random, dtype, extents), values(random, scale, c), values(random, scale, c), values(random, moving, c),
        values(random, moving, c, 0.3, 2),
    ]  # fmt: skip
    return Case(op, inputs, known=[1, 2, 3, 4] if random.integers(2) else [], **attributes)


@form("InstanceNormalization")
def instance_normalization(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 3, 5, empty=0, most=4)
    c = (extents[1],)
    attributes = {"epsilon": 0.01} if random.integers(2) else {}
    return Case(op, [values(random, dtype, extents), values(random, dtype, c), values(random, dtype, c)], **attributes)


@form("LayerNormalization", since=17)
def layer_normalization(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    attributes = {"epsilon": 0.01} if random.integers(2) else {}
    axis = axis_of(random, len(extents))
    if axis != -1 or random.integers(2):
        attributes["axis"] = axis
    inner = extents[axis:]
    bias = values(random, dtype, inner) if random.integers(2) else None
    return Case(op, [values(random, dtype, extents), values(random, dtype, inner), bias], outputs=integers(random, 1, 4), **attributes)


@form("RMSNormalization", since=23)
def rms_normalization(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    axis = axis_of(random, len(extents))
    return Case(op, [values(random, dtype, extents), values(random, draw(random, op, opset, "V"), extents[axis:])], axis=axis)


@form("GroupNormalization", since=18)
def group_normalization(random, op, opset):
    dtype = draw(random, op, opset)
    groups, each = integers(random, 1, 4), integers(random, 1, 4)
    x = values(random, dtype, (2, groups * each, *integers(random, 1, 5, integers(random, 1, 4))))
    c = (groups if opset < 21 else groups * each,)
    attributes = {"epsilon": 0.01} if random.integers(2) else {}
    return Case(op, [x, values(random, dtype, c), values(random, dtype, c)], num_groups=groups, **attributes)


@form("LRN")
def lrn(random, op, opset):
    attributes = {"alpha": 0.3, "beta": 0.6, "bias": 1.5} if random.integers(2) else {}
    return Case(op, [values(random, draw(random, op, opset), shape(random, 4, 4, empty=0))], size=2 * integers(random, 0, 3) + 1, **attributes)


@form("LpNormalization")
def lp_normalization(random, op, opset):
    extents = shape(random, 1, 4, empty=0)
    attributes = {"p": integers(random, 1, 3)} if random.integers(2) else {}
    if random.integers(2):
        attributes["axis"] = axis_of(random, len(extents))
    return Case(op, [values(random, draw(random, op, opset), extents, 0.2, 3)], **attributes)


@form("MeanVarianceNormalization", since=9)
def mean_variance_normalization(random, op, opset):
    attributes = {"axes": [[0, 2, 3], [1, 2], [2, 3], [0, 1, 2, 3]][random.integers(4)]} if random.integers(2) else {}
    extents = tuple(integers(random, 2, 5, 4))
    return Case(op, [values(random, draw(random, op, opset), extents)], **attributes)


@form("LSTM", "GRU", "RNN")
def recurrent(random, op, opset):
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[op]
    dtype = [np.float64, np.float32, np.float32, np.float32][random.integers(4)]
    direction = ["forward", "reverse", "bidirectional"][random.integers(3)]
    d = 2 if direction == "bidirectional" else 1
    time, batch, size, hidden = integers(random, 1, 5, 4)
    layout = integers(random, 0, 2) if opset >= 14 and random.integers(4) == 0 else 0
    x = values(random, dtype, (batch, time, size) if layout else (time, batch, size), -1, 1)
    w = values(random, dtype, (d, gates * hidden, size), -1, 1)
    r = values(random, dtype, (d, gates * hidden, hidden), -1, 1)
    b = values(random, dtype, (d, 2 * gates * hidden), -1, 1) if random.integers(2) else None
    lengths = random.integers(1, time + 1, batch).astype(np.int32) if random.integers(3) == 0 else None
    state = (batch, d, hidden) if layout else (d, batch, hidden)
    inputs = [x, w, r, b, lengths, values(random, dtype, state, -1, 1) if random.integers(2) else None]
    if op == "LSTM":
        inputs.append(values(random, dtype, state, -1, 1) if random.integers(2) else None)
        inputs.append(values(random, dtype, (d, 3 * hidden), -1, 1) if random.integers(2) else None)
    attributes = {"hidden_size": hidden, "direction": direction}
    if layout:
        attributes["layout"] = 1
    if random.integers(4) == 0:
        attributes["clip"] = 0.5
    if op == "GRU" and random.integers(2):
        attributes["linear_before_reset"] = 1
    if random.integers(3) == 0:
        names = ["Tanh", "Sigmoid", "Relu", "HardSigmoid", "Softsign", "Elu", "LeakyRelu", "ScaledTanh", "ThresholdedRelu", "Softplus"]
        count = {"LSTM": 3, "GRU": 2, "RNN": 1}[op] * d
        attributes["activations"] = [names[each] for each in random.integers(0, 5, count)]
    return Case(op, inputs, outputs=integers(random, 1, 4 if op == "LSTM" else 3), known=[1, 2, 3] if random.integers(3) else [], **attributes)


@form("com.microsoft.BiasGelu", "com.microsoft.FastGelu")
def bias_gelu(random, op, opset):
    extents = shape(random, 1, 4, empty=0)
    bias = values(random, np.float32, extents[-1:]) if op == "com.microsoft.BiasGelu" or random.integers(2) else None
    return Case(op.split(".")[-1], [values(random, np.float32, extents), bias], domain=MICROSOFT)


@form("com.microsoft.Gelu", "com.microsoft.QuickGelu")
def gelu(random, op, opset):
    attributes = {"alpha": 1.3} if op == "com.microsoft.QuickGelu" and random.integers(2) else {}
    return Case(op.split(".")[-1], [values(random, np.float32, shape(random))], domain=MICROSOFT, **attributes)


@form("com.microsoft.FusedConv")
def fused_conv(random, op, opset):
    x, w, attributes = filtered(random, "Conv", 11, np.float32, np.float32)
    kinds = {
        "Relu": None, "Tanh": None, "Sigmoid": None, "LeakyRelu": [0.2], "Clip": [-0.5, 1.5], "HardSigmoid": [0.2, 0.4],
    }  # fmt: skip
    name = list(kinds)[random.integers(len(kinds))]
    attributes["activation"] = name
    if kinds[name]:
        attributes["activation_params"] = kinds[name]
    bias = values(random, np.float32, w.shape[:1]) if random.integers(2) else None
    return Case("FusedConv", [x, w, bias], domain=MICROSOFT, known=[1, 2], **attributes)


@form("com.microsoft.FusedGemm")
def fused_gemm(random, op, opset):
    found = gemm(random, "Gemm", 11)
    found.inputs = [None if each is None else each.astype(np.float32) for each in found.inputs]
    found.op, found.domain = "FusedGemm", MICROSOFT
    found.attributes |= {"activation": ["Relu", "Tanh", "Sigmoid"][random.integers(3)]}
    return found


@form("com.microsoft.FusedMatMul")
def fused_matmul(random, op, opset):
    m, k, n = integers(random, 1, 5, 3)
    batch = shape(random, 0, 2, empty=0)
    attributes = {name: integers(random, 0, 2) for name in ("transA", "transB") if random.integers(2)}
    if random.integers(2):
        attributes["alpha"] = 0.7
    a = values(random, np.float32, (*batch, k, m) if attributes.get("transA") else (*batch, m, k))
    b = values(random, np.float32, (*batch, n, k) if attributes.get("transB") else (*batch, k, n))
    return Case("FusedMatMul", [a, b], domain=MICROSOFT, **attributes)


@form("com.microsoft.SkipLayerNormalization")
def skip_layer_normalization(random, op, opset):
    extents = (2, 3, integers(random, 2, 6))
    inner = extents[-1:]
    optional = [values(random, np.float32, inner) if random.integers(2) else None for _ in range(2)]
    return Case("SkipLayerNormalization", [values(random, np.float32, extents), values(random, np.float32, extents), values(random, np.float32, inner), *optional], domain=MICROSOFT, epsilon=0.01)
