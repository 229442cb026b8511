"""The tiny network as ONNX: every file it comes in, every size, every way to write it."""

import numpy as np
import onnx
import onnx_checks
import pytest
import reference
from command import scalenet

FOLDING = ("--fold-batch-norm", "--no-fold-batch-norm")
OPSETS = (11, 13, 17, 21)


def convert(tmp_path, *options, source="tiny.pth"):
    output = tmp_path / "model.onnx"
    scalenet("convert", reference.TINY / source, "-o", output, *options)
    return output


@pytest.mark.parametrize("folding", FOLDING)
@pytest.mark.parametrize("source", reference.TINY_EQUAL)
def test_every_checkpoint(tmp_path, source, folding):
    output = convert(tmp_path, folding, source=source)
    onnx_checks.check(output)
    logits = onnx_checks.run(output, reference.tiny_image(1, 224, 224))["output"]
    assert onnx_checks.relative_error(logits, reference.tiny_logits(1, 224, 224)) < onnx_checks.FLOAT32_TOLERANCE


def test_equal_checkpoints_make_equal_models(tmp_path):
    # Views, wrappers and prefixes leave no trace; only the double file's values went through a conversion.
    models = {}
    for source in reference.TINY_EQUAL:
        model = onnx.load(str(convert(tmp_path, "--force", source=source)))
        models[source] = [(each.name, each.raw_data) for each in model.graph.initializer]
    assert all(model == models["tiny.pth"] for model in models.values())


@pytest.mark.parametrize("source", ["tiny.half.pth", "tiny.bfloat16.pth"])
def test_low_precision_checkpoints(tmp_path, source):
    output = convert(tmp_path, source=source)
    onnx_checks.check(output)
    logits = onnx_checks.run(output, reference.tiny_image(1, 224, 224))["output"]
    tolerance = 5e-3 if "half" in source else 5e-2
    assert onnx_checks.relative_error(logits, reference.tiny_logits(1, 224, 224)) < tolerance


def test_backbone_gives_pooled_features(tmp_path):
    output = convert(tmp_path, source="tiny.backbone.pth")
    onnx_checks.check(output)
    features = onnx_checks.run(output, reference.tiny_image(1, 224, 224))["output"]
    activations = np.load(reference.TINY / "activations_1x3x224x224.npz")
    pooled = activations["layer4.0"].mean(axis=(2, 3))
    assert onnx_checks.relative_error(features, pooled) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("folding", FOLDING)
@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("fixed", [True, False], ids=["fixed", "dynamic"])
@pytest.mark.parametrize("size", reference.TINY_INPUTS, ids=str)
def test_every_size(tmp_path, size, fixed, opset, folding):
    batch, height, width = size
    options = ("--input-size", f"{height}x{width}", "--batch", batch if fixed else "dynamic")
    output = convert(tmp_path, *options, "--opset", opset, folding)
    model = onnx_checks.check(output)
    shape = onnx_checks.types(model.graph.input)["input"][1]
    assert shape[1:] == (3, height, width)
    assert shape[0] == batch if fixed else isinstance(shape[0], str) and shape[0]
    for optimize in (True, False):
        logits = onnx_checks.run(output, reference.tiny_image(*size), optimize)["output"]
        assert onnx_checks.relative_error(logits, reference.tiny_logits(*size)) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_dynamic_batch_takes_every_batch(tmp_path, batch):
    output = convert(tmp_path, "--batch", "dynamic")
    image = np.repeat(reference.tiny_image(1, 224, 224), batch, axis=0)
    expected = np.repeat(reference.tiny_logits(1, 224, 224), batch, axis=0)
    logits = onnx_checks.run(output, image)["output"]
    assert onnx_checks.relative_error(logits, expected) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("opset", range(11, 22))
def test_every_opset_is_the_one_asked_for(tmp_path, opset):
    model = onnx_checks.check(convert(tmp_path, "--opset", opset))
    assert [(each.domain, each.version) for each in model.opset_import] == [("", opset)]


@pytest.mark.parametrize("version", [8, 9, 10])
def test_ir_version(tmp_path, version):
    assert onnx_checks.check(convert(tmp_path, "--ir-version", version)).ir_version == version


