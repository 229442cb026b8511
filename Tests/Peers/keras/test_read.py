"""Models that Keras saves are read, and computed as Keras computes them."""

import importlib.util
import json

import keras_models
import numpy as np
import pytest
import reference
from command import refuse, scalenet
from keras_models import FLOAT32_TOLERANCE
from tensorflow import keras

layers = keras.layers
ENDING = pytest.mark.parametrize("ending", ["h5", "keras"])


def _load_maker():
    path = reference.FIXTURES / "tools" / "make_keras.py"
    spec = importlib.util.spec_from_file_location("make_keras", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


maker = _load_maker()


def mobile():
    """Inverted residuals: depthwise convolutions between ReLU6, strides with one-sided margins, addition."""
    x = image = keras.Input((64, 48, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False)(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization(momentum=0.999)(x))
    for stride in (1, 2):
        y = layers.Conv2D(24, 1, padding="same", use_bias=False)(x)
        y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
        if stride == 2:
            y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
        y = layers.DepthwiseConv2D(3, strides=stride, padding="same" if stride == 1 else "valid", use_bias=False)(y)
        y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
        y = layers.BatchNormalization()(layers.Conv2D(8, 1, use_bias=False)(y))
        x = layers.Add()([x, y]) if stride == 1 else y
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(image, layers.Dense(5, activation="softmax")(x))


def squeeze():
    """Squeeze and excitation through Reshape, and dilated and strided windows."""
    x = image = keras.Input((33, 35, 4))
    x = layers.Conv2D(12, (5, 3), strides=(2, 1), padding="same", activation="relu")(x)
    x = layers.Conv2D(12, 3, dilation_rate=2, padding="same", groups=3)(x)
    x = layers.Activation("relu")(layers.BatchNormalization(center=False)(x))
    s = layers.GlobalAveragePooling2D()(x)
    s = layers.Reshape((1, 1, 12))(s)
    s = layers.Conv2D(3, 1, activation="relu")(s)
    s = layers.Conv2D(12, 1, activation="sigmoid")(s)
    x = layers.Multiply()([x, s])
    x = layers.MaxPooling2D((3, 2), strides=(2, 3), padding="same")(x)
    x = layers.UpSampling2D((2, 3), interpolation="bilinear")(x)
    x = layers.Resizing(13, 7, interpolation="bilinear")(x)
    return keras.Model(image, layers.Activation("softmax")(x))


def save(folder, model, ending):
    random = np.random.Generator(np.random.PCG64(9))
    for variable in model.weights:
        values = random.standard_normal(variable.shape).astype("float32") * 0.3
        name = getattr(variable, "path", variable.name)
        if "seed" not in name:
            variable.assign(np.abs(values) + 0.5 if "variance" in name else values)
    path = folder / f"model.{ending}"
    model.save(path)
    return path


@ENDING
@pytest.mark.parametrize("make", [maker.functional, maker.sequential, mobile, squeeze], ids=lambda make: make.__name__)
def test_models_of_keras(tmp_path, make, ending):
    model = make()
    path = save(tmp_path, model, ending)
    shape = model.input_shape
    image = np.random.Generator(np.random.PCG64(3)).standard_normal((3, shape[3], *shape[1:3])).astype("float32")
    expected = model.predict(image.transpose(0, 2, 3, 1), verbose=0)
    found = keras_models.run(tmp_path, path, image)
    assert keras_models.relative_error(found, expected) < FLOAT32_TOLERANCE


@ENDING
def test_our_model_saved_again(tmp_path, checkpoint, ending):
    ours = tmp_path / "ours.h5"
    scalenet("convert", checkpoint("tiny"), "-o", ours, "--input-size", "225x257", "--no-fold-batch-norm")
    again = tmp_path / f"again.{ending}"
    keras_models.load(ours).save(again)
    logits = keras_models.run(tmp_path, again, reference.tiny_image(1, 225, 257))
    assert keras_models.relative_error(logits, reference.tiny_logits(1, 225, 257)) < FLOAT32_TOLERANCE


@ENDING
def test_to_onnx_and_back(tmp_path, checkpoint, ending):
    keras_file, onnx, back = tmp_path / f"a.{ending}", tmp_path / "b.onnx", tmp_path / f"c.{ending}"
    scalenet("convert", checkpoint("tiny"), "-o", keras_file)
    scalenet("convert", keras_file, "-o", onnx)
    scalenet("convert", onnx, "-o", back)
    (logits,) = keras_models.predict(keras_models.load(back), reference.tiny_image(4, 224, 224))
    assert keras_models.relative_error(logits, reference.tiny_logits(4, 224, 224)) < FLOAT32_TOLERANCE


@ENDING
def test_lambda_is_refused(tmp_path, ending):
    image = keras.Input((8, 8, 3))
    path = tmp_path / f"lambda.{ending}"
    keras.Model(image, layers.Lambda(lambda x: x * 2)(image)).save(path)
    outcome = refuse("convert", path, "-o", tmp_path / "out.onnx", output=tmp_path / "out.onnx")
    assert "Lambda" in outcome.stderr


@ENDING
def test_layers_that_no_output_needs(tmp_path, ending):
    """Keras 2 keeps them in a model that is made from an edited configuration, with weights that stand behind all others."""
    x = image = keras.Input((9, 11, 3))
    x = layers.Conv2D(8, 3, name="stem")(x)
    left_out = layers.Add(name="sum")([x, layers.Conv2D(8, 3, padding="same", name="branch")(x)])
    classes = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 1, name="head")(left_out))
    configuration = keras.Model(image, classes).get_config()
    (head,) = (layer for layer in configuration["layers"] if layer["name"] == "head")
    head["inbound_nodes"] = json.loads(json.dumps(head["inbound_nodes"]).replace('"sum"', '"stem"'))
    model = keras.Model.from_config(configuration)
    assert ("branch" in [layer.name for layer in model.layers]) == (not hasattr(keras, "ops"))
    path = save(tmp_path, model, ending)
    pixels = np.random.Generator(np.random.PCG64(3)).standard_normal((2, 3, 9, 11)).astype("float32")
    (expected,) = keras_models.predict(model, pixels)
    assert keras_models.relative_error(keras_models.run(tmp_path, path, pixels), expected) < FLOAT32_TOLERANCE
