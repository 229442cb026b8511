"""Every kind of fault in PyTorch's own exports: `scalenet diff` finds all, names nearly all, and none wrongly."""

import functools
import json

import numpy as np
import onnx
import planted_runs
import pytest
import reference
from command import scalenet
from converted_kinds import OF_FEW_NETWORKS
from edited_network import Network
from fault_kinds import KINDS, plant
from made_kinds import OF_HALVES
from made_network import made_network
from neighbouring_kinds import OF_LARGE_NETWORKS
from onnx import TensorProto, helper, numpy_helper
from planted_runs import causes

BLOCKS = reference.FIXTURES / "blocks"
NETWORKS = ["basic.unfolded.onnx", "gated_convolution.onnx", "inverted.unfolded.onnx", "bottleneck.onnx", "scalenet_tiny.onnx", "made"]
NAMED = 0.95

# Faults in neighbouring nodes, the second a reader of the first.
NEIGHBOURS = [
    ("different weights", "function left out"),
    ("negated weights", "HardSwish for Relu"),
    ("function left out", "different weights"),
    ("function left out", "mean for max"),
    ("LeakyRelu for Relu", "mean for max"),
    ("Sub for Add", "HardSwish for Relu"),
    ("bias doubled", "function left out"),
    ("max for global mean", "dropout left in"),
    ("int8 for the tensor", "bound of 0.5 for Relu"),
]


def report(left, right, *options):
    return json.loads(scalenet("diff", left, right, "--format", "json", *options, check=False).stdout)


def sound(name):
    return made_network() if name == "made" else onnx.load(BLOCKS / name)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A function of a network's name: (kind, place, report) of each fault at the first place where it moves outputs."""
    folder = tmp_path_factory.mktemp("planted")

    @functools.cache
    def of(name):
        model, found = sound(name), []
        onnx.save(model, folder / "sound.onnx")
        image, expected = planted_runs.run(model)
        np.save(folder / "image.npy", image)
        for kind in KINDS:
            for where, faulty in plant(model, kind):
                if not planted_runs.moved(expected, faulty):
                    continue
                onnx.save(faulty, folder / "faulty.onnx")
                # Every second kind is planted into the left.
                files = [folder / "sound.onnx", folder / "faulty.onnx"][:: 1 if list(KINDS).index(kind) % 2 == 0 else -1]
                found.append((kind, where, report(*files, "--input", folder / "image.npy")))
                break
        return found

    return of


@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_is_found_and_named(planted, name):
    named, texts = 0, []
    for kind, where, found in planted(name):
        kinds = [cause["kind"] for cause in causes(found) if cause["confirmed"]]
        assert found["verdict"] == "differ", (kind, where)
        assert set(kinds) <= KINDS[kind][1], (kind, where, kinds)
        named += bool(kinds)
        if not kinds:
            texts.append((kind, where))
    assert len(planted(name)) > 30
    assert named >= NAMED * len(planted(name)), texts


def test_every_kind_fits_a_network(planted):
    assert {kind for name in NETWORKS for kind, _, _ in planted(name)} == set(KINDS) - OF_LARGE_NETWORKS - OF_HALVES - OF_FEW_NETWORKS


def test_neighbouring_faults_are_both_named(tmp_path):
    count, named, texts = 0, 0, []
    for name in NETWORKS:
        onnx.save(sound(name), tmp_path / "sound.onnx")
        for first, second in NEIGHBOURS:
            for model, where in neighbours(sound(name), first, second):
                onnx.save(model, tmp_path / "faulty.onnx")
                found = causes(report(tmp_path / "sound.onnx", tmp_path / "faulty.onnx"))
                kinds = {cause["kind"] for cause in found}
                assert kinds <= KINDS[first][1] | KINDS[second][1], (name, first, second, where, kinds)
                count += 1
                named += len(found) > 1 and bool(kinds & KINDS[first][1]) and bool(kinds & KINDS[second][1])
                if len(found) < 2:
                    texts.append((name, first, second, where, kinds))
    assert count > 10
    assert named >= NAMED * count, texts


