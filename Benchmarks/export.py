"""usage: export.py FOLDER

Networks of torchvision and timm with fresh weights, as ONNX files with an open batch. Needs the environment of
Tests/Peers/requirements-torch.txt.
"""

import pathlib
import sys

import timm
import torch
import torchvision

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
models = torchvision.models
networks = {
    "densenet121": models.densenet121,
    "googlenet": lambda: models.googlenet(init_weights=True, aux_logits=False),
    "efficientnet_b0": models.efficientnet_b0,
    "mobilenet_v3_large": models.mobilenet_v3_large,
    "vit_tiny": lambda: timm.create_model("vit_tiny_patch16_224"),
    "convnext_tiny": lambda: timm.create_model("convnext_tiny"),
}
for name, make in networks.items():
    torch.manual_seed(1)
    axes = {"input": {0: "batch"}, "output": {0: "batch"}}
    torch.onnx.export(
        make().eval(),
        (torch.randn(2, 3, 224, 224),),
        folder / f"{name}.onnx",
        dynamo=False,
        opset_version=17,
        input_names=["input"],
        output_names=["output"],
        dynamic_axes=axes,
    )
