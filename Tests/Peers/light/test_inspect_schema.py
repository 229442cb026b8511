"""`scalenet inspect --format json` keeps to schemas/inspect.schema.json."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from command import scalenet

ROOT = Path(__file__).resolve().parents[3]
BLOCKS = ROOT / "fixtures" / "blocks"


@pytest.fixture(scope="module")
def validator():
    schema = json.loads((ROOT / "schemas" / "inspect.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", ["tiny", "scalenet50"])
def test_checkpoints(checkpoint, validator, name):
    report = json.loads(scalenet("inspect", checkpoint(name), "--format", "json").stdout)
    validator.validate(report)
    assert {block["kind"] for block in report["blocks"]} == {"scale_aggregation"}
    totals = report["totals"]
    assert totals["arithmetic_intensity"] == pytest.approx(totals["flops"] / totals["memory_traffic_bytes"])


@pytest.mark.parametrize("name", ["basic_gated", "grouped_gated_linear.unfolded", "inverted", "scalenet_tiny"])
def test_exported_models(validator, name):
    report = json.loads(scalenet("inspect", BLOCKS / f"{name}.onnx", "--format", "json").stdout)
    validator.validate(report)
    assert len(report["blocks"]) == {"inverted": 0, "scalenet_tiny": 6}.get(name, 4)
    assert sum(layer["macs"] for layer in report["layers"]) == report["totals"]["macs"]
    assert all(("squeeze_channels" in block) == ("gated" in name) for block in report["blocks"])


def test_schema_refuses_what_it_does_not_know(checkpoint, validator):
    report = json.loads(scalenet("inspect", checkpoint("tiny"), "--format", "json").stdout)
    del report["blocks"][0]["kind"]
    assert not validator.is_valid(report)
    assert not validator.is_valid([])


def test_tensors_of_no_known_network(tmp_path, validator):
    np.savez(tmp_path / "w.npz", **{"a.b": np.array([1, np.nan], np.float32), "c": np.array([1j], np.complex64)})
    for options in ([], ["--per-tensor"]):
        report = json.loads(scalenet("inspect", tmp_path / "w.npz", "--format", "json", *options).stdout)
        validator.validate(report)
        assert ("statistics" in report["tensors"][0]) == bool(options)
        assert "statistics" not in report["tensors"][1]
    both = json.loads(scalenet("inspect", tmp_path / "w.npz", "arch:resnet18", "--format", "json").stdout)
    validator.validate(both)
    assert [report["format"] for report in both] == ["built-in", "numpy"]


def test_tensors_of_a_network(checkpoint, validator):
    report = json.loads(scalenet("inspect", checkpoint("tiny"), "--per-tensor", "--format", "json").stdout)
    validator.validate(report)
    assert "reason" not in report and report["tensors"][0]["name"] == "conv1.weight"
