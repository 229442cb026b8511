"""onnx's own node tests of every operator that is read here: inputs through `scalenet run`, outputs compared.

The tests that carry data stand in the wheel of onnx 1.16.2, which `make` unpacks and ONNX_NODE_TESTS names.
"""

import os
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from command import BAD_INPUT, scalenet
from google.protobuf.message import DecodeError

FOLDER = Path(os.environ.get("ONNX_NODE_TESTS") or Path(__file__).resolve().parents[3] / ".venv-nodes/node")
README = Path(__file__).resolve().parents[3] / "README.md"

#: How many tests with data the wheel has.
COUNT = 1282

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


#: What fails. What is refused is refused by name.
FAILING = {
    "8-bit floats are no type of elements here": """
        cast_FLOAT16_to_FLOAT8E4M3FN cast_FLOAT16_to_FLOAT8E4M3FNUZ cast_FLOAT16_to_FLOAT8E5M2
        cast_FLOAT16_to_FLOAT8E5M2FNUZ cast_FLOAT8E4M3FNUZ_to_FLOAT cast_FLOAT8E4M3FNUZ_to_FLOAT16
        cast_FLOAT8E4M3FN_to_FLOAT cast_FLOAT8E4M3FN_to_FLOAT16 cast_FLOAT8E5M2FNUZ_to_FLOAT
        cast_FLOAT8E5M2FNUZ_to_FLOAT16 cast_FLOAT8E5M2_to_FLOAT cast_FLOAT8E5M2_to_FLOAT16
        cast_FLOAT_to_FLOAT8E4M3FN cast_FLOAT_to_FLOAT8E4M3FNUZ cast_FLOAT_to_FLOAT8E5M2
        cast_FLOAT_to_FLOAT8E5M2FNUZ cast_no_saturate_FLOAT16_to_FLOAT8E4M3FN
        cast_no_saturate_FLOAT16_to_FLOAT8E4M3FNUZ cast_no_saturate_FLOAT16_to_FLOAT8E5M2
        cast_no_saturate_FLOAT16_to_FLOAT8E5M2FNUZ cast_no_saturate_FLOAT_to_FLOAT8E4M3FN
        cast_no_saturate_FLOAT_to_FLOAT8E4M3FNUZ cast_no_saturate_FLOAT_to_FLOAT8E5M2
        cast_no_saturate_FLOAT_to_FLOAT8E5M2FNUZ castlike_FLOAT8E4M3FNUZ_to_FLOAT
        castlike_FLOAT8E4M3FNUZ_to_FLOAT_expanded castlike_FLOAT8E4M3FN_to_FLOAT
        castlike_FLOAT8E4M3FN_to_FLOAT_expanded castlike_FLOAT8E5M2FNUZ_to_FLOAT
        castlike_FLOAT8E5M2FNUZ_to_FLOAT_expanded castlike_FLOAT8E5M2_to_FLOAT
        castlike_FLOAT8E5M2_to_FLOAT_expanded castlike_FLOAT_to_FLOAT8E4M3FN castlike_FLOAT_to_FLOAT8E4M3FNUZ
        castlike_FLOAT_to_FLOAT8E4M3FNUZ_expanded castlike_FLOAT_to_FLOAT8E4M3FN_expanded
        castlike_FLOAT_to_FLOAT8E5M2 castlike_FLOAT_to_FLOAT8E5M2FNUZ
        castlike_FLOAT_to_FLOAT8E5M2FNUZ_expanded castlike_FLOAT_to_FLOAT8E5M2_expanded
        dequantizelinear_e4m3fn dequantizelinear_e4m3fn_float16 dequantizelinear_e4m3fn_zero_point
        dequantizelinear_e5m2 quantizelinear_e4m3fn quantizelinear_e5m2
    """,
    "Loop and Scan": """
        loop11 range_float_type_positive_delta_expanded range_int32_type_negative_delta_expanded scan9_sum scan_sum
    """,
    "transforms and windows of sound": """
        blackmanwindow blackmanwindow_symmetric dft dft_axis dft_axis_opset19 dft_inverse dft_inverse_opset19
        dft_opset19 hammingwindow hammingwindow_symmetric hannwindow hannwindow_symmetric melweightmatrix stft
        stft_with_window
    """,
    "operators of ai.onnx.ml": """
        ai_onnx_ml_array_feature_extractor ai_onnx_ml_binarizer ai_onnx_ml_tree_ensemble_set_membership
        ai_onnx_ml_tree_ensemble_single_tree
    """,
    "DeformConv": """
        basic_deform_conv_with_padding basic_deform_conv_without_padding deform_conv_with_mask_bias
        deform_conv_with_multiple_offset_groups
    """,
    "Det": "det_2d det_nd",
    "Resize that crops": """
        resize_tf_crop_and_resize resize_tf_crop_and_resize_axes_2_3 resize_tf_crop_and_resize_axes_3_2
    """,
    "the data wraps around where the specification, ONNX Runtime and we saturate": """
        qlinearmatmul_2D_int8_float16 qlinearmatmul_2D_int8_float32 qlinearmatmul_3D_int8_float16
        qlinearmatmul_3D_int8_float32
    """,
    "the data cuts off what bfloat16 does not hold; ONNX Runtime and we round": """
        cast_FLOAT_to_BFLOAT16 castlike_FLOAT_to_BFLOAT16 castlike_FLOAT_to_BFLOAT16_expanded
    """,
    "ONNX Runtime and PyTorch, as we, divide by the output's extent less 1; the data by in * scale - 1": """
        resize_downsample_scales_cubic_align_corners resize_downsample_scales_linear_align_corners
    """,
    "ONNX Runtime, as we, leaves out of a mean what lies beyond the margins; the data counts it": """
        averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True
    """,
}


