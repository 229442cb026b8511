"""What the tests of images share: images, and a network that tells their classes apart, though not always."""

import numpy as np
import pytest
import torch
import vision
from PIL import Image


@pytest.fixture(scope="session")
def photos(session_folder):
    """Images in folders by class, some of odd kinds."""
    folder = session_folder / "photos"
    generator = np.random.Generator(np.random.PCG64(7))
    tints = generator.integers(0, 256, (vision.CLASSES, 3))
    for number in range(520):
        label = number % vision.CLASSES
        width, height = (int(side) for side in generator.integers(40, 330, 2))
        array = vision.picture(generator, width, height, tints[label])
        target = folder / f"class_{label}" / f"{number:04}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        match number % 13:
            case 0: Image.fromarray(array).save(target.with_suffix(".png"))
            case 1: target.write_bytes(vision.jpeg(array, "L"))
            case 2: target.write_bytes(vision.jpeg(array, progressive=True, quality=60))
            case 3: target.write_bytes(vision.jpeg(array, subsampling=0, quality=95))
            case 4: Image.fromarray(array).quantize(64).save(target.with_suffix(".png"))
            case 5: target.write_bytes(vision.jpeg(array, subsampling=1))
            case _: target.write_bytes(vision.jpeg(array))
    return folder


@pytest.fixture(scope="session")
def network(session_folder, photos):
    """A ResNet-18 whose last layer is fitted to every fourth image."""
    model = vision.network()
    files = sorted(photos.rglob("*.*"))
    part = files[::4]
    inputs = torch.stack([vision.prepared(vision.decoded(path)) for path in part])
    rows = torch.cat([vision.features(model, batch) for batch in inputs.split(26)]).double()
    labels = torch.tensor([int(path.parent.name[-1]) for path in part])
    center, scale = rows.mean(0), rows.std() + 1e-9
    scaled = (rows - center) / scale
    targets = torch.nn.functional.one_hot(labels, vision.CLASSES).double()
    weights = torch.linalg.solve(scaled.T @ scaled + 3.0 * torch.eye(512), scaled.T @ (targets - 0.1)) * 8
    with torch.no_grad():
        model.fc.weight.copy_((weights / scale).T.float())
        model.fc.bias.copy_((-(center / scale) @ weights).float())
    path = session_folder / "fitted.pth"
    torch.save(model.state_dict(), path)
    return path, model
