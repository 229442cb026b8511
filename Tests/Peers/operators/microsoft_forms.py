"""What ONNX Runtime's optimisers write for attention and for products of integers, drawn in all its forms."""

import numpy as np
from forms import Case, MICROSOFT, form, integers, values
from quantized_forms import scale, zero_point
from window_forms import filtered


def whole(random, dtype, extents):
    return random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, extents).astype(dtype)


def either(random):
    return [np.uint8, np.int8][random.integers(2)]


@form("com.microsoft.MatMulIntegerToFloat")
def integer_to_float(random, op, opset):
    m, k, n = integers(random, 1, 6, 3)
    signed, column = either(random), random.integers(2)
    columns = (n,) if column else ()
    bias = values(random, np.float32, (n,)) if random.integers(2) else None
    zeros = [zero_point(random, np.uint8), zero_point(random, signed, columns)] if random.integers(2) else [None, None]
    inputs = [whole(random, np.uint8, (2, m, k)), whole(random, signed, (k, n)), scale(random), scale(random, columns), *zeros, bias]
    return Case("MatMulIntegerToFloat", inputs, domain=MICROSOFT, known=[1, 2, 3, 4, 5, 6])


@form("com.microsoft.DynamicQuantizeMatMul")
def dynamic_matmul(random, op, opset):
    m, k, n = integers(random, 1, 6, 3)
    columns = (n,) if random.integers(2) else ()
    dtype = either(random)
    zero = zero_point(random, dtype, columns) if random.integers(2) else None
    bias = values(random, np.float32, (n,)) if random.integers(2) else None
    inputs = [values(random, np.float32, (2, m, k)), whole(random, dtype, (k, n)), scale(random, columns), zero, bias]
    return Case("DynamicQuantizeMatMul", inputs, domain=MICROSOFT, known=[1, 2, 3, 4])


@form("com.microsoft.QGemm")
def qgemm(random, op, opset):
    m, k, n = integers(random, 1, 6, 3)
    a, b = [either(random)] * 2 if random.integers(2) else [np.uint8, np.int8]
    turns = integers(random, 0, 2, 2)
    columns = (n,) if random.integers(2) else ()
    attributes = {"transA": turns[0], "transB": turns[1], "alpha": [1.0, 0.7][random.integers(2)]}
    c = random.integers(-300, 300, (n,)).astype(np.int32) if random.integers(2) else None
    out = [scale(random) * 60, zero_point(random, a)] if random.integers(2) else [None, None]
    inputs = [
        whole(random, a, (k, m) if turns[0] else (m, k)), scale(random), zero_point(random, a),
        whole(random, b, (n, k) if turns[1] else (k, n)), scale(random, columns), zero_point(random, b, columns), c, *out,
    ]  # fmt: skip
    return Case("QGemm", inputs, domain=MICROSOFT, known=range(1, 9), **attributes)


@form("com.microsoft.QLinearSoftmax")
def qlinear_softmax(random, op, opset):
    dtype = either(random)
    axis = integers(random, -3, 3)
    inputs = [whole(random, dtype, (2, 3, 4)), scale(random) / 10, zero_point(random, dtype), np.float32(1 / 256), zero_point(random, dtype)]
    return Case("QLinearSoftmax", inputs, domain=MICROSOFT, known=range(1, 5), axis=axis, opset=[12, 13][random.integers(2)])


@form("com.microsoft.QLinearWhere")
def qlinear_where(random, op, opset):
    dtype = either(random)
    extents = (2, integers(random, 1, 5))
    parts = [(whole(random, dtype, extents), scale(random), zero_point(random, dtype)) for _ in range(2)]
    inputs = [random.integers(0, 2, extents).astype(bool), *parts[0], *parts[1], scale(random) * 2, zero_point(random, dtype)]
    return Case("QLinearWhere", inputs, domain=MICROSOFT, known=[2, 3, 5, 6, 7, 8])


@form("com.microsoft.QLinearConv")
def qlinear_conv(random, op, opset):
    x, w, attributes = filtered(random, "QLinearConv", 10, np.uint8, np.int8)
    last = integers(random, 0, 2)
    if last:
        x = np.moveaxis(x, 1, -1)
    channels = w.shape[:1] if random.integers(2) else ()
    bias = random.integers(-200, 200, w.shape[:1]).astype(np.int32) if random.integers(2) else None
    inputs = [
        np.ascontiguousarray(x), scale(random), zero_point(random, np.uint8), w, scale(random, channels), np.zeros(channels, np.int8),
        scale(random) * 20, zero_point(random, np.uint8), bias,
    ]  # fmt: skip
    return Case("QLinearConv", inputs, domain=MICROSOFT, known=range(1, 9), channels_last=last, **attributes)


@form("com.microsoft.NhwcMaxPool")
def nhwc_max_pool(random, op, opset):
    x = whole(random, either(random), (2, 6, 7, 3))
    attributes = {"kernel_shape": [2, 3]}
    if random.integers(2):
        attributes |= {"pads": [1, 0, 0, 1], "strides": [2, 1]}
    return Case("NhwcMaxPool", [x], domain=MICROSOFT, **attributes)


