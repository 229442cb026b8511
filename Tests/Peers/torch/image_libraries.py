"""torchvision and timm, which imports it, also where torchvision's operators for detection can't be loaded."""

import torch

try:
    import torchvision
except RuntimeError:
    # Its wheel may be built for GPUs and PyTorch's not: detection's operators are then missing, which no network here
    # uses, but their names have to exist.
    OPERATORS = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        OPERATORS.define(operator + "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision

import timm

__all__ = ["timm", "torchvision"]
