"""The networks that faults are planted into, with the side of their images: one of each kind of structure."""

import scalenet_torch
import torch
from image_libraries import timm, torchvision

models = torchvision.models


class Segmentation(torch.nn.Module):
    """What a network of torchvision says of each pixel, without its dictionary."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, image):
        return self.network(image)["out"]


def of_timm(name, **options):
    return lambda: timm.create_model(name, exportable=True, **options)


def of_torchvision(name, **options):
    return lambda: getattr(models, name)(weights=None, **options)


def segmentation(name, **options):
    return lambda: Segmentation(getattr(models.segmentation, name)(weights=None, weights_backbone=None, **options))


NETWORKS = {
    "resnet18": (of_torchvision("resnet18"), 64),
    "resnet50": (of_torchvision("resnet50"), 64),
    "resnext50_32x4d": (of_torchvision("resnext50_32x4d"), 64),
    "legacy_seresnet18": (of_timm("legacy_seresnet18"), 64),
    "mobilenetv3_small_050": (of_timm("mobilenetv3_small_050"), 64),
    "mobilenetv3_large_100": (of_timm("mobilenetv3_large_100"), 64),
    "efficientnet_b0": (of_timm("efficientnet_b0"), 64),
    "googlenet": (of_torchvision("googlenet", aux_logits=False, transform_input=True, init_weights=False), 64),
    "densenet121": (of_torchvision("densenet121"), 64),
    "mixnet_s": (of_timm("mixnet_s"), 64),
    "res2net50_14w_8s": (of_timm("res2net50_14w_8s"), 64),
    "hrnet_w18_small": (of_timm("hrnet_w18_small"), 64),
    "scalenet": (scalenet_torch.tiny, 224),
    "vit_tiny": (of_timm("vit_tiny_patch16_224", img_size=64, depth=3), 64),
    "convnext_atto": (of_timm("convnext_atto"), 64),
    "inception_v3": (of_torchvision("inception_v3", aux_logits=False, init_weights=False), 96),
    "shufflenet_v2_x0_5": (of_torchvision("shufflenet_v2_x0_5"), 64),
    "regnety_002": (of_timm("regnety_002"), 64),
    "repvgg_a0": (of_timm("repvgg_a0"), 64),
    # Patches that do not divide the extents are resized.
    "mobilevit_xxs": (of_timm("mobilevit_xxs"), 96),
    "mnasnet0_5": (of_torchvision("mnasnet0_5"), 64),
    # Pools that round up.
    "squeezenet1_1": (of_torchvision("squeezenet1_1"), 70),
    "ghostnet_050": (of_timm("ghostnet_050"), 64),
    "ese_vovnet19b_slim": (of_timm("ese_vovnet19b_slim"), 64),
    "dpn48b": (of_timm("dpn48b"), 64),
    # LeakyReLU and PReLU.
    "cspresnet50": (of_timm("cspresnet50"), 64),
    "darknet17": (of_timm("darknet17"), 64),
    "mobilenetv2_050_prelu": (of_timm("mobilenetv2_050", act_layer="prelu"), 64),
    "tinynet_e": (of_timm("tinynet_e"), 64),
    "xception41": (of_timm("xception41"), 96),
    "edgenext_xx_small": (of_timm("edgenext_xx_small"), 64),
    "swin_tiny": (of_timm("swin_tiny_patch4_window7_224", depths=(2, 1, 1, 1)), 224),
    # LeakyReLU again, of two slopes.
    "sedarknet21": (of_timm("sedarknet21"), 64),
    "tresnet_m": (of_timm("tresnet_m"), 64),
    # HardSwish and HardSigmoid.
    "lcnet_050": (of_timm("lcnet_050"), 64),
    "hardcorenas_a": (of_timm("hardcorenas_a"), 64),
    "levit_128s": (of_timm("levit_128s"), 224),
    # Means of windows with margins.
    "resnest14d": (of_timm("resnest14d"), 64),
    "poolformer_s12": (of_timm("poolformer_s12"), 64),
    "resnet18d": (of_timm("resnet18d"), 70),
    # Attention and GELU.
    "cait_xxs24_224": (of_timm("cait_xxs24_224", img_size=64, depth=3), 64),
    "pit_ti_224": (of_timm("pit_ti_224", img_size=64), 64),
    "coat_lite_tiny": (of_timm("coat_lite_tiny", img_size=64), 64),
    # What each pixel is: outputs that are resized.
    "lraspp_mobilenet_v3_large": (segmentation("lraspp_mobilenet_v3_large", num_classes=5), 64),
    "deeplabv3_mobilenet_v3_large": (segmentation("deeplabv3_mobilenet_v3_large", num_classes=5), 64),
}
