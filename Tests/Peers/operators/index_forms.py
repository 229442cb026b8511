"""Operators that read, write or make elements by index, drawn in all their forms."""

import numpy as np
from forms import Case, axis_of, draw, form, is_float, shape, values
from onnx import helper, numpy_helper


@form("Gather")
def gather(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 3, empty=0)
    axis = axis_of(random, len(extents)) if opset >= 11 else int(random.integers(len(extents)))
    extent = extents[axis]
    indices = random.integers(-extent if opset >= 11 else 0, extent, shape(random, 0, 2)).astype([np.int32, np.int64][random.integers(2)])
    attributes = {} if axis == 0 and random.integers(2) else {"axis": axis}
    return Case(op, [values(random, dtype, extents), indices], known=[[], [1], [0]][random.integers(3)], **attributes)


@form("GatherElements", since=11)
def gather_elements(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    axis = axis_of(random, len(extents))
    other = [int(random.integers(1, each + 1)) for each in extents]
    other[axis] = int(random.integers(0, 6))
    indices = random.integers(-extents[axis], extents[axis], other).astype([np.int32, np.int64][random.integers(2)])
    return Case(op, [values(random, dtype, extents), indices], axis=axis)


@form("GatherND", since=11)
def gather_nd(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    batch = int(random.integers(0, len(extents))) if opset >= 12 else 0
    last = int(random.integers(1, len(extents) - batch + 1))
    outer = shape(random, 0, 2, empty=0)
    indices = np.stack(
        [random.integers(-each, each, extents[:batch] + outer) for each in extents[batch : batch + last]], axis=-1
    ).astype(np.int64)
    return Case(op, [values(random, dtype, extents), indices], **({"batch_dims": batch} if batch else {}))


@form("ScatterElements", since=11)
def scatter_elements(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 3, empty=0)
    axis = axis_of(random, len(extents))
    reductions = ["none"] + (["add", "mul"] if opset >= 16 else []) + (["max", "min"] if opset >= 18 else [])
    reduction = reductions[random.integers(len(reductions))]
    if dtype == bool:
        reduction = "none"
    other = [int(random.integers(1, each + 1)) for each in extents]
    lines = random.permuted(np.broadcast_to(np.arange(extents[axis]), other[:axis % len(extents)] + other[axis % len(extents) + 1 :] + [extents[axis]]), axis=-1)
    indices = np.moveaxis(lines, -1, axis)
    indices = np.take(indices, np.arange(other[axis]), axis=axis)
    if reduction != "none" and random.integers(2):
        indices = random.integers(0, extents[axis], indices.shape)
    indices = np.where(random.integers(2, size=indices.shape) == 1, indices - extents[axis], indices)
    indices = indices.astype([np.int32, np.int64][random.integers(2)])
    attributes = {"reduction": reduction} if opset >= 16 and (reduction != "none" or random.integers(2)) else {}
    return Case(op, [values(random, dtype, extents, -2, 2), indices, values(random, dtype, indices.shape, -2, 2)], axis=axis, **attributes)


@form("ScatterND", since=11)
def scatter_nd(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    last = int(random.integers(1, len(extents) + 1))
    reductions = ["none"] + (["add", "mul"] if opset >= 16 else []) + (["max", "min"] if opset >= 18 else [])
    reduction = "none" if dtype == bool else reductions[random.integers(len(reductions))]
    cells = random.permutation(int(np.prod(extents[:last])))[: random.integers(1, 6)]
    if reduction != "none" and random.integers(2):
        cells = random.integers(0, int(np.prod(extents[:last])), 4)
    indices = np.stack(np.unravel_index(cells, extents[:last]), axis=-1).astype(np.int64)
    updates = values(random, dtype, indices.shape[:-1] + extents[last:], -2, 2)
    attributes = {"reduction": reduction} if opset >= 16 and (reduction != "none" or random.integers(2)) else {}
    return Case(op, [values(random, dtype, extents, -2, 2), indices, updates], **attributes)


@form("Trilu", since=14)
def trilu(random, op, opset):
    dtype = draw(random, op, opset)
    x = values(random, dtype, shape(random, 2, 4))
    k = np.array(random.integers(-4, 5), np.int64) if random.integers(2) else None
    return Case(op, [x, k], known=[[], [1]][random.integers(2)], upper=int(random.integers(2)))


@form("EyeLike", since=9)
def eye_like(random, op, opset):
    dtype = draw(random, op, opset, "T1")
    attributes = {"k": int(random.integers(-3, 4))} if random.integers(2) else {}
    if random.integers(2):
        attributes["dtype"] = helper.np_dtype_to_tensor_dtype(draw(random, op, opset, "T2"))
    return Case(op, [values(random, dtype, shape(random, 2, 2))], **attributes)


@form("OneHot", since=9)
def one_hot(random, op, opset):
    indices = values(random, draw(random, op, opset, "T1"), shape(random, 0, 3), -2, 2)
    depth = np.array([4], draw(random, op, opset, "T2"))
    if np.dtype(indices.dtype).kind in "iu":
        indices = np.clip(indices, 0 if np.dtype(indices.dtype).kind == "u" else -4, 5).astype(indices.dtype)
    elif is_float(indices.dtype):
        indices = np.round(indices.astype(np.float32)).astype(indices.dtype)
    rank = indices.ndim + 1
    attributes = {"axis": axis_of(random, rank) if opset >= 11 else int(random.integers(rank))} if random.integers(2) else {}
    dtype = draw(random, op, opset, "T3")
    return Case(op, [indices, depth if random.integers(2) else depth[0], np.array([0, 1]).astype(dtype)], known=[[], [1], [1, 2]][random.integers(3)], **attributes)


@form("Range", since=11)
def range_(random, op, opset):
    dtype = draw(random, op, opset)
    step = float(random.choice([1, 2, 3, -1, -2, 0.5] if is_float(dtype) else [1, 2, 3, -1, -2]))
    start, limit = (float(each) for each in random.integers(-9, 10, 2))
    inputs = [np.array(each, dtype) for each in (start, limit, step)]
    return Case(op, inputs, known=[[], [0, 1, 2], [0, 2]][random.integers(3)])


@form("ConstantOfShape", since=9)
def constant_of_shape(random, op, opset):
    attributes = {}
    if random.integers(4):
        array = np.array([1.0]).astype(draw(random, op, opset, "T2"))
        attributes["value"] = numpy_helper.from_array(array)
    return Case(op, [np.array(shape(random, 0, 4, empty=0.2), np.int64)], known=[0] if random.integers(3) else [], **attributes)


@form("NonZero", since=9)
def nonzero(random, op, opset):
    dtype = draw(random, op, opset)
    x = values(random, dtype, shape(random, 1, 3))
    return Case(op, [np.where(random.integers(2, size=x.shape) == 1, np.zeros((), dtype), x).astype(dtype)])


@form("Compress", since=9)
def compress(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 3, empty=0)
    if random.integers(2):
        axis = axis_of(random, len(extents)) if opset >= 11 else int(random.integers(len(extents)))
        return Case(op, [values(random, dtype, extents), random.integers(0, 2, random.integers(1, extents[axis] + 1)).astype(bool)], axis=axis)
    return Case(op, [values(random, dtype, extents), random.integers(0, 2, random.integers(1, int(np.prod(extents)) + 1)).astype(bool)])


@form("Unique", since=11)
def unique(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 3, empty=0)
    attributes = {"sorted": int(random.integers(2))} if random.integers(2) else {}
    if random.integers(2):
        attributes["axis"] = axis_of(random, len(extents))
    x = values(random, dtype, extents)
    if np.dtype(dtype) != bool:
        x = np.round(np.clip(x.astype(np.float64), 0, 2)).astype(dtype)
    return Case(op, [x], outputs=4, **attributes)


@form("ReverseSequence", since=10)
def reverse_sequence(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 2, 4, empty=0)
    time = int(random.integers(2))
    lengths = random.integers(1, extents[time] + 1, extents[1 - time]).astype(np.int64)
    return Case(op, [values(random, dtype, extents), lengths], time_axis=time, batch_axis=1 - time)
