"""What TensorFlow's own tools make of our models still computes the same."""

import keras_models
import numpy as np
import pytest
import reference
import tensorflow as tf
from command import scalenet
from keras_models import FLOAT32_TOLERANCE


@pytest.fixture(params=["h5", "keras"])
def model(request, tmp_path, checkpoint):
    path = tmp_path / f"model.{request.param}"
    scalenet("convert", checkpoint("tiny"), "-o", path, "--input-size", "225x257", "--batch", "1")
    return keras_models.load(path)


def test_saved_model(tmp_path, model):
    folder = tmp_path / "saved"
    (model.export if hasattr(model, "export") else model.save)(str(folder))
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    image = reference.tiny_image(1, 225, 257).transpose(0, 2, 3, 1)
    (name,) = serve.structured_input_signature[1]
    (logits,) = serve(**{name: tf.constant(image)}).values()
    assert keras_models.relative_error(logits.numpy(), reference.tiny_logits(1, 225, 257)) < FLOAT32_TOLERANCE


def test_tflite(model):
    content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    image = np.ascontiguousarray(reference.tiny_image(1, 225, 257).transpose(0, 2, 3, 1))
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    logits = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    assert keras_models.relative_error(logits, reference.tiny_logits(1, 225, 257)) < FLOAT32_TOLERANCE
