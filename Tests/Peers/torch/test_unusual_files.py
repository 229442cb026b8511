"""Checkpoints that `torch.save` does not write on this machine, but that exist: each is loaded by PyTorch as well."""

import zipfile

import checkpoint_writer
import numpy as np
import pytest
import reference
import torch
from command import scalenet
from long_form import shortened

ZIP_VARIANTS = {
    "another stem": {"stem": "scalenet best"},
    "big-endian": {"byte_order": "big"},
    "deflated": {"compression": zipfile.ZIP_DEFLATED},
    "CUDA storages": {"location": "cuda:0", "module": "torch.cuda"},
    "second GPU": {"location": "cuda:1"},
}
LEGACY_VARIANTS = {
    "CUDA storages": {"location": "cuda:0", "module": "torch.cuda"},
    "Python 2": {"python2": True},
    "Python 2 and CUDA": {"python2": True, "location": "cuda:3", "module": "torch.cuda"},
}
VARIANTS = [
    *((checkpoint_writer.save_zip, name) for name in ZIP_VARIANTS),
    *((checkpoint_writer.save_legacy, name) for name in LEGACY_VARIANTS),
]


@pytest.fixture(scope="module")
def state():
    return {
        key: tensor.numpy() for key, tensor in torch.load(reference.TINY / "tiny.pth", weights_only=True).items()
    }


def options(save, name):
    return (ZIP_VARIANTS if save is checkpoint_writer.save_zip else LEGACY_VARIANTS)[name]


@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "wrapped"])
@pytest.mark.parametrize(("save", "name"), VARIANTS, ids=lambda part: getattr(part, "__name__", part))
def test_variant(tmp_path, state, save, name, wrapped):
    source, output = tmp_path / "source.pth", tmp_path / "copy.pth"
    # The released files' own form: DataParallel's keys beside what the training loop kept.
    content = {"epoch": 99, "state_dict": {f"module.{key}": array for key, array in state.items()}} if wrapped else state
    save(source, content, **options(save, name))
    theirs = torch.load(source, weights_only=True, map_location="cpu")
    theirs = theirs["state_dict"] if wrapped else theirs
    scalenet("convert", source, "-o", output)
    mine = torch.load(output, weights_only=True)
    assert list(mine) == list(state)
    for (key, array), tensor in zip(state.items(), theirs.values()):
        assert mine[key].dtype == tensor.dtype, key
        assert torch.equal(mine[key], tensor) and np.array_equal(mine[key].numpy(), array), key


@pytest.mark.parametrize("save", [checkpoint_writer.save_zip, checkpoint_writer.save_legacy])
@pytest.mark.parametrize("name", shortened(reference.NAMES, "scalenet50_light", "scalenet50"))
def test_full_size_as_released(tmp_path, name, save):
    source, output = tmp_path / "source.pth", tmp_path / "model.onnx"
    released = {
        f"module.{key}": array
        for key, array in reference.state_dict(name).items()
        if not key.endswith("num_batches_tracked")
    }
    save(source, {"state_dict": released, "epoch": 100}, location="cuda:0", module="torch.cuda")
    scalenet("convert", source, "-o", output, "--no-fold-batch-norm", "--no-verify")
    assert output.stat().st_size > sum(array.nbytes for array in released.values())
