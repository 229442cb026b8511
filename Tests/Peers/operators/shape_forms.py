"""Operators that move elements and change shapes, drawn in all their forms."""

import numpy as np
from forms import Case, axis_of, draw, form, pair, shape, values
from onnx import helper


@form("Concat")
def concat(random, op, opset):
    dtype = draw(random, op, opset)
    extents = list(shape(random, 1, 4))
    axis = axis_of(random, len(extents)) if opset >= 11 else int(random.integers(len(extents)))
    inputs = []
    for _ in range(random.integers(1, 5)):
        extents[axis] = int(random.integers(0, 4))
        inputs.append(values(random, dtype, tuple(extents)))
    return Case(op, inputs, axis=axis)


@form("Split")
def split(random, op, opset):
    dtype = draw(random, op, opset)
    extents = list(shape(random, 1, 4, empty=0))
    axis = axis_of(random, len(extents)) if opset >= 11 else int(random.integers(len(extents)))
    count = int(random.integers(1, 4))
    parts = [int(each) for each in random.integers(0 if opset >= 11 else 1, 4, count)]
    attributes = {} if axis == 0 and random.integers(2) else {"axis": axis}
    if random.integers(2):
        extents[axis] = max(1, sum(parts))
        parts[0] += extents[axis] - sum(parts)
        x = values(random, dtype, tuple(extents))
        if opset < 13:
            return Case(op, [x], outputs=count, split=parts, **attributes)
        return Case(op, [x, np.array(parts, np.int64)], outputs=count, known=[1] if random.integers(3) else [], **attributes)
    extents[axis] = count * int(random.integers(1, 3))
    if opset >= 18:
        attributes["num_outputs"] = count
        if count > 1 and random.integers(2):
            # The last part is what is left.
            extents[axis] = count * 2 - 1
    return Case(op, [values(random, dtype, tuple(extents))], outputs=count, **attributes)


@form("Slice")
def slice_(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4)
    rank = len(extents)
    axes = [int(each) for each in random.choice(rank, random.integers(1, rank + 1), replace=False)]
    starts = [int(random.integers(-7, 8)) for _ in axes]
    ends = [int(random.choice([random.integers(-7, 8), 2**31 - 1, 100])) for _ in axes]
    x = values(random, dtype, extents)
    if opset < 10:
        if random.integers(3) == 0 and axes == list(range(len(axes))):
            return Case(op, [x], starts=starts, ends=ends)
        return Case(op, [x], starts=starts, ends=ends, axes=axes)
    steps = [int(random.choice([1, 1, 2, 3, -1, -2])) for _ in axes]
    # Backwards, ONNX Runtime takes the largest number for the smallest.
    ends = [
        end if step > 0 else int(random.choice([-(2**31), -(2**63), -100])) if random.integers(2) else min(end, 100)
        for step, end in zip(steps, ends)
    ]
    kind = np.int64 if any(abs(each) > 2**31 for each in ends) else [np.int32, np.int64][random.integers(2)]
    if kind == np.int32:
        ends = [max(each, -(2**31)) for each in ends]
    axes = [each - rank if random.integers(2) else each for each in axes]
    without_axes = sorted(each % rank for each in axes) == list(range(len(axes))) and [
        each % rank for each in axes
    ] == list(range(len(axes)))
    inputs = [x, np.array(starts, kind), np.array(ends, kind)]
    inputs.append(None if without_axes and random.integers(2) else np.array(axes, kind))
    inputs.append(np.array(steps, kind) if any(each != 1 for each in steps) or random.integers(2) else None)
    return Case(op, inputs, known=[1, 2, 3, 4] if random.integers(3) else [])


@form("Squeeze")
def squeeze(random, op, opset):
    dtype = draw(random, op, opset)
    extents = tuple(1 if random.integers(2) else each for each in shape(random, 0, 5))
    ones = [axis for axis, each in enumerate(extents) if each == 1]
    x = values(random, dtype, extents)
    if not ones or random.random() < 0.3:
        return Case(op, [x])
    axes = [int(each) for each in random.choice(ones, random.integers(1, len(ones) + 1), replace=False)]
    axes = [each - len(extents) if opset >= 11 and random.integers(2) else each for each in axes]
    if opset < 13:
        return Case(op, [x], axes=axes)
    return Case(op, [x, np.array(axes, np.int64)], known=[1] if random.integers(3) else [])


@form("Unsqueeze")
def unsqueeze(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 0, 3)
    count = int(random.integers(1, 3))
    axes = [int(each) for each in random.choice(len(extents) + count, count, replace=False)]
    axes = [each - len(extents) - count if opset >= 11 and random.integers(2) else each for each in axes]
    x = values(random, dtype, extents)
    if opset < 13:
        return Case(op, [x], axes=axes)
    return Case(op, [x, np.array(axes, np.int64)], known=[1] if random.integers(3) else [])


@form("Reshape")
def reshape(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 0, 4, empty=0.1)
    target = list(extents)
    attributes = {}
    if 0 in extents:
        if opset >= 14 and random.integers(2):
            attributes["allowzero"] = 1
            target = target[::-1]
    else:
        random.shuffle(target)
        if target and random.integers(2):
            target[random.integers(len(target))] = -1
        for axis in range(min(len(target), len(extents))):
            if target[axis] == extents[axis] and random.integers(2):
                target[axis] = 0
        if random.integers(4) == 0:
            target = [-1]
    return Case(op, [values(random, dtype, extents), np.array(target, np.int64)], known=[1] if random.integers(3) else [], **attributes)


