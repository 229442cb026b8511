"""Keras's own networks, as it saves them, and a model that has one of them in place of a layer."""

import keras_models
import numpy as np
import pytest
from command import refuse, scalenet
from keras_models import FLOAT32_TOLERANCE
from tensorflow import keras

applications = keras.applications
layers = keras.layers
IS_KERAS_3 = hasattr(keras, "ops")


def transfer():
    """A frozen network under a head of its own."""
    base = applications.MobileNetV2(input_shape=(64, 64, 3), alpha=0.35, weights=None, include_top=False)
    base.trainable = False
    image = keras.Input((64, 64, 3))
    x = base(layers.Rescaling(1 / 127.5, offset=-1)(image), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(5)(x))


def application(make, size, **options):
    return lambda: make(input_shape=(size, size, 3), weights=None, classes=10, **options)


NETWORKS = {
    "MobileNetV2": application(applications.MobileNetV2, 64),
    "EfficientNetB0": application(applications.EfficientNetB0, 64),
    "DenseNet121": application(applications.DenseNet121, 64),
    "ResNet50": application(applications.ResNet50, 64),
    "InceptionV3": application(applications.InceptionV3, 80),
    "Xception": application(applications.Xception, 72),
    "transfer": transfer,
}
# In Keras 2 it has operations of TensorFlow for layers.
if IS_KERAS_3:
    NETWORKS["MobileNetV3Small"] = application(applications.MobileNetV3Small, 64)


def randomize(model):
    """Weights and statistics that a mistake would show in, of a size that keeps activations in range."""
    random = np.random.Generator(np.random.PCG64(9))
    for variable in model.weights:
        name = getattr(variable, "path", variable.name)
        # Normalization would notice new statistics only when they are loaded.
        if variable.dtype != "float32" or "seed" in name or name.startswith("normalization"):
            continue
        values = random.standard_normal(variable.shape).astype("float32")
        if "variance" in name:
            values = np.abs(values) * 0.3 + 0.7
        elif "gamma" in name:
            values = 1 + 0.1 * values
        elif len(variable.shape) == 1:
            values *= 0.1
        elif "depthwise" in name:
            values /= np.sqrt(variable.shape[0] * variable.shape[1])
        else:
            values *= np.sqrt(1.5 / np.prod(variable.shape[:-1]))
        variable.assign(values)


@pytest.mark.parametrize("name", NETWORKS)
def test_is_computed_as_keras_does(tmp_path, name):
    model = NETWORKS[name]()
    randomize(model)
    _, height, width, _ = model.input_shape
    image = np.random.Generator(np.random.PCG64(3)).random((2, 3, height, width)).astype("float32")
    # Called, not by predict, which takes seconds to compile networks of hundreds of layers.
    expected = np.asarray(model(image.transpose(0, 2, 3, 1), training=False))
    for ending in "h5", "keras":
        path = tmp_path / f"model.{ending}"
        model.save(path)
        found = keras_models.run(tmp_path, path, image)
        assert keras_models.relative_error(found, expected) < FLOAT32_TOLERANCE
    onnx = tmp_path / "model.onnx"
    scalenet("convert", tmp_path / "model.keras", "-o", onnx, "--no-verify")
    assert keras_models.relative_error(keras_models.run(tmp_path, onnx, image), expected) < FLOAT32_TOLERANCE


@pytest.mark.skipif(IS_KERAS_3, reason="Keras 3 has layers for it")
def test_operations_of_tensorflow_are_refused(tmp_path):
    path, output = tmp_path / "model.h5", tmp_path / "out.onnx"
    application(applications.MobileNetV3Small, 64)().save(path)
    outcome = refuse("convert", path, "-o", output, output=output)
    assert "layer tf.__operators__.add (TFOpLambda)" in outcome.stderr
