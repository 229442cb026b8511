"""How many faults of each kind `scalenet diff` finds and names in real exports: faults are planted into what PyTorch's two
exporters and this program write of a network, and compared with the same file without the fault or with another one of
the same weights. Pairs without a fault must match.

usage: SCALENET=... python Tests/Peers/torch/fault_table.py [--places N] [--kinds KIND,...] [--exports FOLDER] [NETWORK...]
prints a row for each kind, and what was not named or named wrongly
"""

import argparse
import json
import os
import re
import sys
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "light"))

import numpy as np
import onnx
import onnxruntime
import scalenet_torch
import torch
import world
from command import scalenet
from edited_network import Network
from fault_kinds import KINDS, plant
from image_libraries import timm, torchvision
from onnxruntime.capi import onnxruntime_pybind11_state as refusals

models = torchvision.models

#: Each network and the side of its images.
NETWORKS = {
    "resnet18": (lambda: models.resnet18(weights=None), 64),
    "resnet50": (lambda: models.resnet50(weights=None), 64),
    "resnext50_32x4d": (lambda: models.resnext50_32x4d(weights=None), 64),
    "legacy_seresnet18": (lambda: timm.create_model("legacy_seresnet18", exportable=True), 64),
    "mobilenetv3_large_100": (lambda: timm.create_model("mobilenetv3_large_100", exportable=True), 64),
    "efficientnet_b0": (lambda: timm.create_model("efficientnet_b0", exportable=True), 64),
    "googlenet": (
        lambda: models.googlenet(weights=None, aux_logits=False, transform_input=True, init_weights=False),
        64,
    ),
    "densenet121": (lambda: models.densenet121(weights=None), 64),
    "mixnet_s": (lambda: timm.create_model("mixnet_s", exportable=True), 64),
    "res2net50_14w_8s": (lambda: timm.create_model("res2net50_14w_8s", exportable=True), 64),
    "hrnet_w18_small": (lambda: timm.create_model("hrnet_w18_small", exportable=True), 64),
    "scalenet": (scalenet_torch.tiny, 224),
    "vit_tiny": (lambda: timm.create_model("vit_tiny_patch16_224", img_size=64, depth=3, exportable=True), 64),
    "convnext_atto": (lambda: timm.create_model("convnext_atto", exportable=True), 64),
    "inception_v3": (lambda: models.inception_v3(weights=None, aux_logits=False, init_weights=False), 96),
    "shufflenet_v2_x0_5": (lambda: models.shufflenet_v2_x0_5(weights=None), 64),
    "regnety_002": (lambda: timm.create_model("regnety_002", exportable=True), 64),
    "repvgg_a0": (lambda: timm.create_model("repvgg_a0", exportable=True), 64),
    "mobilevit_xxs": (lambda: timm.create_model("mobilevit_xxs", exportable=True), 64),
}
#: A fault that moves ONNX Runtime's outputs by less, of the largest, is none.
LEAST_EFFECT = 2e-4


