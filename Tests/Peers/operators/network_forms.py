"""More of `forms`: windows, matrices, normalisation, resizing, numbers in few bits, recurrent layers, fused operators."""

import forms
import numpy as np
import onnx
from forms import Case, axis_of, draw, form, shape, values
from onnx import helper


def integers(random, low, high, count=None):
    found = random.integers(low, high, count)
    return int(found) if count is None else [int(each) for each in found]


def windows(random, op, opset, extents, kernel, attributes):
    """Strides, margins and dilations of a window over spatial extents, which it fits into."""
    axes = len(kernel)
    if random.integers(2):
        attributes["strides"] = integers(random, 1, 4, axes)
    dilated = "dilations" in onnx.defs.get_schema(op, opset).attributes
    if dilated and random.integers(3) == 0:
        attributes["dilations"] = integers(random, 1, 3, axes)
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, attributes.get("dilations", [1] * axes))]
    auto = random.integers(5)
    if auto == 0 and "dilations" not in attributes:
        attributes["auto_pad"] = ["SAME_UPPER", "SAME_LOWER", "VALID"][random.integers(3)]
    elif auto < 3:
        attributes["pads"] = [integers(random, 0, k) for k in kernel + kernel]
    return [max(extent, each) for extent, each in zip(extents, reach)]


@form("MaxPool", "AveragePool", "LpPool")
def pool(random, op, opset):
    dtype = draw(random, op, opset)
    axes = int(random.choice([1, 2, 2, 3]))
    kernel = integers(random, 1, 4, axes)
    attributes = {"kernel_shape": kernel}
    extents = windows(random, op, opset, integers(random, 2, 8, axes), kernel, attributes)
    schema = onnx.defs.get_schema(op, opset).attributes
    if "ceil_mode" in schema and random.integers(3) == 0 and "auto_pad" not in attributes:
        attributes["ceil_mode"] = 1
    if op == "AveragePool" and random.integers(2):
        attributes["count_include_pad"] = integers(random, 0, 2)
    if op == "LpPool" and random.integers(2):
        attributes["p"] = integers(random, 1, 4)
    outputs = 1
    if op == "MaxPool" and opset >= 8 and random.integers(3) == 0:
        outputs = 2
        if random.integers(2):
            attributes["storage_order"] = integers(random, 0, 2)
    whole = (integers(random, 1, 3), integers(random, 1, 4), *extents)
    x = values(random, dtype, whole)
    if outputs == 2:
        x = random.permutation(x.size).astype(np.float64).reshape(whole)
        x = (x % 120 if np.dtype(dtype).kind in "iu" else x).astype(dtype)
    return Case(op, [x], outputs=outputs, **attributes)


@form("GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool")
def global_pool(random, op, opset):
    attributes = {"p": integers(random, 1, 4)} if op == "GlobalLpPool" and random.integers(2) else {}
    return Case(op, [values(random, draw(random, op, opset), shape(random, 3, 5, empty=0))], **attributes)


