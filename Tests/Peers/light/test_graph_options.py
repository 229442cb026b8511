"""Options of graphs, where the source is a graph: ONNX Runtime computes what was asked for."""

import numpy as np
import onnx
import onnx_checks
import onnxruntime
import pytest
import reference
from command import USAGE, refuse, scalenet

SIZE = (1, 224, 224)


@pytest.fixture(scope="module")
def source(session_folder):
    """`source(ending)`: the tiny network as a graph, folded."""
    made = {}

    def make(ending):
        if ending not in made:
            made[ending] = session_folder / f"graph-options.{ending}"
            scalenet("convert", reference.TINY / "tiny.pth", "-o", made[ending])
        return made[ending]

    return make


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("ending", ["onnx", "h5", "keras"])
def test_all_of_them(tmp_path, source, ending):
    output = tmp_path / "out.onnx"
    scalenet(
        "convert", source(ending), "-o", output, "--softmax", "--batch", 4, "--input-name", "image",
        "--output-name", "probabilities", "--input-size", 224,
    )  # fmt: skip
    model = onnx_checks.check(output)
    assert [value.name for value in model.graph.input] == ["image"]
    assert [value.name for value in model.graph.output] == ["probabilities"]
    extents = [extent.dim_value for extent in model.graph.input[0].type.tensor_type.shape.dim]
    assert extents == [4, 3, 224, 224]
    session = onnxruntime.InferenceSession(output, providers=["CPUExecutionProvider"])
    found = session.run(None, {"image": reference.tiny_image(4, 224, 224)})[0]
    expected = softmax(reference.tiny_logits(4, 224, 224))
    assert onnx_checks.relative_error(found, expected) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("ending", ["onnx", "keras"])
def test_feature_maps(tmp_path, source, ending):
    """The maps are those that the checkpoint's own graph gives, which other tests compare with PyTorch's."""
    output, expected = tmp_path / "maps.onnx", tmp_path / "expected.onnx"
    scalenet("convert", source(ending), "-o", output, "--features")
    scalenet("convert", reference.TINY / "tiny.pth", "-o", expected, "--features")
    image = reference.tiny_image(*SIZE)
    found, right = (onnx_checks.run(path, image) for path in (output, expected))
    assert list(found) == ["layer1", "layer2", "layer3", "layer4"]
    for name in found:
        assert onnx_checks.relative_error(found[name], right[name]) < onnx_checks.FLOAT32_TOLERANCE


def test_a_fixed_batch_is_opened(tmp_path, source):
    fixed, opened = tmp_path / "fixed.onnx", tmp_path / "opened.onnx"
    scalenet("convert", source("onnx"), "-o", fixed, "--batch", 1)
    scalenet("convert", fixed, "-o", opened, "--batch", "dynamic")
    found = onnx_checks.run(opened, reference.tiny_image(4, 224, 224))["output"]
    assert onnx_checks.relative_error(found, reference.tiny_logits(4, 224, 224)) < onnx_checks.FLOAT32_TOLERANCE


def test_a_batch_that_is_built_in_is_refused(tmp_path):
    """The graph reshapes to one row, whatever comes in."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["input", "shape"], ["output"], name="rows")],
        "reshape",
        [helper.make_tensor_value_info("input", kind, [1, 3, 2, 2])],
        [helper.make_tensor_value_info("output", kind, [1, 12])],
        [onnx.numpy_helper.from_array(np.array([1, 12]), "shape")],
    )
    path, output = tmp_path / "built-in.onnx", tmp_path / "out.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)
    outcome = refuse("convert", path, "-o", output, "--batch", 2, output=output, status=USAGE)
    assert "--batch" in outcome.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--input-size", 96), "--input-size: expected 224x224, which the graph in"),
        (("--stride-placement", "first"), "--stride-placement: expected weights to make a graph of"),
        (("--features", "--softmax"), "--softmax: feature maps have no classes"),
    ],
)
def test_what_cannot_be_followed(tmp_path, source, options, said):
    output = tmp_path / "out.onnx"
    outcome = refuse("convert", source("onnx"), "-o", output, *options, output=output, status=USAGE)
    assert said in outcome.stderr


@pytest.mark.parametrize("ending", ["onnx", "h5", "keras"])
def test_weights_come_back(tmp_path, source, ending):
    """The folded graph as a checkpoint computes what PyTorch computed."""
    weights, logits = tmp_path / "weights.pth", tmp_path / "logits.npy"
    outcome = scalenet("convert", source(ending), "-o", weights)
    assert outcome.stderr.startswith("scalenet: note: names are PyTorch's, those of a ScaleNet (2-1-2-1 blocks)\n")
    np.save(tmp_path / "image.npy", reference.tiny_image(*SIZE))
    scalenet("run", weights, "--input", tmp_path / "image.npy", "-o", logits)
    assert (
        onnx_checks.relative_error(np.load(logits), reference.tiny_logits(*SIZE)) < onnx_checks.FLOAT32_TOLERANCE
    )


@pytest.mark.parametrize("ending", ["onnx", "keras"])
def test_graphs_as_seeds(tmp_path, ending):
    """A seed that keeps BatchNormalization allocates as its checkpoint; a folded one has no gammas left."""
    kept, folded = tmp_path / f"kept.{ending}", tmp_path / f"folded.{ending}"
    tiny = reference.TINY / "tiny.pth"
    scalenet("convert", tiny, "-o", kept, "--no-fold-batch-norm")
    scalenet("convert", tiny, "-o", folded)
    expected = scalenet("allocate", tiny, "--macs", "33M").stdout
    assert scalenet("allocate", kept, "--macs", "33M").stdout == expected
    width = expected.splitlines()[-1].split()[-1]
    again = scalenet("allocate", tiny, "--width", width).stdout
    blocks = [text.split("\n\n")[0] for text in (expected, again)]
    assert blocks[0] == blocks[1]
    outcome = scalenet("allocate", folded, "--macs", "33M", check=False)
    assert outcome.status == 65 and "is folded into its convolution" in outcome.stderr
