"""Memory of its own, which is none of the mapped files': what README promises, as a part of the weights."""

import itertools
import logging
import shutil
import subprocess
import sys
import time

import faults
import numpy as np
import onnx
import pytest
from command import BINARY, DIFFERENCE, OK, scalenet
from faults import LONG
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

#: What a run takes whatever the weights are: the program, activations of one image in Double, parts of a layer.
CONSTANT = 48e6


def highest(field, *command, status=OK):
    """The highest figure of /proc/PID/status that a process had, in bytes: looked at every millisecond."""
    command = list(map(str, command))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    most = 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as lines:
                found = [int(line.split()[1]) for line in lines if line.startswith(f"{field}:")]
        except OSError:
            found = []
        most = max([most, *found])
        time.sleep(0.001)
    assert process.returncode == status, process.stderr.read()
    assert most > 100, "it ended before it was looked at"
    return most * 1024


def peak(*arguments, status=OK):
    """The most private memory that a run of the command had."""
    return highest("RssAnon", BINARY, *arguments, status=status)


@pytest.fixture(scope="module")
def large(fast_folder):
    """Models of 126, 310 and 470 MB: many layers, more layers, and two matrices that are nearly all of it."""
    folder = fast_folder / "large"
    folder.mkdir()
    for name in ("scalenet50", "scalenet152"):
        scalenet("init", name, "-o", folder / f"{name}.pth")
    random = np.random.default_rng(0)
    nodes, weights, value = [], [], "x"
    for number, (inputs, outputs) in enumerate([(1024, 28000), (28000, 3200)]):
        matrix = random.standard_normal((outputs, inputs), dtype=np.float32) * np.float32(inputs**-0.5)
        weights.append(numpy_helper.from_array(matrix, f"w{number}"))
        nodes.append(helper.make_node("Gemm", [value, f"w{number}"], [f"y{number}"], name=f"gemm{number}", transB=1))
        value = f"y{number}"
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, count]) for name, count in (("x", 1024), (value, 3200))
    ]
    graph = helper.make_graph(nodes, "matrices", ports[:1], ports[1:], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "matrices.onnx").write_bytes(model.SerializeToString())
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["scalenet50.pth", "scalenet152.pth", "matrices.onnx"])
def test_memory_of_a_proof_and_a_comparison(large, name):
    """Half of the weights and a constant for a verified conversion, all of them and a constant for a comparison."""
    source, output = large / name, large / f"{name}.converted.onnx"
    weights = source.stat().st_size
    converting = peak("convert", source, "-o", output, "--force")
    comparing = peak("diff", source, output)
    print(f"\n{name}: {weights / 1e6:.0f} MB of weights, convert {converting / 1e6:.0f} MB, diff {comparing / 1e6:.0f} MB")
    faults.figures["memory", "peak"] += 2
    assert converting <= 0.5 * weights + CONSTANT
    assert comparing <= 1.0 * weights + CONSTANT
    assert peak("convert", source, "-o", output, "--force", "--no-verify") <= CONSTANT


CHANGES = {
    "one column": lambda matrix: np.where(np.arange(matrix.shape[1]) == 7, matrix + np.float32(0.5), matrix),
    "all weights": lambda matrix: matrix * np.float32(1.001) + np.float32(1e-4) * np.cos(matrix * 1e4),
    "rounded": lambda matrix: matrix.astype(np.float16).astype(np.float32),
    "rows in another order": lambda matrix: matrix[::-1],
}


@pytest.mark.parametrize("change", CHANGES if LONG else ["rows in another order"])
def test_memory_of_a_cause_in_a_matrix_that_is_most_of_the_network(large, change):
    """A weight that differs is gone through in blocks, whatever is asked of it."""
    source, other = large / "matrices.onnx", large / "matrices.other.onnx"
    model = onnx.load(source)
    matrix = model.graph.initializer[1]
    changed = CHANGES[change](numpy_helper.to_array(matrix)).astype(np.float32)
    matrix.CopyFrom(numpy_helper.from_array(changed, matrix.name))
    other.write_bytes(model.SerializeToString())
    del model, matrix, changed
    weights = source.stat().st_size
    differing = peak("diff", source, other, status=DIFFERENCE)
    layers = peak("diff", source, other, "--layers", status=DIFFERENCE)
    print(f"\n{change}: {weights / 1e6:.0f} MB of weights, a cause {differing / 1e6:.0f} MB, layers {layers / 1e6:.0f} MB")
    faults.figures["memory", "peak"] += 2
    assert differing <= 1.0 * weights + CONSTANT
    assert layers <= 1.0 * weights + CONSTANT
    other.unlink()


