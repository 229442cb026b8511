"""Two files of one network that write a block in other ways: a normalisation in the weights, GELU in parts, the branches that a block
was trained in as one convolution. None is a fault, and none hides one behind it or in it."""

import numpy as np
import pytest
from onnx import helper
from planted_runs import causes
from test_diff_layouts import report, saved

CHANNELS, EXTENT = 6, 9
PARTS = {"gamma": 0.5, "beta": -0.5, "mean": -0.5, "variance": 0.5}


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs.split(), [output], name=f"{output}_node", **attributes)


def floats(constants):
    return {name: array if np.asarray(array).dtype == np.int64 else np.asarray(array, np.float32) for name, array in constants.items()}


def only(found):
    """The kind and text of a single confirmed cause."""
    assert len(found) == 1 and found[0]["confirmed"], found
    return found[0]["kind"], found[0]["explanation"]


def matches(left, right):
    found = report(left, right)
    assert found["verdict"] == "match" and not causes(found), found
    return found


# Normalisations that one side has in the weights, and that something keeps from being folded on the other.


def normalizations():
    random = np.random.default_rng(5)
    constants = {}
    for index in range(3):
        read = CHANNELS if index else 3
        constants[f"w{index}"] = random.standard_normal((CHANNELS, read, 3, 3)) / np.sqrt(9 * read)
        constants |= {f"{name}{index}": random.uniform(low, low + 1, CHANNELS) for name, low in PARTS.items()}
    return constants


def scales(constants, index):
    scale = constants[f"gamma{index}"] / np.sqrt(constants[f"variance{index}"] + 1e-5)
    return scale, constants[f"beta{index}"] - constants[f"mean{index}"] * scale


def folded(path):
    constants, nodes, value = normalizations(), [], "x"
    for index in range(3):
        scale, shift = scales(constants, index)
        constants |= {f"w{index}": constants[f"w{index}"] * scale[:, None, None, None], f"b{index}": shift}
        nodes += [node("Conv", f"{value} w{index} b{index}", f"c{index}", pads=[1, 1, 1, 1]), node("Relu", f"c{index}", f"r{index}")]
        value = f"r{index}"
    return saved(path, [*nodes, node("GlobalAveragePool", value, "y")], floats(constants), (1, 3, EXTENT, EXTENT))


def standing(path, fault):
    """The same with normalisations as nodes, and a fault around the second one."""
    constants, nodes, value = normalizations(), [], "x"
    for index in range(3):
        read = " ".join(f"{name}{index}" for name in PARTS)
        faulty = fault if index == 1 else "none"
        convolution = node("Conv", f"{value} w{index}", f"c{index}", pads=[1, 1, 1, 1])
        nodes += {
            "none": [convolution, node("BatchNormalization", f"c{index} {read}", f"n{index}"), node("Relu", f"n{index}", f"r{index}")],
            "added": [convolution, node("Tanh", f"c{index}", "added"), node("BatchNormalization", f"added {read}", f"n{index}"),
                      node("Relu", f"n{index}", f"r{index}")],
            "early": [convolution, node("Relu", f"c{index}", "early"), node("BatchNormalization", f"early {read}", f"r{index}")],
            "sum": [convolution, node("Add", f"c{index} {value}", "sum"), node("BatchNormalization", f"sum {read}", f"n{index}"),
                    node("Relu", f"n{index}", f"r{index}")],
            "bare": [node("BatchNormalization", f"{value} {read}", f"n{index}"), node("Relu", f"n{index}", f"r{index}")],
        }[faulty]  # fmt: skip
        value = f"r{index}"
    return saved(path, [*nodes, node("GlobalAveragePool", value, "y")], floats(constants), (1, 3, EXTENT, EXTENT))


@pytest.mark.parametrize("fault, wanted", [
    ("added", [("activation", "Tanh added_node")]),
    ("early", [("activation", "Relu early_node"), ("activation", "Relu r1_node")]),
    ("sum", [("added_node", "Add sum_node")]),
    ("bare", [("missing_node", "Conv c1_node")]),
])  # fmt: skip
def test_what_keeps_a_normalisation_from_being_folded_is_named(tmp_path, fault, wanted):
    left, right = folded(tmp_path / "folded.onnx"), standing(tmp_path / "standing.onnx", fault)
    for sides in ((left, right), (right, left)):
        found = causes(report(*sides))
        kinds = {"missing_node", "added_node"} if wanted[0][0].endswith("_node") else {wanted[0][0]}
        assert len(found) == len(wanted) and all(cause["confirmed"] and cause["kind"] in kinds for cause in found), found
        for cause, (_, words) in zip(found, wanted, strict=True):
            assert words in cause["explanation"], found
    matches(left, standing(tmp_path / "sound.onnx", "none"))


