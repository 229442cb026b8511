"""Faults in small exports of PyTorch are found, nearly all named, none wrongly, and pairs without a fault match: a short run
of fault_table.py."""

import fault_table
import pytest
from fault_measure import TWO, table

KINDS = [
    "stride", "epsilon", "function left out", "HardSwish for Relu", "residual of another block", "block left out",
    "gate skipped", "parts of a Concat exchanged", "parts of a Split exchanged", "convolution left out",
    "margins that reflect", "matrix transposed", "int8 for each channel", "factor for each channel", "bias left out",
    "bias of zeros", "statistics of a fresh normalisation", "normalisation left out",
    "float16 in all weights", "mean and deviation", "softmax at the end",
    "margins of one axis", "extents of a reshape exchanged", "gate of another block", "function twice",
    "weight in the order HWIO", "a weight that is no number", "channels last read as first",
    TWO,
]


@pytest.mark.parametrize("network", ["mobilenetv3_small_050", "shufflenet_v2_x0_5"])
def test_faults_in_exports(network):
    table([network], fault_table.exports, KINDS, places=2).check(faults=12, pairs=5)
