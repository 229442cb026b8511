"""`scalenet profile`: layers and times that trtexec writes, read back by block and scale.

TensorRT is not at hand; `engine_files` makes the files in the layout of its published sources. What the command adds up is
added up here from the names of the nodes."""

import csv
import io
import json
import re
import xml.etree.ElementTree

import jsonschema
import onnx
import pytest
import reference
from command import BAD_INPUT, CANNOT_CREATE, NO_INPUT, OK, USAGE, scalenet
from engine_files import COUNT, Layer, fused, layers_text, profile_text
from onnx import TensorProto, helper

SCHEMA = json.loads((reference.FIXTURES.parent / "schemas" / "profile.schema.json").read_text())
# Of a sum of milliseconds: the file has six significant digits of each.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = tmp_path_factory.mktemp("profile") / "tiny.onnx"
    scalenet("convert", reference.TINY / "tiny.pth", "-o", path)
    return path, onnx.load(path)


def write(folder, layers, tensors=("input", "output"), version="10", detailed=True):
    (folder / "layers.json").write_text(layers_text(layers, list(tensors), version, detailed))
    (folder / "profile.json").write_text(profile_text(layers, version))
    return folder / "layers.json", folder / "profile.json"


def profiled(layers, profile, model, *options):
    files = [layers] + ([profile] if profile else [])
    report = json.loads(scalenet("profile", *files, "--model", model, "--format", "json", *options).stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    return report


def block(name):
    match = re.match(r"(layer\d+\.\d+)\.", name)
    return match[1] if match else "before the blocks" if name in ("conv1", "relu", "maxpool") else "behind the blocks"


def scale(name):
    match = re.search(r"\.(?:pool2|conv2|upsample2)\.(\d)$", name)
    if match:
        return f"scale {[1, 2, 4, 7][int(match[1])]}"
    return "shared" if name.startswith("layer") else "outside"


def sums(layers, key):
    result = {}
    for layer in layers:
        (place,) = {key(node.name) for node in layer.nodes}
        result[place] = result.get(place, 0) + layer.milliseconds
    return result


def times(parts):
    return {part["name"]: part["time_ms"] for part in parts}


@pytest.mark.parametrize("version", ["8.6", "10", "11"])
@pytest.mark.parametrize("detailed", [True, False])
def test_times_by_block_and_scale(tiny, tmp_path, version, detailed):
    path, model = tiny
    layers = fused(model)
    report = profiled(*write(tmp_path, layers, version=version, detailed=detailed), path)
    assert report["runs"] == COUNT and report["unclaimed_nodes"] == []
    assert {layer["kind"] for layer in report["layers"]} == {"node"}
    assert [layer["name"] for layer in report["layers"]] == [layer.name for layer in layers]
    for found, layer in zip(report["layers"], layers):
        assert found["nodes"] == [node.name for node in layer.nodes]
        assert found["ops"] == [node.op_type for node in layer.nodes]
        assert found["time_ms"] == pytest.approx(layer.milliseconds, rel=TOLERANCE)
        assert (found["tactic"], found["stream"]) == (("sm80_xmma_fprop", 0) if detailed else (None, None))
        assert bool(found["format"]) == detailed and (not detailed or "Half" in found["format"])
    assert times(report["parts"]) == pytest.approx(sums(layers, block), rel=TOLERANCE)
    assert times(report["scales"]) == pytest.approx(sums(layers, scale), rel=TOLERANCE)
    assert sum(part["time_ms"] for part in report["parts"]) == pytest.approx(report["time_ms"])
    assert sum(part["share"] for part in report["scales"]) == pytest.approx(1)
    assert all(part["divided_ms"] == 0 for part in report["parts"] + report["scales"])
    # A block's scales are parts of those of the network.
    columns = [sum(values) for values in zip(*[part["scale_ms"] for part in report["parts"] if part["scale_ms"]])]
    expected = sums(layers, scale)
    assert columns == pytest.approx([expected.get(f"scale {pools}", 0) for pools in (1, 2, 4, 7)], rel=TOLERANCE)
    fusions = {tuple(fusion["ops"]): fusion["layers"] for fusion in report["fusions"]}
    assert fusions == {
        operators: sum(tuple(node.op_type for node in layer.nodes) == operators for layer in layers)
        for operators in {tuple(node.op_type for node in layer.nodes) for layer in layers} if len(operators) > 1}
    assert ("Conv", "Add", "Relu") in fusions


def test_multiply_accumulates_are_those_of_inspect(tiny, tmp_path):
    path, model = tiny
    report = profiled(*write(tmp_path, fused(model)), path)
    inspected = json.loads(scalenet("inspect", path, "--format", "json").stdout)
    assert sum(part["macs"] for part in report["parts"]) == inspected["totals"]["macs"]
    assert sum(part["macs"] for part in report["scales"]) == inspected["totals"]["macs"]
    assert sum(layer["macs"] for layer in report["layers"]) == inspected["totals"]["macs"]
    assert {part["name"]: part["macs"] for part in report["parts"] if part["kind"] == "block"} == {
        each["name"]: each["macs"] for each in inspected["blocks"]}


def test_weights_stand_for_the_file_that_was_converted(tiny, tmp_path):
    path, model = tiny
    files = write(tmp_path, fused(model))
    weights = profiled(*files, reference.TINY / "tiny.pth")
    graph = profiled(*files, path)
    for key in ("parts", "scales", "fusions", "layers", "unclaimed_nodes", "time_ms"):
        assert weights[key] == graph[key]
    # Without BatchNormalization folded the nodes are others.
    unfolded = tmp_path / "unfolded.onnx"
    scalenet("convert", reference.TINY / "tiny.pth", "-o", unfolded, "--no-fold-batch-norm")
    model = onnx.load(unfolded)
    layers = [Layer(node.name, node.op_type, [node], 0.5, node.output[0]) for node in model.graph.node]
    report = profiled(*write(tmp_path, layers), reference.TINY / "tiny.pth")
    assert report["unclaimed_nodes"] == [] and len(report["layers"]) == len(model.graph.node)


def test_layers_of_tensorrts_own(tiny, tmp_path):
    path, model = tiny
    layers = fused(model)
    own = [
        ("Reformatting CopyNode for Input Tensor 0 to layer2.0.conv2.2", "reformat", ["layer2.0"], ["4"]),
        ("Reformatting CopyNode for Output Tensor 0 to layer1.0.conv3 + layer1.0.add + layer1.0.relu3", "reformat",
         ["layer1.0"], []),
        ("layer1.1.conv1 output reformatter 0", "reformat", ["layer1.1"], []),
        ("reshape_before_fc", "inserted", ["behind the blocks"], []),
        ("squeeze_node_after_fc_copy_input", "inserted", ["behind the blocks"], []),
        ("(Unnamed Layer* 16) [Shuffle]", "inserted", [], []),
        ("conv1.weight", "constant", [], []),
        ("[HostToDeviceCopy 0]", "transfer", [], []),
        ("[trainStation1]", "transfer", [], []),
        ("__myl_MoveMeanSub_myl98_0", "unmatched", [], []),
        ("layer9.0.conv1", "unmatched", [], []),
    ]
    for name, *_ in own:
        layers.insert(3, Layer(name, "NoOp", [], 0.25))
    for detailed in (True, False):
        files = write(tmp_path, layers, detailed=detailed)
        report = profiled(*files, path)
        found = {layer["name"]: (layer["kind"], layer["places"], layer["scales"]) for layer in report["layers"]}
        for name, *expected in own:
            assert found[name] == tuple(expected), name
        assert next(layer for layer in report["layers"] if layer["name"] == "layer9.0.conv1")["unknown"] == [
            "layer9.0.conv1"]
        parts = {part["name"]: part for part in report["parts"]}
        assert parts["layer2.0"]["inserted_ms"] == pytest.approx(0.25)
        assert parts["behind the blocks"]["inserted_ms"] == pytest.approx(0.5)
        assert (parts["TensorRT's own"]["layers"], parts["TensorRT's own"]["time_ms"]) == (4, pytest.approx(1))
        assert (parts["unmatched"]["layers"], parts["unmatched"]["time_ms"]) == (2, pytest.approx(0.5))
        assert sum(part["time_ms"] for part in report["parts"]) == pytest.approx(report["time_ms"])
        text = scalenet("profile", *files, "--model", path, "--per-layer").stdout
        assert all(name in text for name, *_ in own)


def test_layers_of_several_parts_are_divided_by_multiply_accumulates(tiny, tmp_path):
    path, model = tiny
    nodes = {node.name: node for node in model.graph.node}
    macs = {layer["name"]: layer["macs"] for layer in json.loads(
        scalenet("inspect", path, "--per-layer", "--format", "json").stdout)["layers"]}
    pair = ["layer1.0.conv2.1", "layer1.1.conv2.0"]
    layers = [
        Layer(" || ".join(pair), "CaskConvolution", [nodes[name] for name in pair], 2.0),
        Layer("maxpool", "CaskPooling", [nodes["maxpool"]], 1.0),
    ]
    report = profiled(*write(tmp_path, layers, detailed=False), path)
    parts, scales = ({part["name"]: part for part in report[key]} for key in ("parts", "scales"))
    for name, place, by in zip(pair, ("layer1.0", "layer1.1"), ("scale 2", "scale 1")):
        expected = 2 * macs[name] / sum(macs[each] for each in pair)
        for part in (parts[place], scales[by]):
            assert part["time_ms"] == pytest.approx(expected) and part["divided_ms"] == pytest.approx(expected)
    assert any("% of the multiply-accumulates" in note for note in report["notes"])
    assert "~" in scalenet("profile", tmp_path / "layers.json", tmp_path / "profile.json", "--model", path).stdout
    unclaimed = [node["name"] for node in report["unclaimed_nodes"]]
    assert unclaimed == [node.name for node in model.graph.node if node.name not in pair + ["maxpool"]]


def test_a_part_of_the_network_has_what_stands_between_its_ends(tiny, tmp_path):
    path, model = tiny
    names = [node.name for node in model.graph.node]
    first, last = names.index("layer1.0.conv1"), names.index("layer1.0.relu3")
    alone = "layer1.0.conv2.0"
    layers = [
        Layer("conv1 + relu", "CaskConvolution", [], 1.0),
        Layer(f"{{ForeignNode[{names[first]}...{names[last]}]}}", "Myelin", [], 3.0),
        Layer(alone, "CaskConvolution", [], 1.0),
        Layer("{ForeignNode[fc]}", "Myelin", [], 1.0),
        Layer("Reformatting CopyNode for Input Tensor 0 to {ForeignNode[layer2.0.conv1...fc]}", "Reformat", [], 0.5),
    ]
    report = profiled(*write(tmp_path, layers, detailed=False), path)
    found = report["layers"]
    assert found[1]["nodes"] == [name for name in names[first:last + 1] if name != alone]
    assert found[1]["places"] == ["layer1.0"]
    assert found[3]["nodes"] == ["fc"] and found[4]["kind"] == "reformat"


def test_kernels_with_names_of_their_own(tiny, tmp_path):
    path, model = tiny
    nodes = {node.name: node for node in model.graph.node}
    layers = [
        Layer("conv1_myl0_1", "kgen", [], 1.0),
        Layer("__myl_ConvRelu_myl0_2", "kgen", [nodes["layer1.0.conv1"], nodes["layer1.0.relu1"]], 1.0),
        Layer("__myl_Fc_myl0_3", "kgen", [], 1.0, output=nodes["fc"].output[0]),
        Layer("layer1.0.add_clone_1", "kgen", [], 1.0),
        Layer("layer1.1.add [profile 1]", "kgen", [], 1.0),
    ]
    report = profiled(*write(tmp_path, layers), path)
    assert [layer["nodes"] for layer in report["layers"]] == [
        ["conv1"], ["layer1.0.conv1", "layer1.0.relu1"], ["fc"], ["layer1.0.add"], ["layer1.1.add"]]


def test_networks_of_other_families_are_summed_by_operator(tmp_path):
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4]) for name in "xy")
    nodes = [
        helper.make_node("Relu", ["x"], ["a"], "one + two"), helper.make_node("Exp", ["a"], ["b"], "e(x)"),
        helper.make_node("Relu", ["b"], ["y"], "last]"),
    ]
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y]), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "other.onnx")
    layers = [Layer("PWN(one + two, e(x))", "PointWiseV2", nodes[:2], 3.0), Layer("last]", "PointWiseV2", nodes[2:], 1.0)]
    for version in ("8.6", "10", "11"):
        for detailed in (True, False):
            report = profiled(*write(tmp_path, layers, ["x", "y"], version, detailed), tmp_path / "other.onnx")
            assert [layer["nodes"] for layer in report["layers"]] == [["one + two", "e(x)"], ["last]"]]
            assert times(report["parts"]) == {"Relu": pytest.approx(2.5), "Exp": pytest.approx(1.5)}
            assert report["scales"] == [] and (report["notes"] == []) == detailed