def test_nodes_of_causes_are_those_of_the_files(tmp_path):
    """The normalisation that is taken out of a convolution is called after it, as no file has it."""
    left, right = folded(tmp_path / "folded.onnx"), standing(tmp_path / "standing.onnx", "early")
    found = report(left, right)
    names = {cause["node"] for cause in causes(found)} | {found["first_divergence"]["name"]} - {None}
    assert names - {None} <= {f"{kind}{index}_node" for kind in "cr" for index in range(3)}, names


def normalized_by(path, op):
    """Three blocks whose normalisations use stored statistics, or those of what they read."""
    constants, nodes, value = normalizations(), [], "x"
    for index in range(3):
        read = " ".join(f"{name}{index}" for name in list(PARTS)[: 4 if op == "BatchNormalization" else 2])
        nodes += [
            node("Conv", f"{value} w{index}", f"c{index}", pads=[1, 1, 1, 1]), node(op, f"c{index} {read}", f"n{index}"),
            node("Relu", f"n{index}", f"r{index}"),
        ]  # fmt: skip
        value = f"r{index}"
    nodes += [node("GlobalAveragePool", value, "y")]
    read = {name for each in nodes for name in each.input}
    return saved(path, nodes, floats({k: v for k, v in constants.items() if k in read}), (1, 3, EXTENT, EXTENT))


def test_statistics_of_the_image_for_stored_ones(tmp_path):
    left = normalized_by(tmp_path / "stored.onnx", "BatchNormalization")
    right = normalized_by(tmp_path / "own.onnx", "InstanceNormalization")
    for sides, words in (((left, right), "BatchNormalization"), ((right, left), "InstanceNormalization")):
        kind, text = only(causes(report(*sides)))
        assert kind == "operator" and f"with all {words} nodes, 3 in all" in text, text


def test_steps_of_int8_in_kernels_of_few_elements_before_a_normalisation(tmp_path):
    """Each channel of a depthwise convolution has nine weights and, once folded, a factor of its own."""
    constants = normalizations()
    constants["w1"] = np.random.default_rng(8).standard_normal((CHANNELS, 1, 3, 3)) / 3

    def network(path, isFolded, steps):
        values, nodes, value = dict(constants), [], "x"
        if steps:
            step = np.abs(values["w1"]).max() / 127
            values["w1"] = np.round(values["w1"] / step) * step
        for index in range(3):
            options = {"pads": [1, 1, 1, 1], "group": CHANNELS if index == 1 else 1}
            if isFolded:
                scale, shift = scales(values, index)
                values |= {f"w{index}": values[f"w{index}"] * scale[:, None, None, None], f"b{index}": shift}
                nodes += [node("Conv", f"{value} w{index} b{index}", f"n{index}", **options)]
            else:
                nodes += [node("Conv", f"{value} w{index}", f"c{index}", **options),
                          node("BatchNormalization", f"c{index} " + " ".join(f"{name}{index}" for name in PARTS), f"n{index}")]  # fmt: skip
            nodes += [node("Relu", f"n{index}", f"r{index}")]
            value = f"r{index}"
        return saved(path, [*nodes, node("GlobalAveragePool", value, "y")], floats(values), (1, 3, EXTENT, EXTENT))

    left, right = network(tmp_path / "float.onnx", True, False), network(tmp_path / "steps.onnx", False, True)
    for sides in ((left, right), (right, left)):
        kind, text = only(causes(report(*sides, "--tolerance", "exact")))
        assert kind == "quantized_weights" and "before a normalisation was folded into them" in text, text
    matches(left, network(tmp_path / "sound.onnx", False, False))


# Functions.


def erf(value, name, half="half"):
    return [
        node("Div", f"{value} root", f"{name}_d"), node("Erf", f"{name}_d", f"{name}_e"), node("Add", f"{name}_e one", f"{name}_a"),
        node("Mul", f"{value} {name}_a", f"{name}_m"), node("Mul", f"{name}_m {half}", name),
    ]  # fmt: skip


