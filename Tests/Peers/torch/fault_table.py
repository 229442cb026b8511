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

import converted_kinds  # noqa: F401
import made_kinds  # noqa: F401
import neighbouring_kinds  # noqa: F401
import numpy as np
import onnx
import torch
import world
from command import DIFFERENCE, OK, scalenet
from edited_network import Network
from fault_kinds import KINDS, plant
from fault_networks import NETWORKS
from planted_runs import causes, moved, run

#: Two faults in one file, of kinds that do not hide each other.
TWO = "two faults at once"
PAIRS = [
    ("function left out", "different weights"),
    ("bias doubled", "residual of another block"),
    ("epsilon everywhere", "function left out"),
    ("kernel transposed", "dropout left in"),
    ("int8 for each channel", "LeakyRelu for Relu"),
    ("float16 in all weights", "function left out"),
    ("mean and deviation", "statistics shifted"),
    ("BGR for RGB in the first weight", "softmax at the end"),
]
#: Seconds of a processor after which a comparison is remarked upon.
SLOW = 5


def exports(name, folder):
    """Paths by the way in which the network was written, and that of its weights, where they tell what network it is."""
    paths = {way: folder / f"{way}.onnx" for way in ("torchscript", "unfused", "dynamo", "folded", "unfolded")}
    weights = folder / "weights.pth"
    if all(path.exists() for path in [weights, *paths.values()]):
        is_known = scalenet("diff", weights, paths["dynamo"], check=False).status in (OK, DIFFERENCE)
        return paths, weights if is_known else None
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
    torch.save(model.state_dict(), weights)
    return exports(name, folder)


@dataclass
class Row:
    """What became of the faults of a kind."""

    count: int = 0
    found: int = 0
    named: int = 0
    wrong: int = 0
    networks: set = field(default_factory=set)


def compared(left, right, *options):
    """The report, and the seconds of a processor that it took."""
    start = sum(os.times()[2:4])
    outcome = scalenet("diff", left, right, "--format", "json", *options, check=False, timeout=1200)
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


def planted(model, kind, shapes):
    """Yields (place, faulty model, names of causes, one set for each fault)."""
    if kind != TWO:
        # The first, one in the middle and the last: what is far from the end may fade.
        for where, faulty in plant(model, kind, 3, shapes):
            yield where, faulty, [KINDS[kind][1]]
        return
    for first, second in PAIRS:
        for where, once in plant(model, first, 1, shapes):
            if not moved(run(model)[1], once):
                continue
            # The last of some places, away from the first fault, where the second moves outputs once more.
            twice = [found for found in plant(once, second, 3, shapes) if found[0] != where or kind_of_whole(first)]
            if twice and moved(run(once)[1], twice[-1][1]):
                yield f"{first} at {where}, {second} at {twice[-1][0]}", twice[-1][1], [KINDS[first][1], KINDS[second][1]]


def faults(name, paths, checkpoint, kinds, places, scratch):
    """Yields (kind, place, names of causes, ways, names of the place, report, seconds) for each fault that moves outputs."""
    ways = list(paths)
    sound = {way: onnx.load(path) for way, path in paths.items()}
    nets = {way: Network(model) for way, model in sound.items()}
    expected = {way: run(model)[1] for way, model in sound.items()}
    # Others may not show a fault, as where no value reaches a bound that is left out.
    np.save(scratch / "image.npy", run(sound["torchscript"])[0])
    for number, kind in enumerate(kinds):
        found = 0
        for attempt in range(len(ways)):
            # The first place is compared with the same file, the second with another one or the weights.
            way = ways[(number + attempt) % len(ways)]
            for where, faulty, allowed in planted(sound[way], kind, nets[way].shapes):
                if found == (len(PAIRS) if kind == TWO else places):
                    break
                if not moved(expected[way], faulty):
                    continue
                others = ways + (["weights"] if checkpoint else [])
                beside = way if found % 2 == 0 else others[(number + attempt + 1 + found) % len(others)]
                known = checkpoint if beside == "weights" else paths[beside]
                path = scratch / "faulty.onnx"
                onnx.save(faulty, path)
                pair = (known, path) if number % 2 == 0 else (path, known)
                report, seconds = compared(*pair, "--input", scratch / "image.npy")
                around = set() if kind == TWO else neighbourhood(nets[way], where)
                yield kind, where, allowed, f"{beside} / {way}", around, report, seconds
                found += 1
            if found >= places:
                break


