"""Verification refuses no honest network, however much it amplifies rounding, and says by how much it does; and a
fault of a thousandth in one number of the written file never passes.

`SCALENET_SWEEP=1` looks at every residual network of torchvision and timm that is read, and prints a table."""

import json
import os
import random
import subprocess
from pathlib import Path

import onnx
import pytest
import residual_networks
import torch
from command import DIFFERENCE, scalenet
from long_form import shortened

SWEEP = os.environ.get("SCALENET_SWEEP")
SHORT = [("torchvision", "resnet50"), ("timm", "seresnext50_32x4d")]
NETWORKS = residual_networks.ALL if SWEEP else shortened([*SHORT, ("torchvision", "resnet152")], *SHORT)


def convert(source, output, *options):
    return json.loads(scalenet("convert", source, "-o", output, "--format", "json", *options).stdout)


@pytest.fixture(scope="session")
def planting(session_folder):
    """The library that plants a fault into a file after it was written, and before it is read back."""
    path = session_folder / "planting.so"
    source = Path(__file__).with_name("planting.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o", path, source, "-ldl"], check=True)
    return path


def refuse_faults(source, written, planting, count):
    """Plants a fault in numbers of weights chosen at random: each is named, and nothing is left."""
    choice = random.Random(5)
    data = written.read_bytes()
    # Found by their bytes: fresh normalisations are all the same.
    weights = [tensor for tensor in onnx.load_from_string(data).graph.initializer
               if tensor.data_type == onnx.TensorProto.FLOAT and len(tensor.raw_data) > 4
               and data.count(tensor.raw_data) == 1]
    output = written.with_name("faulty.onnx")
    for tensor in choice.sample(weights, count):
        element = choice.randrange(len(tensor.raw_data) // 4)
        offset = data.index(tensor.raw_data) + 4 * element
        outcome = scalenet("convert", source, "-o", output, check=False,
                           env=os.environ | {"LD_PRELOAD": str(planting), "PLANT_OFFSET": str(offset)})
        assert outcome.status == DIFFERENCE and not output.exists(), (tensor.name, element, outcome)
        assert f"{tensor.name}: 1 of " in outcome.stderr and f"element {element} is" in outcome.stderr, outcome.stderr


@pytest.mark.parametrize(("library", "name"), NETWORKS)
def test_honest_networks_are_proved_and_faults_refused(tmp_path, planting, library, name):
    source, output = tmp_path / "model.pth", tmp_path / "model.onnx"
    torch.save(residual_networks.trained(library, name).state_dict(), source)
    report = convert(source, output)["verification"]
    assert report["compared_weights"] == report["weights"] > 1e6
    assert report["exact_error"] <= 1e-9
    assert report["largest_relative_error"] <= report["tolerance"]
    expected = max(1e-5, 4 * report["source_error"])
    assert report["tolerance"] == pytest.approx(expected)
    assert report["limit"] == ("fixed" if report["tolerance"] == 1e-5 else "source_rounding")
    assert report["amplification"] == pytest.approx(report["source_error"] * 2**24)
    refuse_faults(source, output, planting, 4 if SWEEP else 2)
    if SWEEP:
        print(
            f"\nSWEEP {library:12}{name:26}{report['weights']:>12,}{report['source_error']:10.1e}"
            f"{report['amplification']:8.0f}{report['largest_relative_error']:10.1e}{report['tolerance']:10.1e}"
            f"{report['exact_error']:10.1e}  {report['limit']}"
        )


def test_networks_that_amplify_are_said(tmp_path):
    source = tmp_path / "model.pth"
    torch.save(residual_networks.trained("torchvision", "resnet101").state_dict(), source)
    text = scalenet("convert", source, "-o", tmp_path / "model.onnx").stdout
    assert "weights are the source's but for rounding; in Double " in text
    assert "amplifies rounding" in text


def test_outputs_of_nan_are_refused(tmp_path):
    model = residual_networks.trained("torchvision", "resnet18")
    model.bn1.running_var.data[0] = -1e-3
    source, output = tmp_path / "model.pth", tmp_path / "model.onnx"
    torch.save(model.state_dict(), source)
    outcome = scalenet("convert", source, "-o", output, check=False)
    assert outcome.status == DIFFERENCE and not output.exists()
    assert "nothing is proved: no element of output output is finite" in outcome.stderr
