"""Models of every layer and every way of calling that is read: what Keras computes for them is computed here."""

import json

import keras_models
import numpy as np
import pytest
from command import refuse, scalenet
from keras_models import FLOAT32_TOLERANCE
from tensorflow import keras

layers = keras.layers
IS_KERAS_3 = hasattr(keras, "ops")


def fill(model):
    random = np.random.Generator(np.random.PCG64(5))
    for variable in model.weights:
        name = getattr(variable, "path", variable.name)
        if variable.dtype != "float32" or "seed" in name:
            continue
        values = random.standard_normal(variable.shape).astype("float32") * 0.4
        variable.assign(np.abs(values) + 0.5 if "variance" in name else values)
    return model


def arrays(model, low=-2, high=2):
    """An array for each input, 12 x 12 where height and width are open."""
    random = np.random.Generator(np.random.PCG64(6))
    found = {}
    for tensor in model.inputs:
        shape = [2, *(extent or 12 for extent in tensor.shape[1:])]
        values = random.uniform(low, high, shape)
        name = tensor.name.split(":")[0]
        dtype = str(getattr(tensor.dtype, "name", tensor.dtype))
        found[name] = values.astype(dtype) if dtype != "uint8" else random.integers(0, 256, shape).astype("uint8")
    return found


def first(array):
    return array.transpose(0, 3, 1, 2) if array.ndim == 4 else array


def check(folder, model, tolerance=FLOAT32_TOLERANCE, endings=("h5", "keras"), names=None):
    """Each file gives what predict gives, in the file's order of axes, under Keras's names."""
    given = arrays(model)
    single = not isinstance(model.inputs, (list, tuple)) or len(given) == 1
    outputs = model.predict(next(iter(given.values())) if single else given, verbose=0)
    if not isinstance(outputs, dict):
        outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
        outputs = dict(zip(names or model.output_names, outputs, strict=True))
    np.savez(folder / "x.npz", **given)
    for ending in endings:
        path = folder / f"model.{ending}"
        model.save(path)
        scalenet("run", path, "--input", folder / "x.npz", "--output", folder / "y.npz", "--force")
        with np.load(folder / "y.npz", allow_pickle=False) as found:
            assert set(found) == set(outputs)
            for name, expected in outputs.items():
                assert keras_models.relative_error(found[name], np.asarray(expected)) < tolerance, name


def functional(build, *shape, dtype="float32"):
    image = keras.Input(shape or (12, 12, 4), dtype=dtype, name="image")
    return fill(keras.Model(image, build(image)))


ACTIVATIONS = [
    name
    for name in (
        "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
        "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
        "soft_shrink", "softmax", "softplus", "softsign", "sparse_sigmoid", "squareplus", "swish", "tanh", "tanh_shrink",
    )
    if hasattr(keras.activations, name)
]  # fmt: skip


def test_activations(tmp_path):
    check(tmp_path, functional(lambda x: [layers.Activation(name)(x) for name in ACTIVATIONS]))


def test_activations_that_are_layers(tmp_path):
    def build(x):
        made = [
            layers.Conv2D(3, 1, activation=layers.ReLU(max_value=1.0))(x),
            layers.Conv2D(3, 1, activation=layers.LeakyReLU(0.1))(x),
            layers.Activation(layers.ELU(0.5))(x),
        ]
        return made + [layers.Dense(3, activation=layers.Softmax())(x)]

    # The older file of Keras 2 keeps no activation of this kind.
    check(tmp_path, functional(build), endings=("h5", "keras") if IS_KERAS_3 else ("h5",))


def test_rectifiers(tmp_path):
    def build(x):
        made = [layers.ReLU(max_value=0.5, negative_slope=0.2)(x), layers.ELU(0.7)(x), layers.LeakyReLU(0.2)(x)]
        made += [layers.PReLU(shared_axes=[1, 2])(x), layers.Softmax(axis=1)(x)]
        return made + ([] if IS_KERAS_3 else [layers.ThresholdedReLU(0.6)(x)])

    check(tmp_path, functional(build))