def test_equal_names_have_their_times_in_order(tiny, tmp_path):
    path, _ = tiny
    layers = [Layer("conv1", "a", [], 1.0), Layer("conv1", "b", [], 2.0), Layer("relu", "c", [], 4.0)]
    report = profiled(*write(tmp_path, layers, detailed=False), path)
    assert [layer["time_ms"] for layer in report["layers"]] == [1, 2, 4]


def test_files_that_differ(tiny, tmp_path):
    path, model = tiny
    layers = fused(model)
    first, profile = write(tmp_path, layers[:-2])
    profile.write_text(profile_text(layers[1:]))
    report = profiled(first, profile, path)
    assert len(report["layers"]) == len(layers) and report["layers"][0]["time_ms"] is None
    assert any("1 of" in note and "no time" in note for note in report["notes"])
    assert any(note.startswith("2 layers of the profile") for note in report["notes"])
    first.write_text(layers_text(layers, ["image", "logits"]))
    assert any("other names" in note for note in profiled(first, profile, path)["notes"])


def test_every_form_of_the_report(tiny, tmp_path):
    path, model = tiny
    files = write(tmp_path, fused(model))
    report = profiled(*files, path)
    text = scalenet("profile", *files, "--model", path).stdout
    for part in report["parts"] + report["scales"]:
        assert re.search(rf"^{re.escape(part['name'])} .*{part['time_ms']:.3f}", text, re.MULTILINE), part["name"]
    assert "Conv + Add + Relu" in text
    rows = list(csv.DictReader(io.StringIO(scalenet("profile", *files, "--model", path, "--format", "csv").stdout)))
    assert [(row["by"], row["name"]) for row in rows] == [("part", part["name"]) for part in report["parts"]] + [
        ("scale", part["name"]) for part in report["scales"]]
    assert [float(row["time_ms"]) for row in rows] == [
        part["time_ms"] for part in report["parts"] + report["scales"]]
    rows = csv.DictReader(io.StringIO(
        scalenet("profile", *files, "--model", path, "--format", "csv", "--per-layer").stdout))
    assert [row["name"] for row in rows] == [layer["name"] for layer in report["layers"]]
    markdown = scalenet("profile", *files, "--model", path, "--format", "markdown", "--per-layer").stdout
    assert "| layer1.0 |" in markdown and "Time by scale" in markdown
    latex = scalenet("profile", *files, "--model", path, "--latex").stdout
    assert "\\begin{tabular}" in latex and "TensorRT's own" in latex
    chart, drawing, page = (tmp_path / name for name in ("time.svg", "time.png", "time.html"))
    scalenet("profile", *files, "--model", path, "--chart", chart, "--html", page)
    scalenet("profile", *files, "--model", path, "--chart", drawing)
    root = xml.etree.ElementTree.parse(chart).getroot()
    words = " ".join(element.text or "" for element in root.iter())
    assert "layer1.0" in words and "scale 7" in words and "share of MACs" in words
    assert drawing.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert "default-src 'none'" in page.read_text() and "layer1.0.conv2.1" in page.read_text()
    assert scalenet("profile", *files, "--model", path, "--chart", chart, check=False).status == CANNOT_CREATE
    again = scalenet("profile", *files, "--model", path, "--format", "json").stdout
    assert again == scalenet("profile", *files, "--model", path, "--format", "json").stdout


