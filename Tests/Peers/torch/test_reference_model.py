"""The tests' own PyTorch model computes what the published implementation computed."""

import numpy as np
import pytest
import reference
import scalenet_torch
import torch
from long_form import shortened


def relative_error(actual, expected):
    return float(np.abs(actual - expected).max() / np.abs(expected).max())


@pytest.mark.parametrize("size", reference.TINY_INPUTS, ids=str)
def test_tiny_outputs(size):
    with torch.inference_mode():
        logits = scalenet_torch.tiny()(torch.from_numpy(reference.tiny_image(*size))).numpy()
    assert relative_error(logits, reference.tiny_logits(*size)) < 1e-5


def test_tiny_activations():
    model = scalenet_torch.tiny()
    seen = {}
    for name, module in model.named_modules():
        if isinstance(module, scalenet_torch.ScaleAggregation):
            module.register_forward_hook(lambda _, __, output, name=name: seen.update({name: output.numpy()}))
    with torch.inference_mode():
        model(torch.from_numpy(reference.tiny_image(1, 224, 224)))
    expected = np.load(reference.TINY / "activations_1x3x224x224.npz")
    assert sorted(seen) == sorted(expected.files)
    for name in expected.files:
        assert relative_error(seen[name], expected[name]) < 1e-5, name


@pytest.mark.parametrize("name", shortened(reference.NAMES, "scalenet50_light", "scalenet101"))
def test_full_size_logits(name):
    model = scalenet_torch.released(name)
    expected = reference.expected(name)
    for batch, height, width in ((1, 224, 224), (2, 224, 288)):
        with torch.inference_mode():
            logits = model(torch.from_numpy(reference.weights.image(height, width, batch))).numpy()
        assert relative_error(logits, expected[f"{batch}x3x{height}x{width}"]) < 1e-5


@pytest.mark.parametrize("name", reference.NAMES)
def test_parameters_and_state_dict_order(name):
    model = scalenet_torch.ScaleNet(reference.structure(name))
    assert sum(parameter.numel() for parameter in model.parameters()) == reference.PARAMETERS[name]
    shapes = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    assert shapes == dict(reference.specification(name))