def test_normalizations(tmp_path):
    def build(x):
        return [
            layers.LayerNormalization()(x),
            layers.LayerNormalization(axis=1, epsilon=1e-5, scale=False)(x),
            layers.LayerNormalization(axis=[1, 2, 3], center=False)(x),
            layers.GroupNormalization(2)(x),
            layers.GroupNormalization(-1, epsilon=1e-5)(x),
            layers.GroupNormalization(3, axis=2, scale=False)(x),
            layers.UnitNormalization()(x),
            layers.UnitNormalization(axis=2)(x),
            layers.BatchNormalization(axis=1)(x),
            layers.LayerNormalization()(layers.Flatten()(x)),
        ]

    check(tmp_path, functional(build))


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_transposed_convolutions(tmp_path, padding):
    def build(x):
        made = []
        for kernel in (1, 2, 3, 4, (5, 2)):
            for stride in (1, 2, 3):
                made.append(layers.Conv2DTranspose(3, kernel, strides=stride, padding=padding)(x))
        for kernel, stride, extra in ((3, 2, 1), (3, 2, 0), (4, 3, 2), (5, 2, 1)):
            made.append(layers.Conv2DTranspose(3, kernel, stride, padding, output_padding=extra, use_bias=False)(x))
        return made

    check(tmp_path, functional(build, 5, 6, 4))


def test_merging(tmp_path):
    def build(x):
        y = layers.Conv2D(4, 3, padding="same")(x)
        z = layers.GlobalAveragePooling2D(keepdims=True)(y)
        made = [layers.Maximum()([x, y, z]), layers.Minimum()([x, y]), layers.Average()([x, y, y])]
        made += [layers.Subtract()([x, z]), layers.Multiply()([x, y, z]), layers.Concatenate(axis=1)([x, y])]
        a, b = layers.Flatten()(z), layers.Dense(4)(layers.Flatten()(x))
        made += [layers.Dot(axes=1)([a, b]), layers.Dot(axes=1, normalize=True)([a, b])]
        rows, columns = layers.Reshape((6, 96))(x), layers.Reshape((96, 6))(y)
        made += [layers.Dot(axes=(2, 1))([rows, columns]), layers.Dot(axes=(1, 2))([rows, columns])]
        return made

    check(tmp_path, functional(build))


def test_operations(tmp_path):
    def build(x):
        y = layers.Conv2D(4, 3, padding="same")(x)
        return [
            (x + 3.0) * 0.5, 1.0 - x, x - y, y / 3.0, x / (y * y + 1.0), 2.0 / (y * y + 1.0), -y,
            x * np.array([1, 2, 3, 4], "float32"), y[:, 1:9:2, :-3, 1:], y[:, 3], y[:, :, -1, 2:3],
        ] + ([y[..., 1]] if IS_KERAS_3 else [])  # fmt: skip

    # What Keras 3 writes of slices cannot be copied, as its own .h5 file of them needs.
    check(tmp_path, functional(build), endings=("keras",) if IS_KERAS_3 else ("h5", "keras"))


def test_other_operations_are_refused(tmp_path):
    def build(x):
        if IS_KERAS_3:
            return keras.ops.sort(x, axis=1)
        import tensorflow

        return tensorflow.sort(x, axis=1)

    path, output = tmp_path / "model.keras", tmp_path / "out.onnx"
    functional(build).save(path)
    outcome = refuse("convert", path, "-o", output, output=output)
    assert ("keras.src.ops.numpy.Sort" if IS_KERAS_3 else "sort") in outcome.stderr