@dataclass
class Table:
    """What became of all faults, and of pairs without one."""

    rows: dict
    seconds: list = field(default_factory=list)
    honest: int = 0
    #: A line for each false alarm, and for each fault that was not found, not named, named wrongly or slow.
    alarms: list = field(default_factory=list)
    remarks: list = field(default_factory=list)

    def remark(self, text):
        self.remarks.append(text)
        print(text, flush=True)

    def add_honest(self, name, paths, checkpoint):
        ways = list(paths)
        pairs = [(paths[way], paths[other]) for way, other in zip(ways, ways[1:] + ways[:1])]
        if checkpoint is not None:
            pairs += [(checkpoint, paths[way]) for way in ("dynamo", "unfused")]
        for left, right in pairs:
            report, spent = compared(left, right)
            self.honest += 1
            self.seconds.append(spent)
            if report["verdict"] != "match" or report["kind"] == "real":
                self.alarms.append(f"{name} {left.stem} / {right.stem}: {report['explanation']}")
                print("ALARM", self.alarms[-1], flush=True)

    def add(self, name, kind, where, allowed, pair, names, report, spent):
        row = self.rows[kind]
        row.count += 1
        row.networks.add(name)
        self.seconds.append(spent)
        said = [cause for cause in causes(report) if cause["confirmed"]]
        divergence = report["first_divergence"] or {}
        places = [divergence.get("name"), divergence.get("other_name")]
        places += [cause[key] for cause in said for key in ("node", "other_node")]
        # Two exporters name nodes differently; that undoing it makes both the same tells the place as well.
        is_undone = len(said) > 0 and report["search"] is None
        is_placed = is_undone or kind == TWO or kind_of_whole(kind) or any(same_place(place, names) for place in places)
        is_found = report["verdict"] == "differ" and is_placed
        told = {cause["kind"] for cause in said}
        is_wrong = not told <= set().union(*allowed)
        # Of two faults of like kinds one cause for each.
        is_named = not is_wrong and len(said) >= len(allowed) and all(told & names for names in allowed)
        row.found += is_found
        row.named += is_named
        row.wrong += is_wrong
        word = "WRONG" if is_wrong else "elsewhere" if not is_found else "unnamed" if not is_named else "slow" if spent > SLOW else None
        if word is not None:
            told = "; ".join(f"{cause['kind']}: {cause['explanation']}" for cause in said) or report["explanation"]
            self.remark(f"{word} {name} {pair} {kind} at {where}, {spent:.1f} s: {told}")

    def total(self, key):
        return sum(getattr(row, key) for row in self.rows.values())

    def __str__(self):
        lines = [f"{'kind of fault':36} networks faults  found  named  wrong"]
        for kind, row in self.rows.items():
            lines.append(f"{kind:36} {len(row.networks):8} {row.count:6} {row.found:6} {row.named:6} {row.wrong:6}")
        totals = " ".join(f"{self.total(key):6}" for key in ("count", "found", "named", "wrong"))
        lines.append(f"{'all':36} {'':8} {totals}")
        lines.append(f"{self.honest} pairs without a fault, {len(self.alarms)} false alarms")
        times = f"median {np.median(self.seconds):.1f}, largest {max(self.seconds):.1f}"
        lines.append(f"{len(self.seconds)} comparisons, seconds of a processor: {times}")
        return "\n".join(lines)


def table(networks, kinds, places, kept=None):
    """Plants and compares; `kept` is a folder in which exports stay."""
    result = Table({kind: Row() for kind in kinds})
    for name in networks:
        with tempfile.TemporaryDirectory() as scratch:
            folder = kept / name if kept else Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            paths, checkpoint = exports(name, folder)
            result.add_honest(name, paths, checkpoint)
            for found in faults(name, paths, checkpoint, kinds, places, Path(scratch)):
                result.add(name, *found)
        print(f"{name}: {result.total('count')} faults so far", flush=True)
    return result


def kind_of_whole(kind):
    """Faults at the beginning, at the end or everywhere have no place of their own."""
    return KINDS[kind][0].__name__ == "whole"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=2)
    parser.add_argument("--kinds", default="")
    parser.add_argument("--exports", type=Path)
    parser.add_argument("networks", nargs="*", default=[])
    options = parser.parse_args()
    kinds = options.kinds.split(",") if options.kinds else [*KINDS, TWO]
    result = table(options.networks or NETWORKS, kinds, options.places, options.exports)
    print(result)
    return 1 if result.alarms or result.total("wrong") else 0


if __name__ == "__main__":
    sys.exit(main())
