"""Seeded models of one operator each, in all its forms: types, opsets, axes, inputs that are left out, empty arrays, scalars,
broadcasting. What is drawn is what the operator's own schema takes."""

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DTYPES = {
    "tensor(float)": np.dtype(np.float32),
    "tensor(double)": np.dtype(np.float64),
    "tensor(float16)": np.dtype(np.float16),
    "tensor(bfloat16)": np.dtype(ml_dtypes.bfloat16),
    "tensor(bool)": np.dtype(np.bool_),
    **{f"tensor({name})": np.dtype(name) for name in "int8 int16 int32 int64 uint8 uint16 uint32 uint64".split()},
}
FLOATS = [DTYPES[f"tensor({name})"] for name in ("float", "double", "float16", "bfloat16")]


def is_float(dtype):
    return np.dtype(dtype) in FLOATS


class Case:
    """A node, its inputs (None: left out), which of them are initializers, and how many outputs it has."""

    def __init__(self, op, inputs, outputs=1, known=(), domain="", **attributes):
        self.op, self.inputs, self.domain = op, list(inputs), domain
        self.outputs, self.known, self.attributes = outputs, set(known), attributes

    def model(self, random, opset):
        names = ["" if each is None else f"x{index}" for index, each in enumerate(self.inputs)]
        while names and not names[-1]:
            names.pop()
        outputs = [f"y{index}" for index in range(self.outputs)]
        node = helper.make_node(self.op, names, outputs, name="the_node", domain=self.domain, **self.attributes)
        style = random.integers(3)
        inputs, known = [], []
        for index, name in enumerate(names):
            if not name:
                continue
            array = np.asarray(self.inputs[index])
            if index in self.known:
                known.append(numpy_helper.from_array(array, name))
                continue
            shape = list(array.shape)
            if style == 1:
                shape = [f"d{index}_{axis}" for axis in range(array.ndim)]
            elif style == 2:
                shape = [None if random.integers(2) else extent for extent in shape]
            inputs.append(helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), shape))
        graph = helper.make_graph(
            [node], "graph", inputs, [onnx.ValueInfoProto(name=name) for name in outputs], known
        )
        imports = [helper.make_opsetid("", opset)]
        if self.domain:
            imports.append(helper.make_opsetid(self.domain, 1))
        # Types of outputs are what the schemas say.
        model = helper.make_model(graph, opset_imports=imports, ir_version=min(10, helper.find_min_ir_version_for(imports[:1])))
        return model

    def arrays(self):
        return {
            f"x{index}": np.asarray(each)
            for index, each in enumerate(self.inputs)
            if each is not None and index not in self.known
        }


def shape(random, low=0, high=4, empty=0.05, most=5):
    extents = [int(extent) for extent in random.integers(1, most + 1, random.integers(low, high + 1))]
    if extents and random.random() < empty:
        extents[random.integers(len(extents))] = 0
    return tuple(extents)


def values(random, dtype, shape, low=-3.0, high=3.0):
    """Numbers of a type, of halves for the short ones, so that ties and rounding happen."""
    dtype = np.dtype(dtype)
    if dtype == np.bool_:
        return random.integers(0, 2, shape).astype(bool)
    if is_float(dtype):
        found = random.uniform(low, high, shape)
        if random.random() < 0.3:
            found = np.round(found * 2) / 2
        return np.clip(np.asarray(found, np.float64), low, high).astype(dtype)
    info = np.iinfo(dtype)
    wide = random.random() < 0.25 and low <= -3
    low, high = (max(info.min, -(2**40)), min(info.max, 2**40)) if wide else (max(info.min, int(np.ceil(low * 3))), int(high * 3))
    return random.integers(low, high + 1, shape).astype(dtype)


def broadcastable(random, of):
    """A shape that goes with another."""
    found = [1 if random.random() < 0.3 else extent for extent in of]
    return tuple(found[random.integers(0, len(found) + 1) :]) if random.random() < 0.4 else tuple(found)


def pair(random):
    whole = shape(random)
    first = broadcastable(random, whole) if random.random() < 0.4 else whole
    second = broadcastable(random, whole)
    return (second, first) if random.random() < 0.5 else (first, second)


