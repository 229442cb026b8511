"""Layers of sequences and volumes, attention, and resizing in all its ways: what Keras computes for them is computed here, and of
the conversion to ONNX."""

import keras_models
import numpy as np
import pytest
from command import refuse, scalenet
from tensorflow import keras
from test_layers import FLOAT32_TOLERANCE, IS_KERAS_3, arrays, check, fill, functional, layers

IMAGE, ROW, VOLUME = (12, 10, 6), (16, 6), (6, 8, 9, 4)


def resizing(*size, **options):
    return IMAGE, lambda: layers.Resizing(*size, **options)


ONE = {
    **{f"resizing {kind}": resizing(17, 7, interpolation=kind) for kind in ("nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5")},
    **{f"shrinking {kind}": resizing(5, 6, interpolation=kind) for kind in ("nearest", "bilinear", "bicubic", "area", "lanczos3", "lanczos5")},
    "enlarging bicubic": (IMAGE, lambda: layers.UpSampling2D((2, 3), interpolation="bicubic")),
    "cropped to aspect": resizing(8, 9, crop_to_aspect_ratio=True),
    "centre": (IMAGE, lambda: layers.CenterCrop(7, 6)),
    "repeated": ((7,), lambda: layers.RepeatVector(4)),
    "softmax of images": (IMAGE, lambda: layers.Softmax(axis=[1, 2])),
    "normalised rows": (IMAGE, lambda: layers.LayerNormalization(axis=[1, 3])),
    "unit images": (IMAGE, lambda: layers.UnitNormalization(axis=[1, 2])),
    "limited": (IMAGE, lambda: layers.ReLU(max_value=1.2, negative_slope=0.1, threshold=0.3)),
    # One axis.
    "Conv1D": (ROW, lambda: layers.Conv1D(8, 4, strides=2, padding="same", activation="relu")),
    "Conv1D in groups": (ROW, lambda: layers.Conv1D(8, 3, dilation_rate=2, groups=2)),
    "Conv1D of the past": (ROW, lambda: layers.Conv1D(8, 4, dilation_rate=2, padding="causal")),
    "SeparableConv1D": (ROW, lambda: layers.SeparableConv1D(8, 3, padding="same", depth_multiplier=2)),
    "DepthwiseConv1D": (ROW, lambda: layers.DepthwiseConv1D(3, padding="same", depth_multiplier=2)),
    "Conv1DTranspose": (ROW, lambda: layers.Conv1DTranspose(5, 3, strides=2, padding="same")),
    "MaxPooling1D": (ROW, lambda: layers.MaxPooling1D(3, 2, padding="same")),
    "AveragePooling1D": (ROW, lambda: layers.AveragePooling1D(3)),
    "GlobalAveragePooling1D": (ROW, lambda: layers.GlobalAveragePooling1D()),
    "GlobalMaxPooling1D": (ROW, lambda: layers.GlobalMaxPooling1D(keepdims=True)),
    "ZeroPadding1D": (ROW, lambda: layers.ZeroPadding1D((1, 2))),
    "Cropping1D": (ROW, lambda: layers.Cropping1D((1, 2))),
    "UpSampling1D": (ROW, lambda: layers.UpSampling1D(3)),
    "SpatialDropout1D": (ROW, lambda: layers.SpatialDropout1D(0.3)),
    # Three axes.
    "Conv3D": (VOLUME, lambda: layers.Conv3D(6, (3, 2, 3), strides=(1, 2, 2), padding="same", groups=2)),
    "Conv3DTranspose": (VOLUME, lambda: layers.Conv3DTranspose(5, 3, strides=2, padding="same")),
    "MaxPooling3D": (VOLUME, lambda: layers.MaxPooling3D(2, padding="same")),
    "AveragePooling3D": (VOLUME, lambda: layers.AveragePooling3D((2, 3, 2), padding="same")),
    "GlobalAveragePooling3D": (VOLUME, lambda: layers.GlobalAveragePooling3D()),
    "GlobalMaxPooling3D": (VOLUME, lambda: layers.GlobalMaxPooling3D()),
    "ZeroPadding3D": (VOLUME, lambda: layers.ZeroPadding3D(((1, 0), (2, 1), (0, 1)))),
    "Cropping3D": (VOLUME, lambda: layers.Cropping3D(1)),
    "UpSampling3D": (VOLUME, lambda: layers.UpSampling3D((1, 2, 3))),
    "BatchNormalization": (VOLUME, lambda: layers.BatchNormalization()),
    # Products and sequences.
    "EinsumDense": ((7, 8), lambda: layers.EinsumDense("abc,cde->abde", output_shape=(None, 3, 4), bias_axes="de", activation="relu")),
    "EinsumDense to rows": ((7, 3, 4), lambda: layers.EinsumDense("abcd,cde->abe", output_shape=(None, 5))),
    "EinsumDense across": ((7, 8), lambda: layers.EinsumDense("abc,bd->adc", output_shape=(5, 8), bias_axes="d")),
    "LSTM": (ROW, lambda: layers.LSTM(5)),
    "LSTM backwards": (ROW, lambda: layers.LSTM(5, return_sequences=True, go_backwards=True)),
    "GRU": (ROW, lambda: layers.GRU(5, return_sequences=True)),
    "GRU of before": (ROW, lambda: layers.GRU(5, reset_after=False, recurrent_activation="hard_sigmoid")),
    "SimpleRNN": (ROW, lambda: layers.SimpleRNN(5, activation="relu")),
    "Bidirectional": (ROW, lambda: layers.Bidirectional(layers.LSTM(5, return_sequences=True))),
    "Bidirectional sum": (ROW, lambda: layers.Bidirectional(layers.GRU(5), merge_mode="sum")),
    "TimeDistributed": (ROW, lambda: layers.TimeDistributed(layers.Dense(4, activation="relu"))),
    "TimeDistributed images": ((3, 8, 8, 4), lambda: layers.TimeDistributed(layers.Conv2D(5, 3))),
}  # fmt: skip
if IS_KERAS_3:
    ONE |= {
        "padded to aspect": resizing(8, 9, pad_to_aspect_ratio=True, fill_value=0.5),
        "without aliases": resizing(5, 6, antialias=True),
        "cubic without aliases": resizing(5, 6, antialias=True, interpolation="bicubic"),
        "RMSNormalization": (IMAGE, lambda: layers.RMSNormalization()),
    }


