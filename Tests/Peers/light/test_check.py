"""`scalenet check` and `convert --for`: what a target refuses is found by its rules, and what is written for it passes."""

import json

import jsonschema
import numpy as np
import onnx
import onnxruntime
import pytest
import reference
from command import DIFFERENCE, OK, USAGE, scalenet
from onnx import TensorProto, helper, numpy_helper

TINY = reference.TINY / "tiny.pth"
SCHEMA = json.loads((reference.FIXTURES.parent / "schemas" / "check.schema.json").read_text())
TARGETS = SCHEMA["properties"]["target"]["enum"]


def check(model, target, *options):
    outcome = scalenet("check", model, "--target", target, "--format", "json", *options, check=False)
    report = json.loads(outcome.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert outcome.status == (OK if report["passes"] else DIFFERENCE)
    assert report["passes"] == all(finding["severity"] != "error" for finding in report["findings"])
    return report


def errors(report):
    return {(finding["rule"], finding["node"]) for finding in report["findings"] if finding["severity"] == "error"}


def image(name, *shape, type=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, type, shape)


def save(path, nodes, inputs, outputs, weights=(), opset=17, ir=8):
    graph = helper.make_graph(nodes, "case", inputs, outputs, list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("target", TARGETS)
def test_our_own_network_passes(target):
    report = check(TINY, target)
    assert report["passes"] and report["checked_nodes"] > 50


@pytest.mark.parametrize("target", ["tensorrt-8.6", "tensorrt-10", "tensorrt-11", "onnxruntime-1.17"])
def test_what_is_written_for_a_target_passes(tmp_path, target):
    model = tmp_path / "tiny.onnx"
    scalenet("convert", TINY, "--for", target, "-o", model)
    assert check(model, target)["passes"]
    written = onnx.load(model)
    opset, ir = written.opset_import[0].version, written.ir_version
    assert {"tensorrt-8.6": (17, 8), "tensorrt-10": (19, 9), "tensorrt-11": (20, 9), "onnxruntime-1.17": (20, 9)}[
        target] == (opset, ir)
    onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def test_versions_that_a_target_does_not_read(tmp_path):
    nodes = [helper.make_node("Relu", ["x"], ["y"], "relu")]
    model = save(tmp_path / "new.onnx", nodes, [image("x", 1, 4)], [image("y", 1, 4)], opset=23, ir=11)
    for target, rules in [
        ("tensorrt-8.6", {"opset"}), ("tensorrt-10", {"opset"}), ("tensorrt-11", set()),
        ("onnxruntime-1.17", {"opset", "ir_version"}), ("keras", set()),
    ]:
        assert {rule for rule, _ in errors(check(model, target))} == rules, target


def test_attributes_that_tensorrt_does_not_take(tmp_path):
    sizes = numpy_helper.from_array(np.array([1, 3, 16, 16], np.int64), "sizes")
    nodes = [
        helper.make_node("Resize", ["x", "", "", "sizes"], ["a"], "cubic", mode="cubic"),
        helper.make_node("Resize", ["x", "", "", "sizes"], ["b"], "linear", mode="linear"),
        helper.make_node("MaxPool", ["x"], ["d", "where"], "indices", kernel_shape=[2, 2]),
        helper.make_node("MaxPool", ["x"], ["e"], "dilated", kernel_shape=[2, 2], dilations=[2, 2]),
        helper.make_node("MaxPool", ["x"], ["f"], "plain", kernel_shape=[2, 2]),
    ]
    outputs = [image(name, 1, 3, 16, 16) for name in "ab"] + [
        image("d", 1, 3, 7, 7), image("where", 1, 3, 7, 7, type=TensorProto.INT64), image("e", 1, 3, 6, 6),
        image("f", 1, 3, 7, 7)]
    model = save(tmp_path / "attributes.onnx", nodes, [image("x", 1, 3, 8, 8)], outputs, [sizes])
    for target in ("tensorrt-8.6", "tensorrt-10", "tensorrt-11"):
        report = check(model, target)
        found = {node for rule, node in errors(report) if rule == "attribute"}
        assert found == {"cubic", "indices", "dilated"}
        narrowed = {finding["node"] for finding in report["findings"] if finding["severity"] == "warning"}
        assert narrowed == ({"where"} if target == "tensorrt-8.6" else set())
    assert check(model, "onnxruntime-1.17")["passes"]


def test_tensorflows_pixels_want_one_rounding(tmp_path):
    weights = [numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales"),
               numpy_helper.from_array(np.zeros(0, np.float32), "roi")]
    for mode, passes in [("floor", False), ("round_prefer_floor", True)]:
        nodes = [helper.make_node(
            "Resize", ["x", "roi", "scales"], ["y"], "up", mode="nearest", nearest_mode=mode,
            coordinate_transformation_mode="tf_half_pixel_for_nn")]
        model = save(tmp_path / f"{mode}.onnx", nodes, [image("x", 1, 3, 8, 8)], [image("y", 1, 3, 16, 16)],
                     weights, opset=11, ir=6)
        assert check(model, "tensorrt-8.6")["passes"] == passes


@pytest.mark.parametrize("type, zero, passes", [(np.int8, 0, True), (np.int8, 3, False), (np.uint8, 0, False)])
def test_quantisation_is_symmetric(tmp_path, type, zero, passes):
    weights = [
        numpy_helper.from_array(np.float32(0.1), "scale"), numpy_helper.from_array(np.array(zero, type), "zero")]
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale", "zero"], ["q"], "quantize"),
        helper.make_node("DequantizeLinear", ["q", "scale", "zero"], ["y"], "dequantize"),
    ]
    model = save(tmp_path / "q.onnx", nodes, [image("x", 1, 4)], [image("y", 1, 4)], weights)
    found = {node for _, node in errors(check(model, "tensorrt-10"))}
    assert found == (set() if passes else {"quantize", "dequantize"})


def test_operators_that_a_version_lacks(tmp_path):
    nodes = [helper.make_node("Mish", ["x"], ["a"], "mish"), helper.make_node("Hardmax", ["a"], ["y"], "hard")]
    model = save(tmp_path / "new.onnx", nodes, [image("x", 1, 4)], [image("y", 1, 4)], opset=18)
    assert errors(check(model, "tensorrt-8.6")) >= {("operator", "mish"), ("operator", "hard")}
    assert check(model, "tensorrt-10")["passes"]
    outcome = scalenet("convert", model, "--for", "tensorrt-8.6", "-o", tmp_path / "y.onnx", check=False)
    # Mish is written in operators that it has.
    assert outcome.status == DIFFERENCE and "hard (Hardmax): TensorRT 8.6 has no Hardmax" in outcome.stderr
    assert "Mish" not in outcome.stderr
    assert not (tmp_path / "y.onnx").exists()


def test_an_open_batch_needs_a_profile(tmp_path):
    nodes = [helper.make_node("Relu", ["x"], ["y"], "relu")]
    model = save(tmp_path / "open.onnx", nodes, [image("x", "N", 4)], [image("y", "N", 4)])
    report = check(model, "tensorrt-10")
    assert [(f["severity"], f["rule"], f["node"]) for f in report["findings"]] == [("note", "profile", "x")]
    assert "--minShapes=x:1x4" in report["findings"][0]["remedy"]


def test_every_format_names_the_findings(tmp_path):
    nodes = [helper.make_node("Mish", ["x"], ["y"], "mish")]
    model = save(tmp_path / "m.onnx", nodes, [image("x", 1, 4)], [image("y", 1, 4)], opset=18)
    for format in ("table", "csv", "markdown", "latex"):
        outcome = scalenet("check", model, "--target", "tensorrt-8.6", "--format", format, check=False)
        assert outcome.status == DIFFERENCE and "mish" in outcome.stdout and "Mish" in outcome.stdout


def test_a_target_that_reads_another_format(tmp_path):
    outcome = scalenet("convert", TINY, "--for", "keras", "-o", tmp_path / "y.onnx", check=False)
    assert outcome.status == USAGE and "keras" in outcome.stderr
    outcome = scalenet("convert", TINY, "--for", "tensorrt-8.6", "--opset", "20", "-o", tmp_path / "y.onnx", check=False)
    assert outcome.status == USAGE and "9 to 17" in outcome.stderr
