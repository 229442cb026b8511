"""Operators in all forms that their schemas allow, drawn by seed: the same as in ONNX Runtime."""

import forms
import fuzz_forms
import pytest
from long_form import IS_LONG

#: Models of each operator; `fuzz_forms.py` draws more.
COUNT = 10 if IS_LONG else 6
#: At least this many of all models must be ones that somebody can compute beside us.
COMPARED = 0.85

SEEN = {"compared": 0, "drawn": 0}


@pytest.mark.parametrize("name", forms.FORMS)
def test_forms(tmp_path, name):
    for seed in range(COUNT):
        found, described = fuzz_forms.difference(name, seed, tmp_path)
        assert not found, f"{described}: {found}"
        SEEN["drawn"] += 1
        SEEN["compared"] += found is not None


def test_most_were_compared():
    assert SEEN["compared"] >= COMPARED * SEEN["drawn"]
