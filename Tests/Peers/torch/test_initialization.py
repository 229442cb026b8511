"""`scalenet init` writes the published initialisation, and PyTorch loads it."""

import math

import pytest
import reference
import scalenet_torch
import torch
from command import scalenet
from long_form import shortened

ARCHITECTURES = {
    "scalenet50-light": "scalenet50_light",
    "scalenet50": "scalenet50",
    "scalenet101": "scalenet101",
    "scalenet152": "scalenet152",
}


def init(output, *arguments):
    scalenet("init", *arguments, "-o", output)
    return torch.load(output, weights_only=True)


@pytest.mark.parametrize("architecture", shortened(ARCHITECTURES, "scalenet50-light", "scalenet50"))
def test_keys_shapes_and_statistics(tmp_path, architecture):
    name = ARCHITECTURES[architecture]
    state = init(tmp_path / "new.pth", architecture, "--seed", 1)
    assert [(key, tuple(tensor.shape)) for key, tensor in state.items()] == reference.specification(name)
    model = scalenet_torch.ScaleNet(reference.structure(name))
    assert not any(model.load_state_dict(state, strict=True))
    for module_name, module in model.named_modules():
        if isinstance(module, torch.nn.Conv2d):
            weight = module.weight.detach().double()
            count = weight.numel()
            deviation = math.sqrt(2 / (module.kernel_size[0] ** 2 * module.out_channels))
            # Five standard errors of a normal sample's mean and deviation.
            assert abs(weight.mean()) < 5 * deviation / math.sqrt(count), module_name
            assert abs(weight.std(correction=0) / deviation - 1) < 5 / math.sqrt(2 * count), module_name
        elif isinstance(module, torch.nn.BatchNorm2d):
            assert torch.all(module.weight == 1) and torch.all(module.bias == 0), module_name
            assert torch.all(module.running_mean == 0) and torch.all(module.running_var == 1), module_name
            assert module.num_batches_tracked == 0, module_name
    bound = 1 / math.sqrt(model.fc.in_features)
    for parameter in (model.fc.weight, model.fc.bias):
        assert parameter.abs().max() <= bound
        assert abs(parameter.mean()) < 5 * bound / math.sqrt(3 * parameter.numel())
    assert abs(model.fc.weight.std() * math.sqrt(3) / bound - 1) < 0.01


@pytest.mark.parametrize(("deviations", "share"), [(1, 0.682689), (2, 0.954500), (3, 0.997300)])
def test_convolutions_are_normally_distributed(tmp_path, deviations, share):
    weight = init(tmp_path / "new.pth", "scalenet50-light")["layer3.0.conv2.0.weight"].double().reshape(-1)
    inside = (weight.abs() < deviations * weight.std()).double().mean().item()
    assert abs(inside - share) < 5 * math.sqrt(share * (1 - share) / weight.numel())


def test_seeds(tmp_path):
    one, again, other = (
        init(tmp_path / f"{index}.pth", "scalenet50-light", "--seed", seed) for index, seed in enumerate((1, 1, 2))
    )
    assert (tmp_path / "0.pth").read_bytes() == (tmp_path / "1.pth").read_bytes()
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert not torch.equal(one["conv1.weight"], other["conv1.weight"])


def test_own_structure_and_classes(tmp_path):
    rows = reference.structure_path("scalenet50")
    state = init(tmp_path / "new.pth", "scalenet", "--structure", rows, "--classes", 7)
    model = scalenet_torch.ScaleNet(reference.structure("scalenet50"), classes=7)
    assert not any(model.load_state_dict(state, strict=True))