@form("Flatten")
def flatten(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4)
    attributes = {}
    if random.integers(3):
        attributes["axis"] = int(random.integers(-len(extents) if opset >= 11 else 0, len(extents) + 1))
    return Case(op, [values(random, dtype, extents)], **attributes)


@form("Transpose")
def transpose(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 0, 5)
    attributes = {"perm": [int(each) for each in random.permutation(len(extents))]} if random.integers(3) and extents else {}
    return Case(op, [values(random, dtype, extents)], **attributes)


@form("Expand", since=8)
def expand(random, op, opset):
    dtype = draw(random, op, opset)
    first, second = pair(random)
    return Case(op, [values(random, dtype, first), np.array(second, np.int64)], known=[1] if random.integers(3) else [])


@form("Tile")
def tile(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4)
    repeats = random.integers(0, 4, len(extents)).astype(np.int64)
    return Case(op, [values(random, dtype, extents), repeats], known=[1] if random.integers(3) else [])


@form("Pad")
def pad(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    mode = ["constant", "edge", "reflect", "wrap"][random.integers(4 if opset >= 19 else 3)]
    rank = len(extents)
    axes = list(range(rank))
    if opset >= 18 and random.integers(2):
        axes = [int(each) for each in random.choice(rank, random.integers(1, rank + 1), replace=False)]
    most = [3 if mode in ("constant", "edge") else max(0, extents[axis] - 1) for axis in axes]
    pads = [int(random.integers(0, each + 1)) for each in most + most]
    if mode == "constant":
        for index, axis in enumerate(axes):
            if random.integers(4) == 0 and extents[axis] > 1:
                pads[index] = -1
    x = values(random, dtype, extents)
    attributes = {} if mode == "constant" and random.integers(2) else {"mode": mode}
    if opset < 11:
        if mode == "constant" and random.integers(2):
            attributes["value"] = 1.5
        return Case(op, [x], pads=pads, **attributes)
    value = np.array(1, dtype) if mode == "constant" and random.integers(2) else None
    inputs = [x, np.array(pads, np.int64), value]
    if opset >= 18 and axes != list(range(rank)):
        kind = [np.int32, np.int64][random.integers(2)]
        inputs.append(np.array([each - rank if random.integers(2) else each for each in axes], kind))
    return Case(op, inputs, known=[1, 2, 3] if random.integers(3) else [], **attributes)


@form("Shape", "Size")
def extent(random, op, opset):
    dtype = draw(random, op, opset)
    attributes = {}
    if op == "Shape" and opset >= 15:
        attributes = {name: int(random.integers(-6, 7)) for name in ("start", "end") if random.integers(2)}
    return Case(op, [values(random, dtype, shape(random, 0, 4))], **attributes)


@form("CenterCropPad", since=18)
def center_crop_pad(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    axes = [int(each) for each in random.choice(len(extents), random.integers(1, len(extents) + 1), replace=False)]
    attributes = {"axes": [each - len(extents) if random.integers(2) else each for each in axes]}
    if random.integers(3) == 0:
        axes, attributes = list(extents), {}
    sizes = random.integers(1, 9, len(axes)).astype([np.int32, np.int64][random.integers(2)])
    return Case(op, [values(random, dtype, extents), sizes], known=[1] if random.integers(2) else [], **attributes)


@form("DepthToSpace", "SpaceToDepth")
def depth(random, op, opset):
    dtype = draw(random, op, opset)
    block = int(random.integers(1, 4))
    n, c, h, w = (int(each) for each in random.integers(1, 4, 4))
    if op == "SpaceToDepth":
        return Case(op, [values(random, dtype, (n, c, h * block, w * block))], blocksize=block)
    attributes = {"mode": ["DCR", "CRD"][random.integers(2)]} if opset >= 11 and random.integers(2) else {}
    return Case(op, [values(random, dtype, (n, c * block * block, h, w))], blocksize=block, **attributes)


@form("Cast")
def cast(random, op, opset):
    source, target = draw(random, op, opset, "T1"), draw(random, op, opset, "T2")
    # What does not fit is undefined.
    low = 0 if np.dtype(target).kind == "u" else -3
    x = values(random, source, shape(random), low, 3)
    if source.kind in "iu" and target.kind in "iu" and random.integers(2) == 0:
        x = values(random, source, shape(random))
    elif source.kind in "iu":
        x = np.clip(x, low, 9).astype(source)
    return Case(op, [x], to=helper.np_dtype_to_tensor_dtype(target))


@form("CastLike", since=15)
def cast_like(random, op, opset):
    source, target = draw(random, op, opset, "T1"), draw(random, op, opset, "T2")
    x = values(random, source, shape(random), 0, 3)
    return Case(op, [np.clip(x, 0, 9).astype(source) if source.kind in "iu" else x, values(random, target, shape(random), 0, 1)])


@form("Dropout")
def dropout(random, op, opset):
    x = values(random, draw(random, op, opset), shape(random))
    # Before opset 12 nobody says what the mask is in inference.
    outputs = 1 if opset < 12 else int(random.integers(1, 3))
    if opset < 12:
        return Case(op, [x], outputs=outputs, **({"ratio": 0.3} if random.integers(2) else {}))
    ratio = np.array(0.3, draw(random, op, opset, "T1")) if random.integers(2) else None
    training = np.array(False) if random.integers(2) else None
    return Case(op, [x, ratio, training], outputs=outputs, known=[1, 2])
