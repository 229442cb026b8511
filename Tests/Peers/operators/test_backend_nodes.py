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

OPERATORS = set(
    """
    Conv BatchNormalization Relu LeakyRelu PRelu Sigmoid HardSigmoid HardSwish Tanh Clip Softmax MaxPool
    AveragePool GlobalAveragePool GlobalMaxPool LRN Resize Upsample Concat Add Sub Mul Div Sum Pow Sqrt
    Exp Gemm MatMul Flatten Reshape Transpose Squeeze Unsqueeze Slice Split Gather Pad ReduceMean Shape
    Cast Constant ConstantOfShape Identity Dropout Expand
    """.split()
)

#: What is no inference in float32 or float16. These tests fail, each with a message, and are counted apart.
OUTSIDE = {
    "computes on, or converts, elements of another type": """
        add_uint8 cast_BFLOAT16_to_FLOAT cast_FLOAT16_to_FLOAT8E4M3FN cast_FLOAT16_to_FLOAT8E4M3FNUZ
        cast_FLOAT16_to_FLOAT8E5M2 cast_FLOAT16_to_FLOAT8E5M2FNUZ cast_FLOAT16_to_INT4 cast_FLOAT16_to_UINT4
        cast_FLOAT8E4M3FNUZ_to_FLOAT cast_FLOAT8E4M3FNUZ_to_FLOAT16 cast_FLOAT8E4M3FN_to_FLOAT
        cast_FLOAT8E4M3FN_to_FLOAT16 cast_FLOAT8E5M2FNUZ_to_FLOAT cast_FLOAT8E5M2FNUZ_to_FLOAT16
        cast_FLOAT8E5M2_to_FLOAT cast_FLOAT8E5M2_to_FLOAT16 cast_FLOAT_to_BFLOAT16 cast_FLOAT_to_FLOAT8E4M3FN
        cast_FLOAT_to_FLOAT8E4M3FNUZ cast_FLOAT_to_FLOAT8E5M2 cast_FLOAT_to_FLOAT8E5M2FNUZ cast_FLOAT_to_INT4
        cast_FLOAT_to_STRING cast_FLOAT_to_UINT4 cast_INT4_to_FLOAT cast_INT4_to_FLOAT16 cast_INT4_to_INT8
        cast_STRING_to_FLOAT cast_UINT4_to_FLOAT cast_UINT4_to_FLOAT16 cast_UINT4_to_UINT8
        cast_no_saturate_FLOAT16_to_FLOAT8E4M3FN cast_no_saturate_FLOAT16_to_FLOAT8E4M3FNUZ
        cast_no_saturate_FLOAT16_to_FLOAT8E5M2 cast_no_saturate_FLOAT16_to_FLOAT8E5M2FNUZ
        cast_no_saturate_FLOAT_to_FLOAT8E4M3FN cast_no_saturate_FLOAT_to_FLOAT8E4M3FNUZ
        cast_no_saturate_FLOAT_to_FLOAT8E5M2 cast_no_saturate_FLOAT_to_FLOAT8E5M2FNUZ
        castlike_BFLOAT16_to_FLOAT_expanded castlike_FLOAT8E4M3FNUZ_to_FLOAT_expanded
        castlike_FLOAT8E4M3FN_to_FLOAT_expanded castlike_FLOAT8E5M2FNUZ_to_FLOAT_expanded
        castlike_FLOAT8E5M2_to_FLOAT_expanded castlike_FLOAT_to_BFLOAT16_expanded
        castlike_FLOAT_to_FLOAT8E4M3FNUZ_expanded castlike_FLOAT_to_FLOAT8E4M3FN_expanded
        castlike_FLOAT_to_FLOAT8E5M2FNUZ_expanded castlike_FLOAT_to_FLOAT8E5M2_expanded
        castlike_FLOAT_to_STRING_expanded castlike_STRING_to_FLOAT_expanded clip_default_int8_inbounds
        clip_default_int8_max clip_default_int8_min div_uint8 edge_pad maxpool_2d_uint8 mul_uint8
        pow_types_int32_float32 pow_types_int32_int32 pow_types_int64_float32 pow_types_int64_int64 reflect_pad
        sub_uint8 wrap_pad
    """,
    "a sequence or an optional value in place of a tensor": """
        identity_opt identity_sequence
    """,
    "training": """
        batchnorm_epsilon_training_mode batchnorm_example_training_mode training_dropout
        training_dropout_default training_dropout_default_mask training_dropout_mask
    """,
    "Resize that crops": """
        resize_tf_crop_and_resize resize_tf_crop_and_resize_axes_2_3 resize_tf_crop_and_resize_axes_3_2
    """,
}

#: What is inference in float32, and not computed as the data has it.
FAILING = {
    "asks for the positions of maxima": """
        maxpool_with_argmax_2d_precomputed_pads maxpool_with_argmax_2d_precomputed_strides
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


EXPECTED_FAILURES = reasons(OUTSIDE) | reasons(FAILING)


def selected():
    """The tests of which every node is one of these operators."""
    names = []
    for folder in sorted(FOLDER.iterdir()):
        nodes = onnx.load(folder / "model.onnx").graph.node
        if all(node.op_type in OPERATORS and node.domain == "" for node in nodes):
            names.append(folder.name)
    return names


NAMES = selected() if FOLDER.is_dir() else []


def array(path):
    """The array in a file; None if its elements are none that a .npy file can hold."""
    message = onnx.TensorProto()
    try:
        message.ParseFromString(path.read_bytes())
        found = onnx.numpy_helper.to_array(message)
    except (ValueError, TypeError, DecodeError):
        return None
    # numpy itself has neither objects nor the types that extensions add.
    return found if found.dtype.kind in "fiub" and found.dtype.isbuiltin == 1 else None


def difference(name, folder):
    """What is wrong with the outputs; an empty text if nothing is."""
    data = FOLDER / name / "test_data_set_0"
    graph = onnx.load(FOLDER / name / "model.onnx").graph
    options = []
    for index, value in enumerate(graph.input):
        given = array(data / f"input_{index}.pb")
        if given is None:
            return f"input {value.name}: elements that no .npy file holds"
        np.save(folder / f"{index}.npy", given)
        options += ["--input", f"{value.name}={folder / f'{index}.npy'}"]
    model = FOLDER / name / "model.onnx"
    outcome = scalenet("run", model, *options, "--output-dir", folder / "outputs", check=False, timeout=60)
    if outcome.status != 0:
        assert outcome.status == BAD_INPUT, outcome
        assert outcome.stderr.startswith("scalenet: error: ") and outcome.stderr.count("\n") == 1, outcome.stderr
        assert not (folder / "outputs").exists()
        return outcome.stderr
    assert len(list((folder / "outputs").iterdir())) == len(graph.output)
    for index, value in enumerate(graph.output):
        expected = array(data / f"output_{index}.pb")
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
    fitting = len(NAMES) - len(reasons(OUTSIDE))
    passing = fitting - len(reasons(FAILING))
    print(f"{passing} of {fitting} node tests; {len(reasons(OUTSIDE))} more are no inference in float32")
    text = re.sub(r"\s+", " ", README.read_text())
    assert f"{passing} of {fitting} of onnx's backend node tests" in text
    for name in reasons(FAILING):
        assert f"`{name}`" in text
