"""`scalenet diff` of recordings: what runtimes compute in fewer bits is told from faults, and what was recorded inside is compared."""

import numpy as np
import pytest
from command import DIFFERENCE, OK
from onnx import helper, numpy_helper
from test_diff import diff, write_trtexec
from test_diff_truth import write

# What runtimes compute, in NumPy: a residual network whose operands or results are rounded.
CHANNELS, DEPTH = 12, 4
# What torchvision and Keras prepare images with; Caffe's mean is of channels in the order BGR.
MEAN, DEVIATION, CAFFE = (
    np.float32(numbers).reshape(1, 3, 1, 1)
    for numbers in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225], [103.939, 116.779, 123.68])
)


def rounded(array, kind):
    if kind == "float16":
        return array.astype("f2").astype("f4")
    if kind not in ("tf32", "bfloat16"):
        return array
    cut = 13 if kind == "tf32" else 16
    bits = array.astype("f4").view("u4").astype("u8")
    bits += (1 << (cut - 1)) - 1 + ((bits >> cut) & 1)
    return ((bits >> cut << cut) & 0xFFFFFFFF).astype("u4").view("f4")


class Residual:
    def __init__(self):
        generator = np.random.default_rng(6)
        shapes = {"stem": (CHANNELS, 3, 3, 3)} | {
            f"{part}{i}": (CHANNELS, CHANNELS, 3, 3) for i in range(DEPTH) for part in "ab"} | {"fc": (10, CHANNELS)}
        self.weights = {
            name: (generator.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype("f4")
            for name, shape in shapes.items()}
        self.input = generator.standard_normal((3, 3, 12, 12)).astype("f4")

    def run(self, image, kind=None, without_relu=None):
        """All values by name, with operands of products rounded, and of half types what a node gives."""
        def given(value):
            return rounded(value, kind) if kind in ("float16", "bfloat16") else value

        def conv(value, name):
            padded = np.pad(rounded(value, kind), ((0, 0), (0, 0), (1, 1), (1, 1)))
            windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (2, 3))
            return given(np.einsum("nchwij,ocij->nohw", windows, rounded(self.weights[name], kind), optimize=True))

        values = {"stem_r": np.maximum(conv(image, "stem"), 0)}
        value = values["stem_r"]
        for i in range(DEPTH):
            inner = conv(value, f"a{i}")
            inner = inner if without_relu == i else np.maximum(inner, 0)
            value = values[f"block{i}"] = np.maximum(given(value + conv(inner, f"b{i}")), 0)
        mean = value.mean((2, 3), dtype="f4")
        values["logits"] = given((rounded(mean, kind) @ rounded(self.weights["fc"], kind).T).astype("f4"))
        return values

    def write(self, path):
        def conv(source, name):
            return helper.make_node("Conv", [source, name], [f"{name}_c"], name=name, pads=[1] * 4)

        def relu(source, name):
            return helper.make_node("Relu", [source], [name], name=f"{name}_node")

        nodes, value = [conv("input", "stem"), relu("stem_c", "stem_r")], "stem_r"
        for i in range(DEPTH):
            nodes += [conv(value, f"a{i}"), relu(f"a{i}_c", f"a{i}_r"), conv(f"a{i}_r", f"b{i}")]
            nodes += [helper.make_node("Add", [value, f"b{i}_c"], [f"sum{i}"], name=f"add{i}"), relu(f"sum{i}", f"block{i}")]
            value = f"block{i}"
        nodes.append(helper.make_node("GlobalAveragePool", [value], ["pooled"], name="pool"))
        nodes.append(helper.make_node("Flatten", ["pooled"], ["flat"], name="flat"))
        nodes.append(helper.make_node("Gemm", ["flat", "fc"], ["logits"], name="fc", transB=1))
        inits = [numpy_helper.from_array(weight, name) for name, weight in self.weights.items()]
        write(path, nodes, inits, ["n", 3, 12, 12], "logits", ["n", 10])


@pytest.fixture(scope="module")
def residual(session_folder):
    network = Residual()
    network.path = session_folder / "residual.onnx"
    network.write(network.path)
    network.given = session_folder / "residual.npz"
    np.savez(network.given, input=network.input)
    return network


@pytest.fixture
def recorded(residual, tmp_path):
    """The reports of a recording on either side of the network."""

    def compare(outputs, *options, status):
        np.savez(tmp_path / "recording.npz", **outputs)
        sides = [tmp_path / "recording.npz", residual.path]
        return [diff(*order, "--input", residual.given, *options, status=status) for order in (sides, sides[::-1])]

    return compare


@pytest.mark.parametrize("kind, cause", [("tf32", "tf32"), ("float16", "half_precision"), ("bfloat16", "half_precision")])
def test_recordings_in_fewer_bits_are_told_as_such(kind, cause, residual, recorded):
    outputs = {"logits": residual.run(residual.input, kind)["logits"]}
    for report in recorded(outputs, status=DIFFERENCE):
        assert (report["cause"]["kind"], report["cause"]["confirmed"]) == (cause, True), report["cause"]
        # The function is the same one.
        assert report["kind"] == "rounding" and (kind.upper() if kind == "tf32" else kind) in report["explanation"]
    recorded(outputs, "--tolerance", "tf32" if kind == "tf32" else "float16", status=OK)