@pytest.mark.parametrize("name", ONE)
def test_layer(tmp_path, name):
    shape, make = ONE[name]
    model = functional(lambda x: make()(x), *shape)
    check(tmp_path, model)
    check_onnx(tmp_path, model)


def check_onnx(folder, model):
    """The ONNX file of a model of one output gives the same."""
    path = folder / "model.onnx"
    scalenet("convert", folder / "model.keras", "-o", path, "--force")
    given = arrays(model)
    expected = model.predict(next(iter(given.values())) if len(given) == 1 else given, verbose=0)
    scalenet("run", path, "--input", folder / "x.npz", "--output", folder / "y.npz", "--force")
    with np.load(folder / "y.npz", allow_pickle=False) as found:
        (array,) = found.values()
    expected = np.moveaxis(expected, -1, 1) if expected.ndim == 4 else expected
    assert keras_models.relative_error(array, expected) < FLOAT32_TOLERANCE


def several(shapes, build):
    inputs = [keras.Input(shape, name=f"in{number}") for number, shape in enumerate(shapes)]
    return fill(keras.Model(inputs, build(*inputs)))


ATTENTION = {
    "of itself": ([(9, 8)], lambda x: layers.MultiHeadAttention(2, 4)(x, x)),
    "of others": ([(9, 8), (5, 6)], lambda x, y: layers.MultiHeadAttention(2, 4, value_dim=3, output_shape=7)(x, y)),
    "with keys": (
        [(9, 8), (5, 6), (5, 4)],
        lambda x, y, z: layers.MultiHeadAttention(2, 4, use_bias=False)(x, z, key=y),
    ),
    "with scores": ([(9, 8)], lambda x: layers.MultiHeadAttention(2, 4)(x, x, return_attention_scores=True)),
    "of the past": ([(9, 8)], lambda x: layers.MultiHeadAttention(2, 4)(x, x, use_causal_mask=True)),
    "of pixels": ([(4, 5, 8)], lambda x: layers.MultiHeadAttention(2, 4, attention_axes=(1, 2))(x, x)),
    "of one head": ([(9, 8), (5, 8)], lambda x, y: layers.Attention(use_scale=True)([x, y])),
    "of sums": ([(9, 8), (5, 8)], lambda x, y: layers.AdditiveAttention()([x, y])),
}


