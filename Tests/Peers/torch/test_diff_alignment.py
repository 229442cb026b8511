"""PyTorch's own exports line up with the checkpoint, convolution by convolution."""

import json

import pytest
import scalenet_torch
import torch
from command import scalenet


@pytest.mark.parametrize("dynamo", [False, True], ids=["torchscript", "dynamo"])
def test_exported_scalenet50(tmp_path, dynamo):
    model = scalenet_torch.released("scalenet50").eval()
    checkpoint, exported = tmp_path / "model.pth", tmp_path / "model.onnx"
    torch.save(model.state_dict(), checkpoint)
    torch.onnx.export(
        model,
        (torch.zeros(1, 3, 224, 224),),
        str(exported),
        input_names=["input"],
        output_names=["output"],
        dynamo=dynamo,
        **({} if dynamo else {"opset_version": 17}),
    )
    report = json.loads(scalenet("diff", checkpoint, exported, "--layers", "--format", "json").stdout)
    assert report["verdict"] == "match"
    assert report["kind"] == "rounding"
    convolutions = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Conv2d)]
    aligned = {layer["name"] for layer in report["layers"] if layer["op"] == "Conv"}
    assert len(aligned & set(convolutions)) >= 0.95 * len(convolutions)
    assert all(layer["is_within_tolerance"] for layer in report["layers"])
    # What the exporter folded is said, and nothing else is left over.
    unmatched = report["unmatched"]["left"]
    assert all("folded into" in layer["reason"] for layer in unmatched)
    assert not report["unmatched"]["right"]
