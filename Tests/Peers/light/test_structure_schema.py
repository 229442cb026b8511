"""schemas/structure.schema.json takes the structure files that there are, and refuses broken ones."""

import json

import jsonschema
import pytest
import reference

SCHEMA = json.loads((reference.FIXTURES.parent / "schemas" / "structure.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", [*reference.NAMES, "tiny"])
def test_accepts(name):
    VALIDATOR.validate(reference.structure(name))


@pytest.mark.parametrize(
    "row",
    [
        [1, 2, 3, 56],
        [1, 2, 3, 4, 56, 0],
        [-1, 2, 3, 4, 56],
        [0, 0, 0, 0, 56],
        [1.5, 2, 3, 4, 56],
        [65537, 2, 3, 4, 56],
        [1, 2, 3, 4, 55],
        ["1", 2, 3, 4, 56],
        {"channels": [1, 2, 3, 4], "side": 56},
    ],
    ids=str,
)
def test_refuses_a_row(row):
    rows = reference.structure("tiny")
    rows[0] = row
    assert not VALIDATOR.is_valid(rows)


@pytest.mark.parametrize("document", [{}, [], None, [[5, 2, 1, 1, 56]]], ids=str)
def test_refuses_a_document(document):
    assert not VALIDATOR.is_valid(document)
