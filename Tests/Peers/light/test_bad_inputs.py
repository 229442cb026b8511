"""Hostile and broken files made by Python's own tools are refused: one line, nothing run, nothing written."""

import io
import os
import pickle
import struct
import zipfile

import checkpoint_writer
import command
import numpy as np
import pytest
import reference
from checkpoint_writer import Call, Global

#: A network's first weight, so that what is wrong with a file is not that it holds nothing.
GOOD = {"conv1.weight": np.zeros((4, 3, 7, 7), np.float32)}


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
    # Pickles of other protocols may have an opcode that no checkpoint has before they come to the call.
    assert protocol not in (1, 2) or function.__name__ in outcome.stderr


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
def test_a_call_beside_good_weights_is_refused_by_name(tmp_path, function):
    canary = tmp_path / "canary"
    source = tmp_path / "evil.pth"
    checkpoint_writer.save_zip(source, {"state_dict": GOOD, "epoch": Call(function, (f"touch {canary}",))})
    outcome = convert(source, tmp_path)
    assert f"{function.module}.{function.name}" in outcome.stderr
    assert not canary.exists()


def test_a_global_that_is_dropped_again_is_refused(tmp_path):
    data = pickle.PROTO + b"\x02" + pickle.GLOBAL + b"os\nsystem\n" + pickle.POP + pickle.EMPTY_DICT + pickle.STOP
    assert "system" in convert(archive(tmp_path / "evil.pth", data), tmp_path).stderr


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


def test_files_of_another_kind(tmp_path):
    text = tmp_path / "model.pth"
    text.write_text("version https://git-lfs.github.com/spec/v1\n")
    convert(text, tmp_path)
    empty = tmp_path / "empty.pth"
    empty.write_bytes(b"")
    convert(empty, tmp_path)


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


@pytest.mark.parametrize("from_model", [False, True], ids=["checkpoint", "model"])
@pytest.mark.parametrize("shape", [(3, 224, 224), (1, 4, 224, 224), (1, 3, 2, 2), (0, 3, 224, 224)], ids=str)
def test_inputs_of_the_wrong_shape(tmp_path, shape, from_model):
    source, output = tmp_path / "input.npy", tmp_path / "out" / "output.npy"
    output.parent.mkdir()
    np.save(source, np.zeros(shape, np.float32))
    model = reference.TINY / "tiny.pth"
    if from_model:
        model = tmp_path / "model.onnx"
        command.scalenet("convert", reference.TINY / "tiny.pth", "-o", model)
    command.refuse("run", model, "--input", source, "--output", output, output=output)
