"""`scalenet run` computes what the published implementation computed."""

import numpy as np
import onnx_checks
import pytest
import reference
from command import scalenet


def run(folder, model, image, *options):
    source, output = folder / "input.npy", folder / "output.npy"
    np.save(source, image)
    scalenet("run", model, "--input", source, "--output", output, "--force", *options)
    return np.load(output, allow_pickle=False)


@pytest.mark.parametrize("size", reference.TINY_INPUTS, ids=str)
@pytest.mark.parametrize("options", [(), ("--naive",), ("--threads", 1)], ids=str)
def test_tiny_checkpoint(tmp_path, size, options):
    logits = run(tmp_path, reference.TINY / "tiny.pth", reference.tiny_image(*size), *options)
    assert logits.dtype == np.float32
    assert onnx_checks.relative_error(logits, reference.tiny_logits(*size)) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("folding", ["--fold-batch-norm", "--no-fold-batch-norm"])
@pytest.mark.parametrize("opset", [11, 17, 21])
@pytest.mark.parametrize("size", reference.TINY_INPUTS, ids=str)
def test_tiny_onnx(tmp_path, size, opset, folding):
    output = tmp_path / "model.onnx"
    options = ("--input-size", f"{size[1]}x{size[2]}", "--opset", opset, folding)
    scalenet("convert", reference.TINY / "tiny.pth", "-o", output, *options)
    logits = run(tmp_path, output, reference.tiny_image(*size))
    assert onnx_checks.relative_error(logits, reference.tiny_logits(*size)) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("size", [(1, 224, 224), (2, 224, 288)], ids=str)
@pytest.mark.parametrize("name", reference.NAMES)
def test_full_size(tmp_path, checkpoint, name, size):
    batch, height, width = size
    logits = run(tmp_path, checkpoint(name), reference.weights.image(height, width, batch))
    expected = reference.expected(name)[f"{batch}x3x{height}x{width}"]
    assert onnx_checks.relative_error(logits, expected) < onnx_checks.FLOAT32_TOLERANCE


def test_threads_and_repetition_change_nothing(tmp_path):
    image = reference.tiny_image(4, 224, 224)
    outputs = [
        run(tmp_path, reference.TINY / "tiny.pth", image, "--threads", threads) for threads in (1, 1, 2, 3, 2)
    ]
    assert all(output.tobytes() == outputs[0].tobytes() for output in outputs)


def test_images_of_a_batch_do_not_touch_each_other(tmp_path):
    image = reference.tiny_image(4, 224, 224)
    together = run(tmp_path, reference.TINY / "tiny.pth", image)
    apart = [run(tmp_path, reference.TINY / "tiny.pth", image[index : index + 1]) for index in range(4)]
    assert onnx_checks.relative_error(np.concatenate(apart), together) < onnx_checks.FLOAT32_TOLERANCE


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_array_layouts(tmp_path, order, byte_order):
    image = np.asarray(reference.tiny_image(1, 224, 224), dtype=f"{byte_order}f4", order=order)
    logits = run(tmp_path, reference.TINY / "tiny.pth", image)
    assert onnx_checks.relative_error(logits, reference.tiny_logits(1, 224, 224)) < onnx_checks.FLOAT32_TOLERANCE