@form("com.microsoft.MatMulNBits")
def matmul_nbits(random, op, opset):
    bits, size = [4, 8][random.integers(2)], [16, 32][random.integers(2)]
    rows, columns = integers(random, 1, 80), integers(random, 1, 6)
    blocks = -(-rows // size)
    b = random.integers(0, 256, (columns, blocks, size * bits // 8)).astype(np.uint8)
    zeros = random.integers(0, 256, columns * -(-blocks * bits // 8)).astype(np.uint8) if random.integers(2) else None
    inputs = [values(random, np.float32, (2, 3, rows)), b, scale(random, (columns * blocks,)), zeros]
    return Case("MatMulNBits", inputs, domain=MICROSOFT, known=[1, 2, 3], K=rows, N=columns, bits=bits, block_size=size)


def masks(random, queries, keys):
    """A mask of 0 and 1, and what is added to scores."""
    mask = random.integers(0, 2, [(2, keys), (2, queries, keys)][random.integers(2)]).astype(np.int32)
    mask[..., 0] = 1
    return (mask if random.integers(2) else None), (values(random, np.float32, (1, 2, queries, keys)) if random.integers(2) else None)


@form("com.microsoft.Attention")
def attention(random, op, opset):
    width, size, length = integers(random, 2, 6), 2 * integers(random, 1, 4), integers(random, 1, 6)
    sizes = [size, size, 2 * integers(random, 1, 4)] if random.integers(2) else [size] * 3
    mask, added = masks(random, length, length)
    attributes = {"num_heads": 2, "unidirectional": integers(random, 0, 2)}
    if sizes != [size] * 3 or random.integers(2):
        attributes["qkv_hidden_sizes"] = sizes
    if random.integers(2):
        attributes["scale"] = 0.3
    inputs = [
        values(random, np.float32, (2, length, width)), values(random, np.float32, (width, sum(sizes)), -1, 1),
        values(random, np.float32, (sum(sizes),), -1, 1), mask, None, added,
    ]  # fmt: skip
    return Case("Attention", inputs, domain=MICROSOFT, known=[1, 2], **attributes)


@form("com.microsoft.MultiHeadAttention")
def multi_head_attention(random, op, opset):
    queries, keys, size = integers(random, 1, 6), integers(random, 1, 6), 2 * integers(random, 1, 4)
    mask, added = masks(random, queries, keys)
    bias = values(random, np.float32, (3 * size,), -1, 1) if random.integers(2) else None
    if mask is not None and mask.ndim == 3:
        mask = None
    inputs = [values(random, np.float32, (2, queries, size)), *(values(random, np.float32, (2, keys, size)) for _ in range(2)), bias, mask, added]
    if random.random() < 0.2:
        keys = queries
        inputs = [values(random, np.float32, (2, queries, 2, 3, size // 2))]
    return Case("MultiHeadAttention", inputs, domain=MICROSOFT, known=[3], num_heads=2)


@form("com.microsoft.QAttention")
def quantized_attention(random, op, opset):
    width, size, length = integers(random, 2, 6), 2 * integers(random, 1, 4), integers(random, 1, 6)
    columns = (3 * size,) if random.integers(2) else ()
    mask = random.integers(0, 2, (2, length)).astype(np.int32)
    mask[:, 0] = 1
    inputs = [
        whole(random, np.uint8, (2, length, width)), whole(random, np.int8, (width, 3 * size)), values(random, np.float32, (3 * size,), -1, 1),
        scale(random) / 50, scale(random, columns) / 50, mask if random.integers(2) else None, zero_point(random, np.uint8),
        zero_point(random, np.int8, columns),
    ]  # fmt: skip
    return Case("QAttention", inputs, domain=MICROSOFT, known=[1, 2, 3, 4, 6, 7], num_heads=2, unidirectional=integers(random, 0, 2))


@form("com.microsoft.SkipSimplifiedLayerNormalization")
def skip_simplified(random, op, opset):
    extents = (2, 3, integers(random, 2, 6))
    bias = values(random, np.float32, extents[-1:]) if random.integers(2) else None
    inputs = [*(values(random, np.float32, extents) for _ in range(2)), values(random, np.float32, extents[-1:]), bias]
    return Case("SkipSimplifiedLayerNormalization", inputs, domain=MICROSOFT, epsilon=0.01)


@form("com.microsoft.GridSample")
def grid_sample(random, op, opset):
    attributes = {
        "mode": ["bilinear", "nearest", "bicubic"][random.integers(3)], "align_corners": integers(random, 0, 2),
        "padding_mode": ["zeros", "border", "reflection"][random.integers(3)],
    }  # fmt: skip
    return Case("GridSample", [values(random, np.float32, (2, 3, 5, 4)), random.uniform(-1.1, 1.1, (2, 3, 4, 2)).astype(np.float32)], domain=MICROSOFT, **attributes)


@form("com.microsoft.DynamicQuantizeLSTM")
def dynamic_lstm(random, op, opset):
    inputs, size, length = integers(random, 1, 6), integers(random, 1, 6), integers(random, 1, 5)
    both = integers(random, 1, 3)
    dtype = either(random)
    # One sequence: several are rounded together, as the threads are that compute them.
    bias = values(random, np.float32, (both, 8 * size), -1, 1) if random.integers(2) else None
    optional = [values(random, np.float32, (both, 1, size), -1, 1) if random.integers(2) else None for _ in range(2)]
    arrays = [
        values(random, np.float32, (length, 1, inputs)), whole(random, dtype, (both, inputs, 4 * size)), whole(random, dtype, (both, size, 4 * size)),
        bias, None, *optional, None, scale(random, (both,)) / 50, zero_point(random, dtype, (both,)), scale(random, (both,)) / 50, zero_point(random, dtype, (both,)),
    ]  # fmt: skip
    attributes = {"hidden_size": size, "direction": "bidirectional" if both == 2 else ["forward", "reverse"][random.integers(2)]}
    return Case("DynamicQuantizeLSTM", arrays, outputs=3, domain=MICROSOFT, known=[1, 2, 3, 8, 9, 10, 11], **attributes)
