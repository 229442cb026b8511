"""Files of one network by converters of different frameworks: what turns layouts is no fault, and stands in no fault's way."""

import json

import numpy as np
import onnx
import pytest
from command import scalenet
from onnx import TensorProto, helper, numpy_helper
from planted_runs import causes

CHANNELS, SIDE, CLASSES = 6, 4, 5


def report(left, right, *options):
    return json.loads(scalenet("diff", left, right, "--format", "json", *options, check=False).stdout)


def confirmed(left, right):
    return [(cause["kind"], cause["node"], cause["other_node"]) for cause in causes(report(left, right)) if cause["confirmed"]]


def saved(path, nodes, constants, extents=(1, 3, 2 * SIDE, 2 * SIDE), opset=17):
    weights = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, extents)]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "g", inputs, outputs, initializer=weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return path


def weights():
    random = np.random.default_rng(3)
    return {
        "w": random.standard_normal((CHANNELS, 3, 3, 3)).astype(np.float32),
        "b": random.standard_normal(CHANNELS).astype(np.float32),
        "m": random.standard_normal((CLASSES, CHANNELS * SIDE * SIDE)).astype(np.float32) / 8,
        "n": random.standard_normal(CLASSES).astype(np.float32),
    }


def head(activation="Relu", conv=None):
    conv = conv or {"strides": [2, 2], "pads": [1, 1, 1, 1]}
    return [helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv", **conv), helper.make_node(activation, ["c"], ["r"], name="act")]


def channels_first(path, activation="Relu", values=None):
    flat = helper.make_node("Flatten", ["r"], ["f"], name="flat")
    matrix = helper.make_node("Gemm", ["f", "m", "n"], ["y"], name="classes", transB=1)
    return saved(path, [*head(activation), flat, matrix], values or weights())


def channels_last(path, is_transposed, **options):
    """As a converter from NHWC writes it: maps are turned before they are laid flat, and the matrix has its rows so."""
    values = weights()
    matrix = values["m"].reshape(CLASSES, CHANNELS, SIDE, SIDE).transpose(0, 2, 3, 1).reshape(CLASSES, -1)
    values["m"] = np.ascontiguousarray(matrix if is_transposed else matrix.T)
    values["shape"] = np.int64([-1, CHANNELS * SIDE * SIDE])
    nodes = [
        *head(options.get("activation", "Relu")),
        helper.make_node("Transpose", ["r"], ["t"], name="turned", perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["t", "shape"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "m", "n"], ["y"], name="classes", transB=int(is_transposed), alpha=options.get("alpha", 1.0)),
    ]
    return saved(path, nodes, values)


@pytest.mark.parametrize("is_transposed", [False, True])
@pytest.mark.parametrize("fault, kind", [({}, None), ({"alpha": 0.5}, ("attribute", "classes", "classes")), ({"activation": "Elu"}, ("activation", "act", "act"))])
def test_maps_laid_flat_with_their_channels_last(tmp_path, is_transposed, fault, kind):
    first, last = channels_first(tmp_path / "first.onnx"), channels_last(tmp_path / "last.onnx", is_transposed, **fault)
    for pair in ((first, last), (last, first)):
        assert report(*pair)["verdict"] == ("differ" if kind else "match")
        assert confirmed(*pair) == ([kind] if kind else [])


def test_maps_laid_flat_in_the_wrong_order(tmp_path):
    """The same matrix behind maps that one side turns is told as the turning, and not as another matrix."""
    sound = channels_first(tmp_path / "sound.onnx")
    nodes = [
        *head(),
        helper.make_node("Transpose", ["r"], ["t"], name="turned", perm=[0, 2, 3, 1]),
        helper.make_node("Flatten", ["t"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "m", "n"], ["y"], name="classes", transB=1),
    ]
    faulty = saved(tmp_path / "faulty.onnx", nodes, weights())
    assert confirmed(sound, faulty) == [("added_node", None, "turned")]


def test_nodes_that_give_what_they_read(tmp_path):
    """A reshape to the shape that is there, a transposition of nothing and a Clip between infinities."""
    values = weights() | {"shape": np.int64([1, CHANNELS, SIDE, SIDE]), "least": np.float32(-np.inf), "most": np.float32(np.inf)}
    values["m"] = values["m"][:, :CHANNELS]

    def ending(read, function):
        return [
            helper.make_node("GlobalAveragePool", [read], ["g"], name="mean"),
            *([helper.make_node("Transpose", ["g"], ["g1"], name="turned", perm=[0, 1, 3, 2])] if function != "Relu" else []),
            helper.make_node("Flatten", ["g" if function == "Relu" else "g1"], ["f"], name="flat"),
            helper.make_node("Gemm", ["f", "m", "n"], ["y"], name="classes", transB=1),
        ]

    plain = saved(tmp_path / "plain.onnx", [*head(), *ending("r", "Relu")], values)
    idle = [
        *head("Elu"),
        helper.make_node("Reshape", ["r", "shape"], ["s"], name="same"),
        helper.make_node("Clip", ["s", "least", "most"], ["k"], name="unbounded"),
        *ending("k", "Elu"),
    ]
    other = saved(tmp_path / "idle.onnx", idle, values)
    for pair in ((plain, other), (other, plain)):
        assert confirmed(*pair) == [("activation", "act", "act")]


@pytest.mark.parametrize("is_left", [False, True])
def test_zeros_in_the_margins_of_a_maximum(tmp_path, is_left):
    """They are as good as none behind a Relu; behind the Elu that stands there by mistake they are no second fault."""
    values = weights() | {"margins": np.int64([0, 0, 1, 1, 0, 0, 1, 1]), "zero": np.float32(0)}
    values["m"] = values["m"][:, : CHANNELS * 4]
    # Some windows are to have no positive number.
    values["b"] -= 6
    window = {"kernel_shape": [3, 3], "strides": [2, 2]}
    ending = [
        helper.make_node("Flatten", ["p"], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "m", "n"], ["y"], name="classes", transB=1),
    ]
    pads = [helper.make_node("Pad", ["r", "margins", "zero"], ["q"], name="pad"), helper.make_node("MaxPool", ["q"], ["p"], name="pool", **window)]
    plain = saved(tmp_path / "plain.onnx", [*head(), helper.make_node("MaxPool", ["r"], ["p"], name="pool", pads=[1, 1, 1, 1], **window), *ending], values)
    sound = saved(tmp_path / "sound.onnx", [*head(), *pads, *ending], values)
    faulty = saved(tmp_path / "faulty.onnx", [*head("Elu"), *pads, *ending], values)
    assert report(plain, sound)["verdict"] == "match"
    assert confirmed(*((plain, faulty) if is_left else (faulty, plain))) == [("activation", "act", "act")]


