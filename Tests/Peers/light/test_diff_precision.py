"""`scalenet diff` of a model in lower precision: ONNX Runtime quantizes, NumPy and ONNX Runtime say what is to be found."""

import json
import logging
import shlex

import jsonschema
import numpy as np
import onnx
import onnxruntime
import pytest
import reference
from command import DIFFERENCE, OK, scalenet
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

SCHEMA = json.loads((reference.FIXTURES.parent / "schemas" / "diff.schema.json").read_text())
SHAPE = (1, 3, 32, 32)
# Between our run of a quantized model and ONNX Runtime's, whose kernels on integers round elsewhere: of the error.
ERROR_TOLERANCE = 0.25
CHANNELS = [8, 16, 16, 24]


def network(path):
    """A small residual network of seeded weights."""
    generator = np.random.default_rng(11)
    nodes, tensors = [], []

    def constant(name, shape, scale):
        array = (generator.standard_normal(shape) * scale).astype(np.float32)
        tensors.append(numpy_helper.from_array(array, name))
        return name

    def convolution(name, x, inputs, outputs, size, stride=1):
        fan = inputs * size * size
        weight = constant(f"{name}.weight", (outputs, inputs, size, size), np.sqrt(2 / fan))
        bias = constant(f"{name}.bias", (outputs,), 0.1)
        pads = [size // 2] * 4
        nodes.append(helper.make_node("Conv", [x, weight, bias], [name], name=name, kernel_shape=[size] * 2, strides=[stride] * 2, pads=pads))
        return name

    def node(op, name, *inputs):
        nodes.append(helper.make_node(op, list(inputs), [name], name=name))
        return name

    x, width = "image", 3
    for block, channels in enumerate(CHANNELS):
        short = convolution(f"b{block}.short", x, width, channels, 1, 2 if block else 1)
        y = node("Relu", f"b{block}.relu1", convolution(f"b{block}.conv1", x, width, channels, 3, 2 if block else 1))
        y = convolution(f"b{block}.conv2", y, channels, channels, 3)
        x, width = node("Relu", f"b{block}.relu2", node("Add", f"b{block}.add", y, short)), channels
    x = node("Flatten", "flatten", node("GlobalAveragePool", "pool", x))
    weight, bias = constant("fc.weight", (10, width), 0.3), constant("fc.bias", (10,), 0.1)
    nodes.append(helper.make_node("Gemm", [x, weight, bias], ["logits"], name="fc", transB=1))
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, (1, 10))],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)


class Images(CalibrationDataReader):
    def __init__(self):
        generator = np.random.default_rng(2)
        self.images = iter([{"image": generator.standard_normal(SHAPE).astype(np.float32)} for _ in range(8)])

    def get_next(self):
        return next(self.images, None)


def quantize(source, target, per_channel, excluded=()):
    logging.getLogger().setLevel(logging.ERROR)
    quantize_static(
        str(source),
        str(target),
        Images(),
        quant_format=QuantFormat.QDQ,
        per_channel=per_channel,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=list(excluded),
    )


def diff(left, right, *options, status):
    outcome = scalenet("diff", left, right, "--format", "json", *options, check=False)
    assert outcome.status == status, outcome
    report = json.loads(outcome.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    return report


def values(path, image, names):
    """What ONNX Runtime computes for values inside."""
    model = onnx.load(path)
    known = {output.name for output in model.graph.output}
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names if name not in known)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return dict(zip(names, session.run(list(names), {"image": image})))


def constants(path):
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer}


@pytest.fixture(scope="module")
def files(session_folder):
    folder = session_folder / "precision"
    folder.mkdir(exist_ok=True)
    network(folder / "a.onnx")
    for name, per_channel in (("tensor", False), ("channel", True)):
        quantize(folder / "a.onnx", folder / f"a.{name}.onnx", per_channel)
    for dtype in ("float16", "bfloat16"):
        scalenet("convert", folder / "a.onnx", "-o", folder / f"a.{dtype}.onnx", "--dtype", dtype, "--force")
    image = np.random.default_rng(5).standard_normal(SHAPE).astype(np.float32)
    np.save(folder / "image.npy", image)
    return folder


def relative(found, expected):
    return np.sqrt(((found - expected) ** 2).sum() / (expected**2).sum())


