"""`scalenet diff`: every word of a report is true, whatever the arrays hold, however things are called and written."""

from xml.etree import ElementTree

import numpy as np
import pytest
from command import DIFFERENCE, NO_INPUT, OK, scalenet
from onnx import TensorProto, helper, numpy_helper, save
from test_diff import diff

FLOAT = TensorProto.FLOAT


@pytest.fixture
def compared(tmp_path):
    """Compares two arrays: the report, and what it says as text."""

    def compare(left, right, *options, status):
        files = [tmp_path / "left.npy", tmp_path / "right.npy"]
        for file, array in zip(files, (left, right)):
            np.save(file, array)
        report = diff(*files, *options, status=status)
        return report, scalenet("diff", *files, *options, check=False).stdout

    return compare


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_integers_are_exact_up_to_their_ends(kind, compared):
    largest = np.iinfo(kind).max
    ends = [np.array([largest, 3], kind), np.array([largest - 1, 3], kind)]
    report, text = compared(*ends, "--tolerance", "int8", status=DIFFERENCE)
    output = report["outputs"][0]
    assert output["type"] == output["other_type"] == kind
    metrics = output["metrics"]
    assert metrics["max_absolute_error"] == 1 and metrics["mismatched_count"] == 1
    worst = metrics["worst"]
    assert (worst["left"], worst["right"]) == (int(largest), int(largest) - 1)
    assert f"left {largest}, right {largest - 1}\n" in text and "ULP" not in text
    compared(ends[0], ends[0], "--tolerance", "exact", status=OK)


@pytest.mark.parametrize("left, right, status", [
    (np.uint64(2**63), np.int64(-(2**63)), DIFFERENCE),
    (np.int64(2**53 + 1), np.float64(2**53), DIFFERENCE),
    (np.int64(500), np.float32(503), DIFFERENCE),
    (np.int64(2**53), np.float64(2**53), OK),
    (np.bool_(True), np.uint8(1), OK),
])
def test_numbers_of_other_types_are_compared_as_numbers(left, right, status, compared):
    report, _ = compared(np.array([left]), np.array([right]), "--tolerance", "float16", status=status)
    assert any("their numbers are compared" in note for note in report["notes"])


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_errors_of_float64_have_no_squares_to_lose(scale, compared):
    a, b = np.array([1, 2.0]) * scale, np.array([1, 2.1]) * scale
    report, text = compared(a, b, status=DIFFERENCE)
    metrics = report["outputs"][0]["metrics"]
    assert metrics["rmse"] == pytest.approx(np.sqrt(0.005) * scale, rel=1e-6)
    assert metrics["psnr"] == pytest.approx(20 * np.log10(2.1 / np.sqrt(0.005)), rel=1e-6)
    assert "all zeros" not in " ".join(report["notes"]) + text


def test_two_numbers_that_differ_are_not_shown_as_one(compared):
    _, text = compared(np.array([0.1], "f4"), np.array([0.1]), "--tolerance", "exact", status=DIFFERENCE)
    assert "left 0.10000000149011612, right 0.1\n" in text


@pytest.mark.parametrize("array", [np.full(3, np.nan), np.full(3, np.inf), np.zeros((0, 5))], ids=["nan", "inf", "none"])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_what_proves_nothing_is_called_neither_the_same_nor_different(array, kind, compared):
    report, text = compared(array.astype(kind), array.astype(kind), status=DIFFERENCE)
    assert report["kind"] is None and report["cause"] is None
    assert text.startswith("DIFFER: nothing is proved\n")
    assert "the same" not in text and "OUTSIDE" not in text


def test_relative_errors_of_zeros_are_none(compared):
    _, text = compared(np.ones(3, "f4"), np.zeros(3, "f4"), status=DIFFERENCE)
    assert "relative error  none, as the right" in text


def test_two_recordings_take_no_inputs(tmp_path):
    np.save(tmp_path / "a.npy", np.ones(3))
    report = diff(tmp_path / "a.npy", tmp_path / "a.npy", "--seed", "3")
    assert "inputs are for models: two recordings are compared as they are" in report["notes"]


NAMES = ["a|b", "*star*", "_under_", "`tick`", "<b>bold</b>", "new\nline", "tab\there", "层 🎉", "x" * 300, "ctrl\x01", "end\\"]


