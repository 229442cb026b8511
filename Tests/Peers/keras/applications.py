"""All networks of keras.applications with random weights: each is saved by Keras, read, run, and converted to ONNX.

usage: SCALENET=... python Tests/Peers/keras/applications.py [NAME...]   prints a row for each network, with the error of
each file, of the largest output, and what is allowed
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras_models
import numpy as np
from command import scalenet
from tensorflow import keras

ROOT = Path(__file__).resolve().parents[3]

#: Every network of this version.
NAMES = sorted(
    name
    for name in dir(keras.applications)
    if name[0].isupper() and callable(getattr(keras.applications, name))
)
#: One of each kind, small ones.
SHORT = [
    name
    for name in (
        "ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "InceptionResNetV2", "InceptionV3",
        "MobileNet", "MobileNetV2", "MobileNetV3Small", "NASNetMobile", "RegNetX002", "RegNetY002", "ResNet50",
        "ResNet50V2", "ResNetRS50", "VGG16", "Xception",
    )
    if name in NAMES
]  # fmt: skip
#: A few of them.
SHORTEST = ["ConvNeXtTiny", "DenseNet121", "EfficientNetV2B0", "MobileNetV3Small", "ResNet50V2"]
#: Networks of which Keras itself computes none for images of any size: extents that are open count as equal there.
FIXED_SIZE = ("NASNetMobile", "NASNetLarge")
#: Where float32 itself is further from the network in Double, of Keras's own error.
ROUNDING = 4
#: The mean of gamma where it is not 1: with that, the sums of so many blocks grow until their gates open and shut by chance,
#: and even Keras's own outputs in float32 and in Double are different ones.
GAMMA = {"ResNetRS": 0.7}
#: The smallest images that these take; 64 is enough for all others.
SIZES = {"InceptionV3": 80, "InceptionResNetV2": 80, "Xception": 72}


def make(name, is_open=False):
    """The network for small images; or without its head, for images of any size."""
    network = getattr(keras.applications, name)
    if is_open:
        model = network(input_shape=(None, None, 3), weights=None, include_top=False, pooling="avg")
    else:
        size = SIZES.get(name, 64)
        model = network(input_shape=(size, size, 3), weights=None, classes=10, classifier_activation=None)
    randomize(model, next((gamma for start, gamma in GAMMA.items() if name.startswith(start)), 1))
    return model


def randomize(model, mean_gamma=1):
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
            values = mean_gamma + 0.1 * values
        elif len(variable.shape) == 1:
            values *= 0.1
        elif "depthwise" in name:
            values /= np.sqrt(variable.shape[0] * variable.shape[1])
        else:
            values *= np.sqrt(1.5 / np.prod(variable.shape[:-1]))
        variable.assign(values)


def image(size):
    return np.random.Generator(np.random.PCG64(3)).random((2, 3, size, size)).astype("float32")


def run_onnx(folder, path, images):
    """What ONNX Runtime computes; in another Python where this one has none."""
    python = os.environ.get("ONNXRUNTIME_PYTHON") or ROOT / ".venv/bin/python"
    np.save(folder / "onnx_input.npy", images)
    code = (
        "import sys, numpy as np, onnxruntime as o\n"
        "s = o.InferenceSession(sys.argv[1], providers=['CPUExecutionProvider'])\n"
        "np.save(sys.argv[3], s.run(None, {s.get_inputs()[0].name: np.load(sys.argv[2])})[0])\n"
    )
    arguments = [str(path), str(folder / "onnx_input.npy"), str(folder / "onnx_output.npy")]
    subprocess.run([str(python), "-c", code, *arguments], check=True)
    return np.load(folder / "onnx_output.npy")


def in_double(name, is_open, weights, images):
    """What Keras computes of the same weights in Double."""
    try:
        keras.backend.set_floatx("float64")
        model = make(name, is_open)
        model.set_weights(weights)
        found = np.asarray(model(images.astype("float64"), training=False))
    finally:
        keras.backend.set_floatx("float32")
    assert found.dtype == np.float64
    return found


def errors(name, folder, is_open=False, predict=False):
    """The error of each file, of the largest output, against what Keras computes, and what is allowed."""
    try:
        return found_errors(name, folder, is_open, predict)
    finally:
        for path in folder.iterdir():
            path.unlink()


def found_errors(name, folder, is_open, predict):
    model = make(name, is_open)
    size = SIZES.get(name, 64)
    images = image(size)
    channels_last = images.transpose(0, 2, 3, 1)
    # A call gives what predict gives, in a fraction of the time that predict takes to compile.
    expected = model.predict(channels_last, verbose=0) if predict else np.asarray(model(channels_last, training=False))
    assert np.isfinite(expected).all()
    found = {}
    for ending in ["h5", "keras"]:
        path = folder / f"{name}.{ending}"
        model.save(path)
        found[ending] = keras_models.run(folder, path, images)
    onnx = folder / "model.onnx"
    options = ["--input-size", str(size)] if is_open else []
    for ending in ["h5", "keras"]:
        scalenet("convert", folder / f"{name}.{ending}", "-o", onnx, "--no-verify", "--force", *options)
        found[f"{ending} to onnx"] = run_onnx(folder, onnx, images)
    error = {each: keras_models.relative_error(output, expected) for each, output in found.items()}
    if max(error.values()) < keras_models.FLOAT32_TOLERANCE:
        return error, keras_models.FLOAT32_TOLERANCE
    # Networks that amplify rounding: all against Keras in Double, where ours must be the same without any rounding.
    exact = in_double(name, is_open, model.get_weights(), channels_last)
    allowed = ROUNDING * keras_models.relative_error(expected, exact)
    found["in Double"] = keras_models.run(folder, folder / f"{name}.keras", images, "--naive")
    error = {each: keras_models.relative_error(output, exact) for each, output in found.items()}
    assert error["in Double"] < keras_models.FLOAT32_TOLERANCE, error
    return error, max(allowed, keras_models.FLOAT32_TOLERANCE)


def main():
    failed = 0
    for name in sys.argv[1:] or NAMES:
        for is_open in (False,) if name in FIXED_SIZE else (False, True):
            start = time.time()
            try:
                with tempfile.TemporaryDirectory() as folder:
                    found, allowed = errors(name, Path(folder), is_open)
                    verdict = max(found.values()) < allowed
                    text = " ".join(f"{each} {error:.1e}," for each, error in found.items()) + f" limit {allowed:.1e}"
            except Exception as error:
                verdict, text = False, str(error).replace("\n", " ")[-300:]
            failed += not verdict
            row = f"{name:20} {'open' if is_open else '':5} {'ok' if verdict else 'FAILED':7} {text}"
            print(f"{row} {time.time() - start:.0f} s", flush=True)
            keras.backend.clear_session()
    return failed


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
