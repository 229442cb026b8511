"""What commands print as JSON is what the schemas say: errors, allocations and timings."""

import json
import re

import jsonschema
import pytest
import reference
from command import scalenet

SCHEMAS = reference.FIXTURES.parent / "schemas"
TINY = reference.TINY / "tiny.pth"


def validator(name):
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


@pytest.mark.parametrize(
    ("arguments", "kind", "members"),
    [
        (("inspect", "none.pth"), "no_input", {"path"}),
        (("convert", TINY, "-o", "x.y"), "invalid_option", {"option", "expected", "found", "remedy"}),
        (("convert", TINY, "-o", "x.onnx", "--opset", "3"), "invalid_option", {"option", "expected", "found"}),
        (("inspect", __file__), "invalid_input", {"path", "expected", "found"}),
        (("convert", TINY, "-o", TINY), "cannot_create", {"path"}),
        (("inspect",), "invalid_option", set()),
        (("inspect", TINY, "--per-layr"), "invalid_option", set()),
    ],
)
def test_errors(tmp_path, arguments, kind, members):
    outcome = scalenet(*arguments, "--format", "json", check=False, cwd=tmp_path)
    said = json.loads(outcome.stderr)
    jsonschema.validate(said, validator("error"))
    assert outcome.stdout == "" and said["kind"] == kind and said["exit_status"] == outcome.status
    assert members <= set(said)


def test_allocation():
    report = json.loads(scalenet("allocate", TINY, "--macs", "33M", "--format", "json").stdout)
    jsonschema.validate(report, validator("allocate"))
    # The structure's schema stands in it as a whole.
    structure = validator("structure")
    del structure["$schema"]
    assert validator("allocate")["$defs"]["structure"] == structure


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.schema.json")), ids=lambda path: path.name)
def test_schemas_resolve_alone_and_are_named(path):
    text = path.read_text()
    schema = validator(path.name.removesuffix(".schema.json"))
    assert schema["$id"] == f"urn:scalenet:schema:{path.name.removesuffix('.schema.json')}"
    assert all(reference.startswith("#/") for reference in re.findall(r'"\$ref": "([^"]*)"', text))
    assert f"schemas/{path.name}" in (SCHEMAS.parent / "README.md").read_text()


def test_timings():
    report = json.loads(scalenet("bench", TINY, "--batch", 1, "--runs", 2, "--format", "json").stdout)
    jsonschema.validate(report, validator("bench"))
    assert report[0]["threads"] >= 1 and report[0]["kernels"]
