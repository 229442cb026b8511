"""Every name of timm's and torchvision's of the families that we read, and our modules of OctConv and Big-Little ResNets:
each converts to what PyTorch computes, or is refused by a sentence.

The short form takes one network of each kind; SCALENET_FAMILY=all takes every name, which takes half an hour and more.
"""

import json
import os

import family
import numpy as np
import onnxruntime
import pytest
import torch
from command import refuse, scalenet

# Of the largest logit; what folding and float32 round.
TOLERANCE = 2e-5

SHORT = (
    "resnet18d", "resnet26t", "resnet50_gn", "ecaresnet26t", "ecaresnet50d_pruned", "seresnet50t", "resnetrs50",
    "wide_resnet50_2", "res2net50_26w_4s", "res2next50", "skresnet18", "skresnext50_32x4d", "resnest14d",
    "resnest50d_1s4x24d", "resnest50d_4s2x40d", "mixnet_s", "mixnet_xl", "torchvision/googlenet",
    "torchvision/googlenet+aux", "oct_resnet26", "blresnet50", "blseresnext50_32x4d",
)
TORCHVISION = (
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d",
    "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2", "googlenet", "googlenet+aux",
)
# Blocks of several kinds in one network.
REFUSED = {"test_resnet": "not the weights of a ResNet"}

IS_LONG = os.environ.get("SCALENET_FAMILY") == "all"
UNTOLD = family.ANTI_ALIASED + family.TENSORFLOW


def names():
    if not IS_LONG:
        return SHORT
    told = [name for name in family.timm_names() if not name.startswith(UNTOLD) and name not in REFUSED]
    return (*told, *(f"torchvision/{name}" for name in TORCHVISION), *family.OURS)


def relative_error(found, expected):
    return np.abs(found - expected).max() / np.abs(expected).max()


def logits(path, image):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {"input": image})[0]


def save(name, folder):
    model = family.make(name)
    path = folder / "model.pth"
    torch.save(model.state_dict(), path)
    return model, path


def evaluate(model, image):
    with torch.inference_mode():
        return model(torch.from_numpy(image)).numpy()


@pytest.mark.parametrize("name", names())
def test_onnx_agrees(tmp_path, name):
    model, path = save(name, tmp_path)
    image = np.random.default_rng(3).standard_normal((2, 3, 96, 64)).astype(np.float32)
    expected = evaluate(model, image)
    # Whether the rounding of a deep network is the file's or its own is for verification to say, and its tests.
    for folding in ("--no-fold-batch-norm", "--fold-batch-norm"):
        output = tmp_path / f"{folding}.onnx"
        scalenet("convert", path, "-o", output, "--input-size", "96x64", folding, "--no-verify")
        assert relative_error(logits(output, image), expected) < TOLERANCE
        output.unlink()


@pytest.mark.parametrize("name", ("resnest14d", "skresnet18", "mixnet_s", "oct_resnet26", "torchvision/googlenet"))
def test_odd_and_standard_sizes_agree(tmp_path, name):
    model, path = save(name, tmp_path)
    for height, width in ((224, 224), (97, 131)) if "oct" not in name else ((224, 224), (64, 160)):
        image = np.random.default_rng(4).standard_normal((1, 3, height, width)).astype(np.float32)
        output = tmp_path / "model.onnx"
        scalenet("convert", path, "-o", output, "--input-size", f"{height}x{width}", "--force")
        assert relative_error(logits(output, image), evaluate(model, image)) < TOLERANCE


@pytest.mark.parametrize("name", ("res2net50_26w_4s", "ecaresnet26t", "resnest14d"))
def test_run_and_keras_agree(tmp_path, name):
    model, path = save(name, tmp_path)
    image = np.random.default_rng(5).standard_normal((1, 3, 64, 64)).astype(np.float32)
    expected = evaluate(model, image)
    np.save(tmp_path / "input.npy", image)
    scalenet("convert", path, "-o", tmp_path / "model.h5", "--input-size", "64")
    for source in (path, tmp_path / "model.h5"):
        found = tmp_path / "output.npy"
        scalenet("run", source, "--input", tmp_path / "input.npy", "--output", found, "--force")
        assert relative_error(np.load(found), expected) < TOLERANCE


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_a_sentence(tmp_path, name):
    _, path = save(name, tmp_path)
    output = tmp_path / "model.onnx"
    assert REFUSED[name] in refuse("convert", path, "-o", output, output=output).stderr


def test_activations_of_a_family_are_said(tmp_path):
    _, path = save("mixnet_s", tmp_path)
    report = json.loads(scalenet("inspect", path, "--format", "json").stdout)
    said = [each["value"] for each in report["assumptions"] if each["name"] == "activation"]
    assert said == ["ReLU in blocks without squeeze-and-excitation, Swish in those with it"]


def test_parameters_and_scales(tmp_path):
    expected = {
        "mixnet_s": (["kernels"], "concat", 5), "torchvision/googlenet": (["kernels", "pools"], "concat", 4),
        "res2net50_26w_4s": (["splits"], "concat", 4), "skresnet18": (["kernels"], "sum", 2),
        "resnest14d": (["splits"], "sum", 2), "oct_resnet26": (["pools"], "sum", 2),
        "blresnet50": (["steps"], "sum", 2), "resnet50_gn": None,
    }
    for name, scales in expected.items():
        model, path = save(name, tmp_path)
        report = json.loads(scalenet("inspect", path, "--format", "json").stdout)
        assert report["totals"]["parameters"] == sum(parameter.numel() for parameter in model.parameters())
        if scales is None:
            assert "scales" not in report
            continue
        found = report["scales"]
        assert (found["origins"], found["join"], found["most_scales"]) == scales
        for format in ("csv", "markdown", "table"):
            text = scalenet("inspect", path, "--format", format).stdout
            assert found["blocks"][0]["name"] in text.replace("\\", "")
