"""torchvision's and timm's residual networks that are read, with statistics as training leaves them."""

import zlib

import family
import torch
from image_libraries import timm, torchvision

#: By library; each is recognised from its weights.
TORCHVISION = (
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "resnext50_32x4d",
    "resnext101_32x8d",
    "resnext101_64x4d",
    "wide_resnet50_2",
    "wide_resnet101_2",
)
#: Those of which weights do not tell all are read with an option, and one mixes blocks of several kinds.
TIMM = [name for name in family.timm_names()
        if "mixnet" not in name and not name.startswith(family.ANTI_ALIASED) and name != "test_resnet"]
ALL = [("torchvision", name) for name in TORCHVISION] + [("timm", name) for name in TIMM]


def trained(library, name, side=160, seed=None, **arguments):
    """A network whose BatchNorm statistics are those of a batch, a little disturbed, as after a few steps of training.

    Such networks amplify the rounding of float32: the deeper, the more."""
    torch.manual_seed(zlib.crc32(f"{library} {name}".encode()) if seed is None else seed)
    if library == "torchvision":
        model = getattr(torchvision.models, name)(weights=None, **arguments)
    else:
        model = timm.create_model(name, pretrained=False, **arguments)
    return settled(model, side)


def settled(model, side):
    """The network with the statistics of a batch, a little disturbed."""
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        # Zero where a block is to begin as its shortcut: training has moved it.
        torch.nn.init.uniform_(norm.weight, 0.8, 1.2)
        torch.nn.init.normal_(norm.bias, std=0.1)
        norm.momentum = 1.0
    model.train()
    with torch.no_grad():
        model(torch.randn(4, 3, side, side))
    for norm in norms:
        norm.running_mean += 0.02 * norm.running_var.sqrt() * torch.randn_like(norm.running_mean)
        norm.running_var *= torch.empty_like(norm.running_var).uniform_(0.95, 1.05)
    return model.eval()
