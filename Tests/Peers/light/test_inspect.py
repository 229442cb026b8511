"""`scalenet inspect` and `scalenet structure` report the published numbers."""

import json
import math

import jsonschema
import pytest
import reference
from command import scalenet

POOLS = (1, 2, 4, 7)
SCHEMAS = reference.FIXTURES.parent / "schemas"


def inspect(path, *options):
    """The JSON report, which must keep to its schema."""
    report = json.loads(scalenet("inspect", path, "--format", "json", *options).stdout)
    schema = json.loads((SCHEMAS / "inspect.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    return report


def published_blocks(name):
    """What each block's row must say at 224 x 224, counted from the specification's shapes."""
    shapes = dict(reference.specification(name))
    result = []
    for stage, index, (*channels, side) in reference.blocks(reference.structure(name)):
        prefix = f"layer{stage}.{index}."
        own = {key.removeprefix(prefix): shape for key, shape in shapes.items() if key.startswith(prefix)}
        convolutions = {key: shape for key, shape in own.items() if len(shape) == 4}
        macs = 0
        for key, shape in convolutions.items():
            pool = POOLS[int(key.split(".")[1])] if key.startswith("conv2.") else 1
            macs += math.prod(shape) * (side // pool) ** 2
        learnable = [shape for key, shape in own.items() if key.endswith((".weight", ".bias"))]
        result.append(
            {
                "name": prefix.rstrip("."),
                "kind": "scale_aggregation",
                "groups": 1,
                "output_channels": convolutions["conv3.weight"][0],
                "stage": stage,
                "feature_size": [side, side],
                "channels": channels,
                "kernel_sizes": [convolutions.get(f"conv2.{scale}.weight", (0,))[-1] for scale in range(4)],
                "resize": [
                    "absent" if count == 0 else "none" if pool == 1 else resize_mode(side, side // pool)
                    for count, pool in zip(channels, POOLS)
                ],
                "parameters": sum(map(math.prod, learnable)),
                "macs": macs,
            }
        )
    return result


def resize_mode(large, small):
    return "nearest" if large % small == 0 else "linear"


@pytest.mark.parametrize("name", reference.NAMES)
def test_full_size(checkpoint, name):
    report = inspect(checkpoint(name))
    assert report["blocks"] == published_blocks(name)
    totals = report["totals"]
    assert totals["macs"] == reference.MACS[name]
    assert totals["flops"] == 2 * reference.MACS[name]
    assert totals["parameters"] == reference.PARAMETERS[name]
    shapes = reference.specification(name)
    assert totals["buffers"] == sum(math.prod(shape) for key, shape in shapes if "running_" in key)
    assert report["variant"].lower().replace("-", "") == name.replace("_", "")
    assert report["classes"] == 1000


def test_layers_add_up_to_the_totals(checkpoint):
    report = inspect(checkpoint("scalenet50"))
    for column in ("macs", "parameters", "buffers", "other_operations"):
        assert sum(layer[column] for layer in report["layers"]) == report["totals"][column]


@pytest.mark.parametrize("folding", ["--fold-batch-norm", "--no-fold-batch-norm"])
@pytest.mark.parametrize("name", ["tiny", "scalenet50"])
def test_a_converted_model_reports_the_same(tmp_path, checkpoint, name, folding):
    output = tmp_path / "model.onnx"
    scalenet("convert", checkpoint(name), "-o", output, folding, "--no-verify")
    before, after = inspect(checkpoint(name)), inspect(output)
    assert after["totals"]["macs"] == before["totals"]["macs"]
    assert [row["macs"] for row in after["blocks"]] == [row["macs"] for row in before["blocks"]]
    assert [row["channels"] for row in after["blocks"]] == [row["channels"] for row in before["blocks"]]
    assert [row["resize"] for row in after["blocks"]] == [row["resize"] for row in before["blocks"]]


def test_input_size(checkpoint):
    report = inspect(checkpoint("scalenet50"), "--input-size", "256x320")
    assert report["input"]["shape"][-3:] == [3, 256, 320]
    assert report["blocks"][-1]["feature_size"] == [8, 10]
    # 8 from 2 is even, 10 from 2 is even; 8 from 4 and 10 from 5 too.
    assert report["blocks"][-1]["resize"][:3] == ["none", "nearest", "nearest"]


@pytest.mark.parametrize("name", reference.NAMES)
def test_table_shows_the_totals(checkpoint, name):
    table = scalenet("inspect", checkpoint(name)).stdout.replace(",", "")
    assert str(reference.MACS[name]) in table
    assert str(reference.PARAMETERS[name]) in table


@pytest.mark.parametrize("name", ["tiny", *reference.NAMES])
def test_structure_of_a_checkpoint(checkpoint, name):
    printed = scalenet("structure", checkpoint(name)).stdout
    assert json.loads(printed) == reference.structure(name)


def test_structure_of_a_converted_model(tmp_path):
    output, rows = tmp_path / "model.onnx", tmp_path / "rows.json"
    scalenet("convert", reference.TINY / "tiny.pth", "-o", output)
    scalenet("structure", output, "-o", rows)
    assert json.loads(rows.read_text()) == reference.structure("tiny")


@pytest.mark.parametrize("name", ["tiny", "scalenet50_light"])
def test_conversion_accepts_the_network_s_own_structure(tmp_path, checkpoint, name):
    output = tmp_path / "model.onnx"
    scalenet("convert", checkpoint(name), "--structure", reference.structure_path(name), "-o", output, "--no-verify")
    assert output.exists()


@pytest.mark.parametrize("suffix", ["onnx", "pth"])
def test_conversion_report(tmp_path, suffix):
    output = tmp_path / f"model.{suffix}"
    report = json.loads(
        scalenet("convert", reference.TINY / "tiny.pth", "-o", output, "--format", "json").stdout
    )
    schema = json.loads((SCHEMAS / "convert.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(report)
    assert report["bytes"] == output.stat().st_size
    assert report["verification"]["largest_relative_error"] <= report["verification"]["tolerance"]
    assert report["architecture"].startswith("ScaleNet")
