"""The reference data in fixtures/: paths, structures, stand-in weights, images and expected outputs."""

import importlib.util
import json
from pathlib import Path

import numpy as np

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
TINY = FIXTURES / "tiny"

#: The released structures, by the name of their files.
NAMES = ("scalenet50_light", "scalenet50", "scalenet101", "scalenet152")

#: Multiply-accumulates of convolutions and the linear layer at 224 x 224, and learnable parameters.
MACS = {
    "scalenet50_light": 2_861_475_840,
    "scalenet50": 3_818_372_352,
    "scalenet101": 7_511_097_600,
    "scalenet152": 11_211_951_616,
}
PARAMETERS = {
    "scalenet50_light": 23_631_912,
    "scalenet50": 31_483_618,
    "scalenet101": 54_792_390,
    "scalenet152": 77_220_070,
}

#: Checkpoints of the tiny network that hold the same float32 values.
TINY_EQUAL = (
    "tiny.pth",
    "tiny.legacy.pth",
    "tiny.data_parallel.pth",
    "tiny.training_checkpoint.pth",
    "tiny.wrapped.legacy.pth",
    "tiny.torch030.legacy.pth",
    "tiny.double.pth",
    "tiny.views.pth",
    "tiny.views.legacy.pth",
    "tiny.parameters.pth",
)
#: Those that hold other values or fewer keys.
TINY_OTHER = ("tiny.half.pth", "tiny.bfloat16.pth", "tiny.backbone.pth")

#: Inputs of the tiny network, (batch, height, width), for which outputs are at hand.
TINY_INPUTS = ((1, 224, 224), (4, 224, 224), (1, 256, 320), (1, 225, 257))


def _load_weights_module():
    spec = importlib.util.spec_from_file_location("weights", FIXTURES / "full" / "weights.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


weights = _load_weights_module()


def structure_path(name):
    return TINY / "structure.json" if name == "tiny" else FIXTURES / "structures" / f"{name}.json"


def structure(name):
    """The rows `[c1, c2, c4, c7, side]` of a structure file."""
    return json.loads(structure_path(name).read_text())


def specification(name):
    """`[(key, shape), ...]` of a full-size network's state dict, in the published order."""
    rows = json.loads((FIXTURES / "full" / f"{name}.spec.json").read_text())
    return [(key, tuple(shape)) for key, shape in rows]


def state_dict(name):
    """The stand-in weights of a full-size network, by key, in the published order."""
    return weights.make(specification(name))


def expected(name):
    """The published implementation's results for a full-size network."""
    return np.load(FIXTURES / "full" / f"{name}.expected.npz")


def tiny_image(batch, height, width):
    """The tiny network's input of that size."""
    if (batch, height, width) == (1, 224, 224):
        return np.load(TINY / "input_1x3x224x224.npy")
    return weights.image(height, width, batch, seed=7)


def tiny_logits(batch, height, width):
    return np.load(TINY / f"output_{batch}x3x{height}x{width}.npy")


def depths(rows):
    """Blocks in each of the four stages: the feature size changes where a stage begins."""
    sides = [row[4] for row in rows]
    return [sides.count(side) for side in sorted(set(sides), reverse=True)]


def blocks(rows):
    """Yields (stage, index, row) of each block; stages count from 1."""
    remaining = iter(rows)
    for stage, depth in enumerate(depths(rows), start=1):
        for index in range(depth):
            yield stage, index, next(remaining)
