"""What normalisations were folded with, where nothing but weights is left of them."""

import numpy as np
import onnx
import pytest
from command import scalenet
from onnx import helper
from planted_runs import causes
from test_diff_layouts import report, saved

DEPTH, CHANNELS = 3, 6


def network(path, without=None, epsilons=(1e-5,) * DEPTH):
    """Convolutions with biases before normalisations, as Keras's ResNets have them; one may have lost its bias."""
    random = np.random.default_rng(2)
    constants, nodes, value = {}, [], "x"
    for index in range(DEPTH):
        read = CHANNELS if index else 3
        constants[f"w{index}"] = random.standard_normal((CHANNELS, read, 3, 3)) / np.sqrt(9 * read)
        constants[f"b{index}"] = random.standard_normal(CHANNELS)
        parts = {"gamma": 0.5, "beta": -0.5, "mean": -0.5, "variance": 0.5}
        constants |= {f"{name}{index}": random.uniform(low, low + 1, CHANNELS) for name, low in parts.items()}
        bias = [] if without == (index, "gone") else [f"b{index}"]
        if without == (index, "zeros"):
            constants[f"b{index}"] = np.zeros(CHANNELS)
        nodes += [
            helper.make_node("Conv", [value, f"w{index}", *bias], [f"c{index}"], name=f"conv{index}", pads=[1, 1, 1, 1]),
            helper.make_node("BatchNormalization", [f"c{index}", *(f"{name}{index}" for name in parts)], [f"n{index}"],
                             name=f"bn{index}", epsilon=epsilons[index]),
            helper.make_node("Relu", [f"n{index}"], [f"r{index}"], name=f"relu{index}"),
        ]  # fmt: skip
        value = f"r{index}"
    nodes.append(helper.make_node("GlobalAveragePool", [value], ["y"], name="mean"))
    return saved(path, nodes, {name: array.astype(np.float32) for name, array in constants.items()}, (1, 3, 12, 12))


def folded(path, **options):
    scalenet("convert", network(path.with_suffix(".source.onnx"), **options), "-o", path, "--fold-batch-norm")
    return path


@pytest.mark.parametrize("how", ["gone", "zeros"])
def test_a_bias_left_out_before_a_normalisation_that_the_other_side_has_folded(tmp_path, how):
    sound, faulty = folded(tmp_path / "sound.onnx"), network(tmp_path / "faulty.onnx", without=(1, how))
    for sides in ((sound, faulty), (faulty, sound)):
        found = causes(report(*sides))
        assert [(cause["kind"], cause["confirmed"]) for cause in found] == [("missing_bias", True)], found
        assert "conv1" in (found[0]["node"], found[0]["other_node"])


@pytest.mark.parametrize("epsilons", [(1e-5, 1e-3, 1e-5), (1e-3, 1e-3, 1e-3)], ids=["one", "all"])
def test_an_epsilon_that_both_sides_have_folded(tmp_path, epsilons):
    """Nothing is left of it but factors near 1, all to the same side of it."""
    files = [folded(tmp_path / "first.onnx"), folded(tmp_path / "second.onnx", epsilons=epsilons)]
    for sides in (files, files[::-1]):
        found = causes(report(*sides))
        assert {(cause["kind"], cause["confirmed"]) for cause in found} == {("batch_norm_epsilon", True)}, found
        assert "as another epsilon in a normalisation folded into it would give" in found[0]["explanation"]


def test_factors_of_one_direction_that_are_far_from_1_may_have_other_reasons(tmp_path):
    files = [folded(tmp_path / "first.onnx"), folded(tmp_path / "second.onnx", epsilons=(1e-5, 0.9, 1e-5))]
    assert [cause["kind"] for cause in causes(report(*files))] == ["different_weights"]


EDITS = {
    "epsilon": (lambda weight: weight, 0.1, "batch_norm_epsilon", "epsilon"),
    "mirrored": (lambda weight: weight[:, :, ::-1, ::-1], 1e-5, "different_weights", "its kernels mirrored along axes [2, 3]"),
    "exchanged": (lambda weight: weight.transpose(1, 0, 2, 3), 1e-5, "transposed_weights", "axes in the order [1, 0, 2, 3]"),
}


def transposed(path, edit=None):
    """A transposed convolution before a normalisation."""
    change, epsilon = EDITS[edit][:2] if edit else (lambda weight: weight, 1e-5)
    random = np.random.default_rng(6)
    constants = {"w": change(random.standard_normal((CHANNELS, CHANNELS, 3, 3)) / 7)}
    parts = {"gamma": 0.5, "beta": -0.5, "mean": -0.5, "variance": 0.5}
    constants |= {name: random.uniform(low, low + 1, CHANNELS) for name, low in parts.items()}
    nodes = [
        helper.make_node("ConvTranspose", ["x", "w"], ["t"], name="up", strides=[2, 2]),
        helper.make_node("BatchNormalization", ["t", *parts], ["n"], name="bn", epsilon=epsilon),
        helper.make_node("Relu", ["n"], ["r"], name="relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["y"], name="mean"),
    ]
    constants = {name: np.ascontiguousarray(array, np.float32) for name, array in constants.items()}
    return saved(path, nodes, constants, (1, CHANNELS, 7, 7))


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("isFolded", [False, True], ids=["in both", "folded in one"])
def test_transposed_convolutions(tmp_path, edit, isFolded):
    sound, faulty = transposed(tmp_path / "sound.onnx"), transposed(tmp_path / "faulty.onnx", edit)
    if isFolded:
        scalenet("convert", sound, "-o", tmp_path / "folded.onnx", "--fold-batch-norm")
        sound = tmp_path / "folded.onnx"
        assert [node.op_type for node in onnx.load(sound).graph.node] == ["ConvTranspose", "Relu", "GlobalAveragePool"]
        assert report(sound, transposed(tmp_path / "same.onnx"))["verdict"] == "match"
    _, _, kind, text = EDITS[edit]
    (cause,) = causes(report(sound, faulty))
    # Where the weight is folded, its axes are no longer those of the bare one in another order.
    kind = "different_weights" if isFolded and edit == "exchanged" else kind
    assert (cause["kind"], cause["confirmed"]) == (kind, True), cause
    assert {cause["node"], cause["other_node"]} & {"up", "bn"}
    assert text in cause["explanation"] or kind != EDITS[edit][2]
