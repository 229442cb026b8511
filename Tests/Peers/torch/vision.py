"""torchvision and timm, and what the tests of images share."""

import io
import json
from pathlib import Path

import jsonschema
import numpy as np
import torch
from image_libraries import torchvision
from PIL import Image
from torchvision import transforms

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
# Of a probability.
PROBABILITY_TOLERANCE = 1e-5
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLASSES = 10
# Of the network's input, and what the shorter side gets before the crop: small, so that many images take little time.
SIZE, RESIZE = 64, 73


def picture(generator, width, height, tint=None):
    """Smooth colours, an edge and noise; with a tint, of a class that can be told from it."""
    y, x = np.mgrid[0:height, 0:width].astype(float)
    planes = []
    for _ in range(3):
        fx, fy, phase = generator.uniform(0.02, 0.3), generator.uniform(0.02, 0.3), generator.uniform(0, 6)
        planes.append(128 + 90 * np.sin(x * fx + y * fy + phase))
    image = np.stack(planes, axis=-1)
    left, top = generator.integers(0, width), generator.integers(0, height)
    image[top:top + height // 3 + 1, left:left + width // 3 + 1] = generator.integers(0, 256, 3)
    if tint is not None:
        image = 0.55 * image + 0.45 * np.asarray(tint)
    image += generator.normal(0, generator.choice([0, 4, 20]), image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


def jpeg(array, mode="RGB", **options):
    """A JPEG file's bytes."""
    target = io.BytesIO()
    Image.fromarray(array).convert(mode).save(target, "JPEG", **options)
    return target.getvalue()


def decoded(path):
    return Image.open(path).convert("RGB")


def prepared(image, resize=RESIZE, crop=SIZE, interpolation="bilinear"):
    """torchvision's preprocessing for classification, [3, H, W]."""
    mode = getattr(transforms.InterpolationMode, interpolation.upper())
    return transforms.Compose([
        transforms.Resize(resize, interpolation=mode), transforms.CenterCrop(crop), transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ])(image)


def pixels(image, resize=RESIZE, crop=SIZE):
    """The same before it becomes numbers: [H, W, 3] of bytes."""
    return np.asarray(transforms.CenterCrop(crop)(transforms.Resize(resize)(image)))


def features(network, images):
    """What goes into a ResNet's last layer."""
    with torch.no_grad():
        x = network.maxpool(torch.relu(network.bn1(network.conv1(images))))
        for stage in (network.layer1, network.layer2, network.layer3, network.layer4):
            x = stage(x)
        return x.mean(dim=(2, 3))


def network(seed=0, classes=CLASSES):
    """A small ResNet with random weights and statistics of its own."""
    torch.manual_seed(seed)
    result = torchvision.models.resnet18(weights=None, num_classes=classes).eval()
    return result


def check(schema, report):
    jsonschema.validate(report, json.loads((SCHEMAS / f"{schema}.schema.json").read_text()))
