"""Keras's networks as tf2onnx writes them to ONNX: read, understood, and computed as ONNX Runtime does."""

import json

import numpy as np
import onnxruntime
import pytest
import tf2onnx
from command import scalenet

# The builder of all DenseNets: Keras itself names the large ones only.
from keras.src.applications.densenet import DenseNet
from long_form import shortened
from tensorflow import TensorSpec, keras

# Of the largest output.
TOLERANCE = 1e-5

applications = keras.applications
SIDE = 96


#: Each network, the opset of its export, and whether the export takes images as [N, C, H, W].
NETWORKS = {
    "mobilenet_v2": (lambda: applications.MobileNetV2((SIDE, SIDE, 3), alpha=0.35, weights=None), 13, True),
    "resnet50": (lambda: applications.ResNet50(weights=None, input_shape=(SIDE, SIDE, 3)), 17, False),
    "densenet": (lambda: DenseNet([2, 2, 3, 2], weights=None, input_shape=(SIDE, SIDE, 3)), 15, False),
    "efficientnet_b0": (lambda: applications.EfficientNetB0(weights=None, input_shape=(SIDE, SIDE, 3)), 11, True),
}


def network(name):
    """Random weights, with statistics that a normalisation folded wrongly would show, and logits for outputs."""
    keras.utils.set_random_seed(3)
    model = NETWORKS[name][0]()
    model.layers[-1].activation = keras.activations.linear
    random = np.random.default_rng(4)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.gamma.shape
            gamma, variance = (random.uniform(0.5, 1.5, shape) for _ in range(2))
            beta, mean = (random.normal(0, 0.1, shape) for _ in range(2))
            layer.set_weights([gamma, beta, mean, variance])
    return model


def multiply_accumulates(model):
    """Those of convolutions and fully connected layers, for one image."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.DepthwiseConv2D):
            # One filter for each channel.
            total += int(np.prod(layer.output_shape[1:])) * int(np.prod(layer.kernel_size))
        elif isinstance(layer, keras.layers.Conv2D):
            total += int(np.prod(layer.output_shape[1:])) * int(np.prod(layer.kernel.shape[:-1]))
        elif isinstance(layer, keras.layers.Dense):
            total += int(np.prod(layer.kernel.shape))
    return total


@pytest.mark.parametrize("name", shortened(NETWORKS, "mobilenet_v2", "densenet"))
def test_exported(tmp_path, name):
    model = network(name)
    _, opset, channels_first = NETWORKS[name]
    path = tmp_path / "model.onnx"
    tf2onnx.convert.from_keras(
        model,
        input_signature=(TensorSpec((None, SIDE, SIDE, 3), name="input"),),
        opset=opset,
        inputs_as_nchw=["input"] if channels_first else None,
        output_path=str(path),
    )
    image = np.random.default_rng(5).uniform(0, 1, (3, SIDE, SIDE, 3)).astype(np.float32)
    given = np.ascontiguousarray(image.transpose(0, 3, 1, 2)) if channels_first else image
    expected = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"input": given})[0]
    np.save(tmp_path / "input.npy", given)
    scalenet("run", path, "--input", tmp_path / "input.npy", "--output", tmp_path / "output.npy")
    found = np.load(tmp_path / "output.npy")
    for other in (expected, model.predict(image, verbose=0)):
        assert np.abs(found - other).max() < TOLERANCE * np.abs(other).max()
    report = json.loads(scalenet("inspect", path, "--format", "json").stdout)
    assert report["totals"]["macs"] == multiply_accumulates(model)