@pytest.mark.parametrize("way", ["tensor", "channel"])
def test_a_quantized_model_is_explained_layer_by_layer(files, way):
    image = np.load(files / "image.npy")
    report = diff(files / f"a.{way}.onnx", files / "a.onnx", "--input", files / "image.npy", "--tolerance", "int8", status=OK)
    precision = report["precision"]
    assert (precision["side"], precision["type"]) == ("left", "int8")
    assert report["cause"]["kind"] == "quantized_weights" and report["cause"]["confirmed"]
    # The output's error is ONNX Runtime's.
    expected = relative(values(files / f"a.{way}.onnx", image, ["logits"])["logits"], values(files / "a.onnx", image, ["logits"])["logits"])
    assert precision["output_error"] == pytest.approx(expected, rel=ERROR_TOLERANCE)
    layers = {layer["name"]: layer for layer in precision["layers"]}
    names = [f"b{block}.{part}" for block in range(len(CHANNELS)) for part in ("short", "conv1", "conv2")] + ["fc"]
    assert set(names) <= set(layers)
    errors = [layer["output_error"] for layer in precision["layers"]]
    assert errors == sorted(errors, reverse=True) and errors[0] > 0
    held, floats = constants(files / f"a.{way}.onnx"), constants(files / "a.onnx")
    for name in names:
        weight, scale = floats[f"{name}.weight"], held[f"{name}.weight_scale"]
        found = layers[name]["weight"]
        assert found["half_step"] == pytest.approx(scale.max() / 2, rel=1e-6)
        assert found["element_count"] == weight.size and found["clipped_count"] == 0
        steps = scale.reshape(-1, *[1] * (weight.ndim - 1)) if scale.ndim else scale
        error = np.abs(held[f"{name}.weight_quantized"] * steps.astype(np.float64) - weight).max()
        assert found["largest_error"] == pytest.approx(error, rel=1e-4)
        assert error <= found["half_step"] * 1.01
        # Nothing but steps is in an honest model, and they explain what is found.
        if layers[name]["activation"] is None or layers[name]["activation"]["clipped_count"] == 0:
            assert layers[name]["is_explained"], layers[name]


def damaged(files, path, name):
    """The quantized model with a scale a fiftieth of what it has to be."""
    model = onnx.load(files / "a.tensor.onnx")
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    tensor.CopyFrom(numpy_helper.from_array(np.array(numpy_helper.to_array(tensor) / np.float32(50)), name))
    if name.endswith("weight_scale"):
        # Numbers of that scale are as large as the type allows.
        scale = numpy_helper.to_array(tensor)
        integers = next(t for t in model.graph.initializer if t.name == name.replace("_scale", "_quantized"))
        weight = constants(files / "a.onnx")[name.removesuffix("_scale")]
        integers.CopyFrom(numpy_helper.from_array(np.clip(np.round(weight / scale), -128, 127).astype(np.int8), integers.name))
    onnx.save(model, path)


@pytest.mark.parametrize("name, layer, part", [("b2.conv1.weight_scale", "b2.conv1", "weight"), ("b1.conv2_scale", "b1.conv2", "activation")])
def test_a_layer_that_clips_is_ranked_first_and_advised(files, tmp_path, name, layer, part):
    damaged(files, tmp_path / "bad.onnx", name)
    report = diff(files / "a.onnx", tmp_path / "bad.onnx", "--input", files / "image.npy", "--tolerance", "int8", status=DIFFERENCE)
    precision = report["precision"]
    first = precision["layers"][0]
    assert first["name"] == layer and first["output_error"] > 2 * precision["layers"][1]["output_error"]
    assert first["is_explained"] is False and first["found_error"] > 5 * first["explained_error"]
    # As many are clipped as NumPy counts.
    held, image = constants(tmp_path / "bad.onnx"), np.load(files / "image.npy")
    if part == "weight":
        elements, zero = constants(files / "a.onnx")["b2.conv1.weight"], 0
        least, most = -128, 127
    else:
        elements, zero = values(files / "a.onnx", image, [layer])[layer], int(held[f"{layer}_zero_point"])
        limits = np.iinfo(held[f"{layer}_zero_point"].dtype)
        least, most = limits.min, limits.max
    scale = float(held[name])
    clipped = np.count_nonzero((elements < (least - zero - 0.5) * scale) | (elements > (most - zero + 0.5) * scale))
    assert clipped > 0 and first[part]["clipped_count"] == pytest.approx(clipped, abs=2)
    advice = precision["advice"]
    assert advice["keep"] == [layer] and advice["is_within_tolerance"]
    assert f'"{layer}"' in advice["command"]
    # ONNX Runtime's own model with that layer in float32 is within the tolerance.
    quantize(files / "a.onnx", tmp_path / "kept.onnx", False, [layer])
    diff(files / "a.onnx", tmp_path / "kept.onnx", "--input", files / "image.npy", "--tolerance", "int8", status=OK)


