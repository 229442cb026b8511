"""Loads, runs and compares Keras models; the same code for Keras 2 (TensorFlow 2.15) and Keras 3."""

import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import reference
from command import scalenet
from tensorflow import keras

#: Of the largest value.
FLOAT32_TOLERANCE = 1e-5
FLOAT16_TOLERANCE = 1e-2


def load(path):
    """The model, loaded without any code of ours and without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # What is not about layers: Keras 3 warns about NumPy's future, TensorFlow about its own.
        warnings.simplefilter("default", DeprecationWarning)
        warnings.simplefilter("default", FutureWarning)
        return keras.models.load_model(path)


def predict(model, image):
    """The outputs for an NCHW image, feature maps as NCHW."""
    outputs = model.predict(image.transpose(0, 2, 3, 1), verbose=0)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return [value.transpose(0, 3, 1, 2) if value.ndim == 4 else value for value in outputs]


def relative_error(found, expected):
    assert found.shape == expected.shape
    return float(np.abs(found.astype(np.float64) - expected).max() / np.abs(expected).max())


def run(folder, model, image, *options):
    """What `scalenet run` computes."""
    source, output = folder / "input.npy", folder / "output.npy"
    np.save(source, image)
    scalenet("run", model, "--input", source, "--output", output, "--force", *options)
    return np.load(output, allow_pickle=False)


def image(name, *size):
    """An image for a network: (batch, height, width)."""
    if name == "tiny":
        return reference.tiny_image(*size)
    batch, height, width = size
    return reference.weights.image(height, width, batch)
