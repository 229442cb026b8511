"""What weights do not tell: said, chosen by options, read from a configuration beside them, and held against what PyTorch
gives. The right values are timm's and torchvision's own outputs."""

import json

import jsonschema
import numpy as np
import onnx_checks
import pytest
import residual_networks
import timm
import torch
from command import BAD_INPUT, DIFFERENCE, scalenet
from reference import FIXTURES
from timm.layers import BlurPool2d, get_act_layer

SCHEMAS = FIXTURES.parent / "schemas"
SIDE = 64


def saved(folder, model, name="model.pth"):
    source = folder / name
    torch.save(model.state_dict(), source)
    return source


def recorded(folder, model, images=2, **names):
    """The three lines of README.md."""
    x = torch.randn(images, 3, SIDE, SIDE)
    path = folder / "reference.npz"
    with torch.no_grad():
        np.savez(path, **{names.get("input", "input"): x.numpy(), names.get("output", "output"): model(x).numpy()})
    return path


#: timm's arguments that change nothing of the weights, and the option that builds the same.
VARIANTS = {
    "silu": ({"act_layer": torch.nn.SiLU}, ("--activation", "silu")),
    "gelu": ({"act_layer": get_act_layer("gelu")}, ("--activation", "gelu")),
    "leaky": ({"act_layer": torch.nn.LeakyReLU}, ("--activation", "leaky_relu")),
    "epsilon": ({"norm_layer": lambda *a, **k: torch.nn.BatchNorm2d(*a, eps=1e-3, **k)}, ("--epsilon", "0.001")),
    "average": ({"aa_layer": torch.nn.AvgPool2d}, ("--anti-aliasing", "average")),
    "blur": ({"aa_layer": BlurPool2d}, ("--anti-aliasing", "blur")),
    "dilated 16": ({"output_stride": 16}, ("--output-stride", "16")),
    "dilated 8": ({"output_stride": 8}, ("--output-stride", "8")),
}


def small(block="bottleneck", **arguments):
    """A narrow ResNet of timm's with eight blocks."""
    blocks = {"bottleneck": timm.models.resnet.Bottleneck, "basic": timm.models.resnet.BasicBlock}
    torch.manual_seed(5)
    model = timm.models.resnet.ResNet(
        blocks[block], (2, 2, 2, 2), channels=(8, 8, 16, 24), num_classes=20, **arguments
    )
    return residual_networks.settled(model, SIDE)


def variant(name, block="bottleneck", **more):
    arguments, option = VARIANTS[name]
    return small(block, **arguments, **more), option


@pytest.mark.parametrize("block", ["bottleneck", "basic", "gated"])
@pytest.mark.parametrize("name", VARIANTS)
def test_options_build_the_variant(tmp_path, name, block):
    more = {"block_args": {"attn_layer": "se"}} if block == "gated" else {}
    model, option = variant(name, "basic" if block == "basic" else "bottleneck", **more)
    source, output = saved(tmp_path, model), tmp_path / "model.onnx"
    reference = recorded(tmp_path, model)
    text = scalenet(
        "convert", source, "-o", output, "--input-size", SIDE, "--reference", reference, *option, "--no-verify"
    ).stdout
    assumed = next(line for line in text.splitlines() if line.startswith("  assumed "))
    assert "given: " in assumed and "confirmed: reproduces " in assumed
    arrays = np.load(reference)
    logits = onnx_checks.run(output, arrays["input"])["output"]
    assert onnx_checks.relative_error(logits, arrays["output"]) < 1e-4


@pytest.mark.parametrize("name", VARIANTS)
def test_a_wrong_assumption_is_refused_and_the_right_one_named(tmp_path, name):
    model, option = variant(name)
    source, output = saved(tmp_path, model), tmp_path / "model.onnx"
    reference = recorded(tmp_path, model)
    for command in (
        ("convert", source, "-o", output, "--input-size", SIDE),
        ("inspect", source),
        ("diff", source, source, "--input-size", SIDE),
    ):
        outcome = scalenet(*command, "--reference", reference, check=False)
        assert outcome.status == DIFFERENCE and outcome.stdout == "" and not output.exists(), outcome
        assert "is not reproduced" in outcome.stderr and f"with {' '.join(option)} it is" in outcome.stderr


def test_stride_placement_and_epsilon_together_are_named(tmp_path):
    model = small()
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eps = 1e-3
        if getattr(module, "downsample", None) is not None:
            module.conv1.stride, module.conv2.stride = module.conv2.stride, module.conv1.stride
    outcome = scalenet("inspect", saved(tmp_path, model), "--reference", recorded(tmp_path, model), check=False)
    assert "with --stride-placement first --epsilon 0.001 it is" in outcome.stderr


