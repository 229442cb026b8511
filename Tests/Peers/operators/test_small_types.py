"""Elements of eight bits and fewer, against ml_dtypes and onnx's own evaluator: every pattern, rounding, quantization, and
files that are written again."""

import json

import ml_dtypes
import numpy as np
import onnx
import pytest
from command import scalenet
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

FLOATS = {
    "FLOAT8E4M3FN": ml_dtypes.float8_e4m3fn,
    "FLOAT8E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "FLOAT8E5M2": ml_dtypes.float8_e5m2,
    "FLOAT8E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "FLOAT8E8M0": ml_dtypes.float8_e8m0fnu,
    "FLOAT4E2M1": ml_dtypes.float4_e2m1fn,
}
INTEGERS = {
    "INT4": ml_dtypes.int4,
    "UINT4": ml_dtypes.uint4,
    "INT2": ml_dtypes.int2,
    "UINT2": ml_dtypes.uint2,
}
TYPES = FLOATS | INTEGERS
QUANTIZED = {name: TYPES[name] for name in TYPES if name != "FLOAT8E8M0"} | {"INT16": np.int16, "UINT16": np.uint16}
#: The first opset and version of the format with all of these types.
OPSET, IR = 25, 13


def patterns(dtype):
    """Every number of a type once."""
    bits = {"int4": 4, "uint4": 4, "int2": 2, "uint2": 2, "float4_e2m1fn": 4}.get(np.dtype(dtype).name, 8)
    values = np.arange(1 << bits, dtype=np.uint8)
    if np.dtype(dtype).name in ("int4", "int2"):
        return (np.arange(1 << bits) - (1 << bits - 1)).astype(np.int8).astype(dtype)
    return values.view(dtype)


def save(path, nodes, constants, shape=(1,), outputs=("y",)):
    """A model of input `x` with constants as TensorProto."""
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.save(model, path)
    return model


def run(folder, path, x):
    np.save(folder / "x.npy", x)
    scalenet("run", path, "--input", folder / "x.npy", "--output-dir", folder / "out", "--force")
    return np.load(folder / "out" / "y.npy")


def same(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("raw", [True, False], ids=["raw_data", "int32_data"])
@pytest.mark.parametrize("name", TYPES)
def test_every_pattern_of_an_initializer(tmp_path, name, raw):
    values = patterns(TYPES[name])
    stored = numpy_helper.from_array(values, "w")
    if not raw:
        stored.int32_data[:] = np.frombuffer(stored.raw_data, np.uint8).tolist()
        stored.ClearField("raw_data")
    nodes = [
        helper.make_node("Cast", ["w"], ["y"], to=TensorProto.FLOAT),
        helper.make_node("Relu", ["x"], ["z"]),
    ]
    save(tmp_path / "m.onnx", nodes, [stored], outputs=("y", "z"))
    same(run(tmp_path, tmp_path / "m.onnx", np.ones(1, np.float32)), values.astype(np.float32))


@pytest.mark.parametrize("saturate", [1, 0])
@pytest.mark.parametrize("name", FLOATS)
def test_rounding(tmp_path, name, saturate):
    """Numbers between all of the type's, halves among them, and beyond its largest."""
    dtype = FLOATS[name]
    own = np.sort(patterns(dtype).astype(np.float32))
    own = own[np.isfinite(own)]
    halves = (own[1:].astype(np.float64) + own[:-1]).astype(np.float32) / 2
    near = np.concatenate([np.nextafter(halves, -np.inf), np.nextafter(halves, np.inf)]).astype(np.float32)
    most = np.float32(own.max())
    with np.errstate(over="ignore"):
        beyond = np.array([most * 1.01, most * 1.5, most * 4, -most * 4, np.inf, -np.inf, np.nan, 0, -0.0], np.float32)
    x = np.concatenate([own, halves, near, beyond])
    if name == "FLOAT8E8M0":
        # Powers of two have no sign.
        x = np.abs(x)
    nodes = [
        helper.make_node("Cast", ["x"], ["t"], to=getattr(TensorProto, name), saturate=saturate),
        helper.make_node("Cast", ["t"], ["y"], to=TensorProto.FLOAT),
    ]
    save(tmp_path / "m.onnx", nodes, [], shape=x.shape)
    with np.errstate(invalid="ignore", over="ignore"):
        if name == "FLOAT8E8M0":
            expected = numpy_helper.to_float8e8m0(x, saturate=bool(saturate), round_mode="up")
        elif saturate and name != "FLOAT4E2M1":
            expected = numpy_helper.saturate_cast(x, np.dtype(dtype))
        else:
            expected = x.astype(dtype)
    same(run(tmp_path, tmp_path / "m.onnx", x), expected.astype(np.float32))


@pytest.mark.parametrize("name", [name for name in TYPES if name in QUANTIZED])
def test_written_again(tmp_path, name):
    """A file of ours has the same bits, in the model and beside it, and onnx's checker takes it."""
    values = np.resize(patterns(TYPES[name]), (3, 701))
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s"], ["t"]),
        helper.make_node("Add", ["x", "t"], ["y"]),
    ]
    constants = [numpy_helper.from_array(values, "w"), numpy_helper.from_array(np.float32(0.5), "s")]
    save(tmp_path / "m.onnx", nodes, constants)
    for options in ([], ["--external-data", "always"]):
        written = tmp_path / "written.onnx"
        scalenet("convert", tmp_path / "m.onnx", "-o", written, "--opset", OPSET, "--force", "--no-verify", *options)
        onnx.checker.check_model(str(written), full_check=True)
        found = next(numpy_helper.to_array(t) for t in onnx.load(written).graph.initializer if t.name == "w")
        assert found.dtype == values.dtype
        np.testing.assert_array_equal(found.astype(np.float32), values.astype(np.float32))
    x = np.ones(1, np.float32)
    same(run(tmp_path, written, x), run(tmp_path, tmp_path / "m.onnx", x))