def test_input_and_output_names(tmp_path):
    output = convert(tmp_path, "--input-name", "image", "--output-name", "logits")
    model = onnx_checks.check(output)
    assert [value.name for value in model.graph.input] == ["image"]
    assert [value.name for value in model.graph.output] == ["logits"]
    assert list(onnx_checks.run(output, reference.tiny_image(1, 224, 224))) == ["logits"]


def test_softmax(tmp_path):
    output = convert(tmp_path, "--softmax")
    assert onnx_checks.operators(onnx_checks.check(output))["Softmax"] == 1
    probabilities = onnx_checks.run(output, reference.tiny_image(1, 224, 224))["output"]
    logits = reference.tiny_logits(1, 224, 224).astype(np.float64)
    exponentials = np.exp(logits - logits.max())
    expected = exponentials / exponentials.sum()
    assert onnx_checks.relative_error(probabilities, expected) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("folding", FOLDING)
def test_features(tmp_path, folding):
    output = convert(tmp_path, "--features", folding)
    onnx_checks.check(output)
    features = onnx_checks.run(output, reference.tiny_image(1, 224, 224))
    activations = np.load(reference.TINY / "activations_1x3x224x224.npz")
    last_blocks = {"layer1": "layer1.1", "layer2": "layer2.0", "layer3": "layer3.1", "layer4": "layer4.0"}
    assert list(features) == list(last_blocks)
    for stage, block in last_blocks.items():
        assert onnx_checks.relative_error(features[stage], activations[block]) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("folding", FOLDING)
@pytest.mark.parametrize("half_io", [True, False], ids=["half-io", "float-io"])
@pytest.mark.parametrize("opset", OPSETS)
def test_float16(tmp_path, opset, half_io, folding):
    options = ["--half-io"] if half_io else []
    output = convert(tmp_path, "--dtype", "float16", "--opset", opset, folding, *options)
    model = onnx_checks.check(output)
    half, single = onnx.TensorProto.FLOAT16, onnx.TensorProto.FLOAT
    ends = {element for element, _ in onnx_checks.types([*model.graph.input, *model.graph.output]).values()}
    assert ends == {half if half_io else single}
    consumed = {each.name: each.data_type for each in model.graph.initializer}
    assert all(consumed[name] == half for name in consumed if name.endswith(".weight"))
    image = reference.tiny_image(1, 224, 224).astype(np.float16 if half_io else np.float32)
    logits = onnx_checks.run(output, image)["output"]
    assert logits.dtype == image.dtype
    assert onnx_checks.relative_error(logits, reference.tiny_logits(1, 224, 224)) < onnx_checks.FLOAT16_TOLERANCE


def test_external_data(tmp_path):
    output = convert(tmp_path, "--external-data", "always")
    model = onnx.load(str(output), load_external_data=False)
    external = [each for each in model.graph.initializer if each.data_location == onnx.TensorProto.EXTERNAL]
    assert external
    locations = {entry.value for each in external for entry in each.external_data if entry.key == "location"}
    assert locations == {path.name for path in tmp_path.iterdir()} - {"model.onnx"}
    onnx_checks.check(output)
    logits = onnx_checks.run(output, reference.tiny_image(1, 224, 224))["output"]
    assert onnx_checks.relative_error(logits, reference.tiny_logits(1, 224, 224)) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("options", [(), ("--dtype", "float16"), ("--fold-batch-norm",), ("--checksum",)], ids=str)
def test_same_input_gives_the_same_bytes(tmp_path, options):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, threads in ((first, 1), (second, 2)):
        folder.mkdir()
        convert(folder, *options, "--threads", threads)
    assert (first / "model.onnx").read_bytes() == (second / "model.onnx").read_bytes()


def test_an_existing_output_is_kept_without_force(tmp_path):
    output = tmp_path / "model.onnx"
    output.write_text("mine")
    refused = scalenet("convert", reference.TINY / "tiny.pth", "-o", output, check=False)
    assert refused.status == 73
    assert output.read_text() == "mine"
    scalenet("convert", reference.TINY / "tiny.pth", "-o", output, "--force")
    onnx_checks.check(output)
