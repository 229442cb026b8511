"""The networks that ScaleNet is compared with: torchvision's and timm's, through every format that we write."""

import numpy as np
import onnxruntime
import pytest
import timm
import torch
import torchvision
from command import scalenet

# Of the largest logit.
TOLERANCE = 1e-5

NETWORKS = {
    "resnet50": lambda: torchvision.models.resnet50(weights=None),
    "resnet101": lambda: torchvision.models.resnet101(weights=None),
    "resnet152": lambda: torchvision.models.resnet152(weights=None),
    "resnext50_32x4d": lambda: torchvision.models.resnext50_32x4d(weights=None),
    "resnext101_32x8d": lambda: torchvision.models.resnext101_32x8d(weights=None),
    "seresnet50": lambda: timm.create_model("seresnet50", pretrained=False),
    "seresnext50_32x4d": lambda: timm.create_model("seresnext50_32x4d", pretrained=False),
    "legacy_seresnet50": lambda: timm.create_model("legacy_seresnet50", pretrained=False),
}


def network(name):
    """Random weights, with statistics that a normalisation folded wrongly would show."""
    torch.manual_seed(5)
    model = NETWORKS[name]().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.25, 0.75)
    return model


@pytest.fixture(scope="module", params=NETWORKS)
def baseline(request, tmp_path_factory):
    path = tmp_path_factory.mktemp(request.param) / "model.pth"
    model = network(request.param)
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


def test_init_loads_in_torchvision(tmp_path):
    output = tmp_path / "model.pth"
    scalenet("init", "resnet50", "-o", output)
    model = torchvision.models.resnet50(weights=None)
    model.load_state_dict(torch.load(output, weights_only=True), strict=True)