def test_without_times(tiny, tmp_path):
    path, model = tiny
    layers, _ = write(tmp_path, fused(model))
    report = profiled(layers, None, path)
    assert report["time_ms"] is None and report["runs"] is None and report["profile_path"] is None
    assert all(part["time_ms"] is None and part["layers"] > 0 for part in report["parts"])
    assert "no times given" in scalenet("profile", layers, "--model", path).stdout
    scalenet("profile", layers, "--model", path, "--html", tmp_path / "page.html")
    outcome = scalenet("profile", layers, "--model", path, "--chart", tmp_path / "c.svg", check=False)
    assert outcome.status == BAD_INPUT and "--exportProfile" in outcome.stderr
    assert not (tmp_path / "c.svg").exists()


GOOD = '{"Layers": ["conv1"], "Bindings": []}'
TIMES = '[{"count": 2}, {"name": "conv1", "timeMs": 2, "averageMs": 1, "percentage": 100}]'


@pytest.mark.parametrize("layers, profile, words", [
    (TIMES, TIMES, "--exportLayerInfo"),
    (GOOD, GOOD, "--exportProfile"),
    ("", TIMES, "no JSON object"),
    ("{", TIMES, ""),
    ('{"Bindings": []}', TIMES, "an object with Layers"),
    ('{"Layers": []}', TIMES, "--profilingVerbosity=detailed"),
    ('{"Layers": [1]}', TIMES, "layer 0"),
    ('{"Layers": [{"LayerType": "x"}]}', TIMES, "a Name"),
    ('{"Layers": ["conv1"], "Layers": ["relu"]}', TIMES, "keys that differ"),
    ('{"Layers": ["/model.0/conv/Conv"]}', TIMES.replace("conv1", "/model.0/conv/Conv"), "an engine of this model"),
    (GOOD, "[]", "times of layers"),
    (GOOD, '[{"count": 2}]', "times of layers"),
    (GOOD, '[{"count": 0}, {"name": "conv1", "timeMs": 1}]', "number of runs"),
    (GOOD, '[{"name": "conv1", "timeMs": 1}]', "number of runs"),
    (GOOD, '[{"count": 2}, {"name": "conv1"}]', "averageMs"),
    (GOOD, '[{"count": 2}, {"name": "conv1", "averageMs": -1}]', "averageMs of 0 or more"),
    (GOOD, '[{"count": 2}, {"name": "conv1", "averageMs": nan}]', "averageMs of 0 or more"),
    (GOOD, '[{"count": 2}, {"name": "conv1", "averageMs": 1, "speed": 1}]', "'speed'"),
    (GOOD, TIMES.replace("conv1", "relu"), "times of the engine's layers"),
    (GOOD, TIMES[:-3], ""),
])
def test_other_files_are_refused(tiny, tmp_path, layers, profile, words):
    (tmp_path / "l.json").write_text(layers)
    (tmp_path / "p.json").write_text(profile)
    outcome = scalenet("profile", tmp_path / "l.json", tmp_path / "p.json", "--model", tiny[0], check=False)
    assert outcome.status == BAD_INPUT and outcome.stdout == ""
    assert outcome.stderr.count("\n") == 1 and words in outcome.stderr, outcome.stderr


def test_layers_may_hold_anything_beside_names(tiny, tmp_path):
    text = '{"Layers": [{"Name": "conv1", "Alpha": nan, "Weights": {"Count": [1, {"a": true, "b": null}], "c": false}}]}'
    (tmp_path / "l.json").write_text(text)
    report = profiled(tmp_path / "l.json", None, tiny[0])
    assert report["layers"][0]["nodes"] == ["conv1"]


def test_usage(tiny, tmp_path):
    (tmp_path / "l.json").write_text(GOOD)
    assert scalenet("profile", tmp_path / "l.json", check=False).status == USAGE
    assert scalenet("profile", tmp_path / "none.json", "--model", tiny[0], check=False).status == NO_INPUT
    assert scalenet("profile", tmp_path / "l.json", "--model", tiny[0], "--chart", "a.pdf", check=False).status == USAGE
    assert scalenet("profile", tmp_path / "l.json", "--model", tiny[0]).status == OK
