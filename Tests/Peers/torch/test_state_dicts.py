"""State dicts that pass through scalenet equal PyTorch's own reading of them, bit for bit."""

import collections

import numpy as np
import pytest
import reference
import torch
from command import scalenet
from long_form import shortened

TINY = (*reference.TINY_EQUAL, *reference.TINY_OTHER)


def load_published(path):
    """PyTorch's reading, down to the state dict and without DataParallel's prefix."""
    state = torch.load(path, weights_only=True)
    state = state.get("state_dict", state)
    if all(key.startswith("module.") for key in state):
        state = collections.OrderedDict((key.removeprefix("module."), value) for key, value in state.items())
    return state


def assert_same(actual, expected):
    assert list(actual) == list(expected)
    for key, tensor in expected.items():
        assert actual[key].dtype == tensor.dtype, key
        assert actual[key].shape == tensor.shape, key
        # As bytes: equal bits, NaN and minus zero included.
        mine, theirs = (each.detach().contiguous().reshape(-1).view(torch.uint8) for each in (actual[key], tensor))
        assert torch.equal(mine, theirs), key


@pytest.mark.parametrize("source", TINY)
def test_tiny(tmp_path, source):
    output = tmp_path / "copy.pth"
    scalenet("convert", reference.TINY / source, "-o", output)
    expected = load_published(reference.TINY / source)
    assert_same(torch.load(output, weights_only=True), expected)
    assert_same(torch.load(output, weights_only=True, mmap=True), expected)
    assert isinstance(torch.load(output, weights_only=True), collections.OrderedDict)


@pytest.mark.parametrize("is_zip", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("name", shortened(reference.NAMES, "scalenet50_light", "scalenet50"))
def test_full_size(tmp_path, name, is_zip):
    source, output = tmp_path / "source.pth", tmp_path / "copy.pth"
    state = collections.OrderedDict(
        (key, torch.from_numpy(array)) for key, array in reference.state_dict(name).items()
    )
    torch.save(state, source, _use_new_zipfile_serialization=is_zip)
    scalenet("convert", source, "-o", output)
    assert_same(torch.load(output, weights_only=True, mmap=True), state)


def test_not_a_number_and_infinity_survive(tmp_path):
    state = torch.load(reference.TINY / "tiny.pth", weights_only=True)
    patterns = np.array([0x7FC00001, 0xFF800000, 0x80000000, 0x00000001], np.uint32).view(np.float32)
    state["bn1.bias"][:4] = torch.from_numpy(patterns)
    source, output = tmp_path / "source.pth", tmp_path / "copy.pth"
    torch.save(state, source)
    outcome = scalenet("convert", source, "-o", output, "--no-verify")
    assert "bn1.bias" in outcome.stderr
    assert_same(torch.load(output, weights_only=True), state)


def test_named_key(tmp_path):
    state = torch.load(reference.TINY / "tiny.pth", weights_only=True)
    source, output = tmp_path / "source.pth", tmp_path / "copy.pth"
    torch.save({"teacher": {"conv1.weight": torch.zeros(1)}, "student": state}, source)
    scalenet("convert", source, "--key", "student", "-o", output)
    assert_same(torch.load(output, weights_only=True), state)


def test_copies_are_the_same_bytes(tmp_path):
    first, second = tmp_path / "first.pth", tmp_path / "second.pth"
    for output in (first, second):
        scalenet("convert", reference.TINY / "tiny.legacy.pth", "-o", output)
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["tiny", "scalenet50_light"])
def test_a_model_of_onnx_gives_its_weights_back(tmp_path, checkpoint, name):
    model, output = tmp_path / "model.onnx", tmp_path / "back.pth"
    scalenet("convert", checkpoint(name), "-o", model, "--no-fold-batch-norm")
    scalenet("convert", model, "-o", output)
    expected = {
        key: tensor
        for key, tensor in torch.load(checkpoint(name), weights_only=True).items()
        if not key.endswith("num_batches_tracked")
    }
    actual = {
        key: tensor
        for key, tensor in torch.load(output, weights_only=True).items()
        if not key.endswith("num_batches_tracked")
    }
    assert set(actual) == set(expected)
    assert all(torch.equal(actual[key], tensor) for key, tensor in expected.items())
