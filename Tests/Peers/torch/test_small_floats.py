"""Weights of eight bits: read from PyTorch's and safetensors' files, moved between them, and exact as float32."""

import json

import numpy as np
import onnx_checks
import pytest
import small_resnet
import torch
from command import refuse, scalenet
from safetensors.torch import load_file, save_file

TYPES = ["float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu"]


def every_pattern(name):
    return torch.arange(256, dtype=torch.uint8).view(getattr(torch, name)).reshape(16, 16)


def bits(tensor):
    return tensor.contiguous().view(torch.uint8)


@pytest.mark.parametrize("name", TYPES)
def test_every_pattern(tmp_path, name):
    weights = {"w": every_pattern(name)}
    torch.save(weights, tmp_path / "w.pth")
    report = json.loads(scalenet("inspect", tmp_path / "w.pth", "--per-tensor", "--format", "json").stdout)
    (tensor,) = report["tensors"]
    numbers = weights["w"].to(torch.float64)
    finite = numbers[torch.isfinite(numbers)]
    assert tensor["type"] == name
    assert tensor["statistics"]["minimum"] == finite.min() and tensor["statistics"]["maximum"] == finite.max()
    assert tensor["statistics"]["not_finite"] == numbers.numel() - finite.numel()
    # There and back, bit for bit.
    scalenet("convert", tmp_path / "w.pth", "-o", tmp_path / "w.safetensors")
    scalenet("convert", tmp_path / "w.safetensors", "-o", tmp_path / "again.pth")
    for found in (load_file(tmp_path / "w.safetensors"), torch.load(tmp_path / "again.pth", weights_only=True)):
        assert found["w"].dtype == weights["w"].dtype
        assert torch.equal(bits(found["w"]), bits(weights["w"]))
    # NumPy has no such type.
    refuse("convert", tmp_path / "w.pth", "-o", tmp_path / "w.npz", output=tmp_path / "w.npz")


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2"])
def test_a_network(tmp_path, name):
    """Convolutions of eight bits compute what PyTorch computes with the same numbers in float32."""
    torch.manual_seed(3)
    model = small_resnet.SmallResNet().eval()
    state = model.state_dict()
    for key, tensor in state.items():
        if tensor.ndim == 4:
            state[key] = tensor.to(getattr(torch, name))
    save_file(state, tmp_path / "w.safetensors")
    model.load_state_dict({key: tensor.float() if tensor.ndim == 4 else tensor for key, tensor in state.items()})
    outcome = scalenet("convert", tmp_path / "w.safetensors", "-o", tmp_path / "m.onnx", "--input-size", 64)
    assert f"{name}; in a graph they are converted to float32, exactly" in outcome.stderr
    image = np.random.default_rng(1).standard_normal((2, 3, 64, 64)).astype(np.float32)
    with torch.inference_mode():
        expected = model(torch.from_numpy(image)).numpy()
    found = onnx_checks.run(tmp_path / "m.onnx", image)["output"]
    assert onnx_checks.relative_error(found, expected) < onnx_checks.FLOAT32_TOLERANCE
