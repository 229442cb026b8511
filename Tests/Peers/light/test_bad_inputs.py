"""Hostile and broken files made by Python's own tools are refused: one line, nothing run, nothing written."""

import gzip
import io
import os
import pickle
import struct
import tarfile
import zipfile

import checkpoint_writer
import command
import numpy as np
import onnxruntime
import pytest
import reference
from checkpoint_writer import Call, Global



def basic_resnet():
    """All weights of a ResNet of basic blocks, so that nothing is wrong with a file but what a test puts into it."""
    weights = {"conv1.weight": np.ones((4, 3, 7, 7), np.float32), "fc.weight": np.ones((2, 4), np.float32)}
    weights["fc.bias"] = np.ones(2, np.float32)
    for stage in range(1, 5):
        for part in (1, 2):
            weights[f"layer{stage}.0.conv{part}.weight"] = np.ones((4, 4, 3, 3), np.float32)
        if stage > 1:
            weights[f"layer{stage}.0.downsample.0.weight"] = np.ones((4, 4, 1, 1), np.float32)
    for name in [key for key in weights if "conv" in key or "downsample" in key]:
        norm = name.replace("conv", "bn").replace("downsample.0", "downsample.1").removesuffix("weight")
        for suffix in ("weight", "bias", "running_mean", "running_var"):
            weights[norm + suffix] = np.ones(4, np.float32)
    return weights


WHOLE = basic_resnet()


