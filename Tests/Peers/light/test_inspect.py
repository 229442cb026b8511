"""`scalenet inspect` and `scalenet structure` report the published numbers."""

import json

import pytest
import reference
from command import scalenet


def numbers(report):
    """Every number in a JSON report."""
    if isinstance(report, dict):
        return [number for value in report.values() for number in numbers(value)]
    if isinstance(report, list):
        return [number for value in report for number in numbers(value)]
    return [report] if isinstance(report, (int, float)) else []


@pytest.mark.parametrize("name", reference.NAMES)
def test_totals(checkpoint, name):
    report = json.loads(scalenet("inspect", checkpoint(name), "--format", "json").stdout)
    found = numbers(report)
    assert reference.MACS[name] in found
    assert 2 * reference.MACS[name] in found
    assert reference.PARAMETERS[name] in found


@pytest.mark.parametrize("name", reference.NAMES)
def test_table_shows_the_totals(checkpoint, name):
    table = scalenet("inspect", checkpoint(name)).stdout
    assert f"{reference.MACS[name]:,}" in table or str(reference.MACS[name]) in table
    assert f"{reference.PARAMETERS[name]:,}" in table or str(reference.PARAMETERS[name]) in table


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