@pytest.mark.parametrize("name", ATTENTION)
def test_attention(tmp_path, name):
    shapes, build = ATTENTION[name]
    model = several(shapes, build)
    check(tmp_path, model, names=[f"{name}{'_1' if index else ''}" for index, name in enumerate([model.layers[-1].name] * len(model.outputs))])


STATES = {
    "LSTM": ([(9, 5)], lambda x: layers.LSTM(6, return_sequences=True, return_state=True)(x)),
    "GRU": ([(9, 5)], lambda x: layers.GRU(6, return_state=True)(x)),
    "Bidirectional": ([(9, 5)], lambda x: layers.Bidirectional(layers.LSTM(6, return_state=True))(x)),
    "given": ([(9, 5), (6,), (6,)], lambda x, h, c: layers.LSTM(6)(x, initial_state=[h, c])),
}


@pytest.mark.parametrize("name", STATES)
def test_states(tmp_path, name):
    shapes, build = STATES[name]
    model = several(shapes, build)
    layer = model.layers[-1].name
    names = [f"{layer}_{index}" if index else layer for index in range(len(model.outputs))]
    check(tmp_path, model, names=names)


def test_reading_of_text(tmp_path):
    """A network as texts in images are read with: columns of features are a sequence."""

    def build(x):
        y = layers.Conv2D(8, 3, padding="same", activation="relu")(x)
        y = layers.MaxPooling2D((4, 2))(y)
        y = layers.Reshape((32, 64))(layers.Permute((2, 1, 3))(y))
        y = layers.Dropout(0.2)(layers.Dense(16, activation="relu")(y))
        y = layers.Bidirectional(layers.LSTM(12, return_sequences=True, dropout=0.25))(y)
        y = layers.Bidirectional(layers.GRU(7, return_sequences=True))(y)
        return layers.Dense(11, activation="softmax")(y)

    model = functional(build, 32, 64, 1)
    check(tmp_path, model)
    check_onnx(tmp_path, model)


def test_embedding(tmp_path):
    numbers = keras.Input((9,), dtype="int32", name="numbers")
    model = fill(keras.Model(numbers, layers.Embedding(20, 6)(numbers)))
    given = np.random.Generator(np.random.PCG64(3)).integers(0, 20, (2, 9)).astype("int32")
    np.save(tmp_path / "x.npy", given)
    for ending in ("h5", "keras"):
        model.save(tmp_path / f"model.{ending}")
        scalenet("run", tmp_path / f"model.{ending}", "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy", "--force")
        assert np.array_equal(np.load(tmp_path / "y.npy"), model.predict(given, verbose=0))


def test_models_called_twice(tmp_path):
    inner = keras.Input((6,))
    twice = keras.Model(inner, layers.Dense(6, activation="relu")(inner), name="inner")
    check(tmp_path, functional(lambda x: twice(twice(x)), 6), names=None)


@pytest.mark.parametrize("layer", ["LSTM", "GRU", "SimpleRNN"])
def test_states_that_stay_from_batch_to_batch_are_refused(tmp_path, layer):
    inputs = keras.Input(batch_shape=(2, 5, 3))
    model = keras.Model(inputs, getattr(keras.layers, layer)(4, stateful=True)(inputs))
    path, output = tmp_path / "m.h5", tmp_path / "m.onnx"
    model.save(path)
    error = refuse("convert", path, "-o", output, output=output).stderr
    assert f"({layer})" in error and "stateful" in error