@pytest.mark.parametrize("what, prepare", [
    ("x / 255, then mean and deviation of ImageNet", lambda x: (x / 255 - MEAN) / DEVIATION),
    ("without mean and deviation of ImageNet, times 255", lambda x: (x * DEVIATION + MEAN) * 255),
    ("Caffe's mean taken from channels in the opposite order", lambda x: x[:, ::-1] - CAFFE),
    ("Caffe's mean for RGB taken away", lambda x: x - CAFFE[:, ::-1]),
    ("Caffe's mean added, then the channels in the opposite order", lambda x: (x + CAFFE)[:, ::-1]),
])  # fmt: skip
def test_images_that_a_recording_had_prepared(what, prepare, residual, recorded):
    reports = recorded({"logits": residual.run(prepare(residual.input).astype("f4"))["logits"]}, status=DIFFERENCE)
    for report in reports:
        assert (report["cause"]["kind"], report["cause"]["confirmed"]) == ("preprocessing", True), report["cause"]
        assert f"prepared first: {what}." in report["cause"]["explanation"]


def test_a_fault_is_not_called_arithmetic(residual, recorded):
    for report in recorded({"logits": residual.run(residual.input, without_relu=1)["logits"]}, status=DIFFERENCE):
        assert report["kind"] == "real" and report["cause"] is None
    # As small as what fewer bits do: nothing is claimed of its kind.
    generator = np.random.default_rng(1)
    logits = residual.run(residual.input)["logits"]
    noise = generator.standard_normal(logits.shape).astype("f4") * 3e-4 * np.abs(logits).max()
    for report in recorded({"logits": logits + noise}, status=DIFFERENCE):
        assert report["kind"] is None and report["cause"] is None
    logits[1, 3] = np.inf
    for report in recorded({"logits": logits}, status=DIFFERENCE):
        assert report["kind"] is None


@pytest.mark.parametrize("change, kind", [
    (lambda y: y[[2, 0, 1]], "batch_order"), (lambda y: y.T, "output_layout"), (lambda y: y.reshape(10, 3), "output_layout"),
    (lambda y: y[:, ::-1], "permuted_channels"), (lambda y: np.exp(y) / np.exp(y).sum(1, keepdims=True), "missing_softmax"),
])
def test_outputs_in_another_arrangement(change, kind, residual, recorded):
    logits = np.ascontiguousarray(change(residual.run(residual.input)["logits"]))
    for report in recorded({"logits": logits}, status=DIFFERENCE):
        assert (report["cause"]["kind"], report["cause"]["confirmed"]) == (kind, True)
        # No node has it.
        assert report["cause"]["node"] is report["cause"]["other_node"] is None


def test_inputs_of_a_recording_are_no_nodes(residual, recorded):
    swapped = residual.run(np.ascontiguousarray(residual.input[:, ::-1]))["logits"]
    for report in recorded({"logits": swapped}, status=DIFFERENCE):
        assert report["cause"]["kind"] == "swapped_input_channels"
        assert report["cause"]["node"] is report["cause"]["other_node"] is None


def test_values_inside_that_a_recording_holds_are_compared(residual, recorded):
    for report in recorded(residual.run(residual.input), "--layers", "--strict", status=OK):
        assert [layer["name"] for layer in report["layers"]] == ["stem_r_node"] + [f"block{i}_node" for i in range(DEPTH)]
        assert all(layer["is_within_tolerance"] for layer in report["layers"])
        assert not any("not compared" in note for note in report["notes"])
    for report in recorded(residual.run(residual.input, without_relu=2), status=DIFFERENCE):
        assert report["first_divergence"]["name"] == "block2_node"
    # One that has no counterpart is still said.
    reports = recorded(residual.run(residual.input) | {"other": np.zeros(3)}, status=OK)
    assert all(any("output other of" in note and "not compared" in note for note in report["notes"]) for report in reports)


def test_digits_of_trtexec_are_no_difference(residual, tmp_path):
    logits = residual.run(residual.input)["logits"]
    write_trtexec(tmp_path / "six.json", {"logits": logits})
    options = ("--input", residual.given, "--tolerance")
    report = diff(tmp_path / "six.json", residual.path, *options, "exact", status=DIFFERENCE)
    assert report["kind"] == "rounding" and "6 significant digits" in report["explanation"]
    few = np.array([float(f"{value:.2g}") for value in logits.ravel()]).reshape(logits.shape)
    write_trtexec(tmp_path / "two.json", {"logits": few})
    report = diff(tmp_path / "two.json", residual.path, *options, "float32", status=DIFFERENCE)
    assert report["kind"] is None and report["cause"] is None and report["search"] is None
    assert "2 significant digits" in report["explanation"]
    # What digits do not explain is no rounding.
    write_trtexec(tmp_path / "off.json", {"logits": few * 1.3})
    report = diff(tmp_path / "off.json", residual.path, *options, "float32", status=DIFFERENCE)
    assert report["kind"] == "real" and "significant" not in report["explanation"]