def test_steps_of_advice_are_what_was_run(files):
    report = diff(files / "a.tensor.onnx", files / "a.onnx", "--input", files / "image.npy", "--atol", "1e-9", "--rtol", "1e-4", status=DIFFERENCE)
    advice = report["precision"]["advice"]
    counts = [step["count"] for step in advice["steps"]]
    layers = [layer for layer in report["precision"]["layers"] if layer["op"] != "input"]
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == len(layers)
    # With all of them kept it is the float32 model. An input of the graph is no layer that could be kept.
    assert advice["is_within_tolerance"] and advice["steps"][-1]["output_error"] < 1e-5


@pytest.mark.parametrize("part", [0.8, 0.5, 0.25])
def test_the_quantizer_itself_does_what_advice_says(files, tmp_path, part):
    """ONNX Runtime's quantizer, told to leave out what is advised, is off by as much as the run of the advice was."""
    whole = diff(files / "a.tensor.onnx", files / "a.onnx", "--input", files / "image.npy", "--tolerance", "int8", status=OK)
    limit = str(whole["outputs"][0]["metrics"]["max_absolute_error"] * part)
    options = ("--input", files / "image.npy", "--atol", limit, "--rtol", "0")
    advice = diff(files / "a.tensor.onnx", files / "a.onnx", *options, status=DIFFERENCE)["precision"]["advice"]
    assert advice["is_within_tolerance"] and advice["keep"]
    names = json.loads("[" + advice["command"].split("=[")[1].split("]")[0] + "]")
    quantize(files / "a.onnx", tmp_path / "kept.onnx", False, names)
    found = diff(tmp_path / "kept.onnx", files / "a.onnx", *options, status=OK)
    step = next(step for step in advice["steps"] if step["count"] >= len(advice["keep"]))
    assert found["precision"] is None or found["precision"]["output_error"] <= step["output_error"] * (1 + ERROR_TOLERANCE)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_and_the_command_of_the_advice(files, tmp_path, dtype):
    report = diff(files / f"a.{dtype}.onnx", files / "a.onnx", "--tolerance", "int8", status=OK)
    precision = report["precision"]
    assert precision["type"] == dtype and precision["advice"]["keep"] == []
    assert all(layer["is_explained"] is not False for layer in precision["layers"])
    # A sum has no weights, but reads values in the half type.
    total = next(layer for layer in precision["layers"] if layer["name"] == "b1.add")
    assert total["found_error"] > 0 and total["explained_error"] == pytest.approx(total["found_error"], rel=0.1)
    assert report["cause"]["kind"] == "half_precision" and report["cause"]["confirmed"]
    assert report["cause"]["explanation"] == f"The left is in {dtype}: with nothing rounded it gives what the right gives."
    first = report["first_divergence"]
    assert (first["name"], first["input_error"]) == ("b0.short", 0)
    assert 0 < first["output_error"] < 4 * {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
    output = report["outputs"][0]["metrics"]
    # A tolerance that the half type misses by a little asks for some layers, a narrow one for many.
    for part in (0.6, 0.2):
        limit = str(output["max_absolute_error"] * part)
        report = diff(files / f"a.{dtype}.onnx", files / "a.onnx", "--atol", limit, "--rtol", "0", status=DIFFERENCE)
        advice = report["precision"]["advice"]
        assert advice["keep"] and advice["is_within_tolerance"]
        command = shlex.split(advice["command"])
        assert command[:2] == ["scalenet", "convert"] and command[-2:] == ["-o", "mixed.onnx"]
        scalenet(*command[1:-1], tmp_path / "mixed.onnx", "--force")
        diff(tmp_path / "mixed.onnx", files / "a.onnx", "--atol", limit, "--rtol", "0", status=OK)


def test_text_markdown_and_page_show_layers_and_advice(files, tmp_path):
    damaged(files, tmp_path / "bad.onnx", "b2.conv1.weight_scale")
    common = ("diff", files / "a.onnx", tmp_path / "bad.onnx", "--tolerance", "int8")
    for options in ((), ("--format", "markdown")):
        text = scalenet(*common, *options, check=False).stdout
        assert "lower precision: int8 on the right" in text and "b2.conv1" in text
        assert "nodes_to_exclude" in text and "keep in float32" in text
    scalenet(*common, "--html", tmp_path / "page.html", check=False)
    page = (tmp_path / "page.html").read_text()
    assert "lower precision: int8 on the right" in page and "b2.conv1" in page


def test_a_list_of_all_layers_is_not_written_out(files):
    text = scalenet("diff", files / "a.onnx", files / "a.tensor.onnx", check=False).stdout
    assert "all of them" in text and "Nothing short of all" in text and "nodes_to_exclude" not in text


def test_a_half_type_with_another_weight_too_is_not_called_rounding(files, tmp_path):
    model = onnx.load(files / "a.float16.onnx")
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "b2.conv1.weight")
    tensor.CopyFrom(numpy_helper.from_array(np.float16(1.25) * numpy_helper.to_array(tensor), tensor.name))
    onnx.save(model, tmp_path / "other.onnx")
    report = diff(tmp_path / "other.onnx", files / "a.onnx", status=DIFFERENCE)
    assert "with nothing rounded" not in report["explanation"]
    assert {cause["kind"] for cause in [report["cause"], *report["other_causes"]]} - {"half_precision"}, report["cause"]


