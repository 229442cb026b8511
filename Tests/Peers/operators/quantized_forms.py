"""Quantised operators, of ONNX and of ONNX Runtime, drawn in all their forms."""

import numpy as np
from forms import Case, MICROSOFT, axis_of, draw, form, integers, is_float, pair, shape, values
from window_forms import filtered


def zero_point(random, dtype, extents=()):
    return values(random, dtype, extents, -1, 1)


def scale(random, extents=(), dtype=np.float32):
    return values(random, dtype, extents, 0.05, 0.4)


@form("QuantizeLinear", since=10)
def quantize(random, op, opset):
    dtype = draw(random, op, opset, "T1")
    target = draw(random, op, opset, "T3" if opset >= 23 else "T2")
    extents = shape(random, 1, 4, empty=0)
    axis = axis_of(random, len(extents))
    sizes = (extents[axis],) if opset >= 13 and random.integers(2) else ()
    of = dtype if is_float(dtype) else np.float32
    if opset < 19:
        of = np.float32
    attributes = {"axis": axis} if sizes else {}
    zero = zero_point(random, target, sizes) if random.integers(3) else None
    return Case(op, [values(random, dtype, extents), scale(random, sizes, of), zero], known=[1, 2] if random.integers(2) else [], **attributes)


@form("DequantizeLinear", since=10)
def dequantize(random, op, opset):
    dtype = draw(random, op, opset, "T1" if opset >= 19 else "T")
    extents = shape(random, 1, 4, empty=0)
    axis = axis_of(random, len(extents))
    sizes = (extents[axis],) if opset >= 13 and random.integers(2) else ()
    of = draw(random, op, opset, "T2") if opset >= 19 else np.float32
    attributes = {"axis": axis} if sizes else {}
    zero = zero_point(random, dtype, sizes) if random.integers(3) and np.dtype(dtype) != np.int32 else None
    return Case(op, [values(random, dtype, extents, -2, 2), scale(random, sizes, of), zero], known=[1, 2] if random.integers(2) else [], **attributes)


@form("DynamicQuantizeLinear", since=11)
def dynamic_quantize(random, op, opset):
    return Case(op, [values(random, np.float32, shape(random, 1, 4, empty=0))], outputs=3)


@form("QLinearConv", since=10)
def qlinear_conv(random, op, opset):
    dtype, weight = [(np.uint8, np.uint8), (np.uint8, np.int8), (np.int8, np.int8)][random.integers(3)]
    x, w, attributes = filtered(random, op, opset, dtype, weight)
    x = random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, x.shape).astype(dtype)
    sizes = w.shape[:1] if random.integers(2) else ()
    zeros = np.zeros(sizes, weight) if weight == np.int8 else np.full(sizes, 3, weight)
    bias = random.integers(-50, 50, w.shape[:1]).astype(np.int32) if random.integers(2) else None
    inputs = [
        x, scale(random), zero_point(random, dtype), w, scale(random, sizes), zeros, scale(random) * 8, zero_point(random, dtype), bias,
    ]  # fmt: skip
    return Case(op, inputs, known=range(1, 9), **attributes)


@form("QLinearMatMul", since=10)
def qlinear_matmul(random, op, opset):
    dtype, weight = [(np.uint8, np.uint8), (np.uint8, np.int8), (np.int8, np.int8)][random.integers(3)]
    m, k, n = integers(random, 1, 5, 3)
    sizes = (n,) if random.integers(2) else ()
    zeros = np.zeros(sizes, weight) if weight == np.int8 else np.full(sizes, 3, weight)
    batch = shape(random, 0, 2, empty=0)
    inputs = [
        random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (*batch, m, k)).astype(dtype), scale(random), zero_point(random, dtype),
        values(random, weight, (k, n)), scale(random, sizes), zeros, scale(random) * 8, zero_point(random, dtype),
    ]  # fmt: skip
    return Case(op, inputs, known=range(1, 8))


@form("MatMulInteger", since=10)
def matmul_integer(random, op, opset):
    first, second = [[np.uint8, np.int8][random.integers(2)] for _ in range(2)]
    m, k, n = integers(random, 1, 5, 3)
    batch = shape(random, 0, 2, empty=0)
    zeros = [zero_point(random, first) if random.integers(2) else None, zero_point(random, second, [(), (n,)][random.integers(2)]) if random.integers(2) else None]
    return Case(op, [values(random, first, (*batch, m, k)), values(random, second, (k, n)), *zeros], known=[1, 2, 3] if random.integers(2) else [])