def tanh(value, name):
    return [
        node("Pow", f"{value} three", f"{name}_p"), node("Mul", f"{name}_p cube", f"{name}_m"), node("Add", f"{value} {name}_m", f"{name}_e"),
        node("Mul", f"{name}_e slope", f"{name}_s"), node("Tanh", f"{name}_s", f"{name}_t"), node("Add", f"{name}_t one", f"{name}_a"),
        node("Mul", f"{value} {name}_a", f"{name}_d"), node("Mul", f"{name}_d half", name),
    ]  # fmt: skip


def gelu(value, name):
    return [node("Gelu", value, name)]


def perceptron(path, functions):
    random = np.random.default_rng(9)
    constants = {f"w{index}": random.standard_normal((16, 16)) / 3 for index in range(3)}
    constants |= {"root": np.sqrt(2), "one": 1.0, "half": 0.5, "three": 3.0, "cube": 0.044715, "slope": np.sqrt(2 / np.pi), "other": 0.6}
    nodes = [
        node("MatMul", "x w0", "a"), *functions[0]("a", "f"), node("MatMul", "f w1", "b"), *functions[1]("b", "g"),
        node("MatMul", "g w2", "y"),
    ]  # fmt: skip
    read = {name for each in nodes for name in each.input}
    return saved(path, nodes, floats({k: v for k, v in constants.items() if k in read}), (4, 16), opset=20)


@pytest.mark.parametrize("first", [erf, gelu], ids=["in_parts", "whole"])
@pytest.mark.parametrize("second", [erf, gelu], ids=["in_parts", "whole"])
def test_gelu_by_tanh_is_one_cause_however_both_are_written(tmp_path, first, second):
    left = perceptron(tmp_path / "left.onnx", (first, first))
    matches(left, perceptron(tmp_path / "sound.onnx", (second, second)))
    right = perceptron(tmp_path / "right.onnx", (second, tanh))
    for sides in ((left, right), (right, left)):
        kind, text = only(causes(report(*sides, "--tolerance", "exact")))
        assert kind == "activation" and "Gelu by the error function" in text and "approximation with tanh" in text, text


def test_another_constant_inside_gelu_is_held_against_its_own(tmp_path):
    left = perceptron(tmp_path / "left.onnx", (erf, erf))
    right = perceptron(tmp_path / "right.onnx", (erf, lambda value, name: erf(value, name, "other")))
    for sides in ((left, right), (right, left)):
        kind, text = only(causes(report(*sides)))
        assert kind == "different_weights" and text.startswith("g_node:"), text


def gate(path, isWhole, sign=1):
    """A gate by HardSigmoid between two convolutions; Keras writes it as a factor, a term and a Clip."""
    random = np.random.default_rng(10)
    constants = {f"w{index}": random.standard_normal((CHANNELS, CHANNELS, 1, 1)) for index in range(4)}
    constants |= {"b": sign * random.standard_normal(CHANNELS), "sixth": 1 / 6, "half": 0.5, "zero": 0.0, "one": 1.0}
    nodes, value = [], "x"
    for index in range(3):
        nodes += [node("Conv", f"{value} w{index}" + (" b" if index == 2 else ""), f"c{index}")]
        nodes += [node("HardSigmoid", f"c{index}", f"h{index}", alpha=1 / 6, beta=0.5)] if isWhole else [
            node("Mul", f"c{index} sixth", f"m{index}"), node("Add", f"m{index} half", f"a{index}"),
            node("Clip", f"a{index} zero one", f"h{index}"),
        ]  # fmt: skip
        nodes += [node("Mul", f"{value} h{index}", f"g{index}")]
        value = f"g{index}"
    nodes += [node("Conv", f"{value} w3", "y")]
    read = {name for each in nodes for name in each.input}
    return saved(path, nodes, floats({k: v for k, v in constants.items() if k in read}), (1, CHANNELS, 5, 5))


def test_a_fault_behind_a_hard_sigmoid_in_parts(tmp_path):
    left, right = gate(tmp_path / "whole.onnx", True), gate(tmp_path / "parts.onnx", False, sign=-1)
    for sides in ((left, right), (right, left)):
        kind, text = only(causes(report(*sides)))
        assert kind == "different_weights" and text.startswith("c2_node:") and "-1.0 times that bias" in text, text
    matches(left, gate(tmp_path / "sound.onnx", False))


