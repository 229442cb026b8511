"""The node tests of the newest onnx, whose wheel has no data: they are made anew, as onnx makes them."""

import re
import warnings
from pathlib import Path

import node_tests
import numpy as np
import onnx
import pytest

with warnings.catch_warnings():
    # Their values overflow on purpose.
    warnings.simplefilter("ignore")
    from onnx.backend.test.case.node import collect_testcases

    CASES = {case.name: case for case in collect_testcases()}

README = Path(__file__).resolve().parents[3] / "README.md"
NAMES = sorted(name for name, case in CASES.items() if not node_tests.outside(name, case.model.graph))

#: What fails. What is refused is refused by name.
FAILING = {
    "operators of ai.onnx.ml": """
        ai_onnx_ml_array_feature_extractor ai_onnx_ml_binarizer ai_onnx_ml_tree_ensemble_set_membership
        ai_onnx_ml_tree_ensemble_single_tree
    """,
    "the data rounds to bfloat16 after every step of the function; here a node rounds once": """
        attention_3d_causal_bf16 attention_3d_causal_bf16_expanded attention_4d_attn_mask_causal_bf16
        attention_4d_attn_mask_causal_bf16_expanded attention_4d_causal_bf16 attention_4d_causal_bf16_expanded
        attention_4d_causal_padded_kv_bf16 attention_4d_causal_padded_kv_bf16_expanded
        attention_4d_padded_kv_bf16 attention_4d_padded_kv_bf16_expanded celu_bfloat16 celu_bfloat16_expanded
    """,
    "DeformConv": """
        basic_deform_conv_with_padding basic_deform_conv_without_padding deform_conv_with_mask_bias
        deform_conv_with_multiple_offset_groups
    """,
    "transforms and windows of sound": """
        blackmanwindow blackmanwindow_symmetric dft dft_axis dft_axis_opset19 dft_inverse dft_inverse_opset19
        dft_irfft dft_irfft_opset19 dft_opset19 dft_rfft dft_rfft_opset19 hammingwindow hammingwindow_symmetric
        hannwindow hannwindow_symmetric melweightmatrix stft stft_with_window
    """,
    "CausalConvWithState": """
        causal_conv_with_state_b1_c1_degenerate causal_conv_with_state_basic causal_conv_with_state_decode_step
        causal_conv_with_state_fp16 causal_conv_with_state_kernel_size_one
        causal_conv_with_state_short_input_no_past_state causal_conv_with_state_silu
        causal_conv_with_state_silu_fp16 causal_conv_with_state_silu_with_past_state
        causal_conv_with_state_swish_alias causal_conv_with_state_with_bias
        causal_conv_with_state_with_bias_and_past_state causal_conv_with_state_with_past_state
    """,
    "Det": """
        det_2d det_nd
    """,
    "FlexAttention, of ai.onnx.preview": """
        flexattention flexattention_causal_mask flexattention_diff_head_sizes flexattention_double
        flexattention_fp16 flexattention_gqa flexattention_prob_mod flexattention_relative_positional
        flexattention_scaled flexattention_score_mod flexattention_soft_cap
    """,
    "LinearAttention": """
        linear_attention_decode_step linear_attention_delta linear_attention_explicit_scale
        linear_attention_fp16 linear_attention_gated linear_attention_gated_delta
        linear_attention_gated_delta_beta_scalar linear_attention_gated_delta_gqa
        linear_attention_gated_delta_mqa linear_attention_gated_per_head_decay linear_attention_linear
        linear_attention_linear_t1_no_past linear_attention_no_past_explicit_zeros
        linear_attention_prefill_with_past
    """,
    "Loop and Scan": """
        linear_attention_decode_step_expanded linear_attention_delta_expanded
        linear_attention_explicit_scale_expanded linear_attention_fp16_expanded
        linear_attention_gated_delta_beta_scalar_expanded linear_attention_gated_delta_expanded
        linear_attention_gated_delta_gqa_expanded linear_attention_gated_delta_mqa_expanded
        linear_attention_gated_expanded linear_attention_gated_per_head_decay_expanded
        linear_attention_linear_expanded linear_attention_linear_t1_no_past_expanded
        linear_attention_no_past_explicit_zeros_expanded linear_attention_prefill_with_past_expanded loop11
        range_bfloat16_type_positive_delta_expanded range_float16_type_positive_delta_expanded
        range_float_type_positive_delta_expanded range_int32_type_negative_delta_expanded scan9_multi_state
        scan9_scalar scan9_sum scan_sum
    """,
    "ONNX Runtime and PyTorch, as we, divide by the output's extent less 1; the data by in * scale - 1": """
        resize_downsample_scales_cubic_align_corners resize_downsample_scales_linear_align_corners
    """,
    "Resize that crops": """
        resize_tf_crop_and_resize resize_tf_crop_and_resize_axes_2_3 resize_tf_crop_and_resize_axes_3_2
        resize_tf_crop_and_resize_extrapolation_value
    """,
}

EXPECTED_FAILURES = node_tests.reasons(FAILING)


def array(value):
    if isinstance(value, onnx.TensorProto):
        value = onnx.numpy_helper.to_array(value)
    return node_tests.plain(np.asarray(value))


def difference(name, folder):
    case = CASES[name]
    onnx.save(case.model, folder / "model.onnx")
    inputs, outputs = case.data_sets[0]
    return node_tests.difference(
        folder / "model.onnx", [array(each) for each in inputs], [array(each) for each in outputs], folder
    )


def test_names_are_known():
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
    assert f"{passing} of {len(NAMES)} of the newest" in text
