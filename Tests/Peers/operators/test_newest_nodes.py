"""The node tests of the newest onnx, whose wheel has no data: they are made anew, as onnx makes them."""

import re
import warnings
from pathlib import Path

import node_tests
import numpy as np
import onnx
import pytest

with warnings.catch_warnings():
    # Their values overflow on purpose.
    warnings.simplefilter("ignore")
    from onnx.backend.test.case.node import collect_testcases

    CASES = {case.name: case for case in collect_testcases()}

README = Path(__file__).resolve().parents[3] / "README.md"
NAMES = sorted(name for name, case in CASES.items() if not node_tests.outside(name, case.model.graph))

#: What fails. What is refused is refused by name.
FAILING = {
}

EXPECTED_FAILURES = node_tests.reasons(FAILING)


def array(value):
    if isinstance(value, onnx.TensorProto):
        value = onnx.numpy_helper.to_array(value)
    return node_tests.plain(np.asarray(value))


def difference(name, folder):
    case = CASES[name]
    onnx.save(case.model, folder / "model.onnx")
    inputs, outputs = case.data_sets[0]
    return node_tests.difference(
        folder / "model.onnx", [array(each) for each in inputs], [array(each) for each in outputs], folder
    )


def test_names_are_known():
    assert set(EXPECTED_FAILURES) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_node(tmp_path, name):
    found = difference(name, tmp_path)
    if name in EXPECTED_FAILURES:
        assert found != "", f"{name} passes, but is listed: {EXPECTED_FAILURES[name]}"
    else:
        assert found == ""


def test_readme_says_how_many():
    passing = len(NAMES) - len(EXPECTED_FAILURES)
    print(f"{passing} of {len(NAMES)} node tests")
    text = re.sub(r"\s+", " ", README.read_text())
    assert f"{passing} of {len(NAMES)} of the newest" in text