# Branches.


def branches(path, act="Relu", factor=1.0, without=None):
    """Two blocks of RepVGG as they are trained: kernels of 3 and 1, and a normalisation of what they read."""
    constants, nodes, value = branch_constants(), [], "x"
    constants["k1"] = constants["k1"] * factor
    for index in range(2):
        terms = [f"a{index}", f"e{index}", f"i{index}"]
        nodes += [
            node("Conv", f"{value} w{index}", terms[0], pads=[1, 1, 1, 1]), node("Conv", f"{value} k{index} b{index}", terms[1]),
            node("BatchNormalization", f"{value} " + " ".join(f"{name}{index}" for name in PARTS), terms[2]),
        ]  # fmt: skip
        if index == 1 and without:
            nodes = [each for each in nodes if each.output[0] != without]
            terms.remove(without)
        nodes += [node("Add", " ".join(terms[:2]), f"s{index}")]
        total = f"s{index}"
        if len(terms) > 2:
            nodes += [node("Add", f"s{index} {terms[2]}", f"t{index}")]
            total = f"t{index}"
        nodes += [node("Relu" if index else act, total, f"r{index}")]
        value = f"r{index}"
    nodes += [node("GlobalAveragePool", value, "y")]
    read = {name for each in nodes for name in each.input}
    return saved(path, nodes, floats({k: v for k, v in constants.items() if k in read}), (1, CHANNELS, EXTENT, EXTENT))


def branch_constants():
    random = np.random.default_rng(11)
    constants = {}
    for index in range(2):
        constants[f"w{index}"] = random.standard_normal((CHANNELS, CHANNELS, 3, 3)) / 8
        constants[f"k{index}"] = random.standard_normal((CHANNELS, CHANNELS, 1, 1)) / 3
        constants[f"b{index}"] = random.standard_normal(CHANNELS) / 3
        constants |= {f"{name}{index}": random.uniform(low, low + 1, CHANNELS) for name, low in PARTS.items()}
    return constants


def deployed(path):
    """One convolution in the place of each block's three branches."""
    constants, nodes, value, made = branch_constants(), [], "x", {}
    for index in range(2):
        scale, shift = scales(constants, index)
        kernel = constants[f"w{index}"].copy()
        kernel[:, :, 1, 1] += constants[f"k{index}"][:, :, 0, 0] + np.diag(scale)
        made |= {f"rep{index}": kernel, f"term{index}": constants[f"b{index}"] + shift}
        nodes += [
            node("Conv", f"{value} rep{index} term{index}", f"c{index}", pads=[1, 1, 1, 1]), node("Relu", f"c{index}", f"r{index}"),
        ]  # fmt: skip
        value = f"r{index}"
    return saved(path, [*nodes, node("GlobalAveragePool", value, "y")], floats(made), (1, CHANNELS, EXTENT, EXTENT))


def test_faults_of_branches_that_are_one_convolution_on_the_other_side(tmp_path):
    whole = deployed(tmp_path / "deployed.onnx")
    matches(whole, branches(tmp_path / "sound.onnx"))
    for name, options, kind, words in [
        ("function", {"act": "LeakyRelu"}, "activation", "LeakyRelu"),
        ("kernel", {"factor": -1}, "different_weights", "other values"),
        ("normalisation", {"without": "i1"}, "different_weights", "other values"),
    ]:
        faulty = branches(tmp_path / f"{name}.onnx", **options)
        for sides in ((whole, faulty), (faulty, whole)):
            found = only(causes(report(*sides)))
            assert found[0] == kind and words in found[1], (name, found)


def test_a_branch_left_out_where_both_have_branches(tmp_path):
    left, right = branches(tmp_path / "sound.onnx"), branches(tmp_path / "faulty.onnx", without="i1")
    kind, text = only(causes(report(left, right)))
    assert kind == "missing_node" and "i1_node" in text, text


# Attention and images.