def test_memory_of_a_search_for_a_cause(large):
    """Both graphs run in turns, in float32 and in Double: what one has made waits for the other a short while."""
    source, other = large / "scalenet50.pth", large / "other.pth"
    scalenet("init", "scalenet50", "--seed", 1, "-o", other)
    weights = source.stat().st_size
    differing = peak("diff", source, other, status=DIFFERENCE)
    layers = peak("diff", source, large / "scalenet50.pth", "--layers")
    print(f"\nscalenet50: {weights / 1e6:.0f} MB of weights, a cause {differing / 1e6:.0f} MB, layers {layers / 1e6:.0f} MB")
    faults.figures["memory", "peak"] += 2
    assert differing <= 1.0 * weights + CONSTANT
    assert layers <= 1.0 * weights + CONSTANT


class OneImage(CalibrationDataReader):
    """What a quantizer looks at: seeded noise."""

    def __init__(self, name, shape):
        image = np.random.default_rng(2).standard_normal(shape).astype(np.float32)
        self.images = iter([{name: image}])

    def get_next(self):
        return next(self.images, None)


def inverted(path, extent):
    """Like EfficientNet: large maps, Swish in two nodes behind every convolution that widens, and most weights at the end."""
    random = np.random.default_rng(4)
    nodes, weights = [], []

    def convolution(value, name, shape, **attributes):
        weight = random.standard_normal(shape).astype(np.float32) * np.float32(np.prod(shape[1:]) ** -0.5)
        weights.append(numpy_helper.from_array(weight, f"{name}.w"))
        bias = f"bias{shape[0]}"
        if bias not in {tensor.name for tensor in weights}:
            weights.append(numpy_helper.from_array(random.standard_normal(shape[0]).astype(np.float32) * np.float32(0.1), bias))
        else:
            # As PyTorch writes biases that are the same.
            nodes.append(helper.make_node("Identity", [bias], [f"{name}.b"], name=f"{name}.bias"))
            bias = f"{name}.b"
        nodes.append(helper.make_node("Conv", [value, f"{name}.w", bias], [name], name=name, **attributes))
        return name

    def swish(value):
        nodes.append(helper.make_node("Sigmoid", [value], [f"{value}.s"], name=f"{value}.sigmoid"))
        nodes.append(helper.make_node("Mul", [value, f"{value}.s"], [f"{value}.a"], name=f"{value}.mul"))
        return f"{value}.a"

    value, channels = swish(convolution("x", "stem", (32, 3, 3, 3), strides=[2, 2], pads=[1] * 4)), 32
    for number, (outputs, stride) in enumerate([(16, 1), (24, 2), (24, 1), (40, 2), (40, 1), (80, 2), (80, 1), (112, 1), (192, 2)]):
        wide = 6 * channels if number else channels
        value = swish(convolution(value, f"expand{number}", (wide, channels, 1, 1)))
        margins = {"strides": [stride] * 2, "pads": [1] * 4, "group": wide}
        value = swish(convolution(value, f"depthwise{number}", (wide, 1, 3, 3), **margins))
        value, channels = convolution(value, f"project{number}", (outputs, wide, 1, 1)), outputs
    value = swish(convolution(value, "head", (1280, channels, 1, 1)))
    nodes.append(helper.make_node("GlobalAveragePool", [value], ["mean"], name="pool"))
    last = convolution("mean", "classes", (3000, 1280, 1, 1))
    ports = [helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 3, extent, extent))]
    ports.append(helper.make_tensor_value_info(last, TensorProto.FLOAT, (1, 3000, 1, 1)))
    graph = helper.make_graph(nodes, "inverted", ports[:1], ports[1:], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture(scope="module")
def lower(large):
    """`lower(network, extent, kind)`: a network for square images of an extent, in float32 and in fewer bits: our own half
    types, or ONNX Runtime's int8; and an image."""

    def make(network, extent, kind):
        source = large / f"{network}.{extent}.onnx"
        if not source.exists():
            if network == "inverted":
                inverted(source, extent)
            else:
                size = ("--batch", 1, "--input-size", extent)
                scalenet("convert", large / f"{network}.pth", "-o", source, *size, "--no-verify")
        target, image = source.with_suffix(f".{kind}.onnx"), source.with_suffix(".npy")
        shape = (1, 3, extent, extent)
        np.save(image, np.random.default_rng(3).standard_normal(shape).astype(np.float32))
        if kind == "int8":
            logging.getLogger().setLevel(logging.ERROR)
            images = OneImage(onnx.load(source).graph.input[0].name, shape)
            options = {"quant_format": QuantFormat.QDQ, "per_channel": True, "weight_type": QuantType.QInt8}
            quantize_static(str(source), str(target), images, **options)
        else:
            scalenet("convert", source, "-o", target, "--dtype", kind, "--no-verify")
        return source, target, image

    return make


# Networks whose memory is mostly weights, and mostly maps.
LOWER = [*itertools.product(["scalenet50", "inverted"], [224, 512], ["float16", "bfloat16", "int8"])]


@pytest.mark.parametrize(
    ("network", "extent", "kind"),
    LOWER if LONG else [("scalenet50", 224, "int8"), ("inverted", 224, "int8"), ("inverted", 512, "int8"), ("inverted", 512, "float16")],
)
def test_memory_of_what_lower_precision_costs(lower, network, extent, kind):
    """With the pages of mapped files: at most twice what a forward pass of the float32 side takes, where it is weights for
    the most part, and where it is maps."""
    source, other, image = lower(network, extent, kind)
    output = source.with_suffix(".output.npy")
    running = highest("VmHWM", BINARY, "run", source, "--input", image, "--output", output, "--force")
    comparing = highest("VmHWM", BINARY, "diff", source, other, status=DIFFERENCE)
    print(f"\n{source.name}, {kind}: a forward pass {running / 1e6:.0f} MB, diff {comparing / 1e6:.0f} MB")
    faults.figures["memory", "peak"] += 1
    assert comparing <= 2 * running


def test_memory_of_a_quantized_matrix_that_is_most_of_the_network(large):
    """Integers that a graph makes weights of are read in blocks as well."""
    source, other = large / "matrices.onnx", large / "matrices.int8.onnx"
    model = onnx.load(source)
    graph = model.graph
    for tensor in list(graph.initializer):
        matrix = numpy_helper.to_array(tensor)
        scale = (np.abs(matrix).max(axis=1) / 127).astype(np.float32)
        steps = np.clip(np.round(matrix / scale[:, None]), -127, 127).astype(np.int8)
        graph.initializer.remove(tensor)
        graph.initializer.extend(
            numpy_helper.from_array(array, f"{tensor.name}.{part}")
            for part, array in (("steps", steps), ("scale", scale), ("zero", np.zeros(len(scale), np.int8)))
        )
        inputs = [f"{tensor.name}.{part}" for part in ("steps", "scale", "zero")]
        graph.node.insert(0, helper.make_node("DequantizeLinear", inputs, [tensor.name], name=f"{tensor.name}.widen", axis=0))
    other.write_bytes(model.SerializeToString())
    del model, graph, matrix, steps, tensor
    weights = source.stat().st_size
    differing = peak("diff", source, other, status=DIFFERENCE)
    print(f"\nint8: {weights / 1e6:.0f} MB of weights, diff {differing / 1e6:.0f} MB")
    faults.figures["memory", "peak"] += 1
    assert differing <= 1.0 * weights + CONSTANT
    other.unlink()


def test_fresh_weights_are_written_as_they_are_made(tmp_path):
    assert peak("init", "scalenet152", "-o", tmp_path / "fresh.pth") <= CONSTANT


ONNX_RUNTIME = """
import sys
import numpy as np
import onnxruntime
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
for _ in range(3):
    session.run(None, {session.get_inputs()[0].name: np.ones((1, 3, 224, 224), np.float32)})
"""


@pytest.mark.parametrize("name", ["scalenet50", "scalenet152"])
def test_a_forward_pass_holds_no_more_than_onnx_runtime(large, name):
    model = large / f"{name}.onnx"
    scalenet("convert", large / f"{name}.pth", "-o", model, "--no-verify")
    # With the pages of mapped files.
    ours = highest("VmRSS", BINARY, "bench", model, "--batch", 1, "--threads", 1, "--runs", 3)
    theirs = highest("VmRSS", sys.executable, "-c", ONNX_RUNTIME, model)
    print(f"\n{name}: {model.stat().st_size / 1e6:.0f} MB, here {ours / 1e6:.0f} MB, ONNX Runtime {theirs / 1e6:.0f} MB")
    assert ours <= theirs
    # The file's pages don't stay beside the packed weights, of which those for Winograd have 16 numbers for 9.
    assert ours <= 16 / 9 * model.stat().st_size + CONSTANT
