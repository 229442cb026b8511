"""The networks that ScaleNet is compared with: torchvision's and timm's, through every format that we write."""

import numpy as np
import onnxruntime
import pytest
import torch
from command import scalenet
from image_libraries import timm, torchvision
from long_form import shortened

# Of the largest logit.
TOLERANCE = 1e-5

NETWORKS = {
    "resnet50": lambda: torchvision.models.resnet50(weights=None),
    "resnext50_32x4d": lambda: torchvision.models.resnext50_32x4d(weights=None),
    "seresnet50": lambda: timm.create_model("seresnet50", pretrained=False),
    "seresnext50_32x4d": lambda: timm.create_model("seresnext50_32x4d", pretrained=False),
    "legacy_seresnet50": lambda: timm.create_model("legacy_seresnet50", pretrained=False),
}

# The deeper ones, on a smaller image.
DEEP_NETWORKS = {
    "resnet101": lambda: torchvision.models.resnet101(weights=None),
    "resnet152": lambda: torchvision.models.resnet152(weights=None),
    "resnext101_32x8d": lambda: torchvision.models.resnext101_32x8d(weights=None),
    "seresnet101": lambda: timm.create_model("seresnet101", pretrained=False),
    "seresnet152": lambda: timm.create_model("seresnet152", pretrained=False),
}


def network(make):
    """Random weights, with statistics that a normalisation folded wrongly would show."""
    torch.manual_seed(5)
    model = make().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.25, 0.75)
    return model


@pytest.fixture(scope="module", params=shortened(NETWORKS, "resnet50", "seresnext50_32x4d"))
def baseline(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param) / "model.pth"
    model = network(NETWORKS[request.param])
    torch.save(model.state_dict(), path)
    image = np.random.default_rng(3).standard_normal((2, 3, 224, 224)).astype(np.float32)
    with torch.inference_mode():
        logits = model(torch.from_numpy(image)).numpy()
    return path, image, logits


def relative_error(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


@pytest.mark.parametrize("folding", ["--fold-batch-norm", "--no-fold-batch-norm"])
def test_onnx_agrees(tmp_path, baseline, folding):
    path, image, logits = baseline
    output = tmp_path / "model.onnx"
    scalenet("convert", path, "-o", output, folding)
    session = onnxruntime.InferenceSession(output, providers=["CPUExecutionProvider"])
    assert relative_error(session.run(None, {"input": image})[0], logits) < TOLERANCE


@pytest.mark.parametrize("ending", ["pth", "h5", "safetensors"])
def test_run_agrees(tmp_path, baseline, ending):
    path, image, logits = baseline
    source = path
    if ending != "pth":
        source = tmp_path / f"model.{ending}"
        scalenet("convert", path, "-o", source)
    np.save(tmp_path / "input.npy", image)
    scalenet("run", source, "--input", tmp_path / "input.npy", "--output", tmp_path / "output.npy")
    assert relative_error(np.load(tmp_path / "output.npy"), logits) < TOLERANCE


@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_names_come_back(tmp_path, baseline, ending):
    """Through Keras, whose names have no dots, and back: the same names and bits, but for counters of batches."""
    path, _, _ = baseline
    middle, output = tmp_path / f"model.{ending}", tmp_path / "back.pth"
    scalenet("convert", path, "-o", middle, "--no-fold-batch-norm", "--no-verify")
    assert "names are PyTorch's" in scalenet("convert", middle, "-o", output).stderr
    expected, found = (torch.load(file, weights_only=True) for file in (path, output))
    expected = {key: value for key, value in expected.items() if not key.endswith("num_batches_tracked")}
    assert set(found) == set(expected)
    assert all(torch.equal(found[key], expected[key]) for key in expected)


def test_keras_gives_torchvision_its_weights(tmp_path):
    checkpoint, middle, output = tmp_path / "a.pth", tmp_path / "a.h5", tmp_path / "b.pth"
    scalenet("init", "resnet18", "-o", checkpoint)
    scalenet("convert", checkpoint, "-o", middle, "--no-fold-batch-norm")
    scalenet("convert", middle, "-o", output)
    model = torchvision.models.resnet18(weights=None)
    model.load_state_dict(torch.load(output, weights_only=True), strict=True)


@pytest.mark.parametrize("name", shortened(DEEP_NETWORKS, "resnet101"))
def test_deep_network_agrees(tmp_path, name):
    model = network(DEEP_NETWORKS[name])
    torch.save(model.state_dict(), tmp_path / "model.pth")
    image = np.random.default_rng(3).standard_normal((2, 3, 128, 128)).astype(np.float32)
    with torch.inference_mode():
        logits = model(torch.from_numpy(image)).numpy()
    np.save(tmp_path / "input.npy", image)
    for output in ("model.onnx", "model.h5"):
        scalenet("convert", tmp_path / "model.pth", "-o", tmp_path / output, "--input-size", "128")
        result = tmp_path / (output + ".npy")
        scalenet("run", tmp_path / output, "--input", tmp_path / "input.npy", "--output", result)
        assert relative_error(np.load(result), logits) < TOLERANCE
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    assert relative_error(session.run(None, {"input": image})[0], logits) < TOLERANCE


def test_init_loads_in_torchvision(tmp_path):
    output = tmp_path / "model.pth"
    scalenet("init", "resnet50", "-o", output)
    model = torchvision.models.resnet50(weights=None)
    model.load_state_dict(torch.load(output, weights_only=True), strict=True)