class Evil:
    """Pickles to a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def convert(source, tmp_path, *options):
    output = tmp_path / "out" / "model.onnx"
    output.parent.mkdir(exist_ok=True)
    return command.refuse("convert", source, "-o", output, *options, output=output)


def archive(path, data, stem="archive"):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{stem}/data.pkl", data)
        file.writestr(f"{stem}/version", "3\n")
    return path


def legacy(path, data):
    parts = (checkpoint_writer.LEGACY_MAGIC, checkpoint_writer.LEGACY_PROTOCOL, {"little_endian": True})
    path.write_bytes(b"".join(checkpoint_writer.dumps(part) for part in parts) + data + checkpoint_writer.dumps([]))
    return path


@pytest.mark.parametrize("protocol", range(0, 6))
@pytest.mark.parametrize("container", [archive, legacy])
@pytest.mark.parametrize("function", [os.system, eval, exec, print, open])
def test_calls_are_refused(tmp_path, container, function, protocol):
    canary = tmp_path / "canary"
    argument = f"open({str(canary)!r}, 'w')" if function in (eval, exec) else f"touch {canary}"
    data = pickle.dumps({"state_dict": Evil(function, argument)}, protocol=protocol)
    source = container(tmp_path / "evil.pth", data)
    outcome = convert(source, tmp_path)
    assert not canary.exists()
    assert function.__name__ in outcome.stderr


@pytest.mark.parametrize(
    "function",
    [
        Global("os", "system"),
        Global("posix", "system"),
        Global("builtins", "eval"),
        Global("builtins", "getattr"),
        Global("subprocess", "Popen"),
        Global("runpy", "run_path"),
        Global("torch", "load"),
        Global("torch.hub", "load"),
    ],
    ids=lambda each: f"{each.module}.{each.name}",
)
def test_a_call_is_never_made(tmp_path, function):
    canary, source = tmp_path / "canary", tmp_path / "evil.pth"
    call = Call(function, (f"touch {canary}",))
    # Where a weight would come of it, it is refused by name.
    checkpoint_writer.save_zip(source, {"state_dict": {**WHOLE, "fc.weight": call}})
    assert f"{function.module}.{function.name}" in convert(source, tmp_path).stderr
    # Beside good weights nothing comes of it.
    source = tmp_path / "beside.pth"
    checkpoint_writer.save_zip(source, {"state_dict": WHOLE, "epoch": call})
    command.scalenet("convert", source, "-o", tmp_path / "copy.pth")
    assert not canary.exists()


def test_a_global_that_is_dropped_again_is_not_called(tmp_path):
    data = pickle.PROTO + b"\x02" + pickle.GLOBAL + b"os\nsystem\n" + pickle.POP + pickle.EMPTY_DICT + pickle.STOP
    assert "an empty dictionary" in convert(archive(tmp_path / "evil.pth", data), tmp_path).stderr


def test_terminal_escapes_in_names_are_escaped(tmp_path):
    source = tmp_path / "evil.pth"
    checkpoint_writer.save_zip(source, {"\x1b[31mred\nline": np.zeros(1, np.float32)})
    assert "\x1b" not in convert(source, tmp_path).stderr


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("source", ["tiny.pth", "tiny.legacy.pth"])
def test_truncated_checkpoints(tmp_path, source, fraction):
    data = (reference.TINY / source).read_bytes()
    broken = tmp_path / "broken.pth"
    broken.write_bytes(data[: int(len(data) * fraction)])
    convert(broken, tmp_path)


@pytest.mark.parametrize("fraction", [0.0, 0.001, 0.5, 0.999])
def test_truncated_models(tmp_path, fraction):
    model = tmp_path / "model.onnx"
    command.scalenet("convert", reference.TINY / "tiny.pth", "-o", model)
    data = model.read_bytes()
    model.write_bytes(data[: int(len(data) * fraction)])
    output = tmp_path / "out" / "output.npy"
    output.parent.mkdir()
    image = reference.TINY / "input_1x3x224x224.npy"
    command.refuse("run", model, "--input", image, "--output", output, output=output)


def test_deeply_nested_pickle(tmp_path):
    data = pickle.PROTO + b"\x02" + pickle.EMPTY_LIST * 100_000 + pickle.APPEND * 99_999 + pickle.STOP
    convert(archive(tmp_path / "deep.pth", data), tmp_path)


def test_memo_bomb(tmp_path):
    data = io.BytesIO()
    data.write(pickle.PROTO + b"\x02" + pickle.EMPTY_LIST + pickle.BINPUT + b"\x00")
    for index in range(60):
        get = pickle.BINGET + bytes([index])
        data.write(pickle.EMPTY_LIST + pickle.BINPUT + bytes([index + 1]) + get + pickle.APPEND + get + pickle.APPEND)
    data.write(pickle.STOP)
    convert(archive(tmp_path / "bomb.pth", data.getvalue()), tmp_path)


def test_huge_string_claim(tmp_path):
    data = pickle.PROTO + b"\x02" + pickle.BINUNICODE + struct.pack("<I", 0xFFFFFFF0) + b"x"
    convert(archive(tmp_path / "claim.pth", data), tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git lfs pull"),
        (b"<!doctype html><title>Sign in</title>", "a web page"),
        (gzip.compress(b"weights"), "gunzip"),
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "a PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(30), "a JPEG image"),
        (pickle.dumps({"a": 1}), "a plain pickle"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_files_of_another_kind_are_named(tmp_path, content, words):
    source = tmp_path / "model.pth"
    source.write_bytes(content)
    assert words in convert(source, tmp_path).stderr


def test_a_tar_archive_is_named(tmp_path):
    source = tmp_path / "model.pth.tar"
    with tarfile.open(source, "w") as file:
        file.add(reference.TINY / "structure.json", "structure.json")
    assert "a tar archive: unpack it" in convert(source, tmp_path).stderr


def test_missing_weights_are_all_named(tmp_path):
    source = tmp_path / "model.pth"
    state = reference.state_dict("scalenet50_light")
    missing = ["layer2.1.bn3.running_var", "layer4.0.conv2.1.weight", "fc.bias"]
    checkpoint_writer.save_zip(source, {key: value for key, value in state.items() if key not in missing})
    stderr = convert(source, tmp_path).stderr
    assert all(key in stderr for key in missing)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[[5, 2, 1, 1, 56]]",
        "[[5, 2, 1, 1, 56], [4, 3, 0, 1, 56], [9, 4, 2, 0, 28], [20, 6, 0, 3, 14], [11, 9, 4, 2, 14], [17, 0, 9, 4, 7]]",
        "[[5, 2, 1, 1, 56, 0]]",
        "[[-5, 2, 1, 1, 56]]",
        "[[9223372036854775808, 2, 1, 1, 56]]",
        "[[1e308, 2, 1, 1, 56]]",
        "[[1.5, 2, 1, 1, 56]]",
        "[[NaN, 2, 1, 1, 56]]",
        "[[5, 2, 1, 1, 56],]",
        "[" * 1_000_000,
        "\ud800",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_structure_files(tmp_path, text):
    rows = tmp_path / "structure.json"
    rows.write_bytes(text.encode("utf-8", "surrogatepass"))
    convert(reference.TINY / "tiny.pth", tmp_path, "--structure", rows)


def test_npy_with_objects(tmp_path):
    source, output = tmp_path / "input.npy", tmp_path / "out" / "output.npy"
    output.parent.mkdir()
    np.save(source, np.array([Evil(os.system, f"touch {tmp_path / 'canary'}")], dtype=object), allow_pickle=True)
    command.refuse("run", reference.TINY / "tiny.pth", "--input", source, "--output", output, output=output)
    assert not (tmp_path / "canary").exists()


def test_no_images(tmp_path):
    """A checkpoint's network takes one image or more; a model with an open batch takes none too, as in ONNX Runtime."""
    source, output, model = tmp_path / "input.npy", tmp_path / "output.npy", tmp_path / "model.onnx"
    np.save(source, np.zeros((0, 3, 224, 224), np.float32))
    command.refuse("run", reference.TINY / "tiny.pth", "--input", source, "--output", output, output=output)
    command.scalenet("convert", reference.TINY / "tiny.pth", "-o", model)
    command.scalenet("run", model, "--input", source, "--output", output)
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    expected = session.run(None, {session.get_inputs()[0].name: np.load(source)})[0]
    assert np.load(output).shape == expected.shape


@pytest.mark.parametrize("from_model", [False, True], ids=["checkpoint", "model"])
@pytest.mark.parametrize("shape", [(2, 224, 224), (1, 4, 224, 224), (1, 3, 2, 2)], ids=str)
def test_inputs_of_the_wrong_shape(tmp_path, shape, from_model):
    source, output = tmp_path / "input.npy", tmp_path / "out" / "output.npy"
    output.parent.mkdir()
    np.save(source, np.zeros(shape, np.float32))
    model = reference.TINY / "tiny.pth"
    if from_model:
        model = tmp_path / "model.onnx"
        command.scalenet("convert", reference.TINY / "tiny.pth", "-o", model)
    command.refuse("run", model, "--input", source, "--output", output, output=output)