def reasons(table):
    return {"test_" + name: reason for reason, names in table.items() for name in names.split()}


EXPECTED_FAILURES = reasons(FAILING)


def selected():
    """The tests that are counted."""
    return [
        folder.name
        for folder in sorted(FOLDER.iterdir())
        if not outside(folder.name, onnx.load(folder / "model.onnx").graph)
    ]


NAMES = selected() if FOLDER.is_dir() else []


def array(path, value):
    """The array in a file for an input or output; None if its elements are none that a .npy file can hold."""
    message = onnx.TensorProto()
    try:
        message.ParseFromString(path.read_bytes())
        found = onnx.numpy_helper.to_array(message)
    except (ValueError, TypeError, DecodeError):
        return None
    # bfloat16, which the data has as the bits of uint16, is float32 in files.
    if value.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16 and found.dtype.itemsize == 2:
        found = (found.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
    # Integers of 4 bits are read as those of 8.
    if found.dtype.name in ("int4", "uint4"):
        found = found.astype(found.dtype.name.replace("4", "8"))
    # numpy itself has neither objects nor the types that extensions add.
    return found if found.dtype.kind in "fiub" and found.dtype.isbuiltin == 1 else None


def difference(name, folder):
    """What is wrong with the outputs; an empty text if nothing is."""
    data = FOLDER / name / "test_data_set_0"
    graph = onnx.load(FOLDER / name / "model.onnx").graph
    options = []
    for index, value in enumerate(graph.input):
        given = array(data / f"input_{index}.pb", value)
        if given is None:
            return f"input {value.name}: elements that no .npy file holds"
        np.save(folder / f"{index}.npy", given)
        options += ["--input", f"{value.name}={folder / f'{index}.npy'}"]
    model = FOLDER / name / "model.onnx"
    outcome = scalenet("run", model, *options, "--output-dir", folder / "outputs", check=False, timeout=60)
    if outcome.status != 0:
        assert outcome.status == BAD_INPUT, outcome
        errors = [line for line in outcome.stderr.splitlines() if not line.startswith("scalenet: note: ")]
        assert len(errors) == 1 and errors[0].startswith("scalenet: error: "), outcome.stderr
        assert not (folder / "outputs").exists()
        return outcome.stderr
    assert len(list((folder / "outputs").iterdir())) == len(graph.output)
    for index, value in enumerate(graph.output):
        expected = array(data / f"output_{index}.pb", value)
        found = np.load(folder / "outputs" / f"{value.name}.npy", allow_pickle=False)
        if expected is None:
            return f"output {value.name}: elements that no .npy file holds"
        if (found.dtype, found.shape) != (expected.dtype, expected.shape):
            return f"output {value.name}: {found.dtype}{found.shape}, expected {expected.dtype}{expected.shape}"
        if not np.allclose(found.astype(np.float64), expected.astype(np.float64), equal_nan=True, **TOLERANCES):
            return f"output {value.name}: {found}, expected {expected}"
    return ""


def test_data_is_there():
    assert len(list(FOLDER.iterdir())) == COUNT
    assert set(EXPECTED_FAILURES) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_node(tmp_path, name):
    found = difference(name, tmp_path)
    if name in EXPECTED_FAILURES:
        assert found != "", f"{name} passes, but is listed: {EXPECTED_FAILURES[name]}"
    else:
        assert found == ""


def test_readme_says_how_many():
    passing = len(NAMES) - len(EXPECTED_FAILURES)
    print(f"{passing} of {len(NAMES)} node tests")
    text = re.sub(r"\s+", " ", README.read_text())
    assert f"{passing} of {len(NAMES)} of onnx's backend node tests" in text
