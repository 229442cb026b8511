"""The written graph is the published forward pass, with PyTorch's names and nothing else in it."""

import hashlib
import json

import numpy as np
import onnx
import onnx_checks
import pytest
import reference
from command import scalenet
from onnx import numpy_helper


@pytest.fixture(scope="module")
def models(checkpoint, session_folder):
    """`models(name, folded)`: the structure is what counts here, so 50-light and tiny will do."""
    made = {}

    def make(name, folded):
        if (name, folded) not in made:
            output = session_folder / f"{name}.{folded}.graph.onnx"
            option = "--fold-batch-norm" if folded else "--no-fold-batch-norm"
            scalenet("convert", checkpoint(name), "-o", output, option, "--no-verify")
            made[name, folded] = onnx_checks.check(output)
            output.unlink()
        return made[name, folded]

    return make


BOTH = pytest.mark.parametrize("folded", [True, False], ids=["folded", "unfolded"])
NETWORKS = pytest.mark.parametrize("name", ["tiny", "scalenet50_light"])


@BOTH
@NETWORKS
def test_operators(models, name, folded):
    expected = onnx_checks.expected_operators(reference.structure(name), folded)
    assert onnx_checks.operators(models(name, folded)) == expected


@BOTH
@NETWORKS
def test_convolutions_have_the_names_of_their_modules(models, name, folded):
    model = models(name, folded)
    weights = {each.name: each for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in ("Conv", "Gemm", "BatchNormalization"):
            assert node.input[1] == f"{node.name}.weight"
            assert node.input[1] in weights
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    assert all(names)


def test_unfolded_weights_are_those_of_the_checkpoint(models):
    name = "scalenet50_light"
    weights = {
        each.name: numpy_helper.to_array(each)
        for each in models(name, False).graph.initializer
        if each.data_type == onnx.TensorProto.FLOAT
    }
    state = {key: array for key, array in reference.state_dict(name).items() if array.dtype == np.float32}
    assert set(weights) >= set(state)
    for key, array in state.items():
        assert weights[key].tobytes() == array.tobytes() and weights[key].shape == array.shape, key


@BOTH
@NETWORKS
def test_every_initializer_is_used_and_no_node_is_dead(models, name, folded):
    graph = models(name, folded).graph
    read = {each for node in graph.node for each in node.input} | {value.name for value in graph.output}
    assert {each.name for each in graph.initializer} <= read
    assert {each for node in graph.node for each in node.output} <= read


def test_metadata(models):
    model = models("tiny", True)
    assert model.producer_name == "scalenet"
    assert model.producer_version
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert len(metadata) == len(model.metadata_props)
    assert json.loads(metadata["structure"]) == reference.structure("tiny")
    assert metadata["input_size"] == "224x224"
    assert metadata["source"] == "tiny.pth"


def test_checksum(tmp_path):
    output = tmp_path / "model.onnx"
    source = reference.TINY / "tiny.pth"
    scalenet("convert", source, "-o", output, "--checksum")
    values = [entry.value for entry in onnx.load(str(output)).metadata_props]
    assert hashlib.sha256(source.read_bytes()).hexdigest() in values