def types(op, opset, name="T", domain=""):
    schema = onnx.defs.get_schema(op, opset, domain)
    for constraint in schema.type_constraints:
        if constraint.type_param_str == name or (name == "T" and len(schema.type_constraints) == 1):
            return sorted((each for each in constraint.allowed_type_strs if each in DTYPES))
    raise KeyError(f"{op} {opset} {name}: {[c.type_param_str for c in schema.type_constraints]}")


def draw(random, op, opset, name="T"):
    allowed = types(op, opset, name)
    return DTYPES[allowed[random.integers(len(allowed))]]


def floating(random, op, opset, name="T"):
    """Of operators that schemas allow integers for, and nobody computes with them."""
    found = draw(random, op, opset, name)
    while not is_float(found):
        found = draw(random, op, opset, name)
    return found


def axis_of(random, rank):
    return int(random.integers(-rank, rank))


FORMS = {}


def form(*names, since=7):
    def register(function):
        for name in names:
            FORMS[name] = (since, function)
        return function

    return register


# Elementwise.

DOMAIN = {
    "Sqrt": (0, 9), "Log": (0.05, 9), "Acos": (-1, 1), "Asin": (-1, 1), "Acosh": (1, 9), "Atanh": (-0.9, 0.9),
    "Tan": (-1.2, 1.2), "Reciprocal": (0.3, 3),
}  # fmt: skip
UNARY = """Abs Neg Ceil Floor Sqrt Exp Log Reciprocal Relu Sigmoid Tanh Softplus Softsign Acos Asin Atan Cos Sin Tan
Identity""".split()


@form(*UNARY)
def unary(random, op, opset):
    dtype = draw(random, op, opset)
    return Case(op, [values(random, dtype, shape(random), *DOMAIN.get(op, (-3, 3)))])


