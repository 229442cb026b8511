"""Convolutions, pools, and what else looks at windows and images, drawn in all their forms."""

import numpy as np
import onnx
from forms import Case, draw, floating, form, integers, shape, values


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
    x = values(random, floating(random, op, min(opset, 9)), extents)
    attributes = {"mode": ["nearest", "linear"][random.integers(2)]}
    if opset < 9:
        return Case(op, [x], scales=scales, **attributes)
    return Case(op, [x, np.array(scales, np.float32)], known=[1] if random.integers(2) else [], **attributes)


@form("GridSample", since=16)
def grid_sample(random, op, opset):
    dtype = floating(random, op, opset, "T1")
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
    x = values(random, floating(random, op, opset), (2, 3 * 4, 20))
    return Case(op, [x, np.array([5, 6], np.int64), np.array([2, 2], np.int64)], known=[1, 2])


@form("AffineGrid", since=20)
def affine_grid(random, op, opset):
    dtype = draw(random, op, opset, "T1")
    axes = integers(random, 2, 4)
    size = np.array([2, 3, *integers(random, 1, 5, axes)], np.int64)
    return Case(op, [values(random, dtype, (2, axes, axes + 1)), size], known=[1], align_corners=integers(random, 0, 2))