@pytest.fixture(scope="module")
def named(session_folder):
    """A chain of convolutions with such names, and one whose second weight is another."""
    generator = np.random.default_rng(4)
    weights = [generator.standard_normal((4, 4, 1, 1)).astype("f4") / 2 for _ in NAMES]
    paths = []
    for side, factor in (("left", 1), ("right", 1.5)):
        nodes, inits, value = [], [], "input"
        for index, name in enumerate(NAMES):
            weight = weights[index] * np.float32(factor if index == 1 else 1)
            inits.append(numpy_helper.from_array(weight, f"w{index}"))
            nodes.append(helper.make_node("Conv", [value, f"w{index}"], [f"v{index}"], name=name))
            value = f"v{index}"
        paths.append(session_folder / f"named.{side}.onnx")
        write(paths[-1], nodes, inits, [1, 4, 3, 3], value, [1, 4, 3, 3])
    return paths


def write(path, nodes, inits, input_shape, output, output_shape):
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("input", FLOAT, input_shape)],
        [helper.make_tensor_value_info(output, FLOAT, output_shape)], inits)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.mark.parametrize("command", [["diff", "LEFT", "RIGHT", "--layers"], ["inspect", "LEFT", "--per-layer"]], ids=lambda c: c[0])
@pytest.mark.parametrize("form", ["table", "markdown", "csv", "json", "latex"])
def test_names_are_never_cut_in_pipes(command, form, named):
    places = dict(zip(("LEFT", "RIGHT"), named))
    text = scalenet(*[places.get(word, word) for word in command], "--format", form, check=False).stdout
    assert "x" * 300 in text
    if form == "markdown" and command[0] == "diff":
        rows = [line for line in text.splitlines() if line.startswith("| ") and line.endswith("| outside |")]
        plain = [row.replace("\\\\", "").replace("\\|", "") for row in rows]
        assert len(rows) == len(NAMES) - 2 and {row.count("|") for row in plain} == {8}


def test_junit_tells_of_names_and_failures(named, tmp_path):
    scalenet("diff", *named, "--junit", tmp_path / "r.xml", check=False)
    text = " ".join(ElementTree.parse(tmp_path / "r.xml").getroot().itertext())
    assert "*star*" in text
    # A comparison that cannot be made replaces what an earlier one said.
    missing = tmp_path / ("m\x01<" + ".onnx")
    outcome = scalenet("diff", named[0], missing, "--junit", tmp_path / "r.xml", "--force", check=False)
    assert outcome.status == NO_INPUT
    root = ElementTree.parse(tmp_path / "r.xml").getroot()
    assert root.attrib["errors"] == "1" and root.attrib["failures"] == "0"
    assert "no such file" in root.find(".//error").attrib["message"]


# Ways to write a normalisation, and what may stand between it and its convolution.
WRITTEN = ["norm", "folded", "folded, bias apart", "factor and term", "parts"]
BETWEEN = [None, "Identity", "Dropout", "Cast", "Reshape", "Transpose", "Mul", "Add", "Concat"]