def exports(name, folder):
    """Paths by the way in which the network was written."""
    paths = {way: folder / f"{way}.onnx" for way in ("torchscript", "unfused", "dynamo", "folded", "unfolded")}
    if all(path.exists() for path in paths.values()):
        return paths
    create, side = NETWORKS[name]
    torch.manual_seed(11)
    model = create()
    if name != "scalenet":
        world.hide_nothing(model)
    model.eval()
    image = torch.zeros(1, 3, side, side)
    names = {"input_names": ["input"], "output_names": ["output"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (image,), str(paths["torchscript"]), dynamo=False, opset_version=17, **names)
        kept = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
        torch.onnx.export(model, (image,), str(paths["unfused"]), dynamo=False, opset_version=13, **kept, **names)
        options = {"dynamo": True, "opset_version": 18, "external_data": False, "verbose": False}
        torch.onnx.export(model, (image,), str(paths["dynamo"]), **options, **names)
    scalenet("convert", paths["torchscript"], "-o", paths["folded"], "--no-verify")
    scalenet("convert", paths["unfused"], "-o", paths["unfolded"], "--no-fold-batch-norm", "--no-verify")
    return paths


def outputs(model):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    image = session.get_inputs()[0]
    return session.run(None, {image.name: np.random.default_rng(7).standard_normal(image.shape).astype(np.float32)})[0]


@dataclass
class Row:
    """What became of the faults of a kind."""

    count: int = 0
    found: int = 0
    named: int = 0
    wrong: int = 0
    networks: set = field(default_factory=set)


def compared(left, right):
    """The report, and the seconds of a processor that it took."""
    start = sum(os.times()[2:4])
    outcome = scalenet("diff", left, right, "--format", "json", check=False, timeout=1200)
    return json.loads(outcome.stdout), sum(os.times()[2:4]) - start


def neighbourhood(net, where):
    """Names that tell of a place: the node itself, and what stands around it, which a missing node is told by."""
    node = next(node for node in net.graph.node if node.name == where)
    around = [node, *(net.makers[name] for name in node.input if name in net.makers)]
    around += [reader for name in node.output for reader in net.readers(name)]
    return {each.name for each in around}


def same_place(name, names):
    """Writers put a prefix before names, or an ending behind them."""
    if name is None:
        return False
    bare = re.sub(r"[^A-Za-z0-9]", "", name)
    return "planted" in name or any(bare in other or other in bare for other in (re.sub(r"[^A-Za-z0-9]", "", n) for n in names))


def faults(name, paths, kinds, places):
    """Yields (kind, place, ways, names of the place, report, seconds) for each fault that moves outputs."""
    ways = list(paths)
    sound = {way: onnx.load(path) for way, path in paths.items()}
    nets = {way: Network(model) for way, model in sound.items()}
    expected = {way: outputs(model) for way, model in sound.items()}
    for number, kind in enumerate(kinds):
        found = 0
        for attempt in range(len(ways)):
            # The first place is compared with the same file, the second with another one.
            way = ways[(number + attempt) % len(ways)]
            for where, faulty in plant(sound[way], kind, 2, nets[way].shapes):
                if found == places:
                    break
                try:
                    other = outputs(faulty)
                except (refusals.Fail, refusals.InvalidArgument, refusals.InvalidGraph, refusals.RuntimeException):
                    continue
                same = other.shape == expected[way].shape
                if same and np.abs(other - expected[way]).max() < LEAST_EFFECT * np.abs(expected[way]).max():
                    continue
                beside = way if found % 2 == 0 else ways[(number + attempt + 1 + found) % len(ways)]
                path = paths[way].with_name("faulty.onnx")
                onnx.save(faulty, path)
                pair = (paths[beside], path) if number % 2 == 0 else (path, paths[beside])
                report, seconds = compared(*pair)
                yield kind, where, f"{beside} / {way}", neighbourhood(nets[way], where), report, seconds
                found += 1
            if found == places:
                break


def causes(report):
    return [cause for cause in [report["cause"], *report["other_causes"]] if cause and cause["confirmed"]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=2)
    parser.add_argument("--kinds", default="")
    parser.add_argument("--exports", type=Path, help="where exports are kept for the next time")
    parser.add_argument("networks", nargs="*", default=[])
    options = parser.parse_args()
    kinds = options.kinds.split(",") if options.kinds else list(KINDS)
    rows, seconds, honest, alarms = {kind: Row() for kind in kinds}, [], 0, 0
    for name in options.networks or NETWORKS:
        with tempfile.TemporaryDirectory() as scratch:
            folder = options.exports / name if options.exports else Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            paths = exports(name, folder)
            ways = list(paths)
            for number, way in enumerate(ways):
                report, spent = compared(paths[way], paths[ways[(number + 1) % len(ways)]])
                honest += 1
                seconds.append(spent)
                if report["verdict"] != "match":
                    alarms += 1
                    print(f"ALARM {name} {way} / {ways[(number + 1) % len(ways)]}: {report['cause']} {report['outputs']}", flush=True)
            for kind, where, pair, names, report, spent in faults(name, paths, kinds, options.places):
                row = rows[kind]
                row.count += 1
                row.networks.add(name)
                seconds.append(spent)
                said = causes(report)
                divergence = report["first_divergence"] or {}
                places = [divergence.get("name"), divergence.get("other_name")]
                places += [cause[key] for cause in said for key in ("node", "other_node")]
                # Two exporters name nodes differently; that undoing it makes both the same tells the place as well.
                is_undone = len(said) > 0 and not any("other differences remain" in cause["explanation"] for cause in said)
                is_placed = is_undone or kind_of_whole(kind) or any(same_place(place, names) for place in places)
                is_found = report["verdict"] == "differ" and is_placed
                is_wrong = any(cause["kind"] not in KINDS[kind][1] for cause in said)
                row.found += is_found
                row.named += bool(said) and not is_wrong
                row.wrong += is_wrong
                if not is_found or not said or is_wrong or spent > 5:
                    word = "WRONG" if is_wrong else "elsewhere" if not is_found else "unnamed" if not said else "slow"
                    told = "; ".join(f"{cause['kind']}: {cause['explanation']}" for cause in said)
                    print(f"{word} {name} {pair} {kind} at {where}, {spent:.1f} s: {told or divergence}", flush=True)
        print(f"{name}: {sum(row.count for row in rows.values())} faults so far", flush=True)
    print(f"{'kind of fault':34} {'networks':>8} {'faults':>6} {'found':>6} {'named':>6} {'wrong':>6}")
    for kind, row in rows.items():
        print(f"{kind:34} {len(row.networks):8} {row.count:6} {row.found:6} {row.named:6} {row.wrong:6}")
    count, found, named, wrong = (sum(getattr(row, key) for row in rows.values()) for key in ("count", "found", "named", "wrong"))
    print(f"{'all':34} {'':8} {count:6} {found:6} {named:6} {wrong:6}")
    print(f"{honest} pairs without a fault, {alarms} false alarms")
    print(f"{len(seconds)} comparisons, seconds of a processor: median {np.median(seconds):.1f}, largest {max(seconds):.1f}")
    return 1 if alarms or wrong else 0


def kind_of_whole(kind):
    """Faults at the beginning, at the end or everywhere have no place of their own."""
    return KINDS[kind][0].__name__ == "whole"


if __name__ == "__main__":
    sys.exit(main())