def filtered(random, op, opset, dtype, weight):
    """Input and weight of a convolution, and its attributes."""
    axes = int(random.choice([1, 2, 2, 3]))
    group = integers(random, 1, 4)
    channels, count = integers(random, 1, 3) * group, integers(random, 1, 4) * group
    kernel = integers(random, 1, 4, axes)
    attributes = {"group": group} if group > 1 or random.integers(2) else {}
    if random.integers(2):
        attributes["kernel_shape"] = kernel
    extents = windows(random, op, opset, integers(random, 2, 7, axes), kernel, attributes)
    x = values(random, dtype, (integers(random, 1, 3), channels, *extents))
    w = values(random, weight, (count, channels // group, *kernel))
    return x, w, attributes


@form("Conv")
def conv(random, op, opset):
    dtype = draw(random, op, opset)
    x, w, attributes = filtered(random, op, opset, dtype, dtype)
    bias = values(random, dtype, w.shape[:1]) if random.integers(2) else None
    return Case(op, [x, w, bias], known=[1, 2] if random.integers(3) else [], **attributes)


@form("ConvTranspose")
def conv_transpose(random, op, opset):
    dtype = draw(random, op, opset)
    axes = int(random.choice([1, 2, 2, 3]))
    group = integers(random, 1, 3)
    channels, count = integers(random, 1, 3) * group, integers(random, 1, 3)
    kernel = integers(random, 1, 4, axes)
    strides = integers(random, 1, 4, axes)
    attributes = {"group": group, "strides": strides}
    if random.integers(3) == 0:
        attributes["dilations"] = integers(random, 1, 3, axes)
    if random.integers(4) == 0:
        attributes["auto_pad"] = ["SAME_UPPER", "SAME_LOWER", "VALID"][random.integers(3)]
    else:
        if random.integers(2):
            attributes["pads"] = [integers(random, 0, (k + 1) // 2 + 1) for k in kernel + kernel]
        if random.integers(2):
            attributes["output_padding"] = [integers(random, 0, each) for each in strides]
    extents = integers(random, 3, 6, axes)
    x = values(random, dtype, (integers(random, 1, 3), channels, *extents))
    w = values(random, dtype, (channels, count, *kernel))
    bias = values(random, dtype, (count * group,)) if random.integers(2) else None
    return Case(op, [x, w, bias], known=[1, 2] if random.integers(3) else [], **attributes)


@form("MatMul")
def matmul(random, op, opset):
    dtype = draw(random, op, opset)
    m, k, n = integers(random, 1, 5, 3)
    batch = shape(random, 0, 2)
    first = forms.broadcastable(random, batch) + (m, k)
    second = forms.broadcastable(random, batch) + (k, n)
    kind = random.integers(5)
    first, second = ((k,), second) if kind == 0 else (first, (k,)) if kind == 1 else (first, second)
    return Case(op, [values(random, dtype, first), values(random, dtype, second)], known=[[], [1], [0]][random.integers(3)])


@form("Gemm")
def gemm(random, op, opset):
    dtype = draw(random, op, opset)
    m, k, n = integers(random, 1, 5, 3)
    attributes = {name: integers(random, 0, 2) for name in ("transA", "transB") if random.integers(2)}
    if forms.is_float(dtype):
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


COORDINATES = {
    11: ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn"],
    13: ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"],
    19: ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"],
}


@form("Resize", since=10)
def resize(random, op, opset):
    dtype = draw(random, op, opset, "T" if opset < 11 else "T1")
    rank = int(random.choice([3, 4, 4, 5, 2]))
    extents = tuple(integers(random, 1, 3, rank - 2)) + tuple(integers(random, 2, 6, 2)) if rank > 2 else tuple(integers(random, 2, 6, 2))
    mode = ["nearest", "linear", "cubic"][random.integers(2 if opset < 11 or rank != 4 else 3)]
    sizes = [e if axis < rank - 2 else integers(random, 1, 10) for axis, e in enumerate(extents)]
    scales = [1.0 if axis < rank - 2 else float(np.float32(random.choice([0.5, 0.6, 1, 1.3, 2, 3]))) for axis in range(rank)]
    x = values(random, dtype, extents)
    attributes = {"mode": mode}
    if opset < 11:
        return Case(op, [x, np.array(scales, np.float32)], known=[1] if random.integers(2) else [], **attributes)
    known = COORDINATES[max(each for each in COORDINATES if each <= opset)]
    attributes["coordinate_transformation_mode"] = known[random.integers(len(known))]
    if mode == "nearest":
        attributes["nearest_mode"] = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"][random.integers(4)]
    if mode == "cubic":
        attributes["exclude_outside"] = integers(random, 0, 2)
        if random.integers(2):
            attributes["cubic_coeff_a"] = -0.5
    if opset >= 18 and mode != "nearest" and random.integers(3) == 0:
        attributes["antialias"] = 1
    axes = list(range(rank))
    if opset >= 18 and random.integers(2):
        axes = axes[-2:]
        attributes["axes"] = [each - rank if random.integers(2) else each for each in axes]
        if opset >= 18 and random.integers(3) == 0:
            attributes["keep_aspect_ratio_policy"] = ["stretch", "not_larger", "not_smaller"][random.integers(3)]
    roi = None if opset >= 13 else np.zeros(0, np.float32)
    if random.integers(2) or "keep_aspect_ratio_policy" in attributes:
        given = [None if opset >= 13 else np.zeros(0, np.float32), np.array([sizes[each] for each in axes], np.int64)]
    else:
        given = [np.array([scales[each] for each in axes], np.float32)]
    return Case(op, [x, roi, *given], known=[1, 2, 3], **attributes)


@form("Upsample")
def upsample(random, op, opset):
    extents = tuple(integers(random, 1, 5, 4))
    scales = [1.0, 1.0, *(float(np.float32(each)) for each in random.choice([1, 1.5, 2, 3], 2))]
    x = values(random, forms.floating(random, op, min(opset, 9)), extents)
    attributes = {"mode": ["nearest", "linear"][random.integers(2)]}
    if opset < 9:
        return Case(op, [x], scales=scales, **attributes)
    return Case(op, [x, np.array(scales, np.float32)], known=[1] if random.integers(2) else [], **attributes)


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
    of = dtype if forms.is_float(dtype) else np.float32
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


@form("GridSample", since=16)
def grid_sample(random, op, opset):
    dtype = forms.floating(random, op, opset, "T1")
    axes = 2 if opset < 20 or random.integers(3) else 3
    modes = ["bilinear", "nearest", "bicubic"] if opset < 20 else ["linear", "nearest", "cubic"][: 3 if axes == 2 else 2]
    x = values(random, dtype, (2, 3, *integers(random, 2, 6, axes)))
    grid = values(random, draw(random, op, opset, "T2") if opset >= 16 else np.float32, (2, *integers(random, 1, 5, axes), axes), -1.3, 1.3)
    attributes = {"mode": modes[random.integers(len(modes))]} if random.integers(3) else {}
    if random.integers(2):
        attributes["padding_mode"] = ["zeros", "border", "reflection"][random.integers(3)]
    if random.integers(2):
        attributes["align_corners"] = integers(random, 0, 2)
    return Case(op, [x, grid], **attributes)


@form("RoiAlign", since=10)
def roi_align(random, op, opset):
    dtype = draw(random, op, opset, "T1")
    x = values(random, dtype, (2, 3, 8, 9))
    corner = random.uniform(0, 4, (4, 2))
    rois = np.concatenate([corner, corner + random.uniform(1, 4, (4, 2))], axis=1).astype(dtype)
    attributes = {"output_height": 2, "output_width": 3, "sampling_ratio": 2, "spatial_scale": 0.75}
    if random.integers(2):
        attributes["mode"] = ["avg", "max"][random.integers(2)]
    if opset >= 16 and random.integers(2):
        attributes["coordinate_transformation_mode"] = ["half_pixel", "output_half_pixel"][random.integers(2)]
    return Case(op, [x, rois, np.array([0, 1, 1, 0], np.int64)], **attributes)


@form("NonMaxSuppression", since=10)
def non_max_suppression(random, op, opset):
    corner = random.uniform(0, 2, (2, 6, 2))
    boxes = np.concatenate([corner, corner + random.uniform(0.5, 2, (2, 6, 2))], axis=2).astype(np.float32)
    scores = random.permutation(24).reshape(2, 2, 6).astype(np.float32) / 24
    most = np.array([3], np.int64) if random.integers(4) else None
    inputs = [boxes, scores, most]
    inputs.append(np.array([0.4], np.float32) if random.integers(2) else None)
    inputs.append(np.array([0.3], np.float32) if random.integers(2) else None)
    return Case(op, inputs, known=[2, 3, 4], center_point_box=integers(random, 0, 2))


@form("Col2Im", since=18)
def col2im(random, op, opset):
    x = values(random, forms.floating(random, op, opset), (2, 3 * 4, 20))
    return Case(op, [x, np.array([5, 6], np.int64), np.array([2, 2], np.int64)], known=[1, 2])


@form("AffineGrid", since=20)
def affine_grid(random, op, opset):
    dtype = draw(random, op, opset, "T1")
    axes = integers(random, 2, 4)
    size = np.array([2, 3, *integers(random, 1, 5, axes)], np.int64)
    return Case(op, [values(random, dtype, (2, axes, axes + 1)), size], known=[1], align_corners=integers(random, 0, 2))


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


MICROSOFT = "com.microsoft"


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


@form("com.microsoft.QLinearAdd", "com.microsoft.QLinearMul")
def qlinear_binary(random, op, opset):
    dtype = [np.uint8, np.int8][random.integers(2)]
    first, second = forms.pair(random)
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


@form("com.microsoft.SkipLayerNormalization")
def skip_layer_normalization(random, op, opset):
    extents = (2, 3, integers(random, 2, 6))
    inner = extents[-1:]
    optional = [values(random, np.float32, inner) if random.integers(2) else None for _ in range(2)]
    return Case("SkipLayerNormalization", [values(random, np.float32, extents), values(random, np.float32, extents), values(random, np.float32, inner), *optional], domain=MICROSOFT, epsilon=0.01)


@form("com.microsoft.QuantizeLinear", "com.microsoft.DequantizeLinear")
def microsoft_quantize(random, op, opset):
    dtype = [np.uint8, np.int8, np.uint16, np.int16][random.integers(4)]
    extents = shape(random, 1, 4, empty=0)
    axis = axis_of(random, len(extents))
    sizes = (extents[axis],) if random.integers(2) else ()
    x = values(random, dtype if op.endswith("DequantizeLinear") else np.float32, extents, -2, 2)
    attributes = {"axis": axis} if sizes else {}
    return Case(op.split(".")[-1], [x, scale(random, sizes), zero_point(random, dtype, sizes)], domain=MICROSOFT, known=[1, 2], **attributes)