def attention(path, reads="qkv"):
    """The parts of one product, of which keys are turned in another way than queries and values."""
    random = np.random.default_rng(12)
    constants = {"w": random.standard_normal((8, 24)), "p": random.standard_normal((8, 8)), "apart": np.int64([1, 5, 2, 4]),
                 "together": np.int64([1, 5, 8])}  # fmt: skip
    nodes = [
        node("MatMul", "x w", "m"),
        helper.make_node("Split", ["m"], ["q", "k", "v"], name="split", axis=2, num_outputs=3),
    ]
    nodes += [node("Reshape", f"{name} apart", f"{name}r") for name in "qkv"]
    nodes += [
        node("Transpose", f"{reads[0]}r", "qt", perm=[0, 2, 1, 3]), node("Transpose", f"{reads[1]}r", "kt", perm=[0, 2, 3, 1]),
        node("Transpose", f"{reads[2]}r", "vt", perm=[0, 2, 1, 3]), node("MatMul", "qt kt", "scores"),
        node("Softmax", "scores", "part", axis=-1), node("MatMul", "part vt", "taken"), node("Transpose", "taken", "back", perm=[0, 2, 1, 3]),
        node("Reshape", "back together", "flat"), node("MatMul", "flat p", "y"),
    ]  # fmt: skip
    return saved(path, nodes, floats(constants), (1, 5, 8), opset=18)


@pytest.mark.parametrize("reads", ["kqv", "qvk", "vkq"])
def test_exchanged_parts_of_attention_are_wiring(tmp_path, reads):
    left, right = attention(tmp_path / "left.onnx"), attention(tmp_path / "right.onnx", reads)
    found = causes(report(left, right))
    assert found and all(cause["kind"] == "wiring" and cause["confirmed"] for cause in found), found
    moved = {f"{name}t_node" for name, read in zip("qkv", reads, strict=True) if name != read}
    assert {cause["node"] for cause in found} <= moved | {"scores_node", "taken_node"}, found


def image(path, turn=None):
    random = np.random.default_rng(13)
    constants = {"w": random.standard_normal((4, 3, 3, 3)), "order": np.int64([2, 1, 0]), "start": np.int64([-1]), "end": np.int64([-4]),
                 "axis": np.int64([1]), "back": np.int64([-1])}  # fmt: skip
    nodes = {
        None: [],
        "gather": [node("Gather", "x order", "bgr", axis=1)],
        "slice": [node("Slice", "x start end axis back", "bgr")],
        "split": [helper.make_node("Split", ["x"], ["r", "g", "b"], name="split", axis=1, num_outputs=3), node("Concat", "b g r", "bgr", axis=1)],
    }[turn]  # fmt: skip
    nodes = [*nodes, node("Conv", f"{'bgr' if turn else 'x'} w", "y")]
    read = {name for each in nodes for name in each.input}
    return saved(path, nodes, floats({k: v for k, v in constants.items() if k in read}), (1, 3, 8, 8), opset=18)


@pytest.mark.parametrize("turn", ["gather", "slice", "split"])
def test_channels_in_the_opposite_order_by_nodes(tmp_path, turn):
    left, right = image(tmp_path / "left.onnx"), image(tmp_path / "right.onnx", turn)
    for sides in ((left, right), (right, left)):
        kind, text = only(causes(report(*sides)))
        assert kind == "swapped_input_channels" and "opposite order (RGB against BGR)" in text, text


@pytest.mark.parametrize("first", [True, False], ids=["before", "behind"])
def test_a_class_for_the_background_where_float32_is_far_off(tmp_path, first):
    """Small numbers that are added to larger ones and taken from them again: sums of other terms round otherwise, by more than the
    tolerance, and Double tells that nothing but the class differs."""
    random = np.random.default_rng(14)
    weight, more = random.standard_normal((16, 10)), random.standard_normal((16, 1))

    def network(path, term, weight):
        constants = {"small": 1e-4, "term": term, "w": weight}
        nodes = [
            node("Mul", "x small", "m"), node("Add", "m term", "a"), node("Sub", "a term", "s"), node("MatMul", "s w", "y"),
        ]  # fmt: skip
        return saved(path, nodes, floats(constants), (2, 16))

    wide = network(tmp_path / "wide.onnx", 3.0, np.hstack([more, weight] if first else [weight, more]))
    narrow = network(tmp_path / "narrow.onnx", 1.0, weight)
    for sides in ((wide, narrow), (narrow, wide)):
        kind, text = only(causes(report(*sides)))
        assert kind == "background_class" and f"{'before' if first else 'behind'} the others" in text, text
