"""The networks that ScaleNet is compared with, as timm and torchvision make them."""

import big_little
import octave
import torch
from image_libraries import timm, torchvision

registry = timm.models._registry

# Names that build networks of another implementation, or (the anti-aliased) what weights do not tell.
ANTI_ALIASED = ("resnetaa", "resnetblur", "seresnetaa", "seresnextaa")
TENSORFLOW = ("tf_mixnet",)


def timm_names():
    """All names of the families that are read, old names for the same networks left out."""
    names = set()
    for module in ("resnet", "res2net", "resnest", "sknet", "senet"):
        names |= registry._module_to_models[module]
    names |= {name for name in registry._module_to_models["efficientnet"] if "mixnet" in name}
    old = ("gluon_", "ig_", "ssl_", "swsl_", "tv_")
    return sorted(name for name in names if not name.startswith(old))


def randomised(model, seed=5):
    """In eval mode, with statistics that a normalisation folded wrongly or left out would show."""
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, (torch.nn.BatchNorm2d, torch.nn.GroupNorm)):
            torch.nn.init.uniform_(module.weight, 0.25, 0.75, generator=generator)
            torch.nn.init.normal_(module.bias, 0, 0.1, generator=generator)
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
    return model.eval()


OURS = {
    "oct_resnet50": octave.oct_resnet50,
    "oct_resnet26": lambda: octave.OctResNet((2, 2, 2, 2)),
    "oct_resnet50-alpha-0.25": lambda: octave.OctResNet((3, 4, 6, 3), alpha=0.25),
    "blresnet50": big_little.blresnet,
    "blresnet101": lambda: big_little.blresnet(101),
    "blresnet50-alpha-4-beta-2": lambda: big_little.BigLittleNet(big_little.DEPTHS[50], alpha=4, beta=2),
    "blresnext50_32x4d": big_little.blresnext,
    "blresnext101_64x4d": lambda: big_little.blresnext(101, 64),
    "blseresnext50_32x4d": lambda: big_little.blresnext(is_gated=True),
}


def make(name):
    torch.manual_seed(7)
    if name in OURS:
        return randomised(OURS[name]())
    if name.startswith("torchvision/"):
        arguments = {}
        if "googlenet" in name:
            arguments = {"transform_input": True, "aux_logits": name.endswith("+aux"), "init_weights": True}
        model = getattr(torchvision.models, name.split("/")[1].removesuffix("+aux"))(weights=None, **arguments)
    else:
        model = timm.create_model(name, pretrained=False)
    return randomised(model)
