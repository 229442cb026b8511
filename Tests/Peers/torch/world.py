"""Networks of timm and torchvision, one of each family, exported by both of PyTorch's exporters at opset 17 to 20: each
file is inspected, and run beside ONNX Runtime.

usage: SCALENET=... python Tests/Peers/torch/world.py [NAME...]   prints a row for each export
"""

import json
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import onnx_checks
import onnxruntime
import torch
from command import scalenet
from image_libraries import timm, torchvision

#: Networks of timm, one of a module or several where they differ in kind, with the side of their images where it is
#: not theirs to choose, and what makes large ones small.
TIMM = {
    "beit_base_patch16_224": (None, {"depth": 2}),
    "bat_resnext26ts": (128, {}),
    "repvgg_a0": (96, {}),
    "mobileone_s0": (96, {}),
    "cait_xxs24_224": (None, {"depth": 3}),
    "coat_lite_tiny": (None, {}),
    "convit_tiny": (None, {"depth": 11}),
    "convmixer_768_32": (96, {}),
    "convnext_atto": (96, {}),
    "convnextv2_atto": (96, {}),
    "crossvit_tiny_240": (None, {}),
    "cspresnet50": (96, {}),
    "davit_tiny": (None, {"depths": (1, 1, 1, 1)}),
    "deit_tiny_distilled_patch16_224": (None, {"depth": 3}),
    "densenet121": (96, {}),
    "dla46_c": (96, {}),
    "dpn48b": (96, {}),
    "edgenext_xx_small": (96, {}),
    "efficientformer_l1": (None, {}),
    "efficientformerv2_s0": (None, {}),
    "efficientnet_lite0": (96, {}),
    "mixnet_s": (96, {}),
    "efficientvit_b0": (96, {}),
    "efficientvit_m0": (None, {}),
    "eva02_tiny_patch14_224": (None, {"depth": 2}),
    "fasternet_t0": (96, {}),
    "fastvit_t8": (None, {}),
    "focalnet_tiny_srf": (96, {}),
    "gcvit_xxtiny": (None, {}),
    "ghostnet_050": (96, {}),
    "hardcorenas_a": (96, {}),
    "hgnetv2_b0": (96, {}),
    "hiera_tiny_224": (None, {}),
    "hrnet_w18_small": (96, {}),
    "inception_next_atto": (None, {}),
    "inception_resnet_v2": (139, {}),
    "inception_v4": (139, {}),
    "levit_128s": (None, {}),
    "maxvit_rmlp_pico_rw_256": (None, {}),
    "coatnet_nano_cc_224": (None, {}),
    "poolformerv2_s12": (96, {}),
    "mixer_s32_224": (None, {}),
    "gmlp_ti16_224": (None, {}),
    "resmlp_12_224": (None, {}),
    "mobilenetv4_conv_small": (96, {}),
    "mobilevit_xxs": (128, {}),
    "mobilevitv2_050": (128, {}),
    "mvitv2_tiny": (None, {}),
    "nest_tiny": (None, {}),
    "nextvit_small": (96, {}),
    "nf_resnet26": (96, {}),
    "dm_nfnet_f0": (96, {}),
    "pit_ti_224": (None, {}),
    "pvt_v2_b0": (96, {}),
    "rdnet_tiny": (96, {}),
    "regnety_002": (96, {}),
    "repvit_m0_9": (96, {}),
    "res2net50_14w_8s": (96, {}),
    "resnest14d": (96, {}),
    "resnetv2_50": (96, {"layers": (1, 1, 1, 1)}),
    "resnetv2_50x1_bit": (96, {}),
    "rexnet_100": (96, {}),
    "selecsls42": (96, {}),
    "legacy_seresnet18": (96, {}),
    "sequencer2d_s": (None, {}),
    "shvit_s1": (96, {}),
    "skresnet18": (96, {}),
    "starnet_s1": (96, {}),
    "swiftformer_xs": (None, {}),
    "swin_tiny_patch4_window7_224": (None, {"depths": (2, 1, 1, 1)}),
    "swinv2_tiny_window8_256": (None, {"depths": (2, 1, 1, 1)}),
    "tiny_vit_5m_224": (None, {}),
    "tnt_s_legacy_patch16_224": (None, {"depth": 2}),
    "twins_svt_small": (None, {}),
    "visformer_tiny": (None, {}),
    "vit_tiny_patch16_224": (None, {"depth": 3}),
    "vit_relpos_small_patch16_224": (None, {"depth": 2}),
    "volo_d1_224": (None, {}),
    "ese_vovnet19b_slim": (96, {}),
    "xception41": (96, {}),
    "xcit_nano_12_p8_224": (None, {"depth": 2}),
}
#: Networks of torchvision, with the side of their images.
TORCHVISION = {
    "alexnet": 224,
    "squeezenet1_1": 96,
    "shufflenet_v2_x0_5": 96,
    "mnasnet0_5": 96,
    "inception_v3": 139,
    "vgg11_bn": 224,
    "swin_v2_t": 64,
    "vit_b_32": 224,
    "maxvit_t": 224,
}
NAMES = [*TIMM, *TORCHVISION]
#: One of a kind: weight standardisation, windows, relative positions, normalisation of every kind.
SHORT = ["convnextv2_atto", "levit_128s", "nf_resnet26", "swin_tiny_patch4_window7_224", "xcit_nano_12_p8_224"]
#: Each network is exported in these ways; the batch of every second export is open.
WAYS = [("torchscript", 17), ("torchscript", 20), ("dynamo", 18), ("dynamo", 20)]
BATCH = 2
#: Where float32 itself is further from the network in Double, of ONNX Runtime's error.
ROUNDING = 4