@form("ConvInteger", since=10)
def conv_integer(random, op, opset):
    x, w, attributes = filtered(random, op, opset, np.uint8, [np.uint8, np.int8][random.integers(2)])
    zeros = [zero_point(random, np.uint8) if random.integers(2) else None, zero_point(random, w.dtype) if random.integers(2) else None]
    return Case(op, [x, w, *zeros], known=[1, 2, 3], **attributes)


@form("com.microsoft.QLinearAdd", "com.microsoft.QLinearMul")
def qlinear_binary(random, op, opset):
    dtype = [np.uint8, np.int8][random.integers(2)]
    first, second = pair(random)
    arrays = [random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, each).astype(dtype) for each in (first, second)]
    # ONNX Runtime wants all zero points.
    zeros = [zero_point(random, dtype) for _ in range(3)]
    inputs = [arrays[0], scale(random), zeros[0], arrays[1], scale(random), zeros[1], scale(random) * 4, zeros[2]]
    return Case(op.split(".")[-1], inputs, domain=MICROSOFT, known=[1, 2, 4, 5, 6, 7])


@form("com.microsoft.QLinearSigmoid", "com.microsoft.QLinearLeakyRelu")
def qlinear_unary(random, op, opset):
    dtype = [np.uint8, np.int8][random.integers(2)]
    x = random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, shape(random)).astype(dtype)
    attributes = {"alpha": 0.2} if "Leaky" in op else {}
    # Without zero points ONNX Runtime aborts.
    zeros = [zero_point(random, dtype) for _ in range(2)]
    return Case(op.split(".")[-1], [x, scale(random), zeros[0], scale(random) / 8 if "Sig" in op else scale(random), zeros[1]], domain=MICROSOFT, known=[1, 2, 3, 4], **attributes)


@form("com.microsoft.QLinearGlobalAveragePool", "com.microsoft.QLinearAveragePool")
def qlinear_pool(random, op, opset):
    dtype = [np.uint8, np.int8][random.integers(2)]
    last = integers(random, 0, 2)
    extents = (2, 5, 6, 3) if last else (2, 3, 5, 6)
    x = random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, extents).astype(dtype)
    attributes = {"channels_last": last} if last or random.integers(2) else {}
    if "Global" not in op:
        attributes |= {"kernel_shape": [2, 3], "count_include_pad": integers(random, 0, 2)}
        if random.integers(2):
            attributes["pads"] = [1, 0, 0, 1]
        if random.integers(2):
            attributes["strides"] = [2, 1]
    inputs = [x, scale(random), zero_point(random, dtype), scale(random), zero_point(random, dtype)]
    return Case(op.split(".")[-1], inputs, domain=MICROSOFT, known=[1, 2, 3, 4], **attributes)


@form("com.microsoft.QLinearConcat")
def qlinear_concat(random, op, opset):
    dtype = [np.uint8, np.int8][random.integers(2)]
    inputs = [scale(random), zero_point(random, dtype)]
    for _ in range(integers(random, 1, 4)):
        inputs += [random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, (2, integers(random, 1, 4), 3)).astype(dtype), scale(random), zero_point(random, dtype)]
    known = [index for index in range(len(inputs)) if index < 2 or (index - 2) % 3]
    return Case("QLinearConcat", inputs, domain=MICROSOFT, known=known, axis=[1, -2][random.integers(2)])


@form("com.microsoft.QuantizeLinear", "com.microsoft.DequantizeLinear")
def microsoft_quantize(random, op, opset):
    dtype = [np.uint8, np.int8, np.uint16, np.int16][random.integers(4)]
    extents = shape(random, 1, 4, empty=0)
    axis = axis_of(random, len(extents))
    sizes = (extents[axis],) if random.integers(2) else ()
    x = values(random, dtype if op.endswith("DequantizeLinear") else np.float32, extents, -2, 2)
    attributes = {"axis": axis} if sizes else {}
    return Case(op.split(".")[-1], [x, scale(random, sizes), zero_point(random, dtype, sizes)], domain=MICROSOFT, known=[1, 2], **attributes)
