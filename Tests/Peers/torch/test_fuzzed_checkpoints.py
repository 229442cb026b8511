"""What is read from checkpoints that fuzzing made, against PyTorch: bit for bit, wherever PyTorch takes the file too."""

import fuzzed
import torch
from safetensors.torch import load_file

# Entries under which the weights may stand.
KEYS = ("state_dict", "model_state_dict", "model", "net")


def bits(tensor):
    return tensor.detach().contiguous().reshape(-1).view(torch.uint8)


def tensors(loaded):
    """The tensors of a state dict, at the top or under a usual key; none if they lie elsewhere."""
    for candidate in (loaded, *(loaded.get(key) for key in KEYS if isinstance(loaded, dict))):
        if isinstance(candidate, dict):
            found = {key: value for key, value in candidate.items() if isinstance(value, torch.Tensor)}
            if found:
                return found
    return {}


def test_values_are_those_of_pytorch(tmp_path):
    compared = 0
    for source in fuzzed.inputs("pickle", "checkpoint"):
        output = tmp_path / "output.safetensors"
        output.unlink(missing_ok=True)
        if not fuzzed.convert(source, output):
            continue
        try:
            theirs = tensors(torch.load(source, weights_only=True))
        except Exception:
            # It refuses more: other classes beside the weights, checksums of what is not read. Any type may be raised.
            continue
        ours = load_file(output)
        for name in set(ours) & set(theirs):
            assert ours[name].dtype == theirs[name].dtype and ours[name].shape == theirs[name].shape, f"{source}: {name}"
            assert torch.equal(bits(ours[name]), bits(theirs[name])), f"{source}: {name}"
            compared += 1
    assert compared > 0
