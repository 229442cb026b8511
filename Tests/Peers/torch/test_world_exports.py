"""Networks as PyTorch's two exporters write them to ONNX: read, understood, and computed as ONNX Runtime does."""

import json

import numpy as np
import onnx_checks
import onnxruntime
import pytest
import scalenet_torch
import torch
import world
from command import scalenet
from image_libraries import torchvision
from long_form import shortened

models = torchvision.models

#: Each network, the side of its images, and the opset that the TorchScript exporter writes it in.
NETWORKS = {
    "scalenet": (scalenet_torch.tiny, 224, 13),
    "resnet18": (lambda: models.resnet18(weights=None), 96, 11),
    "resnet50": (lambda: models.resnet50(weights=None), 96, 17),
    "resnext50_32x4d": (lambda: models.resnext50_32x4d(weights=None), 96, 13),
    "densenet121": (lambda: models.densenet121(weights=None), 96, 11),
    "googlenet": (
        lambda: models.googlenet(weights=None, aux_logits=False, transform_input=True, init_weights=False),
        96,
        17,
    ),
    "mobilenet_v3_small": (lambda: models.mobilenet_v3_small(weights=None), 96, 13),
    "mobilenet_v3_large": (lambda: models.mobilenet_v3_large(weights=None), 96, 17),
    "efficientnet_b0": (lambda: models.efficientnet_b0(weights=None), 96, 11),
}

SHORT = shortened(NETWORKS, "scalenet", "resnet18", "googlenet", "mobilenet_v3_small")
EXPORTERS = ("torchscript", "dynamo")
BATCHES = ("fixed", "dynamic")


def network(name):
    """Random weights, with statistics that a normalisation folded wrongly would show."""
    torch.manual_seed(11)
    make, _, _ = NETWORKS[name]
    model = make().eval()
    if name != "scalenet":
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                torch.nn.init.uniform_(module.weight, 0.5, 1.0)
                torch.nn.init.normal_(module.bias, 0, 0.1)
    return model


def export(model, exporter, batch, side, opset, path):
    image = torch.zeros(2, 3, side, side)
    options = {}
    if exporter == "torchscript":
        options = {"dynamo": False, "opset_version": opset}
        if batch == "dynamic":
            options["dynamic_axes"] = {"input": {0: "batch"}, "output": {0: "batch"}}
    else:
        options = {"dynamo": True, "opset_version": 18 if opset < 17 else 21, "verbose": False}
        if batch == "dynamic":
            options["dynamic_shapes"] = ({0: torch.export.Dim("batch", min=1, max=64)},)
    torch.onnx.export(
        model, (image,), str(path), input_names=["input"], output_names=["output"], external_data=False, **options
    )


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """`exported(name, exporter)`: the PyTorch model, the path of its export, and whether the batch is open."""
    folder = tmp_path_factory.mktemp("exports")
    made = {}

    def make(name, exporter):
        if (name, exporter) not in made:
            _, side, opset = NETWORKS[name]
            # Each network is exported in both ways, and each exporter writes batches of both kinds.
            batch = BATCHES[(list(NETWORKS).index(name) + EXPORTERS.index(exporter)) % 2]
            path = folder / f"{name}.{exporter}.{batch}.onnx"
            model = network(name)
            export(model, exporter, batch, side, opset, path)
            made[name, exporter] = model, path, batch
        return made[name, exporter]

    return make


def multiply_accumulates(model, side):
    """Those of convolutions and fully connected layers, counted while one image passes."""
    total = 0

    def count(module, inputs, output):
        nonlocal total
        total += output.numel() * module.weight[0].numel()

    handles = [
        module.register_forward_hook(count)
        for module in model.modules()
        if isinstance(module, (torch.nn.Conv2d, torch.nn.Linear))
    ]
    with torch.inference_mode():
        model(torch.zeros(1, 3, side, side))
    for handle in handles:
        handle.remove()
    return total


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", SHORT)
def test_runs_as_in_onnx_runtime(tmp_path, exported, name, exporter):
    _, path, batch = exported(name, exporter)
    side = NETWORKS[name][1]
    count = 3 if batch == "dynamic" else 2
    image = np.random.default_rng(7).standard_normal((count, 3, side, side)).astype(np.float32)
    expected = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"input": image})[0]
    np.save(tmp_path / "input.npy", image)
    scalenet("run", path, "--input", tmp_path / "input.npy", "--output", tmp_path / "output.npy")
    found = np.load(tmp_path / "output.npy")
    assert onnx_checks.relative_error(found, expected) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", SHORT)
def test_inspected(exported, name, exporter):
    model, path, batch = exported(name, exporter)
    side = NETWORKS[name][1]
    report = json.loads(scalenet("inspect", path, "--format", "json").stdout)
    images = 1 if batch == "dynamic" else 2
    assert report["totals"]["macs"] == images * multiply_accumulates(model, side)


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", shortened(["googlenet", "mobilenet_v3_small", "efficientnet_b0"], "mobilenet_v3_small"))
def test_written_again(tmp_path, exported, name, exporter):
    """What was read is written as a model that onnx accepts and ONNX Runtime computes the same of."""
    _, path, _ = exported(name, exporter)
    side = NETWORKS[name][1]
    image = np.random.default_rng(8).standard_normal((2, 3, side, side)).astype(np.float32)
    output = tmp_path / "written.onnx"
    scalenet("convert", path, "-o", output, "--opset", 17)
    onnx_checks.check(output)
    expected, found = (onnx_checks.run(each, image)["output"] for each in (path, output))
    assert onnx_checks.relative_error(found, expected) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("name", shortened(world.SHORT, "convnextv2_atto", "levit_128s"))
def test_newer_networks(name):
    """One of a kind of world.py, which has all: both exporters, opsets 17 to 20, open and fixed batches."""
    rows = list(world.rows(name))
    assert len(rows) == len(world.WAYS)
    assert [row[3] for row in rows] == ["ok"] * len(rows), rows