@pytest.mark.parametrize("kind", ["one scale", "a scale for each channel", "blocks"])
@pytest.mark.parametrize("name", QUANTIZED)
def test_quantized(tmp_path, name, kind):
    dtype = np.dtype(QUANTIZED[name])
    random = np.random.default_rng(5)
    x = (random.standard_normal((4, 6)) * 3).astype(np.float32)
    shape, options = {
        "one scale": ((), {}),
        "a scale for each channel": ((6,), {"axis": 1}),
        "blocks": ((4, 2), {"axis": 1, "block_size": 3}),
    }[kind]
    scale = random.uniform(0.2, 0.9, shape).astype(np.float32)
    is_float = name.startswith("FLOAT")
    zero = np.zeros(shape, np.float32) if is_float else np.full(shape, 1 if name.startswith("U") else -1, np.int8)
    constants = [numpy_helper.from_array(scale, "s"), numpy_helper.from_array(zero.astype(dtype), "z")]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"], **options),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"], **options),
    ]
    model = save(tmp_path / "m.onnx", nodes, constants, shape=x.shape)
    expected = ReferenceEvaluator(model).run(None, {"x": x})[0]
    assert len(np.unique(expected)) > 3
    same(run(tmp_path, tmp_path / "m.onnx", x), expected)


SAFETENSORS = {
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "F8_E8M0": ml_dtypes.float8_e8m0fnu,
}


@pytest.mark.parametrize("name", SAFETENSORS)
def test_safetensors(tmp_path, name):
    """What inspect says of all patterns of a type is what NumPy says of the same numbers."""
    values = patterns(SAFETENSORS[name])
    header = json.dumps({"w": {"dtype": name, "shape": [16, 16], "data_offsets": [0, 256]}}).encode()
    path = tmp_path / "m.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + values.tobytes())
    report = json.loads(scalenet("inspect", path, "--per-tensor", "--format", "json").stdout)
    (tensor,) = report["tensors"]
    numbers = values.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    assert (tensor["type"], tensor["shape"], tensor["bytes"]) == (values.dtype.name, [16, 16], 256)
    assert tensor["statistics"]["minimum"] == finite.min() and tensor["statistics"]["maximum"] == finite.max()
    assert tensor["statistics"]["not_finite"] == len(numbers) - len(finite)
    assert tensor["statistics"]["mean"] == pytest.approx(finite.mean())
    # Written anew, bit for bit the same.
    scalenet("convert", path, "-o", tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes().endswith(values.tobytes())
