"""The released structures at full size as ONNX, against the published implementation's logits."""

import itertools

import numpy as np
import onnx_checks
import pytest
import reference
from command import scalenet
from long_form import shortened

FOLDING = pytest.mark.parametrize("folding", ["--fold-batch-norm", "--no-fold-batch-norm"])
IMAGES = ((1, 224, 224), (2, 224, 288))


def logits_error(output, name, size):
    batch, height, width = size
    logits = onnx_checks.run(output, reference.weights.image(height, width, batch))["output"]
    return onnx_checks.relative_error(logits, reference.expected(name)[f"{batch}x3x{height}x{width}"])


@FOLDING
@pytest.mark.parametrize("size", IMAGES, ids=str)
@pytest.mark.parametrize("name", shortened(reference.NAMES, "scalenet50_light", "scalenet101"))
def test_logits(tmp_path, checkpoint, name, size, folding):
    output = tmp_path / "model.onnx"
    scalenet("convert", checkpoint(name), "-o", output, folding, "--input-size", f"{size[1]}x{size[2]}")
    model = onnx_checks.check(output)
    folded = folding == "--fold-batch-norm"
    assert onnx_checks.operators(model) == onnx_checks.expected_operators(reference.structure(name), folded)
    assert logits_error(output, name, size) < onnx_checks.FLOAT32_TOLERANCE


OPSETS = [*itertools.product([11, 13, 21], IMAGES, ["--fold-batch-norm", "--no-fold-batch-norm"])]


# Each opset once, among them both sizes, folded and not.
@pytest.mark.parametrize(("opset", "size", "folding"), shortened(OPSETS, OPSETS[0], OPSETS[7], OPSETS[10]), ids=str)
def test_opsets_with_a_fixed_batch(tmp_path, checkpoint, size, opset, folding):
    name = "scalenet50_light"
    output = tmp_path / "model.onnx"
    options = ("--batch", size[0], "--input-size", f"{size[1]}x{size[2]}", "--opset", opset, folding)
    scalenet("convert", checkpoint(name), "-o", output, *options)
    onnx_checks.check(output)
    assert logits_error(output, name, size) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("name", ["scalenet50_light", "scalenet50"])
def test_float16(tmp_path, checkpoint, name):
    output = tmp_path / "model.onnx"
    scalenet("convert", checkpoint(name), "-o", output, "--dtype", "float16")
    onnx_checks.check(output)
    assert output.stat().st_size < 0.55 * checkpoint(name).stat().st_size
    assert logits_error(output, name, IMAGES[0]) < onnx_checks.FLOAT16_TOLERANCE


def test_external_data(tmp_path, checkpoint):
    output = tmp_path / "model.onnx"
    scalenet("convert", checkpoint("scalenet50"), "-o", output, "--external-data", "always")
    onnx_checks.check(output)
    assert output.stat().st_size < 1_000_000
    assert logits_error(output, "scalenet50", IMAGES[0]) < onnx_checks.FLOAT32_TOLERANCE


def test_features(tmp_path, checkpoint):
    output = tmp_path / "model.onnx"
    scalenet("convert", checkpoint("scalenet50"), "-o", output, "--features")
    onnx_checks.check(output)
    features = onnx_checks.run(output, reference.weights.image(224, 224))
    shapes = {name: value.shape for name, value in features.items()}
    assert shapes == {
        "layer1": (1, 256, 56, 56),
        "layer2": (1, 512, 28, 28),
        "layer3": (1, 1024, 14, 14),
        "layer4": (1, 2048, 7, 7),
    }
    expected = reference.expected("scalenet50")
    for stage, depth in enumerate(reference.depths(reference.structure("scalenet50")), start=1):
        mean, largest = expected[f"block/layer{stage}.{depth - 1}/mean_absmax"]
        value = features[f"layer{stage}"].astype(np.float64)
        assert abs(value.mean() - mean) < onnx_checks.FLOAT32_TOLERANCE * largest
        assert abs(np.abs(value).max() - largest) < onnx_checks.FLOAT32_TOLERANCE * largest
