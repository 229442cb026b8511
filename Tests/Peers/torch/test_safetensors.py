"""Conversion to and from safetensors, against the safetensors package and PyTorch."""

import pytest
import reference
import safetensors
import torch
from command import refuse, scalenet
from safetensors.torch import load_file, save_file

CHECKPOINTS = ["tiny.pth", "tiny.legacy.pth", "tiny.half.pth", "tiny.bfloat16.pth", "tiny.double.pth", "tiny.views.pth"]


def bits(tensor):
    return tensor.contiguous().reshape(-1).view(torch.uint8)


def assert_same(mine, theirs):
    assert set(mine) == set(theirs)
    for key, tensor in theirs.items():
        assert mine[key].dtype == tensor.dtype and mine[key].shape == tensor.shape, key
        assert torch.equal(bits(mine[key]), bits(tensor)), key


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_written_as_the_package_writes(tmp_path, name):
    source, output, expected = reference.TINY / name, tmp_path / "a.safetensors", tmp_path / "expected.safetensors"
    theirs = torch.load(source, weights_only=True)
    scalenet("convert", source, "-o", output)
    with safetensors.safe_open(output, "pt") as file:
        metadata = file.metadata()
    assert_same(load_file(output), theirs)
    save_file({key: tensor.clone().contiguous() for key, tensor in theirs.items()}, expected, metadata=metadata)
    assert output.read_bytes() == expected.read_bytes()


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_there_and_back(tmp_path, name):
    source, middle, output = reference.TINY / name, tmp_path / "a.safetensors", tmp_path / "b.pth"
    scalenet("convert", source, "-o", middle)
    scalenet("convert", middle, "-o", output)
    assert_same(torch.load(output, weights_only=True), torch.load(source, weights_only=True))


def test_reads_what_the_package_writes(tmp_path):
    source, output = tmp_path / "a.safetensors", tmp_path / "b.pth"
    weights = torch.load(reference.TINY / "tiny.pth", weights_only=True)
    save_file(weights, source, metadata={"format": "pt"})
    scalenet("convert", source, "-o", output)
    assert_same(torch.load(output, weights_only=True), weights)


def test_refuses_a_file_cut_off(tmp_path):
    source, output = tmp_path / "a.safetensors", tmp_path / "b.pth"
    save_file(torch.load(reference.TINY / "tiny.pth", weights_only=True), source)
    source.write_bytes(source.read_bytes()[:-1])
    outcome = refuse("convert", source, "-o", output, output=output)
    assert "tensor '" in outcome.stderr and "bytes behind the header" in outcome.stderr