def ending(read="r"):
    return [
        helper.make_node("Flatten", [read], ["f"], name="flat"),
        helper.make_node("Gemm", ["f", "m", "n"], ["y"], name="classes", transB=1),
    ]


def test_what_prepares_images_beside_a_file_of_another_layout(tmp_path):
    """The Transpose that stands before the first convolution on one side is not what a Sub on the other is held against."""
    values = weights() | {"mean": np.float32([0.4, 0.5, 0.6]).reshape(1, 3, 1, 1)}
    first, act = head()
    prepared = helper.make_node("Conv", ["p", "w", "b"], ["c"], name="conv", strides=[2, 2], pads=[1, 1, 1, 1])
    sub = helper.make_node("Sub", ["x", "mean"], ["p"], name="sub")
    turned = helper.make_node("Transpose", ["x"], ["p"], name="turned", perm=[0, 3, 1, 2])
    last = saved(tmp_path / "last.onnx", [turned, prepared, act, *ending()], values, (1, 2 * SIDE, 2 * SIDE, 3))
    sound = saved(tmp_path / "sound.onnx", [first, act, *ending()], values)
    faulty = saved(tmp_path / "faulty.onnx", [sub, prepared, act, *ending()], values)
    assert report(sound, last)["verdict"] == "match"
    assert confirmed(faulty, last) == [("preprocessing", "sub", None)]
    assert confirmed(last, faulty) == [("preprocessing", None, "sub")]


def test_a_fault_behind_extents_that_the_graph_computes(tmp_path):
    """As converters write a product over some axes: the values behind such a Reshape are held against each other too."""
    values = weights() | {"first": np.int64([0]), "rest": np.int64([-1])}
    computed = [
        helper.make_node("Shape", ["r"], ["s"], name="shape"),
        helper.make_node("Gather", ["s", "first"], ["i"], name="images"),
        helper.make_node("Concat", ["i", "rest"], ["e"], name="extents", axis=0),
        helper.make_node("Reshape", ["r", "e"], ["l"], name="rows"),
    ]

    def file(name, function):
        middle = helper.make_node(function, ["l"], ["k"], name="function")
        return saved(tmp_path / name, [*head(), *computed, middle, *ending("k")], values)

    sound, faulty = file("sound.onnx", "Tanh"), file("faulty.onnx", "Sigmoid")
    for pair in ((sound, faulty), (faulty, sound)):
        assert confirmed(*pair) == [("activation", "function", "function")]


@pytest.mark.parametrize("function, others", [("Sigmoid", "HardSigmoid"), ("Relu", "Tanh"), ("Relu", "Identity")])
def test_functions_before_and_behind_what_turns_the_output(tmp_path, function, others):
    """Maps are the output: one file turns them before their last function, and the other behind it."""
    values = {name: weights()[name] for name in ("w", "b")}
    conv = helper.make_node("Conv", ["x", "w", "b"], ["c"], name="conv", strides=[2, 2], pads=[1, 1, 1, 1])

    def turn(value, result):
        return helper.make_node("Transpose", [value], [result], name="turn", perm=[0, 2, 3, 1])

    first = saved(tmp_path / "first.onnx", [conv, turn("c", "t"), helper.make_node(function, ["t"], ["y"], name="act")], values)
    last = saved(tmp_path / "last.onnx", [conv, helper.make_node(others, ["c"], ["r"], name="act"), turn("r", "y")], values)
    node, other = ("act", None) if others == "Identity" else ("act", "act")
    assert confirmed(first, last) == [("activation", node, other)]
    assert confirmed(last, first) == [("activation", other, node)]


def test_a_softmax_that_one_side_lacks_where_maps_are_the_output(tmp_path):
    values = {name: weights()[name] for name in ("w", "b")}
    turn = {"name": "turn", "perm": [0, 2, 3, 1]}
    ends = {
        "turned": [helper.make_node("Transpose", ["r"], ["y"], **turn)],
        "before": [helper.make_node("Softmax", ["r"], ["s"], name="softmax", axis=1), helper.make_node("Transpose", ["s"], ["y"], **turn)],
        "behind": [helper.make_node("Transpose", ["r"], ["s"], **turn), helper.make_node("Softmax", ["s"], ["y"], name="softmax", axis=-1)],
        "first": [helper.make_node("Softmax", ["r"], ["y"], name="softmax", axis=1)],
    }
    files = {name: saved(tmp_path / f"{name}.onnx", [*head(), *end], values) for name, end in ends.items()}
    for name in ("before", "behind", "first"):
        assert confirmed(files["turned"], files[name]) == [("missing_softmax", None, "softmax")], name
        assert confirmed(files[name], files["turned"]) == [("missing_softmax", "softmax", None)], name
