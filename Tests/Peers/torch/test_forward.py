"""PyTorch's forward pass, ONNX Runtime on the converted model and `scalenet run` say the same."""

import numpy as np
import onnx_checks
import pytest
import reference
import scalenet_torch
import torch
from command import scalenet
from long_form import shortened


def run(folder, model, image):
    source, output = folder / "input.npy", folder / "output.npy"
    np.save(source, image)
    scalenet("run", model, "--input", source, "--output", output, "--force")
    return np.load(output, allow_pickle=False)


@pytest.mark.parametrize("size", [(1, 288, 232), (2, 224, 224)], ids=str)
@pytest.mark.parametrize("name", shortened(reference.NAMES, "scalenet50_light", "scalenet101"))
def test_three_ways(tmp_path, name, size):
    batch, height, width = size
    model = scalenet_torch.released(name)
    image = reference.weights.image(height, width, batch, seed=3)
    with torch.inference_mode():
        expected = model(torch.from_numpy(image)).numpy()
    source, output = tmp_path / "model.pth", tmp_path / "model.onnx"
    torch.save(model.state_dict(), source)
    scalenet("convert", source, "-o", output, "--input-size", f"{height}x{width}")
    results = {
        "ONNX Runtime": onnx_checks.run(output, image)["output"],
        "run of the model": run(tmp_path, output, image),
        "run of the checkpoint": run(tmp_path, source, image),
    }
    errors = {way: onnx_checks.relative_error(logits, expected) for way, logits in results.items()}
    assert all(error < onnx_checks.FLOAT32_TOLERANCE for error in errors.values()), errors


@pytest.mark.parametrize("seed", range(6))
def test_structures_nobody_released(tmp_path, seed):
    """Random structures, widths and input sizes: what is absent, wide or bilinear differs each time."""
    random = np.random.default_rng(seed)
    rows = []
    for side in (56, 28, 14, 7):
        for _ in range(random.integers(1, 4)):
            channels = random.integers(0, 6, size=4)
            channels[random.integers(0, 4)] += 1
            rows.append([*map(int, channels), side])
    # Pool 7 in the last stage needs feature maps of 7 x 7.
    height, width = (int(side) for side in random.integers(224, 300, size=2))
    torch.manual_seed(seed)
    planes = tuple(int(each) for each in random.integers(2, 9, size=4))
    model = scalenet_torch.ScaleNet(rows, planes, stem=int(random.integers(3, 12)), classes=5).eval()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
            torch.nn.init.normal_(module.running_mean, std=0.2)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
    image = reference.weights.image(height, width, 2, seed=seed)
    with torch.inference_mode():
        expected = model(torch.from_numpy(image)).numpy()
    source, output = tmp_path / "model.pth", tmp_path / "model.onnx"
    torch.save(model.state_dict(), source)
    scalenet("convert", source, "-o", output, "--input-size", f"{height}x{width}")
    onnx_checks.check(output)
    results = onnx_checks.run(output, image)["output"], run(tmp_path, output, image), run(tmp_path, source, image)
    for logits in results:
        assert onnx_checks.relative_error(logits, expected) < onnx_checks.FLOAT32_TOLERANCE
