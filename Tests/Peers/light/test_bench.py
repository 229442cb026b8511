"""`scalenet bench` times the batch that it is asked for, or says why it can't."""

import json

import numpy as np
import onnx
import pytest
from command import scalenet
from onnx import TensorProto, helper, numpy_helper

BATCH = 3


def saved(path, reshaped=None):
    """A convolution for BATCH images; behind it a Reshape to `reshaped`."""
    weight = np.ones((2, 3, 1, 1), np.float32)
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], name="conv")]
    weights = [numpy_helper.from_array(weight, "w")]
    if reshaped:
        nodes.append(helper.make_node("Reshape", ["c", "shape"], ["y"], name="flat"))
        weights.append(numpy_helper.from_array(np.int64(reshaped), "shape"))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (BATCH, 3, 4, 4))
    y = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [x], [y], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


@pytest.mark.parametrize("asked, batch", [(None, BATCH), (BATCH, BATCH), (5, 5)])
def test_batch_of_a_graph_that_has_one(tmp_path, asked, batch):
    path = saved(tmp_path / "m.onnx", (-1, 32))
    options = ("--batch", asked) if asked else ()
    entry = json.loads(scalenet("bench", path, *options, "--runs", 1, "--format", "json").stdout)[0]
    assert (entry["batch"], entry["macs"]) == (batch, batch * 2 * 3 * 16)


def test_a_batch_that_is_built_in_is_not_taken_for_another(tmp_path):
    path = saved(tmp_path / "m.onnx", (BATCH, 32))
    refused = scalenet("bench", path, "--batch", 5, "--runs", 1, check=False)
    assert refused.status == 64 and refused.stdout == ""
    assert "--batch" in refused.stderr and "m.onnx" in refused.stderr and "flat" in refused.stderr
    assert json.loads(scalenet("bench", path, "--runs", 1, "--format", "json").stdout)[0]["batch"] == BATCH
