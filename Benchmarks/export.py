"""usage: export.py FOLDER

Networks of torchvision and timm with fresh weights, as ONNX files with an open batch; transformers and ConvNeXt, with a
batch of 1, in a folder of their own. Needs the environment of Tests/Peers/requirements-torch.txt, and Tests/Peers/torch
among the paths of modules.
"""

import pathlib
import sys
import warnings

import torch
from image_libraries import timm, torchvision

# What PyTorch says of its own exporter tells a reader of the benchmark nothing.
warnings.simplefilter("ignore")
folder = pathlib.Path(sys.argv[1])
models = torchvision.models
convolutional = {
    "densenet121": models.densenet121,
    "googlenet": lambda: models.googlenet(init_weights=True, aux_logits=False),
    "efficientnet_b0": models.efficientnet_b0,
    "mobilenet_v3_large": models.mobilenet_v3_large,
}
transformers = {
    "vit_tiny": lambda: timm.create_model("vit_tiny_patch16_224"),
    "convnext_tiny": lambda: timm.create_model("convnext_tiny"),
}


def export(folder, networks, batch, axes):
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in networks.items():
        torch.manual_seed(1)
        torch.onnx.export(
            make().eval(),
            (torch.randn(batch, 3, 224, 224),),
            folder / f"{name}.onnx",
            dynamo=False,
            opset_version=17,
            input_names=["input"],
            output_names=["output"],
            dynamic_axes=axes,
        )


export(folder, convolutional, 2, {"input": {0: "batch"}, "output": {0: "batch"}})
export(folder / "transformers", transformers, 1, None)
