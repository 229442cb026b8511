"""Functions of elements, drawn in all their forms."""

import numpy as np
from forms import Case, FORMS, broadcastable, draw, floating, form, is_float, pair, shape, values


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
