"""Operations in place of layers that take axes, extents or limits: TensorFlow's in Keras 2, Keras's own in Keras 3."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras
from test_layers import IS_KERAS_3, check, functional

layers = keras.layers
ARRAY = np.random.Generator(np.random.PCG64(8)).random((12, 12, 4)).astype("float32")

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
        "stack": lambda x: ops.stack([x, -x], axis=2),
        "split": lambda x: ops.subtract(*ops.split(x, 2, axis=1)),
        "positions": lambda x: ops.concatenate(ops.split(x, [2, 5], axis=2)[::-1], axis=2),
        "unstack": lambda x: ops.unstack(x, axis=1)[3],
        "product": lambda x: ops.matmul(x, ops.transpose(x, (0, 1, 3, 2))),
        "einsum": lambda x: ops.einsum("bhwc,bhvc->bhwv", x, x),
        "roots": lambda x: ops.rsqrt(ops.abs(x) + 1.0) + ops.reciprocal(ops.square(x) + 1.0),
        "waves": lambda x: ops.sin(x) * ops.cos(x) + ops.erf(x),
        "powers": lambda x: ops.expm1(x) - ops.log1p(ops.abs(x)),
        "steps": lambda x: ops.floor(x) + ops.ceil(x) * 2.0 + ops.sign(x),
        "variance": lambda x: ops.var(x, axis=(1, 2)),
        "deviation": lambda x: ops.std(x, axis=-1, keepdims=True),
        "sum of powers": lambda x: ops.logsumexp(x, axis=1),
        "factors": lambda x: ops.prod(x, axis=2),
        "choice": lambda x: ops.where(x > 0.1, x, 0.3 * x),
        "moved": lambda x: ops.swapaxes(ops.moveaxis(x, 1, 3), 1, 2),
        "flip": lambda x: ops.flip(x, axis=2),
        "roll": lambda x: ops.roll(x, 2, axis=1),
        "tile": lambda x: ops.tile(x, (1, 2, 1, 3)),
        "repeat": lambda x: ops.repeat(x, 3, axis=2),
        "take": lambda x: ops.take(x, [0, 3, -2], axis=1),
        "unit": lambda x: ops.normalize(x, axis=-1),
        "pools": lambda x: ops.max_pool(x, 2) + ops.average_pool(x, 2, padding="same"),
        "reflection": lambda x: ops.pad(x, ((0, 0), (1, 2), (3, 1), (0, 0)), mode="reflect"),
        "resize": lambda x: ops.image.resize(x, (9, 17), interpolation="bicubic"),
        "array": lambda x: x * ARRAY + ARRAY[0],
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
        "stack": lambda x: tf.stack([x, -x], axis=2),
        "split": lambda x: tf.subtract(*tf.split(x, 2, axis=1)),
        "sizes": lambda x: tf.concat(tf.split(x, [2, -1], axis=2)[::-1], axis=2),
        "unstack": lambda x: tf.unstack(x, axis=1)[3],
        "product": lambda x: tf.matmul(x, x, transpose_b=True),
        "roots": lambda x: tf.math.rsqrt(tf.abs(x) + 1.0) + tf.math.reciprocal(tf.square(x) + 1.0),
        "waves": lambda x: tf.sin(x) * tf.cos(x) + tf.math.erf(x),
        "powers": lambda x: tf.math.expm1(x) - tf.math.log1p(tf.abs(x)),
        "steps": lambda x: tf.floor(x) + tf.math.ceil(x) * 2.0 + tf.sign(x),
        "variance": lambda x: tf.math.reduce_variance(x, axis=[1, 2]),
        "deviation": lambda x: tf.math.reduce_std(x, axis=-1, keepdims=True),
        "factors": lambda x: tf.reduce_prod(x, axis=2),
        "choice": lambda x: tf.where(x > 0.1, x, 0.3 * x),
        "flip": lambda x: tf.reverse(x, [2]),
        "roll": lambda x: tf.roll(x, [2], [1]),
        "tile": lambda x: tf.tile(x, (1, 2, 1, 3)),
        "gather": lambda x: tf.gather(x, [0, 2], axis=1),
        "unit": lambda x: tf.math.l2_normalize(x, axis=-1),
        "pools": lambda x: tf.nn.max_pool2d(x, 2, 2, "SAME") + tf.nn.avg_pool2d(x, 2, 2, "SAME"),
        "reflection": lambda x: tf.pad(x, [[0, 0], [1, 1], [2, 2], [0, 0]], mode="REFLECT"),
        "blocks": lambda x: tf.nn.space_to_depth(tf.nn.depth_to_space(x, 2), 4),
        "resize": lambda x: tf.image.resize(x, (9, 17), method="bicubic"),
        "nearest": lambda x: tf.image.resize(x, (9, 17), method="nearest"),
        "array": lambda x: x * ARRAY - ARRAY[0],
        "reversed array": lambda x: ARRAY - x,
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
