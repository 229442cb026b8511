"""Reductions and what goes along an axis, drawn in all their forms."""

import numpy as np
from forms import Case, axis_of, draw, floating, form, is_float, shape, values


@form(
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2", "ReduceLogSum",
    "ReduceLogSumExp", "ReduceSumSquare",
)  # fmt: skip
def reduction(random, op, opset):
    dtype = draw(random, op, opset)
    # A logarithm is no integer.
    if "Log" in op:
        dtype = floating(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    x = values(random, dtype, extents, *((0.2, 3) if op == "ReduceLogSum" else (-2, 2)))
    if not is_float(dtype) and dtype != bool:
        x = np.clip(x, 1 if "Log" in op else 0 if np.dtype(dtype).kind == "u" else -3, 3).astype(dtype)
    rank = len(extents)
    axes = None
    if random.random() < 0.75:
        chosen = random.choice(rank, random.integers(1, rank + 1), replace=False)
        axes = [int(each) - (rank if opset >= 11 and random.integers(2) else 0) for each in chosen]
    attributes = {"keepdims": int(random.integers(2))} if random.integers(2) else {}
    if opset >= (13 if op == "ReduceSum" else 18):
        if random.random() < 0.3:
            attributes["noop_with_empty_axes"] = int(random.integers(2))
            if axes is not None and random.integers(2):
                axes = []
        given = None if axes is None else np.array(axes, np.int64)
        return Case(op, [x, given], known=[1] if random.random() < 0.7 else [], **attributes)
    if axes is not None:
        attributes["axes"] = axes
    return Case(op, [x], **attributes)


@form("ArgMax", "ArgMin")
def extremum(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    attributes = {"keepdims": int(random.integers(2))} if random.integers(2) else {}
    if random.integers(4):
        rank = len(extents)
        attributes["axis"] = axis_of(random, rank) if opset >= 11 else int(random.integers(rank))
    if opset >= 12 and random.integers(2):
        attributes["select_last_index"] = int(random.integers(2))
    return Case(op, [values(random, dtype, extents)], **attributes)


@form("TopK")
def topk(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0)
    axis = axis_of(random, len(extents)) if opset >= 11 else int(random.integers(len(extents)))
    k = int(random.integers(0 if opset >= 10 else 1, extents[axis] + 1))
    count = int(np.prod(extents))
    x = random.permutation(count).astype(np.float64)
    x = (x - (0 if np.dtype(dtype).kind == "u" else count // 2)).astype(dtype).reshape(extents)
    attributes = {} if axis == -1 and random.integers(2) else {"axis": axis}
    if opset >= 11:
        attributes["largest"] = int(random.integers(2))
    if opset < 10:
        return Case(op, [x], outputs=2, k=k, **attributes)
    return Case(op, [x, np.array([k], np.int64)], outputs=2, known=[[], [1]][random.integers(2)], **attributes)


@form("CumSum", since=11)
def cumsum(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4)
    axis = np.array(axis_of(random, len(extents)), [np.int32, np.int64][random.integers(2)])
    return Case(
        op, [values(random, dtype, extents), axis], known=[[], [1]][random.integers(2)],
        exclusive=int(random.integers(2)), reverse=int(random.integers(2)),
    )  # fmt: skip


@form("CumProd", since=26)
def cumprod(random, op, opset):
    found = cumsum(random, op, opset)
    if found.inputs[0].dtype.kind in "iu":
        found.inputs[0] = np.clip(found.inputs[0], 0, 3).astype(found.inputs[0].dtype)
    return found


@form("Softmax", "LogSoftmax", "Hardmax")
def softmax(random, op, opset):
    dtype = draw(random, op, opset)
    extents = shape(random, 1, 4, empty=0.03)
    attributes = {}
    if random.integers(3):
        rank = len(extents)
        attributes["axis"] = axis_of(random, rank) if opset >= 11 else int(random.integers(rank))
    elif len(extents) == 1 and opset < 13:
        attributes["axis"] = 0
    x = values(random, dtype, extents)
    if op == "Hardmax":
        x = random.permutation(x.size).astype(np.float64).reshape(extents).astype(dtype)
    return Case(op, [x], **attributes)
