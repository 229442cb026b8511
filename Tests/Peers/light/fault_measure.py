"""Counts how many faults of each kind `scalenet diff` finds and names: faults are planted into ONNX files of networks, and
compared with the same file without the fault, or with another one of the same weights. Pairs without a fault must match.

Whoever writes the networks' files imports this: fault_table.py for PyTorch, keras_fault_table.py for Keras.
"""

import argparse
import itertools
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import converted_kinds  # noqa: F401
import made_kinds  # noqa: F401
import neighbouring_kinds  # noqa: F401
import numpy as np
import onnx
from command import DIFFERENCE, OK, scalenet
from edited_network import Network
from fault_kinds import KINDS, plant
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
#: The part of the faults that must be named.
NAMED = 0.95


@dataclass
class Files:
    """Those of one network: ONNX by the way in which it was written, and what tells its weights in another format."""

    ways: dict
    sources: dict

    def all(self):
        return self.ways | self.sources


@dataclass
class Fault:
    """One that was planted, and the two files that are to be compared."""

    kind: str
    where: str
    #: What its causes may be called, a set of names for each fault in the file.
    allowed: list
    #: What the place is known by; None for faults at the beginning, at the end or everywhere, which have none of their own.
    names: set | None
    #: How both files were written, the faulty one last.
    ways: str
    left: Path
    right: Path


@dataclass
class Row:
    """What became of the faults of a kind."""

    count: int = 0
    found: int = 0
    named: int = 0
    wrong: int = 0
    networks: set = field(default_factory=set)


def compared(left, right):
    """The report, the seconds of a processor that it took, and what was said instead where a file is refused."""
    start = sum(os.times()[2:4])
    outcome = scalenet("diff", left, right, "--format", "json", check=False, timeout=1200)
    report = json.loads(outcome.stdout) if outcome.status in (OK, DIFFERENCE) else None
    return report, sum(os.times()[2:4]) - start, " ".join(outcome.stderr.split())


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
        for where, faulty in plant(model, kind, 2, shapes):
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


