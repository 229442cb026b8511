"""What `scalenet inspect` says of the file of a graph, against what onnx says of it; also where the graph is not read."""

import json
from collections import Counter
from pathlib import Path

import jsonschema
import numpy as np
import onnx
import pytest
from command import BAD_INPUT, USAGE, scalenet
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[3]
BLOCKS = ROOT / "fixtures" / "blocks"
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "schemas" / "inspect.schema.json").read_text()))

WEIGHT = np.random.default_rng(1).standard_normal((8, 3, 3, 3)).astype(np.float32)


def save(path, nodes, inputs, constants=None, outputs=("y",), domains=()):
    graph = helper.make_graph(
        nodes,
        "a graph",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    imports = [helper.make_opsetid("", 17), *(helper.make_opsetid(domain, 3) for domain in domains)]
    model = helper.make_model(
        graph, opset_imports=imports, ir_version=8, producer_name="a program", producer_version="1.2"
    )
    helper.set_model_props(model, {"task": "classify", "author": "somebody"})
    onnx.save(model, path)
    return path


def inspect(path, *options):
    report = json.loads(scalenet("inspect", path, "--format", "json", *options).stdout)
    SCHEMA.validate(report)
    return report


def port(value):
    tensor = value.type.tensor_type
    result = {"name": value.name, "type": np.dtype(helper.tensor_dtype_to_np_dtype(tensor.elem_type)).name}
    if tensor.HasField("shape"):
        result["shape"] = [
            each.dim_value if each.HasField("dim_value") else each.dim_param or "?" for each in tensor.shape.dim
        ]
    return result


def expected(path):
    """The same as the report says, by onnx."""
    model = onnx.load(path)
    graph = model.graph
    stored = {each.name for each in graph.initializer}
    counts = Counter(
        node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}" for node in graph.node
    )
    tensors = [(each, numpy_helper.to_array(each)) for each in graph.initializer]
    largest = sorted(tensors, key=lambda pair: -pair[1].nbytes)[:10]
    result = {
        "name": graph.name,
        "ir_version": model.ir_version,
        "opsets": [{"domain": each.domain or "ai.onnx", "version": each.version} for each in model.opset_import],
        "inputs": [port(each) for each in graph.input if each.name not in stored],
        "outputs": [port(each) for each in graph.output],
        "operators": [
            {"name": name, "count": count} for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        ],
        "functions": len(model.functions),
        "initializer_count": len(tensors),
        "initializer_bytes": sum(array.nbytes for _, array in tensors),
        "largest_initializers": [
            {"name": each.name, "type": array.dtype.name, "shape": list(array.shape), "bytes": array.nbytes}
            for each, array in largest
        ],
        "metadata": [{"key": each.key, "value": each.value} for each in model.metadata_props],
    }
    if model.producer_name:
        result["producer"] = model.producer_name
    if model.producer_version:
        result["producer_version"] = model.producer_version
    return result


@pytest.mark.parametrize("name", ["basic_gated", "grouped_gated_linear.unfolded", "inverted", "scalenet_tiny"])
def test_exported_models(name):
    path = BLOCKS / f"{name}.onnx"
    assert inspect(path)["graph"] == expected(path)


def test_every_kind_of_report(tmp_path):
    nodes = [helper.make_node("Conv", ["x", "w"], ["t"], name="c"), helper.make_node("Flatten", ["t"], ["y"])]
    path = save(tmp_path / "m.onnx", nodes, {"x": ["n", 3, 8, 8]}, {"w": WEIGHT})
    assert inspect(path)["graph"] == expected(path)
    words = [
        "x float32[n, 3, 8, 8]", "opset 17, IR 8", "a program 1.2", "task: classify", "author: somebody",
        "1 Conv, 1 Flatten", "w float32[8, 3, 3, 3]",
    ]
    scalenet("inspect", path, "--html", tmp_path / "m.html")
    texts = [scalenet("inspect", path, "--format", format).stdout for format in ("table", "markdown")]
    for text in [*texts, (tmp_path / "m.html").read_text()]:
        for word in words:
            assert word in text.replace("\\", ""), word
    rows = scalenet("inspect", path, path, "--format", "csv").stdout.splitlines()
    assert rows[0].endswith("producer,versions,inputs,outputs,operators")
    assert "a program 1.2" in rows[1] and "x float32[n, 3, 8, 8]" in rows[1] and "1 Conv; 1 Flatten" in rows[1]


