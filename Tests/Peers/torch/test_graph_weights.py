"""Weights of graphs get PyTorch's names back: PyTorch's own modules load them strictly and compute the same."""

import numpy as np
import onnx
import onnx_checks
import pytest
import scalenet_torch
import torch
from command import refuse, scalenet
from image_libraries import timm, torchvision
from long_form import shortened

models = torchvision.models

# Each network and the side of its images.
NETWORKS = {
    "scalenet": (scalenet_torch.tiny, 224),
    "resnet18": (lambda: models.resnet18(weights=None), 64),
    "resnet50": (lambda: models.resnet50(weights=None), 64),
    "resnext50_32x4d": (lambda: models.resnext50_32x4d(weights=None), 64),
    "seresnet50": (lambda: timm.create_model("seresnet50", pretrained=False), 64),
    "legacy_seresnet18": (lambda: timm.create_model("legacy_seresnet18", pretrained=False), 64),
    "legacy_seresnet50": (lambda: timm.create_model("legacy_seresnet50", pretrained=False), 64),
    "legacy_seresnext50": (lambda: timm.create_model("legacy_seresnext50_32x4d", pretrained=False), 64),
}

# How PyTorch writes a network: folded by the TorchScript exporter, or as it is; and by the newer one.
EXPORTS = {
    "torchscript11": {"dynamo": False, "opset_version": 11},
    "torchscript17": {"dynamo": False, "opset_version": 17},
    "torchscript20": {"dynamo": False, "opset_version": 20},
    "kept": {
        "dynamo": False,
        "opset_version": 13,
        "training": torch.onnx.TrainingMode.PRESERVE,
        "do_constant_folding": False,
    },
    "dynamo18": {"dynamo": True, "opset_version": 18, "verbose": False},
    "dynamo20": {"dynamo": True, "opset_version": 20, "verbose": False},
}


def network(name):
    """Random weights, with statistics that a normalisation folded wrongly would show."""
    torch.manual_seed(13)
    model = NETWORKS[name][0]().eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.25, 0.75)
            torch.nn.init.normal_(module.bias, 0, 0.1)
    return model


def logits(model, image):
    with torch.inference_mode():
        return model(torch.from_numpy(image)).numpy()


def loaded(name, path):
    """A module of its own that takes the file's weights, all of them and no others."""
    model = NETWORKS[name][0]().eval()
    model.load_state_dict(torch.load(path, weights_only=True), strict=True)
    return model


def picture(name, batch=2):
    side = NETWORKS[name][1]
    return np.random.default_rng(5).standard_normal((batch, 3, side, side)).astype(np.float32)


# Every export of the small ones; of the others folded, as it is, and by the newer exporter.
PAIRS = [
    (name, export)
    for name in shortened(NETWORKS, "scalenet", "resnet18", "legacy_seresnet18", "legacy_seresnext50")
    for export in EXPORTS
    if name in ("scalenet", "resnet18") or export in ("torchscript17", "kept", "dynamo20")
]


@pytest.mark.parametrize(("name", "export"), PAIRS)
def test_exports_of_pytorch(tmp_path, name, export):
    model, side = network(name), NETWORKS[name][1]
    graph, weights = tmp_path / "model.onnx", tmp_path / "weights.pth"
    torch.onnx.export(
        model, (torch.zeros(1, 3, side, side),), str(graph), external_data=False, **EXPORTS[export]
    )
    outcome = scalenet("convert", graph, "-o", weights)
    assert "names are PyTorch's" in outcome.stderr
    image = picture(name)
    found = logits(loaded(name, weights), image)
    assert onnx_checks.relative_error(found, logits(model, image)) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("folding", ["--fold-batch-norm", "--no-fold-batch-norm"])
@pytest.mark.parametrize("ending", ["onnx", "h5", "keras"])
@pytest.mark.parametrize(
    "name", shortened(["scalenet", "resnet50", "seresnet50", "legacy_seresnet50"], "scalenet", "legacy_seresnet50")
)
def test_own_graphs(tmp_path, name, ending, folding):
    model, side = network(name), NETWORKS[name][1]
    first, graph, weights = tmp_path / "first.pth", tmp_path / f"model.{ending}", tmp_path / "weights.pth"
    torch.save(model.state_dict(), first)
    scalenet("convert", first, "-o", graph, folding, "--input-size", side)
    outcome = scalenet("convert", graph, "-o", weights)
    assert ("folded in" in outcome.stderr) == (folding == "--fold-batch-norm")
    image = picture(name)
    found = logits(loaded(name, weights), image)
    assert onnx_checks.relative_error(found, logits(model, image)) < onnx_checks.FLOAT32_TOLERANCE
    if folding == "--no-fold-batch-norm":
        again = torch.load(weights, weights_only=True)
        assert all(torch.equal(again[key], value) for key, value in model.state_dict().items() if key in again)


def test_identity_normalisations_are_exact(tmp_path):
    """PyTorch passes every value on unchanged, and folding them again gives the same bits."""
    graph, weights, again = tmp_path / "a.onnx", tmp_path / "w.pth", tmp_path / "b.onnx"
    model = network("resnet18")
    torch.save(model.state_dict(), tmp_path / "first.pth")
    scalenet("convert", tmp_path / "first.pth", "-o", graph, "--input-size", 64)
    scalenet("convert", graph, "-o", weights)
    scalenet("convert", weights, "-o", again, "--input-size", 64)
    bits = [
        sorted(tensor.raw_data for tensor in onnx.load(path).graph.initializer if len(tensor.dims) in (1, 2, 4))
        for path in (graph, again)
    ]
    assert bits[0] == bits[1]
    module = loaded("resnet18", weights)
    module.bn1.bias.data.zero_()
    values = torch.randn(2, 64, 8, 8)
    with torch.inference_mode():
        assert torch.equal(module.bn1(values), values)


def test_unknown_networks_are_refused(tmp_path):
    graph, weights = tmp_path / "model.onnx", tmp_path / "weights.pth"
    torch.manual_seed(1)
    torch.onnx.export(
        models.mobilenet_v3_small(weights=None).eval(), (torch.zeros(1, 3, 64, 64),), str(graph), dynamo=False
    )
    outcome = refuse("convert", graph, "-o", weights, output=weights)
    assert "does not begin with a 7x7 convolution" in outcome.stderr and "--own-names" in outcome.stderr
    outcome = scalenet("convert", graph, "-o", weights, "--own-names")
    assert "names are those of the graph" in outcome.stderr
    stored = onnx.load(graph).graph
    # The exporter stores equal weights once, and gives the others their names by Identity.
    same = {node.output[0] for node in stored.node if node.op_type == "Identity"}
    assert set(torch.load(weights, weights_only=True)) <= {tensor.name for tensor in stored.initializer} | same


def test_a_network_that_only_looks_like_one_is_refused(tmp_path):
    """The structure and all shapes fit, but a convolution is dilated: PyTorch's module would compute something else."""
    graph, weights = tmp_path / "model.onnx", tmp_path / "weights.pth"
    model = network("resnet18")
    model.layer2[0].conv1.dilation, model.layer2[0].conv1.padding = (2, 2), (2, 2)
    torch.onnx.export(model, (torch.zeros(1, 3, 64, 64),), str(graph), dynamo=False)
    outcome = refuse("convert", graph, "-o", weights, output=weights, status=1)
    assert "verification failed, nothing was written" in outcome.stderr
