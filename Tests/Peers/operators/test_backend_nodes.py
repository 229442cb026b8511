"""onnx's own node tests of every operator that is read here: inputs through `scalenet run`, outputs compared.

The tests that carry data stand in the wheel of onnx 1.16.2, which `make` unpacks and ONNX_NODE_TESTS names.
"""

import os
import re
from pathlib import Path

import node_tests
import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError

FOLDER = Path(os.environ.get("ONNX_NODE_TESTS") or Path(__file__).resolve().parents[3] / ".venv-nodes/node")
README = Path(__file__).resolve().parents[3] / "README.md"

#: How many tests with data the wheel has.
COUNT = 1282

#: What fails. What is refused is refused by name.
FAILING = {
    "the data limits what ONNX Runtime and newer data, as we, wrap around": """
        cast_FLOAT16_to_INT4 cast_FLOAT16_to_UINT4 cast_FLOAT_to_INT4 cast_FLOAT_to_UINT4
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


EXPECTED_FAILURES = node_tests.reasons(FAILING)


def selected():
    """The tests that are counted."""
    return [
        folder.name
        for folder in sorted(FOLDER.iterdir())
        if not node_tests.outside(folder.name, onnx.load(folder / "model.onnx").graph)
    ]


NAMES = selected() if FOLDER.is_dir() else []


def array(path, value):
    """The array in a file for an input or output; None if its elements are none that a .npy file can hold."""
    message = onnx.TensorProto()
    try:
        message.ParseFromString(path.read_bytes())
        found = onnx.numpy_helper.to_array(message)
        # The data has bfloat16 as the bits of uint16.
        if value.type.tensor_type.elem_type == onnx.TensorProto.BFLOAT16 and found.dtype == np.uint16:
            return (found.astype(np.uint32) << 16).view(np.float32)
        return node_tests.plain(found)
    except (ValueError, TypeError, DecodeError):
        return None


def difference(name, folder):
    """What is wrong with the outputs; an empty text if nothing is."""
    data = FOLDER / name / "test_data_set_0"
    graph = onnx.load(FOLDER / name / "model.onnx").graph
    inputs = [array(data / f"input_{index}.pb", value) for index, value in enumerate(graph.input)]
    outputs = [array(data / f"output_{index}.pb", value) for index, value in enumerate(graph.output)]
    return node_tests.difference(FOLDER / name / "model.onnx", inputs, outputs, folder)


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