def neighbours(model, first, second):
    """One model with both faults, if there is a place for them."""
    shape = Network(model)
    for node in KINDS[first][0](shape):
        readers = {reader.name for reader in shape.readers(node.output[0])}
        net = Network(model)
        later = next((each for each in KINDS[second][0](net) if each.name in readers), None)
        if later is None or KINDS[second][2](net, later) is False:
            continue
        own = next((each for each in net.graph.node if each.name == node.name), None)
        if own is None or KINDS[first][2](net, own) is False:
            continue
        del net.graph.value_info[:]
        try:
            onnx.checker.check_model(net.model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
            continue
        yield net.model, node.name
        return


def normalized(name):
    """A block whose normalisations are no fresh ones, which hardly change anything."""
    net = Network(sound(name))
    random = np.random.default_rng(8)
    for node in net.graph.node:
        if node.op_type == "BatchNormalization":
            count = net.constant(node, 1).size
            drawn = [random.uniform(0.5, 1.5, count), *random.normal(0, 0.3, (2, count)), random.uniform(0.3, 1.5, count)]
            for position, values in enumerate(drawn):
                net.set_constant(node, position + 1, values.astype(np.float32))
    return net.model


def dropped(model, index):
    """The model without one of its normalisations."""
    net = Network(model)
    norms = [node for node in net.graph.node if node.op_type == "BatchNormalization"]
    name = norms[index].name
    net.drop(norms[index])
    del net.graph.value_info[:]
    return name, net.model


@pytest.mark.parametrize("name", ["basic.unfolded.onnx", "inverted.unfolded.onnx"])
@pytest.mark.parametrize("index", [0, 2])
def test_a_normalisation_left_out_is_told_of_folded_files_too(tmp_path, name, index):
    """Where the other side has it in the weights, no node shows it: the factors and offsets of the weights do."""
    whole, folded = tmp_path / "whole.onnx", tmp_path / "folded.onnx"
    onnx.save(normalized(name), whole)
    scalenet("convert", whole, "-o", folded, "--no-verify")
    _, faulty = dropped(normalized(name), index)
    onnx.save(faulty, tmp_path / "faulty.onnx")
    # Writers that fold would have folded all others of the faulty model.
    scalenet("convert", tmp_path / "faulty.onnx", "-o", tmp_path / "faulty.folded.onnx", "--no-verify")
    for other in ("faulty.onnx", "faulty.folded.onnx"):
        for files, kind in (((folded, tmp_path / other), "missing_node"), ((tmp_path / other, folded), "added_node")):
            found = report(*files)
            assert [(cause["kind"], cause["confirmed"]) for cause in causes(found)] == [(kind, True)], (other, found["explanation"])
            assert "BatchNormalization" in found["explanation"] and "for each output channel" in found["explanation"]


def two_files(folder, constants=(), **middles):
    """Files of a convolution, some nodes from a to c, and a convolution; `constants` by their names."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 8, 6, 6))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 8, 6, 6))
    random = np.random.default_rng(2)
    weights = [numpy_helper.from_array(random.standard_normal((8, 8, 1, 1)).astype(np.float32), f"w{i}") for i in range(3)]
    weights.append(numpy_helper.from_array(random.standard_normal((8, 1, 1)).astype(np.float32), "offset"))
    weights += [numpy_helper.from_array(array, name) for name, array in dict(constants).items()]
    for file, middle in middles.items():
        first = helper.make_node("Conv", ["x", "w0"], ["a"], name="c0")
        last = helper.make_node("Conv", ["c", "w2"], ["y"], name="c2")
        graph = helper.make_graph([first, *middle, last], file, [x], [y], weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(model, folder / f"{file}.onnx")
    return [folder / f"{file}.onnx" for file in middles]


def gated(source):
    """HardSwish as two nodes."""
    return [
        helper.make_node("HardSigmoid", [source], ["g"], name="gate", alpha=1 / 6, beta=0.5),
        helper.make_node("Mul", [source, "g"], ["c"], name="mul"),
    ]


def test_one_function_in_two_forms_is_no_fault(tmp_path):
    """Beside a convolution left out, HardSwish against x * HardSigmoid(x) is not told as another activation."""
    whole = [helper.make_node("Conv", ["a", "w1"], ["b"], name="c1"), helper.make_node("HardSwish", ["b"], ["c"], name="function")]
    found = report(*two_files(tmp_path, whole=whole, without=gated("a")))
    assert [cause["kind"] for cause in causes(found)] in (["missing_node"], ["operator"]), causes(found)
    assert all("c1" in cause["explanation"] for cause in causes(found))


@pytest.mark.parametrize("is_first", [True, False])
def test_what_stands_beside_one_function_in_two_forms(tmp_path, is_first):
    """An Add before HardSwish or behind it, against x * HardSigmoid(x), is an added node and no other activation."""
    ends = [("Add", ["a", "offset"]), ("HardSwish", ["s"])] if is_first else [("HardSwish", ["a"]), ("Add", ["s", "offset"])]
    added = [helper.make_node(op, read, [made], name=op) for (op, read), made in zip(ends, ["s", "c"])]
    plain, more = two_files(tmp_path, plain=gated("a"), more=added)
    for files, kind in (((plain, more), "added_node"), ((more, plain), "missing_node")):
        found = causes(report(*files))
        assert [(cause["kind"], cause["confirmed"]) for cause in found] == [(kind, True)], found
        assert "Add" in found[0]["explanation"] and "HardSwish" not in found[0]["explanation"]


def nodes(*steps):
    """Nodes of (operator, inputs, attributes), each named after its place; the last makes c."""
    count = len(steps)
    made = [f"v{number}" for number in range(count - 1)] + ["c"]
    return [helper.make_node(op, read, [name], name=f"{op}.{name}", **attributes) for (op, read, attributes), name in zip(steps, made)]


def test_a_layer_norm_that_is_spelled_out(tmp_path):
    """As exporters do before opset 17: what differs is a scale or an epsilon, and no operator."""

    def spelled(scale, epsilon):
        mean = {"axes": [-1], "keepdims": 1}
        return nodes(
            ("ReduceMean", ["a"], mean), ("Sub", ["a", "v0"], {}), ("Pow", ["v1", "two"], {}), ("ReduceMean", ["v2"], mean),
            ("Add", ["v3", epsilon], {}), ("Sqrt", ["v4"], {}), ("Div", ["v1", "v5"], {}), ("Mul", ["v6", scale], {}),
            ("Add", ["v7", "shift"], {}),
        )  # fmt: skip

    scale = np.float32([0.5, 0.8, 1.1, 0.9, 1.2, 0.7])
    constants = {"two": np.float32(2), "e5": np.float32(1e-5), "e1": np.float32(0.1), "scale": scale, "shift": scale[::-1] - 1, "other": scale**2}
    whole = nodes(("LayerNormalization", ["a", "scale", "shift"], {"axis": -1, "epsilon": 1e-5}))
    for (other, epsilon), kinds in {("scale", "e5"): [], ("other", "e5"): ["different_weights"], ("scale", "e1"): ["batch_norm_epsilon"]}.items():
        files = two_files(tmp_path, constants, whole=whole, spelled=spelled(other, epsilon))
        for pair in (files, files[::-1]):
            found = report(*pair)
            assert found["verdict"] == ("differ" if kinds else "match")
            assert [cause["kind"] for cause in causes(found) if cause["confirmed"]] == kinds, causes(found)


def test_groups_of_channels_taken_for_what_stands_in_them(tmp_path):
    def shuffled(shape):
        return nodes(("Reshape", ["a", shape], {}), ("Transpose", ["v0"], {"perm": [0, 2, 1, 3, 4]}), ("Reshape", ["v1", "images"], {}))

    constants = {"two": np.int64([1, 2, 4, 6, 6]), "four": np.int64([1, 4, 2, 6, 6]), "images": np.int64([1, 8, 6, 6])}
    found = causes(report(*two_files(tmp_path, constants, two=shuffled("two"), four=shuffled("four"))))
    assert [(cause["kind"], cause["confirmed"]) for cause in found] == [("attribute", True)], found
    assert "[1, 2, 4, 6, 6]" in found[0]["explanation"] and "[1, 4, 2, 6, 6]" in found[0]["explanation"]


def test_one_order_of_channels_in_two_forms_is_no_fault(tmp_path):
    """Beside an Add that one side lacks, a Gather against a shuffle of reshapes is not told as another operator."""
    constants = {"two": np.int64([1, 2, 4, 6, 6]), "images": np.int64([1, 8, 6, 6]), "order": np.int64([0, 4, 1, 5, 2, 6, 3, 7])}
    turned = [("Transpose", ["v1"], {"perm": [0, 2, 1, 3, 4]}), ("Reshape", ["v2", "images"], {})]
    more = nodes(("Add", ["a", "offset"], {}), ("Reshape", ["v0", "two"], {}), *turned)
    found = causes(report(*two_files(tmp_path, constants, more=more, less=nodes(("Gather", ["a", "order"], {"axis": 1})))))
    assert [(cause["kind"], cause["confirmed"]) for cause in found] == [("missing_node", True)], found
    assert "Add.v0" in found[0]["explanation"] and "Gather" not in found[0]["explanation"]


def test_few_of_many_are_told_one_by_one(tmp_path):
    """Two functions exchanged for two others are two faults, though both are functions of one kind before."""

    def chain(*functions):
        steps = []
        for number, function in enumerate(functions):
            read = f"v{len(steps) - 1}" if steps else "a"
            steps += [("Conv", [read, "w1"], {}), (function, [f"v{len(steps)}"], {})]
        return nodes(*steps)

    sound = chain("Relu", "Relu", "Relu", "Relu", "Relu")
    for second in ("Elu", "Softplus"):
        found = causes(report(*two_files(tmp_path, sound=sound, faulty=chain("Relu", "Softplus", "Relu", second, "Relu"))))
        assert [(cause["kind"], cause["node"]) for cause in found] == [("activation", "Relu.v3"), ("activation", "Relu.v7")], found
        assert "Softplus" in found[0]["explanation"] and second in found[1]["explanation"]
        assert not any("all Relu" in cause["explanation"] for cause in found)


def test_nothing_is_claimed_of_what_comes_behind_a_number_that_is_none(tmp_path):
    net = Network(sound("basic.unfolded.onnx"))
    first = next(node for node in net.graph.node if node.op_type == "Conv")
    weight = net.constant(first, 1).copy()
    weight.flat[1] = np.nan
    net.set_constant(first, 1, weight)
    onnx.save(sound("basic.unfolded.onnx"), tmp_path / "sound.onnx")
    onnx.save(net.model, tmp_path / "faulty.onnx")
    for files in (("sound.onnx", "faulty.onnx"), ("faulty.onnx", "sound.onnx")):
        found = report(*(tmp_path / file for file in files))
        assert [cause["kind"] for cause in causes(found) if cause["confirmed"]] == ["different_weights"]
        assert "other differences remain" not in found["explanation"]
        assert "(1 NaN or infinite)" in found["explanation"]
        assert not any("all zeros" in note for note in found["notes"])


@pytest.mark.parametrize("function, last, kind", [("Erf", "Mul", None), ("Tanh", "Mul", "activation"), ("Erf", "Add", "operator")])
def test_one_fault_in_products_that_are_grouped_otherwise(tmp_path, function, last, kind):
    """Gelu as x * (1 + erf) * 0.5 and as x * 0.5 * (1 + erf): what else one side has in it is one fault, and no added node."""
    constants = {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5)}
    early = nodes(
        ("Div", ["a", "root"], {}), (function, ["v0"], {}), ("Add", ["v1", "one"], {}), ("Mul", ["a", "v2"], {}), (last, ["v3", "half"], {})
    )
    late = nodes(
        ("Mul", ["a", "half"], {}), ("Div", ["a", "root"], {}), ("Erf", ["v1"], {}), ("Add", ["v2", "one"], {}), ("Mul", ["v0", "v3"], {})
    )
    files = two_files(tmp_path, constants, early=early, late=late)
    for pair in (files, files[::-1]):
        found = report(*pair)
        assert found["verdict"] == ("differ" if kind else "match")
        assert [(cause["kind"], cause["confirmed"]) for cause in causes(found)] == ([(kind, True)] if kind else []), causes(found)
        if kind == "activation":
            assert "Tanh" in found["explanation"] and "Erf" in found["explanation"]


def test_weights_that_one_side_computes_of_constants(tmp_path):
    """As weight standardisation is exported: the computation is no fault, and a fault in the weights is told as one. These are
    more than is computed while a file is read."""
    shape, margins = (8, 8, 17, 17), {"pads": [8] * 4}
    raw = np.random.default_rng(7).standard_normal((1, 8, 8 * 17 * 17)).astype(np.float32)
    weight = ((raw - raw.mean(axis=2, keepdims=True)) / raw.std(axis=2, keepdims=True)).reshape(shape)
    constants = {"raw": raw, "ones": np.ones(8, np.float32), "zeros": np.zeros(8, np.float32), "shape": np.int64(shape)}
    constants |= {"sound": weight, "turned": weight.transpose(0, 1, 3, 2).copy()}
    normalized = ("InstanceNormalization", ["raw", "ones", "zeros"], {"epsilon": 1e-9})
    computed = nodes(normalized, ("Reshape", ["v0", "shape"], {}), ("Conv", ["a", "v1"], margins))
    for stored, kinds in {"sound": [], "turned": ["transposed_weights"]}.items():
        files = two_files(tmp_path, constants, computed=computed, stored=nodes(("Conv", ["a", stored], margins)))
        for pair in (files, files[::-1]):
            found = report(*pair)
            assert found["verdict"] == ("differ" if kinds else "match")
            assert [cause["kind"] for cause in causes(found) if cause["confirmed"]] == kinds, causes(found)


def test_a_fault_behind_many_places_where_rounding_is_amplified(tmp_path):
    """Cancelling makes the last digits of biases large, in more places than are looked at; at the fault values part at once."""
    branches = 14
    random = np.random.default_rng(9)
    constants = {f"k{i}": random.standard_normal((8, 8, 1, 1)).astype(np.float32) * np.float32(1e-3) for i in range(branches)}
    constants["wide"] = random.standard_normal((8, 8 * branches, 1, 1)).astype(np.float32)
    constants |= {"bias": np.ones(8, np.float32), "rounded": np.full(8, 1 + 4e-7, np.float32), "less": np.float32(-1)}

    def network(bias, function):
        steps = []
        for i in range(branches):
            steps += [("Conv", ["a", f"k{i}", bias], {}), ("Add", [f"v{2 * i}", "less"], {})]
        joined = ("Concat", [f"v{2 * i + 1}" for i in range(branches)], {"axis": 1})
        return nodes(*steps, joined, ("Conv", [f"v{2 * branches}", "wide"], {}), (function, [f"v{2 * branches + 1}"], {}))

    files = two_files(tmp_path, constants, sound=network("bias", "Elu"), faulty=network("rounded", "LeakyRelu"))
    for pair in (files, files[::-1]):
        found = causes(report(*pair))
        assert [(cause["kind"], cause["confirmed"]) for cause in found] == [("activation", True)], found


def test_a_value_that_is_read_twice(tmp_path):
    """The branch that is not read any more is no operator that the other takes the place of."""
    constants = {"scale": np.random.default_rng(8).standard_normal((8, 1, 1)).astype(np.float32)}
    branches = [("Conv", ["a", "w1"], {}), ("Mul", ["a", "scale"], {})]
    sound = nodes(*branches, ("Add", ["v0", "v1"], {}))
    files = two_files(tmp_path, constants, sound=sound, twice=nodes(*branches, ("Add", ["v1", "v1"], {})))
    for pair in (files, files[::-1]):
        found = causes(report(*pair))
        assert [(cause["kind"], cause["confirmed"]) for cause in found] == [("wiring", True)], found


@pytest.mark.parametrize("dtype", [np.float16, None])
def test_few_weights_in_a_half_type_before_a_normalisation_was_folded(tmp_path, dtype):
    """Which side rounded is known by what went into its weights, however few they are."""
    random = np.random.default_rng(6)
    weight = random.standard_normal((8, 1, 1, 1)).astype(np.float32)
    held = weight.astype(dtype).astype(np.float32) if dtype else weight * np.float32(1 + 2**-12)
    gamma, variance = (random.uniform(0.5, 1.5, 8).astype(np.float32) for _ in range(2))
    beta, mean = (random.standard_normal(8).astype(np.float32) for _ in range(2))
    factor = gamma / np.sqrt(variance + np.float32(1e-5))
    constants = {"held": held, "gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
    constants |= {"whole": weight * factor[:, None, None, None], "shift": beta - mean * factor}
    normalization = ["v0", "gamma", "beta", "mean", "variance"]
    apart = nodes(("Conv", ["a", "held"], {"group": 8}), ("BatchNormalization", normalization, {}))
    files = two_files(tmp_path, constants, apart=apart, folded=nodes(("Conv", ["a", "whole", "shift"], {"group": 8})))
    for pair, side in ((files, "left"), (files[::-1], "right")):
        found = report(*pair, "--tolerance", "exact")
        said = [(cause["kind"], cause["confirmed"]) for cause in causes(found)]
        if dtype:
            assert said == [("half_precision", True)], causes(found)
            assert f"the {side} has weights, before a normalisation was folded into them, rounded to float16" in causes(found)[0]["explanation"]
        else:
            assert all(kind != "half_precision" for kind, _ in said), causes(found)


def test_a_page_shows_both_graphs_where_one_lacks_the_node(tmp_path):
    onnx.save(normalized("basic.unfolded.onnx"), tmp_path / "whole.onnx")
    name, faulty = dropped(normalized("basic.unfolded.onnx"), 1)
    onnx.save(faulty, tmp_path / "faulty.onnx")
    for files in (("whole.onnx", "faulty.onnx"), ("faulty.onnx", "whole.onnx")):
        scalenet("diff", *(tmp_path / file for file in files), "--html", tmp_path / "page.html", "--force", check=False)
        page = (tmp_path / "page.html").read_text()
        assert name in page and ">the left<" in page and ">the right<" in page