@form("Sign", "Erf", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh", "IsNaN", since=9)
def unary9(random, op, opset):
    dtype = draw(random, op, opset, "T1" if op == "IsNaN" else "T")
    if op == "Erf":
        dtype = floating(random, op, opset)
    x = values(random, dtype, shape(random), *DOMAIN.get(op, (-3, 3)))
    if op == "IsNaN" and x.size:
        x.reshape(-1)[::2] = np.nan
    return Case(op, [x])


@form("Round", since=11)
def rounding(random, op, opset):
    return unary(random, op, opset)


@form("IsInf", since=10)
def isinf(random, op, opset):
    x = values(random, draw(random, op, opset, "T1"), shape(random))
    if x.size:
        x.reshape(-1)[::3] = np.inf
        x.reshape(-1)[1::3] = -np.inf
    return Case(op, [x], detect_negative=int(random.integers(2)), detect_positive=int(random.integers(2)))


ATTRIBUTES = {
    "LeakyRelu": (7, ["alpha"]), "Elu": (7, ["alpha"]), "Selu": (7, ["alpha", "gamma"]), "HardSigmoid": (7, ["alpha", "beta"]),
    "Celu": (12, ["alpha"]), "ThresholdedRelu": (10, ["alpha"]), "Shrink": (9, ["lambd", "bias"]), "HardSwish": (14, []),
    "Mish": (18, []), "Swish": (24, ["alpha"]), "Gelu": (20, ["approximate"]),
}  # fmt: skip


def activation(random, op, opset):
    attributes = {
        name: ["none", "tanh"][random.integers(2)] if name == "approximate" else float(np.float32(random.uniform(0.2, 1.5)))
        for name in ATTRIBUTES[op][1]
        if random.random() < 0.7
    }
    return Case(op, [values(random, draw(random, op, opset), shape(random))], **attributes)


for each, (first, _) in ATTRIBUTES.items():
    FORMS[each] = (first, activation)


@form("PRelu")
def prelu(random, op, opset):
    dtype = draw(random, op, opset)
    first = shape(random, 1)
    return Case(op, [values(random, dtype, first), values(random, dtype, broadcastable(random, first))], known=[[], [1]][random.integers(2)])


@form("Add", "Sub", "Mul", "Div")
def arithmetic(random, op, opset):
    dtype = draw(random, op, opset)
    first, second = pair(random)
    b = values(random, dtype, second)
    if op == "Div":
        b = np.where(b == 0, np.ones((), dtype), b).astype(dtype)
    return Case(op, [values(random, dtype, first), b], known=[[], [], [0], [1]][random.integers(4)])


@form("Mod", since=10)
def mod(random, op, opset):
    dtype = draw(random, op, opset)
    first, second = pair(random)
    b = values(random, dtype, second)
    b = np.where(np.abs(b.astype(np.float64)) < 0.3, np.ones((), dtype), b).astype(dtype)
    fmod = 1 if is_float(dtype) else int(random.integers(2))
    return Case(op, [values(random, dtype, first), b], **({"fmod": fmod} if fmod or random.integers(2) else {}))


@form("Pow")
def power(random, op, opset):
    base = draw(random, op, opset)
    exponent = draw(random, op, opset, "T1") if opset >= 12 else base
    first, second = pair(random)
    x = values(random, base, first, 0.3, 3) if is_float(exponent) else values(random, base, first, -2, 2)
    if not is_float(base):
        x = np.clip(x, 0 if np.dtype(base).kind == "u" else -4, 4).astype(base)
        x = np.where(x == 0, np.ones((), base), x).astype(base)
        if is_float(exponent):
            x = np.abs(x)
    y = values(random, exponent, second, 0, 2) if not is_float(base) else values(random, exponent, second, -2, 2)
    if not is_float(exponent):
        y = np.clip(y, 0 if not is_float(base) or np.dtype(exponent).kind == "u" else -3, 3).astype(exponent)
    return Case(op, [x, y])


@form("And", "Or", "Xor")
def logic(random, op, opset):
    first, second = pair(random)
    return Case(op, [values(random, bool, first), values(random, bool, second)])


@form("Not")
def negation(random, op, opset):
    return Case(op, [values(random, bool, shape(random))])


@form("BitShift", since=11)
def shift(random, op, opset):
    dtype = draw(random, op, opset)
    first, second = pair(random)
    y = random.integers(0, np.iinfo(dtype).bits, second).astype(dtype)
    return Case(op, [values(random, dtype, first), y], direction=["LEFT", "RIGHT"][random.integers(2)])


@form("BitwiseAnd", "BitwiseOr", "BitwiseXor", since=18)
def bitwise(random, op, opset):
    dtype = draw(random, op, opset)
    first, second = pair(random)
    return Case(op, [values(random, dtype, first), values(random, dtype, second)])


@form("BitwiseNot", since=18)
def bitwise_not(random, op, opset):
    return Case(op, [values(random, draw(random, op, opset), shape(random))])


@form("Equal", "Less", "Greater")
def comparison(random, op, opset):
    dtype = draw(random, op, opset)
    first, second = pair(random)
    return Case(op, [values(random, dtype, first), values(random, dtype, second)])


@form("LessOrEqual", "GreaterOrEqual", since=12)
def comparison12(random, op, opset):
    return comparison(random, op, opset)


@form("Max", "Min", "Sum", "Mean", since=8)
def variadic(random, op, opset):
    dtype = draw(random, op, opset)
    whole = shape(random)
    count = int(random.integers(1, 5))
    return Case(op, [values(random, dtype, broadcastable(random, whole)) for _ in range(count)])


@form("Where", since=9)
def where(random, op, opset):
    dtype = draw(random, op, opset)
    whole = shape(random)
    return Case(
        op,
        [values(random, bool, broadcastable(random, whole))]
        + [values(random, dtype, broadcastable(random, whole)) for _ in range(2)],
    )


@form("Clip")
def clip(random, op, opset):
    dtype = draw(random, op, opset)
    x = values(random, dtype, shape(random))
    if opset < 11:
        limits = {name: value for name, value in (("min", -0.75), ("max", 1.25)) if random.integers(2)}
        return Case(op, [x], **limits)
    low, high = np.array(1, dtype), np.array(2, dtype)
    inputs = [x, low if random.integers(2) else None, high if random.integers(2) else None]
    return Case(op, inputs, known=[[], [1, 2]][random.integers(2)])


# Reductions.


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


# Shapes and indices.


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
    # In opsets 10 and 11 nobody says what the mask is in inference.
    outputs = 1 if opset in (10, 11) else int(random.integers(1, 3))
    if opset < 12:
        return Case(op, [x], outputs=outputs, **({"ratio": 0.3} if random.integers(2) else {}))
    ratio = np.array(0.3, draw(random, op, opset, "T1")) if random.integers(2) else None
    training = np.array(False) if random.integers(2) else None
    return Case(op, [x, ratio, training], outputs=outputs, known=[1, 2])
