"""Checkpoints as people save them: whatever stands beside the weights, around their names or in their place, the network
computes what PyTorch does."""

import argparse
import collections
import datetime
import enum
import io
import json
import os
import pathlib
import zipfile

import numpy as np
import pytest
import safetensors.torch
import small_resnet
import torch
from command import refuse, scalenet
from torch.optim.swa_utils import AveragedModel

#: Of the largest logit: both sides round float32.
TOLERANCE = 1e-5

NETWORK = small_resnet.make()
AVERAGE = small_resnet.make(seed=1)
STATE = NETWORK.state_dict()
IMAGE = np.random.default_rng(0).standard_normal((2, 3, 64, 64)).astype(np.float32)


class Phase(enum.Enum):
    TRAINING = 1


class Canary:
    """Pickles to a call that would leave a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def logits(network=NETWORK):
    with torch.no_grad():
        return network(torch.from_numpy(IMAGE)).numpy()


def prefixed(prefix, state=STATE):
    return collections.OrderedDict((prefix + key, value) for key, value in state.items())


def run(tmp_path, source, *options):
    np.save(tmp_path / "x.npy", IMAGE)
    outcome = scalenet("run", source, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy", "--force", *options)
    return np.load(tmp_path / "y.npy"), outcome


def check(tmp_path, source, *options, network=NETWORK):
    """Runs, converts, inspects and compares the file; all must take it for the network."""
    expected = logits(network)
    found, _ = run(tmp_path, source, *options)
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()
    model = tmp_path / "model.onnx"
    scalenet("convert", source, "-o", model, "--input-size", "64", "--force", *options)
    found, _ = run(tmp_path, model)
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()
    report = json.loads(scalenet("inspect", source, "--format", "json", *options).stdout)
    assert report["architecture"] == "ResNet" and len(report["blocks"]) == 5
    scalenet("diff", source, model, "--input", tmp_path / "x.npy", *options)


def save(path, content, container):
    if container == "safetensors":
        safetensors.torch.save_file({key: value.clone() for key, value in content.items()}, path)
    else:
        torch.save(content, path, _use_new_zipfile_serialization=container == "zip")
    return path


BESIDE = {
    "torchvision's reference": lambda: {"model": STATE, "optimizer": {}, "epoch": 1, "args": argparse.Namespace(lr=0.1)},
    "timm": lambda: {"state_dict": STATE, "arch": "resnet18", "args": argparse.Namespace(lr=0.1), "version": 2},
    "NumPy": lambda: {"state_dict": STATE, "best": np.float64(76.1), "all": np.arange(3), "type": np.dtype("f4")},
    "criterion": lambda: {"state_dict": STATE, "criterion": torch.nn.CrossEntropyLoss(weight=torch.ones(3))},
    "Python": lambda: {
        "state_dict": STATE,
        "log": collections.defaultdict(list, {"a": [1]}),
        "date": datetime.datetime(2019, 6, 16),
        "path": pathlib.PurePosixPath("a"),
        "phase": Phase.TRAINING,
        "size": torch.Size([1, 2]),
        "device": torch.device("cpu"),
        "type": torch.float16,
    },
    "model_state": lambda: {"model_state": STATE, "optimizer_state": {"state": {0: {"exp_avg": torch.ones(1)}}}},
    "epoch among the weights": lambda: collections.OrderedDict([*STATE.items(), ("epoch", 5)]),
    "operations": lambda: {**STATE, "total_ops": torch.zeros(1), "layer1.0.total_params": torch.zeros(1)},
    "an entry of another name": lambda: {"generator": STATE, "epoch": 1},
}


@pytest.mark.parametrize("protocol", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("container", ["zip", "legacy"])
def test_every_protocol(tmp_path, container, protocol):
    source = tmp_path / "w.pth"
    torch.save(BESIDE["Python"](), source, pickle_protocol=protocol, _use_new_zipfile_serialization=container == "zip")
    found, _ = run(tmp_path, source)
    assert np.abs(found - logits()).max() <= TOLERANCE * np.abs(logits()).max()


@pytest.mark.parametrize("container", ["zip", "legacy"])
@pytest.mark.parametrize("name", BESIDE)
def test_what_stands_beside_the_weights(tmp_path, name, container):
    check(tmp_path, save(tmp_path / "w.pth", BESIDE[name](), container))


@pytest.mark.parametrize("container", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "model.", "net.", "backbone.", "a.b."])
def test_prefixes(tmp_path, prefix, container):
    source = save(tmp_path / "w", prefixed(prefix), container)
    check(tmp_path, source)
    assert f"The prefix '{prefix}' was removed from all names" in scalenet(
        "convert", source, "-o", tmp_path / "copy.pth"
    ).stderr
    assert set(torch.load(tmp_path / "copy.pth", weights_only=True)) == set(STATE)


@pytest.mark.parametrize("container", ["zip", "safetensors"])
def test_one_of_two_networks(tmp_path, container):
    source = save(tmp_path / "w", {**prefixed("student."), **prefixed("teacher.module.", AVERAGE.state_dict())}, container)
    check(tmp_path, source, "--prefix", "student.")
    check(tmp_path, source, "--prefix", "teacher", network=AVERAGE)
    stderr = refuse("convert", source, "-o", tmp_path / "x.onnx", output=tmp_path / "x.onnx").stderr
    assert "under 'student.'" in stderr and "under 'teacher.module.'" in stderr and "--prefix student." in stderr


def test_moving_averages(tmp_path):
    source = tmp_path / "w.pth"
    torch.save({"model": STATE, "model_ema": AveragedModel(AVERAGE).state_dict()}, source)
    check(tmp_path, source)
    check(tmp_path, source, "--key", "model_ema", network=AVERAGE)
    stderr = scalenet("convert", source, "-o", tmp_path / "copy.pth").stderr
    assert "Moving averages of the weights stand under 'model_ema'; timm's loader prefers them" in stderr
    torch.save({"epoch": 1, "ema": {"decay": 0.9, "state_dict": AVERAGE.state_dict()}, "net": STATE}, source)
    check(tmp_path, source)
    for key in ("ema.state_dict", "ema"):
        check(tmp_path, source, "--key", key, network=AVERAGE)


@pytest.mark.parametrize("place", ["fc.1", "convolution", "channels last"])
def test_final_layers(tmp_path, place):
    if place == "fc.1":
        network = small_resnet.make(head=torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.Linear(32, 10)))
    else:
        network = small_resnet.make(head=torch.nn.Conv2d(32, 10, 1))
    if place == "channels last":
        network = network.to(memory_format=torch.channels_last)
    source = tmp_path / "w.pth"
    torch.save(network.state_dict(), source)
    check(tmp_path, source, network=network)
    keras = tmp_path / "model.keras"
    scalenet("convert", source, "-o", keras, "--input-size", "64")
    found, _ = run(tmp_path, keras)
    assert np.abs(found - logits(network)).max() <= TOLERANCE * np.abs(logits(network)).max()


def test_checksums_that_were_not_computed(tmp_path):
    source = tmp_path / "w.pth"
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(STATE, source)
    finally:
        torch.serialization.set_crc32_options(True)
    with zipfile.ZipFile(source) as archive:
        assert all(member.CRC == 0 for member in archive.infolist() if "/data/" in member.filename)
    check(tmp_path, source)


@pytest.mark.parametrize("kind", ["network", "legacy", "nested", "script", "trace", "export", "older export"])
def test_whole_networks(tmp_path, kind):
    source = tmp_path / "w.pt"
    example = torch.from_numpy(IMAGE[:1])
    match kind:
        case "network":
            torch.save(NETWORK, source)
        case "legacy":
            torch.save(torch.nn.DataParallel(NETWORK), source, _use_new_zipfile_serialization=False)
        case "nested":
            torch.save({"epoch": 3, "model": NETWORK, "ema": AVERAGE}, source)
        case "script":
            torch.jit.save(torch.jit.script(NETWORK.layer1), tmp_path / "part.pt")
            report = json.loads(scalenet("inspect", tmp_path / "part.pt", "--format", "json").stdout)
            expected = torch.jit.load(tmp_path / "part.pt").state_dict()
            assert [tensor["name"] for tensor in report["tensors"]] == list(expected)
            torch.jit.save(torch.jit.trace(NETWORK, example), source)
        case "trace":
            torch.jit.save(torch.jit.trace(NETWORK, example), source)
        case "export":
            torch.export.save(torch.export.export(NETWORK, (example,)), source)
        case "older export":
            inner = io.BytesIO()
            torch.save(STATE, inner)
            with zipfile.ZipFile(source, "w") as archive:
                archive.writestr("serialized_exported_program.json", "{}")
                archive.writestr("serialized_state_dict.pt", inner.getvalue())
    check(tmp_path, source)
    scalenet("convert", source, "-o", tmp_path / "copy.pth")
    copy = torch.load(tmp_path / "copy.pth", weights_only=True)
    assert kind == "export" or list(copy) == list(STATE)
    assert all(torch.equal(copy[key], value) for key, value in STATE.items())
    if kind == "nested":
        check(tmp_path, source, "--key", "ema", network=AVERAGE)


@pytest.mark.parametrize("container", ["safetensors", "zip"])
def test_shards(tmp_path, container):
    folder = tmp_path / "shards"
    folder.mkdir()
    names = list(STATE)
    places = {}
    ending = "safetensors" if container == "safetensors" else "bin"
    stem = "model" if container == "safetensors" else "pytorch_model"
    for number, part in enumerate((names[:20], names[20:]), 1):
        file = f"{stem}-{number:05d}-of-00002.{ending}"
        save(folder / file, {name: STATE[name] for name in part}, container)
        places.update(dict.fromkeys(part, file))
    index = folder / f"{stem}.{ending}.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    check(tmp_path, index)
    check(tmp_path, folder)
    places["fc.bias"] = "../" + places["fc.bias"]
    index.write_text(json.dumps({"weight_map": places}))
    stderr = refuse("convert", index, "-o", tmp_path / "x.onnx", output=tmp_path / "x.onnx").stderr
    assert "expected the name of a file in the same directory" in stderr


def test_nothing_is_called(tmp_path):
    canary, source = tmp_path / "canary", tmp_path / "w.pth"
    torch.save({"state_dict": STATE, "hook": Canary(canary)}, source)
    check(tmp_path, source)
    torch.save({**STATE, "fc.weight": Canary(canary)}, source)
    stderr = refuse("convert", source, "-o", tmp_path / "x.onnx", output=tmp_path / "x.onnx").stderr
    assert "fc.weight: expected a tensor, found an object of 'posix.system', which is never made" in stderr
    assert not canary.exists()


def test_tensors_of_no_known_network(tmp_path):
    state = {
        "encoder.0.weight": torch.tensor([[1.0, float("nan")], [float("-inf"), 4.0]]),
        "encoder.0.bias": torch.tensor([1.5, -2.5], dtype=torch.float16),
        "encoder.count": torch.tensor(3),
        "head.weight": torch.from_numpy(IMAGE),
    }
    torch.save({"state_dict": state, "args": argparse.Namespace(arch="mine")}, tmp_path / "w.pth")
    safetensors.torch.save_file(state, tmp_path / "w.safetensors", {"arch": "mine"})
    np.savez(tmp_path / "w.npz", **{key: value.numpy() for key, value in state.items()})
    for source in ("w.pth", "w.safetensors", "w.npz"):
        report = json.loads(scalenet("inspect", tmp_path / source, "--per-tensor", "--format", "json").stdout)
        assert report["architecture"] == "no known architecture" and "reason" in report
        if source != "w.npz":
            assert "mine" in report["facts"].values()
        found = {tensor["name"]: tensor for tensor in report["tensors"]}
        assert found.keys() == state.keys()
        for name, tensor in state.items():
            array = tensor.numpy().astype(np.float64)
            finite = array[np.isfinite(array)]
            assert found[name]["shape"] == list(tensor.shape)
            assert found[name]["type"] == str(tensor.dtype).removeprefix("torch.")
            assert found[name]["bytes"] == tensor.nbytes
            statistics = found[name]["statistics"]
            assert statistics["minimum"] == finite.min() and statistics["maximum"] == finite.max()
            assert statistics["mean"] == pytest.approx(finite.mean(), rel=1e-12, abs=1e-15)
            assert statistics["not_finite"] == array.size - finite.size
        modules = {module["name"]: module for module in report["modules"]}
        assert modules[""]["bytes"] == sum(tensor.nbytes for tensor in state.values())
        assert modules["encoder"] == {
            "name": "encoder", "depth": 1, "tensors": 3, "parameters": 6, "buffers": 1, "bytes": 28,
        }
        for format in ("table", "csv", "markdown"):
            assert "encoder" in scalenet("inspect", tmp_path / source, "--format", format).stdout
        stderr = refuse("convert", tmp_path / source, "-o", tmp_path / "x.onnx", output=tmp_path / "x.onnx").stderr
        assert "no known architecture" in stderr