def network(path, weights, written, between=None):
    nodes, inits, value = [], {}, "input"

    def add(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    for index, (weight, gamma, beta, mean, variance) in enumerate(weights):
        scale = gamma / np.sqrt(variance + 1e-5)
        term = beta - mean * scale
        name, channels = f"conv{index}", (-1, 1, 1)
        folded = written.startswith("folded")
        inits[f"w{index}"] = weight * scale[:, None, None, None] if folded else weight
        inputs = [value, f"w{index}"]
        if written == "folded":
            inits[f"b{index}"] = term
            inputs.append(f"b{index}")
        value = add("Conv", inputs, name, pads=[1] * 4)
        place = f"between{index}"
        if between in ("Identity", "Dropout"):
            value = add(between, [value], place)
        elif between == "Cast":
            value = add("Cast", [add("Cast", [value], f"{place}_double", to=TensorProto.DOUBLE)], place, to=FLOAT)
        elif between == "Reshape":
            inits["shape"] = np.array([1, 8, 12, 12])
            value = add("Reshape", [value, "shape"], place)
        elif between == "Transpose":
            value = add("Transpose", [add("Transpose", [value], f"{place}_last", perm=[0, 2, 3, 1])], place, perm=[0, 3, 1, 2])
        elif between in ("Mul", "Add"):
            inits["neutral"] = np.float32(between == "Mul")
            value = add(between, [value, "neutral"], place)
        elif between == "Concat":
            value = add("Concat", [value], place, axis=1)
        known = {"norm": dict(g=gamma, be=beta, m=mean, v=variance), "folded": {}}.get(written)
        if written == "norm":
            value = add("BatchNormalization", [value, *(f"{key}{index}" for key in known)], f"norm{index}", epsilon=1e-5)
        elif written == "folded, bias apart":
            known = dict(t=term.reshape(channels))
            value = add("Add", [value, f"t{index}"], f"term{index}")
        elif written == "factor and term":
            known = dict(s=scale.reshape(channels), t=term.reshape(channels))
            value = add("Add", [add("Mul", [value, f"s{index}"], f"factor{index}"), f"t{index}"], f"term{index}")
        elif written == "parts":
            known = dict(m=mean.reshape(channels), d=np.sqrt(variance + 1e-5).reshape(channels),
                         g=gamma.reshape(channels), t=beta.reshape(channels))
            value = add("Sub", [value, f"m{index}"], f"centred{index}")
            value = add("Mul", [add("Div", [value, f"d{index}"], f"unit{index}"), f"g{index}"], f"factor{index}")
            value = add("Add", [value, f"t{index}"], f"term{index}")
        inits |= {f"{key}{index}": array for key, array in known.items()}
        value = add("Relu", [value], f"relu{index}")
    add("GlobalAveragePool", [value], "out")
    tensors = [
        numpy_helper.from_array(array if array.dtype == np.int64 else np.asarray(array, "f4"), name)
        for name, array in inits.items()]
    write(path, nodes, tensors, [1, 3, 12, 12], "out", [1, 8, 1, 1])
    return path


@pytest.fixture(scope="module")
def layers():
    generator = np.random.default_rng(9)
    return [
        (generator.standard_normal((8, inputs, 3, 3)) / np.sqrt(inputs * 4), generator.uniform(0.5, 1.5, 8),
         generator.standard_normal(8) / 5, generator.standard_normal(8) / 5, generator.uniform(0.5, 1.5, 8))
        for inputs in (3, 8, 8)]


@pytest.mark.parametrize("other", ["norm", "folded"])
@pytest.mark.parametrize("written, between", [(w, None) for w in WRITTEN] + [("norm", b) for b in BETWEEN[1:]])
def test_other_ways_to_write_are_no_difference_and_hide_none(written, between, other, layers, tmp_path):
    plain = network(tmp_path / "plain.onnx", layers, other)
    report = diff(network(tmp_path / "own.onnx", layers, written, between), plain)
    assert report["cause"] is report["first_divergence"] is None
    # One output channel of the second convolution is another: no other node is blamed, and no normalisation.
    weight = layers[1][0].copy()
    weight[3] *= 1.3
    changed = [layers[0], (weight, *layers[1][1:]), layers[2]]
    own = network(tmp_path / "changed.onnx", changed, written, between)
    for sides in ((own, plain), (plain, own)):
        report = diff(*sides, status=DIFFERENCE)
        cause = report["cause"]
        assert (cause["kind"], cause["node"], cause["other_node"]) == ("different_weights", "conv1", "conv1"), cause
        assert cause["confirmed"] and report["other_causes"] == []


def two_heads(path, first, second, swapped, factor=1.0):
    """Two products of one input, named so, as outputs in this order."""
    generator = np.random.default_rng(12)
    weights = [generator.standard_normal((6, 5)).astype("f4") for _ in range(2)]
    names = (second, first) if swapped else (first, second)
    nodes = [helper.make_node("MatMul", ["input", f"w{i}"], [name], name=f"head{i}") for i, name in enumerate(names)]
    inits = [numpy_helper.from_array(weight * np.float32(factor), f"w{i}") for i, weight in enumerate(weights)]
    outputs = [helper.make_tensor_value_info(name, FLOAT, [2, 5]) for name in (first, second)]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("input", FLOAT, [2, 6])], outputs, inits)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_exchanged_outputs_are_one_cause(tmp_path):
    plain = two_heads(tmp_path / "plain.onnx", "a", "b", False)
    report = diff(two_heads(tmp_path / "swapped.onnx", "a", "b", True), plain, status=DIFFERENCE)
    cause = report["cause"]
    assert (cause["kind"], cause["node"], report["other_causes"]) == ("wiring", None, [])
    assert "the left's a is the right's b" in cause["explanation"]
    # Where names tell nothing, values do.
    report = diff(two_heads(tmp_path / "named.onnx", "y", "x", True), plain)
    assert sum("which has the same values" in note for note in report["notes"]) == 2


@pytest.mark.parametrize("scale", [1, 1e-30, 1e30])
def test_weights_of_all_sizes_are_told_by_their_digits(scale, tmp_path):
    left = two_heads(tmp_path / "l.onnx", "a", "b", False, scale)
    report = diff(left, two_heads(tmp_path / "r.onnx", "a", "b", False, scale * 1.001), status=DIFFERENCE)
    assert report["cause"]["kind"] == "different_weights"
    assert "1.001 times" in report["cause"]["explanation"]
