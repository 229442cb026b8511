"""What the node tests of onnx have in common, of whatever version: which are counted, and how one is run."""

import numpy as np
import onnx
from command import BAD_INPUT, scalenet

#: What onnx's own runner allows.
TOLERANCES = {"rtol": 1e-3, "atol": 1e-7}

#: Tests of what is no inference on tensors of numbers, which are not counted: each by what tells it.
LOSSES = {"SoftmaxCrossEntropyLoss", "NegativeLogLikelihoodLoss"}
RANDOM = {"Bernoulli", "RandomUniform", "RandomUniformLike", "RandomNormal", "RandomNormalLike", "Multinomial"}
STRINGS = {"StringConcat", "StringNormalizer", "StringSplit", "RegexFullMatch", "TfIdfVectorizer", "LabelEncoder"}


def outside(name, graph):
    """Why a test is not counted; an empty text if it is."""
    operators = {node.op_type for node in graph.node}
    values = [*graph.input, *graph.output]
    kinds = {value.type.WhichOneof("value") for value in values}
    types = {value.type.tensor_type.elem_type for value in values}
    if "train" in name or any("training" in node.domain for node in graph.node):
        return "training"
    if operators & LOSSES or name.startswith(("test_sce", "test_nllloss")):
        return "a loss"
    if operators & RANDOM or "bernoulli" in name:
        return "random numbers"
    if operators & STRINGS or onnx.TensorProto.STRING in types or "STRING" in name:
        return "strings"
    if "sequence_type" in kinds or any("Sequence" in op and op != "ReverseSequence" for op in operators):
        return "sequences"
    if "optional_type" in kinds or any(op.startswith("Optional") for op in operators):
        return "optional values"
    return "encoded images" if "ImageDecoder" in operators else ""


def plain(found):
    """An array as a .npy file can hold it, with the values that it has; None if there are none.

    What runs gives the same: float32 for bfloat16 and the floating-point types of eight bits and fewer, bytes for the
    integers of four and two bits."""
    if found.dtype.isbuiltin == 1:
        return found if found.dtype.kind in "fiub" else None
    name = found.dtype.name
    if "float" in name:
        return found.astype(np.float32)
    return found.astype(np.uint8 if name.startswith("uint") else np.int8) if "int" in name else None


def difference(path, inputs, outputs, folder):
    """What is wrong with the outputs of a model; an empty text if nothing is. Values of None can't be told."""
    graph = onnx.load(path).graph
    options = []
    for index, (value, given) in enumerate(zip(graph.input, inputs)):
        if given is None:
            return f"input {value.name}: elements that no .npy file holds"
        np.save(folder / f"{index}.npy", given)
        options += ["--input", f"{value.name}={folder / f'{index}.npy'}"]
    outcome = scalenet("run", path, *options, "--output-dir", folder / "outputs", check=False, timeout=60)
    if outcome.status != 0:
        assert outcome.status == BAD_INPUT, outcome
        errors = [line for line in outcome.stderr.splitlines() if not line.startswith("scalenet: note: ")]
        assert len(errors) == 1 and errors[0].startswith("scalenet: error: "), outcome.stderr
        assert not (folder / "outputs").exists()
        return outcome.stderr
    assert len(list((folder / "outputs").iterdir())) == len(graph.output)
    for value, expected in zip(graph.output, outputs):
        found = np.load(folder / "outputs" / f"{value.name}.npy", allow_pickle=False)
        if expected is None:
            return f"output {value.name}: elements that no .npy file holds"
        if (found.dtype, found.shape) != (expected.dtype, expected.shape):
            return f"output {value.name}: {found.dtype}{found.shape}, expected {expected.dtype}{expected.shape}"
        if not np.allclose(found.astype(np.float64), expected.astype(np.float64), equal_nan=True, **TOLERANCES):
            return f"output {value.name}: {found}, expected {expected}"
    return ""


def reasons(table):
    """The reason of each failing test, by its name."""
    return {"test_" + name: reason for reason, names in table.items() for name in names.split()}