UNKNOWN = [
    helper.make_node("Conv", ["x", "w"], ["t"], name="c"),
    # As TensorFlow's nodes have: a message in a string.
    helper.make_node("Fancy", ["t"], ["u"], domain="somebody", settings=b"\x07\x00\xff\x01"),
    helper.make_node("Det", ["u"], ["v"]),
    helper.make_node("Fancy", ["v"], ["y"], domain="somebody"),
]


def test_operators_that_are_not_known(tmp_path):
    path = save(tmp_path / "m.onnx", UNKNOWN, {"x": ["n", 3, 8, 8]}, {"w": WEIGHT}, domains=["somebody"])
    report = inspect(path)
    assert report["graph"] == expected(path)
    assert report["reason"].startswith("operators that are not known here: somebody.Fancy, Det; ")
    (tensor,) = report["tensors"]
    assert (tensor["name"], tensor["shape"]) == ("w", [8, 3, 3, 3])
    table = scalenet("inspect", path).stdout
    assert "operators that are not known here: somebody.Fancy, Det" in table and "MACs" in table
    assert "2 somebody.Fancy, 1 Conv, 1 Det" in table
    # With their elements, too.
    (tensor,) = inspect(path, "--per-tensor")["tensors"]
    assert tensor["statistics"]["maximum"] == pytest.approx(float(WEIGHT.max()))
    # Nothing else is done with it, and what only a network gives is refused.
    for command in (["convert", path, "-o", tmp_path / "y.onnx"], ["convert", path, "-o", tmp_path / "y.pth"]):
        outcome = scalenet(*command, check=False)
        assert outcome.status == BAD_INPUT and "Fancy" in outcome.stderr, outcome
    assert scalenet("inspect", path, "--per-layer", check=False).status == USAGE


def test_bytes_where_an_operator_takes_a_text(tmp_path):
    node = helper.make_node("DepthToSpace", ["x"], ["y"], name="d", blocksize=2, mode=b"\xff\xfe")
    path = save(tmp_path / "m.onnx", [node], {"x": [1, 4, 2, 2]})
    outcome = scalenet("run", path, "-o", tmp_path / "y.npy", check=False)
    assert outcome.status == BAD_INPUT
    assert "node d (DepthToSpace): attribute mode" in outcome.stderr and "2 bytes that are no UTF-8" in outcome.stderr


def test_a_loop(tmp_path):
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Relu", ["a"], ["b"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("a", TensorProto.FLOAT, [1, 3]),
        ],
        [
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("b", TensorProto.FLOAT, [1, 3]),
        ],
    )
    nodes = [helper.make_node("Loop", ["times", "", "x"], ["y"], body=body)]
    path = save(tmp_path / "m.onnx", nodes, {"x": [1, 3]}, {"times": np.array(3)})
    assert "not known here: Loop;" in inspect(path)["reason"]


@pytest.mark.parametrize("extents, named", [(["n", 3, "height", "width"], True), ([None, 3, None, None], False)])
def test_open_heights_and_widths(tmp_path, extents, named):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["t"], pads=[1] * 4),
        helper.make_node("GlobalAveragePool", ["t"], ["y"]),
    ]
    path = save(tmp_path / "m.onnx", nodes, {"x": extents}, {"w": WEIGHT})
    report = inspect(path)
    assert report["graph"] == expected(path)
    assert "--input-size" in report["reason"]
    assert ("height, width" in report["reason"]) == named
    # With a size MACs are counted, of a convolution that keeps it.
    totals = inspect(path, "--input-size", "10x14")["totals"]
    assert totals["macs"] == 10 * 14 * WEIGHT.size
    outcome = scalenet("convert", path, "-o", tmp_path / "y.onnx", check=False)
    assert outcome.status == BAD_INPUT and "--input-size" in outcome.stderr


def test_damage_is_an_error(tmp_path):
    """What is wrong in itself is no model of operators that are not known."""
    nodes = [helper.make_node("Relu", ["nothing"], ["y"])]
    path = save(tmp_path / "m.onnx", nodes, {"x": [1, 3]})
    assert scalenet("inspect", path, check=False).status == BAD_INPUT
    path.write_bytes(path.read_bytes()[:-3])
    assert scalenet("inspect", path, check=False).status == BAD_INPUT