def test_a_reference_confirms(tmp_path):
    model = small()
    source = saved(tmp_path, model)
    for names in ({}, {"input": "input_0", "output": "output_0"}):
        reference = recorded(tmp_path, model, **names)
        report = json.loads(scalenet("inspect", source, "--reference", reference, "--format", "json").stdout)
        schema = json.loads((SCHEMAS / "inspect.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(report)
        assert report["reference"]["compared_values"] == 40
        assert report["reference"]["largest_relative_error"] <= report["reference"]["tolerance"]
        values = {each["name"]: (each["value"], each["origin"]) for each in report["assumptions"]}
        assert values["activation"] == ("ReLU", "assumed") and values["epsilon"] == ("epsilon 1e-05", "assumed")
        assert values["stride placement"] == ("steps in the 3x3", "assumed")
    arrays = np.load(reference)
    np.save(tmp_path / "x.npy", arrays["input_0"])
    outcome = scalenet(
        "run", source, "--reference", reference, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy"
    )
    assert "reproduces" in outcome.stderr
    assert onnx_checks.relative_error(np.load(tmp_path / "y.npy"), arrays["output_0"]) < 1e-4
    text = scalenet("convert", source, "-o", tmp_path / "m.onnx", "--input-size", SIDE).stdout
    assert "only --reference can show it" in text


def test_a_reference_in_tensorflow_s_order_and_in_double(tmp_path):
    model = small("basic").double()
    source = saved(tmp_path, model)
    x = torch.randn(1, 3, SIDE, SIDE, dtype=torch.float64)
    with torch.no_grad():
        y = model(x).numpy()
    np.savez(tmp_path / "r.npz", input=x.permute(0, 2, 3, 1).numpy(), output=y)
    report = json.loads(scalenet("inspect", source, "--reference", tmp_path / "r.npz", "--format", "json").stdout)
    # Images are rounded to float32, weights too: nothing else.
    assert report["reference"]["largest_relative_error"] < 1e-6


def test_references_that_do_not_fit(tmp_path):
    model = small("basic")
    source, reference = saved(tmp_path, model), tmp_path / "r.npz"
    x = np.zeros((1, 3, SIDE, SIDE), np.float32)
    for arrays in ({"input": x}, {"output": x[:, :, 0, 0]}, {"input": x, "output": x[:, :, 0, 0], "more": x}):
        np.savez(reference, **arrays)
        outcome = scalenet("inspect", source, "--reference", reference, check=False)
        assert outcome.status == BAD_INPUT and "expected arrays for the" in outcome.stderr, outcome
    nan = np.full((1, 20), np.nan, np.float32)
    np.savez(reference, input=x, output=nan)
    assert scalenet("inspect", source, "--reference", reference, check=False).status == DIFFERENCE
    np.savez(reference, input=np.full_like(x, np.nan), output=nan)
    outcome = scalenet("inspect", source, "--reference", reference, check=False)
    assert outcome.status == DIFFERENCE and "proved" in outcome.stderr


def test_a_checkpoint_that_names_its_network(tmp_path):
    model, _ = variant("average")
    source, reference = tmp_path / "model.pth", recorded(tmp_path, model)
    torch.save({"state_dict": model.state_dict(), "arch": "resnetaa50"}, source)
    assert "confirmed: " in scalenet("inspect", source, "--reference", reference).stdout
    torch.save({"state_dict": model.state_dict(), "arch": "gcresnet50t"}, source)
    outcome = scalenet("inspect", source, check=False)
    assert outcome.status == BAD_INPUT and "arch: expected a network that is built here" in outcome.stderr


def timm_configuration(name, **more):
    return {
        "architecture": name,
        "num_classes": 20,
        "pretrained_cfg": {
            "tag": "a1_in1k",
            "input_size": [3, 224, 224],
            "interpolation": "bicubic",
            "crop_pct": 0.95,
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
        **more,
    }


@pytest.mark.parametrize(("name", "kind"), [("resnetaa50", "average"), ("resnetblur50.bt_in1k", "blur")])
def test_a_configuration_builds_what_it_names(tmp_path, name, kind):
    model, _ = variant(kind)
    source, reference = saved(tmp_path, model), recorded(tmp_path, model)
    assert scalenet("inspect", source, "--reference", reference, check=False).status == DIFFERENCE
    (tmp_path / "config.json").write_text(json.dumps(timm_configuration(name)))
    report = json.loads(scalenet("inspect", source, "--reference", reference, "--format", "json").stdout)
    assert {"anti-aliasing": "configuration"}.items() <= {a["name"]: a["origin"] for a in report["assumptions"]}.items()
    preprocessing = report["preprocessing"]
    assert preprocessing["mean"] == [0.485, 0.456, 0.406] and preprocessing["crop_pct"] == 0.95
    assert preprocessing["input_size"] == [3, 224, 224] and preprocessing["interpolation"] == "bicubic"


def test_configurations_of_other_networks_are_refused(tmp_path):
    source = saved(tmp_path, small("basic"))
    configuration = tmp_path / "config.json"
    for content, text in (
        (timm_configuration("resnetv2_50"), "resnetv2_50"),
        (timm_configuration("gcresnet50t"), "gcresnet50t"),
        (timm_configuration("resnet18", model_args={"replace_stem_pool": True}), "replace_stem_pool"),
        ({"model_type": "detr"}, "detr"),
        ({"model_type": "resnet", "downsample_in_first_stage": True}, "downsample_in_first_stage"),
    ):
        configuration.write_text(json.dumps(content))
        outcome = scalenet("inspect", source, check=False)
        assert outcome.status == BAD_INPUT and text in outcome.stderr and "config.json" in outcome.stderr, outcome
    configuration.write_text(json.dumps({"something": 1}))
    assert "nothing was taken from it" in scalenet("inspect", source).stderr
    configuration.write_text("{")
    assert "was not read" in scalenet("inspect", source).stderr


def test_a_configuration_of_transformers(tmp_path):
    source = saved(tmp_path, small())
    (tmp_path / "config.json").write_text(
        json.dumps(
            {"model_type": "resnet", "hidden_act": "gelu", "layer_type": "bottleneck", "downsample_in_bottleneck": True}
        )
    )
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps({"crop_pct": 0.875, "image_mean": [0.5, 0.5, 0.5], "resample": 3, "size": {"shortest_edge": 224}})
    )
    report = json.loads(scalenet("inspect", source, "--input-size", SIDE, "--format", "json").stdout)
    values = {each["name"]: (each["value"], each["origin"]) for each in report["assumptions"]}
    assert values["activation"] == ("GELU", "configuration")
    assert values["stride placement"] == ("steps in the first 1x1", "configuration")
    assert report["preprocessing"]["interpolation"] == "bicubic" and report["preprocessing"]["mean"] == [0.5] * 3
