"""Keras's own networks, as it saves them, and a model that has one of them in place of a layer.

`KERAS_APPLICATIONS=all` has every network of the version, which takes an hour; PEERS=long one of each kind, and the short form
a few of these."""

import os

import applications
import keras_models
import numpy as np
import pytest
from keras_models import FLOAT32_TOLERANCE
from long_form import shortened
from tensorflow import keras

layers = keras.layers
IS_ALL = os.environ.get("KERAS_APPLICATIONS") == "all"
NAMES = applications.NAMES if IS_ALL else shortened(applications.SHORT, *applications.SHORTEST)
OF_ANY_SIZE = [
    name for name in (NAMES if IS_ALL else shortened(applications.SHORT, "MobileNetV3Small", "ResNet50V2"))
    if name not in applications.FIXED_SIZE
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_is_computed_as_keras_does(tmp_path, name):
    found, allowed = applications.errors(name, tmp_path)
    assert max(found.values()) < allowed, found


@pytest.mark.parametrize("name", OF_ANY_SIZE)
def test_images_of_any_size(tmp_path, name):
    found, allowed = applications.errors(name, tmp_path, is_open=True)
    assert max(found.values()) < allowed, found


def test_predict(tmp_path):
    found, allowed = applications.errors("MobileNetV3Small", tmp_path, predict=True)
    assert max(found.values()) < allowed, found


@pytest.mark.parametrize("frozen", [0, 60, None], ids=["trained", "partly frozen", "frozen"])
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_transfer(tmp_path, ending, frozen):
    """A network under a head of its own, whose weights an `.h5` file lists by whether they are trained."""
    base = keras.applications.MobileNetV2(input_shape=(64, 64, 3), alpha=0.35, weights=None, include_top=False)
    if frozen is None:
        base.trainable = False
    else:
        for layer in base.layers[:frozen]:
            layer.trainable = False
    image = keras.Input((64, 64, 3))
    x = base(layers.Rescaling(1 / 127.5, offset=-1)(image), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    model = keras.Model(image, layers.Dense(5)(x))
    applications.randomize(model)
    images = applications.image(64)
    expected = np.asarray(model(images.transpose(0, 2, 3, 1), training=False))
    path = tmp_path / f"model.{ending}"
    model.save(path)
    assert keras_models.relative_error(keras_models.run(tmp_path, path, images), expected) < FLOAT32_TOLERANCE
