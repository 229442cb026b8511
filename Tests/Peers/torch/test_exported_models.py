"""Models that PyTorch itself exported to ONNX are read, understood and computed."""

import json

import numpy as np
import onnx_checks
import pytest
import reference
import scalenet_torch
import torch
from command import scalenet


@pytest.fixture(scope="module")
def exported(session_folder):
    """`exported(name, opset, dynamic)`: the path of PyTorch's own TorchScript export."""
    made = {}

    def make(name, opset=17, dynamic=False):
        key = (name, opset, dynamic)
        if key not in made:
            model = scalenet_torch.tiny() if name == "tiny" else scalenet_torch.released(name)
            made[key] = session_folder / f"{name}.{opset}.{dynamic}.exported.onnx"
            torch.onnx.export(
                model,
                (torch.zeros(1, 3, 224, 224),),
                str(made[key]),
                input_names=["input"],
                output_names=["output"],
                opset_version=opset,
                dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}} if dynamic else None,
                dynamo=False,
            )
        return made[key]

    return make


def run(folder, model, image):
    source, output = folder / "input.npy", folder / "output.npy"
    np.save(source, image)
    scalenet("run", model, "--input", source, "--output", output)
    return np.load(output, allow_pickle=False)


@pytest.mark.parametrize("dynamic", [False, True], ids=["fixed", "dynamic"])
@pytest.mark.parametrize("opset", [11, 13, 17])
def test_tiny(tmp_path, exported, opset, dynamic):
    model = exported("tiny", opset, dynamic)
    size = (4 if dynamic else 1, 224, 224)
    logits = run(tmp_path, model, reference.tiny_image(*size))
    assert onnx_checks.relative_error(logits, reference.tiny_logits(*size)) < onnx_checks.FLOAT32_TOLERANCE


def test_full_size(tmp_path, exported):
    logits = run(tmp_path, exported("scalenet50"), reference.weights.image(224, 224))
    expected = reference.expected("scalenet50")["1x3x224x224"]
    assert onnx_checks.relative_error(logits, expected) < onnx_checks.FLOAT32_TOLERANCE


def test_full_size_report(exported):
    report = scalenet("inspect", exported("scalenet50"), "--format", "json").stdout
    assert str(reference.MACS["scalenet50"]) in report
    assert json.loads(report)


def test_rewriting_leaves_only_the_network(tmp_path, exported):
    output = tmp_path / "clean.onnx"
    scalenet("convert", exported("scalenet50"), "-o", output, "--fold-batch-norm")
    model = onnx_checks.check(output)
    expected = onnx_checks.expected_operators(reference.structure("scalenet50"), folded=True)
    assert onnx_checks.operators(model) == expected
    logits = onnx_checks.run(output, reference.weights.image(224, 224))["output"]
    assert (
        onnx_checks.relative_error(logits, reference.expected("scalenet50")["1x3x224x224"])
        < onnx_checks.FLOAT32_TOLERANCE
    )
