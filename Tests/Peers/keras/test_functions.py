"""Operations in place of layers that take axes, extents or limits: TensorFlow's in Keras 2, Keras's own in Keras 3."""

import pytest
import tensorflow as tf
from tensorflow import keras
from test_layers import IS_KERAS_3, check, functional

layers = keras.layers

if IS_KERAS_3:
    ops = keras.ops
    OPERATIONS = {
        "reshape": lambda x: ops.reshape(x, (-1, 48, 12)),
        "transpose": lambda x: ops.transpose(x, [0, 3, 1, 2]),
        "expand": lambda x: ops.expand_dims(x, 1),
        "squeeze": lambda x: ops.squeeze(x[:, :1], 1),
        "pad": lambda x: ops.pad(x, [[0, 0], [1, 2], [0, 1], [2, 0]]),
        "concatenate": lambda x: ops.concatenate([x, -x], 2),
        "mean": lambda x: ops.mean(x, [1, 2]),
        "sum": lambda x: ops.sum(x, axis=-1, keepdims=True),
        "max": lambda x: ops.max(x, axis=(1, 3)),
        "clip": lambda x: ops.clip(x, -1.0, 0.5),
        "power": lambda x: x**3,
        "logarithm": lambda x: ops.log(abs(x) + 1.0),
        "softmax": lambda x: ops.softmax(x, axis=2),
        "leaky": lambda x: ops.leaky_relu(x, 0.3),
        "elu": lambda x: ops.elu(x, 0.6),
        "hard": lambda x: ops.hard_sigmoid(x) + ops.hard_silu(x),
        "soft": lambda x: ops.softsign(x) - ops.softplus(x),
        "gelu": lambda x: ops.gelu(x) + keras.activations.gelu(x),
        "cast": lambda x: ops.cast(x, "float32") * 2.0,
    }
else:
    OPERATIONS = {
        "reshape": lambda x: tf.reshape(x, (-1, 48, 12)),
        "transpose": lambda x: tf.transpose(x, [0, 3, 1, 2]),
        "expand": lambda x: tf.expand_dims(x, 1),
        "squeeze": lambda x: tf.squeeze(x[:, :1], 1),
        "pad": lambda x: tf.pad(x, [[0, 0], [1, 2], [0, 1], [2, 0]], constant_values=0.5),
        "concatenate": lambda x: tf.concat([x, -x], 2),
        "mean": lambda x: tf.reduce_mean(x, [1, 2]),
        "sum": lambda x: tf.reduce_sum(x, axis=-1, keepdims=True),
        "max": lambda x: tf.reduce_max(x, axis=[1, 3]),
        "clip": lambda x: tf.clip_by_value(x, -1.0, 0.5),
        "power": lambda x: tf.pow(x, 3.0),
        "logarithm": lambda x: tf.math.log(abs(x) + 1.0),
        "softmax": lambda x: tf.nn.softmax(x, axis=2),
        "leaky": lambda x: tf.nn.leaky_relu(x, alpha=0.3),
        "bias": lambda x: tf.nn.bias_add(x, [1.0, 2.0, 3.0, 4.0]),
        "flatten": lambda x: keras.backend.batch_flatten(x),
        "gelu": lambda x: tf.nn.gelu(x) + tf.nn.gelu(x, approximate=True),
        # As the caffe networks of keras.applications want their images, whose Ellipsis only the older file keeps.
        "caffe": lambda x: keras.applications.resnet50.preprocess_input(x[:, :, :, :3]),
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(tmp_path, name):
    def build(x):
        y = OPERATIONS[name](layers.Conv2D(4, 3, padding="same")(x))
        # What follows a feature map shows that its axes are known; Keras 2 does not know of how many columns this is.
        return [y] if name == "flatten" else [y, layers.Dense(3)(y)]

    if name == "caffe":
        endings = ("h5",)
    elif name in ("pad", "squeeze") and IS_KERAS_3:
        # What Keras 3 writes of these cannot be copied, as its own .h5 file needs.
        endings = ("keras",)
    else:
        endings = ("h5", "keras")
    check(tmp_path, functional(build), endings=endings)
