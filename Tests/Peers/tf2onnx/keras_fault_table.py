"""How many faults of each kind `scalenet diff` finds and names where Keras's networks go: faults are planted into what
tf2onnx and this program write of a network, and into the Keras model itself, and compared with other files of the same
weights, Keras's own among them. Pairs without a fault must match.

usage: SCALENET=... python Tests/Peers/tf2onnx/keras_fault_table.py [--places N] [--kinds KIND,...] [--thorough]
[--exports FOLDER] [--failures FOLDER] [NETWORK...]   as Tests/Peers/torch/fault_table.py
"""

import os
import sys
import warnings
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
for shared in ("", "light", "keras"):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / shared))

import fault_measure
import keras_networks
import tf2onnx
from command import scalenet
from edited_network import whole
from fault_kinds import KINDS, LEFT_OUT, edited
from fault_measure import TWO, Fault, Files
from keras_kinds import KERAS_KINDS
from keras_model import KerasNetwork, Sound
from keras_networks import NETWORKS, NOT_REWRITTEN, OPSETS
from tensorflow import TensorSpec

#: How tf2onnx writes a network: with an open batch; with the image as [N, C, H, W]; and as TensorFlow computes it, with
#: normalisations of their own, and maps turned before and behind each layer.
OPTIONS = {
    "nhwc": (None, {"opset": 13}),
    "nchw": (1, {"opset": 17, "inputs_as_nchw": ["input"]}),
    "turned": (1, {"opset": 15, "optimizers": {}}),
}
WAYS = ("nhwc", "nchw", "folded", "unfolded")
#: Behind a network's name: maps are turned all through one of its files.
TURNED = " turned"
#: The small ones both ways.
ALL = [*NETWORKS, *(name + TURNED for name in ("mixed", "plain", "segmentation", "attention", "DenseNet", "MobileNetV2"))]

#: Other names that are true of faults in these files, beside those of `KINDS`.
ALSO_TRUE = {
    # Files without that node have the rows of the matrix behind it in another order.
    "transpose of a shuffle left out": {"permuted_channels"},
    # Maps that are the output have their channels first in other files, and nothing that turns them.
    "axes of a transpose": LEFT_OUT,
}
#: The same of networks that rescale their images so: nodes that are there twice are nodes that one side lacks.
ALSO_TRUE_OF_RESCALED = {"x / 127.5 - 1": LEFT_OUT}
#: The same of what stands within a function that tf2onnx writes as several nodes: all of these are no function that other
#: files have.
ALSO_TRUE_OF_PARTS = {"operator"}


def save(model, path):
    with warnings.catch_warnings():
        # Keras has a newer format than .h5.
        warnings.simplefilter("ignore", UserWarning)
        model.save(path)


def exports(name, folder):
    """A network as it was written in several ways, as Keras saves it, and as this program writes it for Keras, if it can."""
    ways = {way: folder / f"{way}.onnx" for way in (("nhwc", "turned") if name.endswith(TURNED) else WAYS)}
    sources = {"h5": folder / "keras.h5", "keras": folder / "keras.keras"}
    name = name.removesuffix(TURNED)
    if name not in NOT_REWRITTEN:
        sources["rewritten"] = folder / "rewritten.h5"
    if all(path.exists() for path in [*ways.values(), *sources.values()]):
        return Files(ways, sources)
    model = keras_networks.network(name)
    save(model, sources["h5"])
    save(model, sources["keras"])
    for way in (way for way in OPTIONS if way in ways):
        batch, options = OPTIONS[way]
        options = options | {"opset": OPSETS.get(name, options["opset"])}
        signature = (TensorSpec((batch, *model.input_shape[1:]), name="input"),)
        tf2onnx.convert.from_keras(model, input_signature=signature, output_path=str(ways[way]), **options)
    if "folded" in ways:
        scalenet("convert", sources["h5"], "-o", ways["folded"], "--no-verify")
        scalenet("convert", sources["keras"], "-o", ways["unfolded"], "--no-fold-batch-norm", "--no-verify")
    if "rewritten" in sources:
        scalenet("convert", ways["nhwc"], "-o", sources["rewritten"], "--no-verify")
    return Files(ways, sources)


def also_true(fault, sound):
    names = set(ALSO_TRUE.get(fault.kind, ()))
    if sound.layers("Rescaling"):
        names |= ALSO_TRUE_OF_RESCALED.get(fault.kind, set())
    if any(f"/{name}/" in fault.where for name in sound.layers("PReLU")):
        names |= ALSO_TRUE_OF_PARTS
    return names


def faults(files, kinds, places, scratch, is_thorough=False):
    """Yields each fault that moves outputs, in graphs and in Keras models, as fault_measure.faults does."""
    sound = Sound(files.sources["h5"])
    in_graphs = [kind for kind in kinds if kind not in KERAS_KINDS]
    for fault in fault_measure.faults(files, in_graphs, places, scratch, is_thorough):
        also = also_true(fault, sound)
        yield replace(fault, allowed=[names | also for names in fault.allowed])
    # Files of Keras among themselves first.
    others = files.sources | files.ways
    for number, kind in enumerate(kind for kind in kinds if kind in KERAS_KINDS):
        found = 0
        for where, net in edited(lambda: KerasNetwork(sound), KERAS_KINDS[kind], places):
            model = net.moved()
            if model is None:
                continue
            path = scratch / ("faulty.h5" if number % 2 == 0 else "faulty.keras")
            save(model, path)
            names = None if KERAS_KINDS[kind][0] is whole else net.around(where)
            beside = list(others)[(number + 3 * found) % len(others)]
            for other, left, right in fault_measure.pairs(others, beside, path, (number // 2 + found) % 2, is_thorough):
                yield Fault(kind, where, [KERAS_KINDS[kind][1]], names, f"{other} / {path.suffix[1:]}", left, right)
            found += 1


if __name__ == "__main__":
    sys.exit(fault_measure.main(ALL, exports, [*KINDS, TWO, *KERAS_KINDS], faults))
