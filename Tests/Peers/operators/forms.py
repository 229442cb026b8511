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


#: The domain of ONNX Runtime's own operators.
MICROSOFT = "com.microsoft"
FORMS = {}


def form(*names, since=7):
    def register(function):
        for name in names:
            FORMS[name] = (since, function)
        return function

    return register


def integers(random, low, high, count=None):
    found = random.integers(low, high, count)
    return int(found) if count is None else [int(each) for each in found]