def test_models_in_one_precision_have_none(files):
    report = diff(files / "a.onnx", files / "a.onnx", status=OK)
    assert report["precision"] is None


def test_steps_are_never_called_rounding(tmp_path):
    """Of many numbers some lie so near the middle between two steps that they go up in float32 and down in Double: the
    model in steps is off from itself by a step, and from the other by half of one."""
    step, factor, count = np.float32(0.05), np.float32(0.3), 1 << 20
    x = np.random.default_rng(1).uniform(-21, 21, (1, count)).astype(np.float32)
    assert (np.round(x * factor / step) != np.round(x.astype(np.float64) * factor / np.float64(step))).any()
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, count))
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, count))
    constants = [numpy_helper.from_array(step, "step"), numpy_helper.from_array(np.int8(0), "zero")]
    steps = [
        helper.make_node("QuantizeLinear", ["m", "step", "zero"], ["q"], name="q"),
        helper.make_node("DequantizeLinear", ["q", "step", "zero"], ["d"], name="d"),
    ]
    for name, nodes, tensors in (("float", [], []), ("steps", steps, constants)):
        scaled = helper.make_node("Mul", ["x", "factor"], ["m"], name="mul")
        made = [scaled, *nodes, helper.make_node("Neg", ["d" if nodes else "m"], ["y"], name="neg")]
        graph = helper.make_graph(made, name, [image], [output], [*tensors, numpy_helper.from_array(factor, "factor")])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(model, tmp_path / f"{name}.onnx")
    np.save(tmp_path / "x.npy", x)
    common = (tmp_path / "steps.onnx", tmp_path / "float.onnx", "--input", tmp_path / "x.npy")
    report = diff(*common, status=DIFFERENCE)
    rounding = report["outputs"][0]["rounding"]
    assert rounding["left_error"] > 1.5 * rounding["double_error"] > 0.003
    assert report["kind"] == "real" and report["cause"]["kind"] == "quantized_weights", report["cause"]
    report = diff(*common, "--tolerance", "int8", status=OK)
    assert report["kind"] == "real" and "Double" in report["explanation"]


def test_steps_that_are_computed_are_named(files, tmp_path):
    logging.getLogger().setLevel(logging.ERROR)
    quantize_dynamic(str(files / "a.onnx"), str(tmp_path / "dynamic.onnx"), weight_type=QuantType.QUInt8)
    for pair in ((tmp_path / "dynamic.onnx", files / "a.onnx"), (files / "a.onnx", tmp_path / "dynamic.onnx")):
        report = diff(*pair, status=DIFFERENCE)
        causes = [report["cause"], *report["other_causes"]]
        assert all(cause["kind"] == "quantized_weights" and cause["confirmed"] for cause in causes), causes
        assert "ConvInteger" in causes[0]["explanation"] and "DynamicQuantizeLinear" in causes[0]["explanation"]
        # Such steps stand in the place of more than one operator, and are no rounding of float32.
        assert "with all" not in report["explanation"] and report["amplification"] is None
    # What is within a wide tolerance is not the same for that.
    report = diff(tmp_path / "dynamic.onnx", files / "a.onnx", "--tolerance", "int8", status=OK)
    assert "with that alone both give the same" not in report["explanation"]