def faults(files, kinds, places, scratch, is_thorough=False):
    """Yields each fault that moves outputs. It is compared with one other file, in one order, which change from fault to
    fault; with `is_thorough` with all, in both orders."""
    ways = list(files.ways)
    others = list(files.all())
    sound = {way: onnx.load(path) for way, path in files.ways.items()}
    nets = {way: Network(model) for way, model in sound.items()}
    expected = {way: run(model)[1] for way, model in sound.items()}
    path = scratch / "faulty.onnx"
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
                onnx.save(faulty, path)
                names = None if kind == TWO or kind_of_whole(kind) else neighbourhood(nets[way], where)
                beside = way if found % 2 == 0 else others[(number + attempt + 1 + found) % len(others)]
                for other, left, right in pairs(files.all(), beside, path, number // len(ways) % 2, is_thorough):
                    yield Fault(kind, where, allowed, names, f"{other} / {way}", left, right)
                found += 1
            if found >= places:
                break


def pairs(others, beside, faulty, is_left, is_thorough):
    """Yields (other, left, right) for what a faulty file is compared with: one other, or all in both orders."""
    for other in others if is_thorough else [beside]:
        pair = (others[other], faulty)
        for left, right in (pair, pair[::-1]) if is_thorough else [pair[:: -1 if is_left else 1]]:
            yield other, left, right


@dataclass
class Table:
    """What became of all faults, and of pairs without one."""

    rows: dict
    #: A folder for the files of what is remarked upon.
    failures: Path | None = None
    seconds: list = field(default_factory=list)
    honest: int = 0
    #: A line for each false alarm, and for each fault that was not found, not named, named wrongly or slow.
    alarms: list = field(default_factory=list)
    remarks: list = field(default_factory=list)

    def keep(self, lines, text, left, right):
        lines.append(text)
        if self.failures is not None:
            folder = self.failures / f"{len(self.alarms) + len(self.remarks):03}"
            folder.mkdir(parents=True, exist_ok=True)
            for side, path in (("left", left), ("right", right)):
                shutil.copy(path, folder / f"{side}{path.suffix}")
            (folder / "remark.txt").write_text(text + "\n")
            text = f"{folder.name} {text}"
        print(text, flush=True)

    def add_honest(self, name, files):
        ways = list(files.ways.values())
        sources = list(files.sources.values())
        for left, right in [*zip(ways, ways[1:] + ways[:1]), *itertools.product(sources, ways), *itertools.pairwise(sources)]:
            report, spent, error = compared(left, right)
            self.honest += 1
            self.seconds.append(spent)
            if report is None or report["verdict"] != "match" or report["kind"] == "real":
                said = error if report is None else report["explanation"]
                self.keep(self.alarms, f"ALARM {name} {left.name} / {right.name}: {said}", left, right)

    def add(self, name, fault):
        report, spent, error = compared(fault.left, fault.right)
        row = self.rows[fault.kind]
        row.count += 1
        row.networks.add(name)
        self.seconds.append(spent)
        about = f"{name} {fault.ways} {fault.kind} at {fault.where}, {spent:.1f} s"
        if report is None:
            self.keep(self.remarks, f"refused {about}: {error}", fault.left, fault.right)
            return
        said = [cause for cause in causes(report) if cause["confirmed"]]
        divergence = report["first_divergence"] or {}
        places = [divergence.get("name"), divergence.get("other_name")]
        places += [cause[key] for cause in said for key in ("node", "other_node")]
        # Two exporters name nodes differently; that undoing it makes both the same tells the place as well.
        is_undone = len(said) > 0 and report["search"] is None
        is_placed = is_undone or fault.names is None or any(same_place(place, fault.names) for place in places)
        is_found = report["verdict"] == "differ" and is_placed
        told = {cause["kind"] for cause in said}
        is_wrong = not told <= set().union(*fault.allowed)
        # Of two faults of like kinds one cause for each.
        is_named = not is_wrong and len(said) >= len(fault.allowed) and all(told & names for names in fault.allowed)
        row.found += is_found
        row.named += is_named
        row.wrong += is_wrong
        word = "WRONG" if is_wrong else "elsewhere" if not is_found else "unnamed" if not is_named else "slow" if spent > SLOW else None
        if word is not None:
            told = "; ".join(f"{cause['kind']}: {cause['explanation']}" for cause in said) or report["explanation"]
            self.keep(self.remarks, f"{word} {about}: {told}", fault.left, fault.right)

    def total(self, key):
        return sum(getattr(row, key) for row in self.rows.values())

    def check(self, faults, pairs):
        """Fails unless there were more faults and as many pairs; all were found, nearly all named, and nothing else was."""
        count = self.total("count")
        assert count > faults and self.honest >= pairs, (count, self.honest)
        assert not self.alarms, self.alarms
        assert self.total("found") == count, self.remarks
        assert self.total("wrong") == 0, self.remarks
        assert self.total("named") >= NAMED * count, self.remarks

    def __str__(self):
        width = max(map(len, self.rows))
        lines = [f"{'kind of fault':{width}} networks faults  found  named  wrong"]
        for kind, row in self.rows.items():
            lines.append(f"{kind:{width}} {len(row.networks):8} {row.count:6} {row.found:6} {row.named:6} {row.wrong:6}")
        totals = " ".join(f"{self.total(key):6}" for key in ("count", "found", "named", "wrong"))
        lines.append(f"{'all':{width}} {'':8} {totals}")
        lines.append(f"{self.honest} pairs without a fault, {len(self.alarms)} false alarms")
        times = f"median {np.median(self.seconds):.1f}, largest {max(self.seconds):.1f}"
        lines.append(f"{len(self.seconds)} comparisons, seconds of a processor: {times}")
        return "\n".join(lines)


def table(networks, exports, kinds, places, kept=None, failures=None, plants=faults, **options):
    """Plants and compares. `exports(name, folder)` writes the files of a network and `plants` yields faults in them, as
    `faults` does; `kept` is a folder in which exports stay, and `failures` one for the files of what is remarked upon."""
    result = Table({kind: Row() for kind in kinds}, failures)
    for name in networks:
        with tempfile.TemporaryDirectory() as scratch:
            folder = kept / name if kept else Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            files = exports(name, folder)
            result.add_honest(name, files)
            for fault in plants(files, kinds, places, Path(scratch), **options):
                result.add(name, fault)
        print(f"{name}: {result.total('count')} faults so far", flush=True)
    return result


def kind_of_whole(kind):
    """Faults at the beginning, at the end or everywhere have no place of their own."""
    return KINDS[kind][0].__name__ == "whole"


def main(networks, exports, kinds=(*KINDS, TWO), plants=faults):
    parser = argparse.ArgumentParser()
    parser.add_argument("--places", type=int, default=2)
    parser.add_argument("--kinds", default="")
    parser.add_argument("--exports", type=Path)
    parser.add_argument("--failures", type=Path)
    parser.add_argument("--thorough", action="store_true")
    parser.add_argument("networks", nargs="*", default=[])
    options = parser.parse_args()
    kinds = options.kinds.split(",") if options.kinds else kinds
    keep = {"kept": options.exports, "failures": options.failures}
    result = table(
        options.networks or networks, exports, kinds, options.places, **keep, plants=plants, is_thorough=options.thorough
    )
    print(result)
    return 1 if result.alarms or result.total("wrong") else 0