def hide_nothing(model):
    """Gives an untrained network weights that show a fault: what training begins with is often one number, such as the
    1e-6 that scales a whole branch."""
    model.eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # The deviation of equal numbers is not 0 but a rounding.
            if parameter.numel() > 1 and float(parameter.std()) <= 1e-6 * abs(float(parameter.mean())):
                parameter.normal_(float(parameter.mean().clamp(0.3, 1)) if parameter.mean() > 0 else 0, 0.1)
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)


def make(name):
    """The network, with weights that hide nothing, and the side of its images."""
    torch.manual_seed(11)
    if name in TORCHVISION:
        options = {"aux_logits": False, "init_weights": False} if name == "inception_v3" else {}
        model, side = getattr(torchvision.models, name)(weights=None, **options), TORCHVISION[name]
    else:
        side, options = TIMM[name]
        model = timm.create_model(name, pretrained=False, exportable=True, **options)
        side = side or model.default_cfg["input_size"][-1]
    hide_nothing(model)
    return model, side


def export(model, side, exporter, opset, is_open, path):
    image = torch.zeros(BATCH, 3, side, side)
    options = {"dynamo": exporter == "dynamo", "opset_version": opset, "external_data": False}
    if is_open and exporter == "dynamo":
        options["dynamic_shapes"] = ({0: torch.export.Dim("batch", min=1, max=64)},)
    elif is_open:
        options["dynamic_axes"] = {"input": {0: "batch"}, "output": {0: "batch"}}
    if exporter == "dynamo":
        options["verbose"] = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (image,), str(path), input_names=["input"], output_names=["output"], **options)


def errors(model, side, path, folder, is_open):
    """Our error and what is allowed, of the largest output, beside ONNX Runtime."""
    count = BATCH + 1 if is_open else BATCH
    image = np.random.default_rng(7).standard_normal((count, 3, side, side)).astype(np.float32)
    expected = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"input": image})[0]
    assert np.isfinite(expected).all() and expected.std() > 0
    np.save(folder / "input.npy", image)
    scalenet("run", path, "--input", folder / "input.npy", "--output", folder / "output.npy", "--force")
    found = np.load(folder / "output.npy")
    error = onnx_checks.relative_error(found, expected)
    if error < onnx_checks.FLOAT32_TOLERANCE:
        return error, onnx_checks.FLOAT32_TOLERANCE
    # Networks that amplify rounding: both against PyTorch in Double.
    with torch.inference_mode():
        exact = model.double()(torch.from_numpy(image).double()).numpy()
    model.float()
    allowed = ROUNDING * onnx_checks.relative_error(expected, exact)
    return onnx_checks.relative_error(found, exact), max(allowed, onnx_checks.FLOAT32_TOLERANCE)


def inspected(path):
    """MACs of the report, which must be some."""
    macs = json.loads(scalenet("inspect", path, "--format", "json").stdout)["totals"]["macs"]
    assert macs > 0
    return macs


def rows(name):
    """A row for each way: exporter, opset, whether the batch is open, verdict, and what was found."""
    model, side = make(name)
    for index, (exporter, opset) in enumerate(WAYS):
        is_open = (NAMES.index(name) + index) % 2 == 0
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            try:
                export(model, side, exporter, opset, is_open, path)
                onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            except Exception as error:
                # What PyTorch can't export with an open batch, it may export with a fixed one.
                try:
                    is_open = False
                    export(model, side, exporter, opset, is_open, path)
                    onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
                except Exception as error:
                    yield exporter, opset, is_open, "no export", " ".join(str(error).split())[:120]
                    continue
            try:
                error, allowed = errors(model, side, path, Path(folder), is_open)
                found = f"{error:.1e} of {allowed:.1e}, {inspected(path)} MACs"
                verdict = "ok" if error <= allowed else "FAILED"
            except Exception as problem:
                found, verdict = str(problem).strip().replace("\n", " ")[-300:], "FAILED"
            yield exporter, opset, is_open, verdict, found


def main():
    failed = 0
    for name in sys.argv[1:] or NAMES:
        start = time.time()
        try:
            for exporter, opset, is_open, verdict, found in rows(name):
                failed += verdict == "FAILED"
                seconds = time.time() - start
                kind = "open" if is_open else "fixed"
                print(f"{name:32} {exporter:11} {opset} {kind:5} {verdict:9} {found} {seconds:.0f} s", flush=True)
                start = time.time()
        except Exception as problem:
            print(f"{name:32} not made: {str(problem)[:200]}", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