def test_layers_for_training(tmp_path):
    classes = [
        getattr(layers, name) for name in dir(layers) if name.startswith("Random") and name not in ("RandomCrop",)
    ]
    assert len(classes) > 5
    arguments = {
        "RandomFlip": {},
        "RandomPosterization": {"factor": [2, 4]},
        "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1},
    }

    def build(x):
        for made in classes:
            options = arguments.get(made.__name__)
            if options is None:
                options = next(
                    (
                        {key: 0.2}
                        for key in ("factor", "height_factor", "x_factor")
                        if key in made.__init__.__code__.co_varnames
                    ),
                    {},
                )
            x = made(**options)(x)
            if made.__name__ in ("RandomHeight", "RandomWidth"):
                x = layers.Resizing(12, 12)(x)
        for layer in (
            layers.Dropout(0.5),
            layers.SpatialDropout2D(0.5),
            layers.AlphaDropout(0.5),
            layers.GaussianDropout(0.5),
            layers.GaussianNoise(0.5),
            layers.ActivityRegularization(l2=0.1),
        ):
            x = layer(x)
        return layers.Conv2D(3, 3)(x)

    # Some of Keras 3's cannot be copied, as its own .h5 file of them needs.
    check(tmp_path, functional(build, 12, 12, 3), endings=("keras",) if IS_KERAS_3 else ("h5", "keras"))


def test_shared_layers(tmp_path):
    """A layer, a model, and a model within a model, each called several times at several depths."""

    def build(x):
        conv = layers.Conv2D(4, 3, padding="same", name="shared")
        one, other = conv(x), conv(layers.ReLU()(conv(x)))
        image = keras.Input((12, 12, 4))
        norm = layers.BatchNormalization(name="norm")
        inner = keras.Model(image, norm(layers.Conv2D(4, 1, name="mix")(norm(image))), name="inner")
        deep = keras.Sequential([keras.Input((12, 12, 4)), inner, layers.ReLU(), layers.Conv2D(4, 1)], name="deep")
        a, b = deep(one), deep(deep(other))
        return [layers.Add()([a, b]), conv(b)]

    check(tmp_path, functional(build))


def test_shared_weights_are_counted_once(tmp_path):
    def build(x):
        conv = layers.Conv2D(4, 3, padding="same")
        return conv(conv(conv(x)))

    model = functional(build)
    path = tmp_path / "model.keras"
    model.save(path)
    report = json.loads(scalenet("inspect", path, "--format", "json").stdout)
    assert report["totals"]["parameters"] == model.count_params()


@pytest.mark.parametrize("frozen", ["none", "all", "some"])
def test_frozen_models(tmp_path, frozen):
    """In a model within a model, the weights that are trained come first in an .h5 file."""
    image = keras.Input((12, 12, 4))
    y = image
    for index in range(3):
        y = layers.BatchNormalization(name=f"n{index}")(layers.Conv2D(4, 1, name=f"c{index}")(y))
    base = keras.Model(image, layers.PReLU(shared_axes=[1, 2])(y), name="base")
    if frozen == "all":
        base.trainable = False
    elif frozen == "some":
        base.get_layer("c1").trainable = False
        base.get_layer("n0").trainable = False
    outer = keras.Sequential([base, layers.Conv2D(4, 1)], name="outer")
    check(tmp_path, functional(lambda x: outer(layers.Conv2D(4, 1)(x))))


def test_dictionaries(tmp_path):
    inputs = {"b": keras.Input((12, 12, 4), name="b"), "a": keras.Input((12, 12, 4), name="a")}
    x = layers.Subtract()([inputs["a"], inputs["b"]])
    model = fill(keras.Model(inputs, {"left": layers.Conv2D(2, 1)(x), "right": layers.ReLU(name="r")(x)}))
    check(tmp_path, model, endings=("keras",) if IS_KERAS_3 else ("h5", "keras"))


def test_several_outputs_of_a_model(tmp_path):
    image = keras.Input((12, 12, 4))
    inner = keras.Model(image, [layers.Conv2D(2, 1)(image), layers.Conv2D(3, 1)(image)], name="inner")
    # Keras 2 tells outputs of one name apart; here all versions' outputs are.
    check(tmp_path, functional(lambda x: inner(x)), names=["inner", "inner_1"])


@pytest.mark.parametrize("dtype", ["uint8", "int32"])
def test_integers_as_images(tmp_path, dtype):
    def build(x):
        return layers.Conv2D(3, 3)(layers.Rescaling(1 / 255, offset=-0.5)(x))

    model = functional(build, 12, 12, 3, dtype=dtype)
    check(tmp_path, model)
    onnx, again = tmp_path / "model.onnx", tmp_path / "again.keras"
    scalenet("convert", tmp_path / "model.keras", "-o", onnx)
    scalenet("convert", onnx, "-o", again)
    (given,) = arrays(model).values()
    expected = model.predict(given, verbose=0)
    found = keras_models.load(again).predict(given, verbose=0)
    assert keras_models.relative_error(found, expected) < FLOAT32_TOLERANCE


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 computes in bfloat16 on TPUs only")
@pytest.mark.parametrize("policy", ["bfloat16", "mixed_bfloat16", "float16", "mixed_float16"])
def test_half_precision(tmp_path, policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = functional(lambda x: layers.Dense(3)(layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x))))
        for variable in model.weights:
            variable.assign(np.random.Generator(np.random.PCG64(1)).standard_normal(variable.shape) * 0.4)
        given = arrays(model)["image"]
        expected = np.asarray(model.predict(given, verbose=0)).astype("float32")
        for ending in "h5", "keras":
            model.save(tmp_path / f"model.{ending}")
            found = keras_models.run(tmp_path, tmp_path / f"model.{ending}", first(given))
            assert keras_models.relative_error(found, expected) < 3e-2
    finally:
        keras.config.set_dtype_policy("float32")


def test_open_images(tmp_path):
    def build(x):
        x = layers.Conv2D(4, 3, strides=2, padding="same")(x)
        return layers.Dense(2)(layers.GlobalAveragePooling2D()(layers.UpSampling2D()(x)))

    model = functional(build, None, None, 3)
    check(tmp_path, model)
    for ending in "h5", "keras":
        path, output = tmp_path / f"model.{ending}", tmp_path / "model.onnx"
        assert "give --input-size" in refuse("convert", path, "-o", output, output=output).stderr
        assert "[1, 20, 16, 3]" in scalenet("inspect", path, "--input-size", "20x16").stdout
        scalenet("convert", path, "-o", output, "--input-size", "20x16")
        scalenet("diff", path, output, "--input-size", "20x16")
        output.unlink()


def test_names_of_outputs_are_compared(tmp_path):
    def build(x):
        x = layers.Flatten()(x)
        return [layers.Dense(3, activation="softmax", name=name)(x) for name in ("colour", "shape")]

    model = functional(build)
    given = arrays(model)["image"]
    outputs = dict(zip(("colour", "shape"), model.predict(given, verbose=0)))
    np.savez(tmp_path / "x.npz", image=given)
    np.savez(tmp_path / "y.npz", shape=outputs["shape"], colour=outputs["colour"])
    for ending in "h5", "keras":
        path = tmp_path / f"model.{ending}"
        model.save(path)
        text = scalenet("diff", tmp_path / "y.npz", path, "--input", tmp_path / "x.npz").stdout
        assert "output colour [2, 3]: within" in text and "output shape [2, 3]: within" in text


def test_archives_that_are_cut_off_are_named(tmp_path):
    model = functional(lambda x: layers.Conv2D(2, 1)(x))
    path, output = tmp_path / "model.keras", tmp_path / "out.onnx"
    model.save(path)
    path.write_bytes(path.read_bytes()[:-200])
    outcome = refuse("convert", path, "-o", output, output=output)
    assert "found a damaged zip archive: is it complete?" in outcome.stderr
