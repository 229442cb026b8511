"""Models that we write load in Keras as they are, and compute what PyTorch computes."""

import itertools

import h5py
import keras_models
import numpy as np
import pytest
import reference
from command import scalenet
from keras_models import FLOAT16_TOLERANCE, FLOAT32_TOLERANCE
from long_form import shortened
from tensorflow import keras

IS_KERAS_3 = hasattr(keras, "ops")
# bfloat16 has three bits fewer than float16.
BFLOAT16_TOLERANCE = 8 * FLOAT16_TOLERANCE
ENDING = pytest.mark.parametrize("ending", ["h5", "keras"])


FOLDED, PLAIN = "--fold-batch-norm", "--no-fold-batch-norm"
# Each network folded and not; both kinds of file for those that take little time.
RELEASED = [
    (name, folding, ending)
    for name in reference.NAMES
    for folding, ending in itertools.product([FOLDED, PLAIN], ["h5", "keras"])
    if name in ("scalenet50_light", "scalenet50") or (folding == FOLDED) == (ending == "keras")
]


@pytest.mark.parametrize(
    ("name", "folding", "ending"),
    shortened(RELEASED, ("scalenet50_light", FOLDED, "h5"), ("scalenet50_light", PLAIN, "keras")),
)
def test_released_networks(tmp_path, checkpoint, name, folding, ending):
    path = tmp_path / f"model.{ending}"
    scalenet("convert", checkpoint(name), "-o", path, folding)
    model = keras_models.load(path)
    (logits,) = keras_models.predict(model, reference.weights.image(224, 224))
    assert keras_models.relative_error(logits, reference.expected(name)["1x3x224x224"]) < FLOAT32_TOLERANCE


@pytest.mark.parametrize(
    ("size", "folding"),
    shortened(
        [*itertools.product([(256, 256), (288, 416)], [FOLDED, PLAIN])], ((256, 256), PLAIN), ((288, 416), FOLDED)),
)
def test_other_sizes(tmp_path, checkpoint, size, folding):
    height, width = size
    path = tmp_path / "model.h5"
    scalenet("convert", checkpoint("scalenet50"), "-o", path, "--input-size", f"{height}x{width}", folding)
    model = keras_models.load(path)
    for batch in (1, 3):
        image = reference.weights.image(height, width, batch)
        (logits,) = keras_models.predict(model, image)
        expected = keras_models.run(tmp_path, checkpoint("scalenet50"), image)
        assert keras_models.relative_error(logits, expected) < FLOAT32_TOLERANCE


def test_size_that_pytorch_computed(tmp_path, checkpoint):
    path = tmp_path / "model.keras"
    scalenet("convert", checkpoint("scalenet50"), "-o", path, "--input-size", "224x288", "--batch", "2")
    model = keras_models.load(path)
    assert tuple(model.input_shape) == (2, 224, 288, 3)
    (logits,) = keras_models.predict(model, reference.weights.image(224, 288, 2))
    assert keras_models.relative_error(logits, reference.expected("scalenet50")["2x3x224x288"]) < FLOAT32_TOLERANCE


# Each size once, each folding and ending twice.
TINY = [*itertools.product(reference.TINY_INPUTS, [FOLDED, PLAIN], ["h5", "keras"])]


@pytest.mark.parametrize(("size", "folding", "ending"), shortened(TINY, *TINY[::5]))
def test_tiny(tmp_path, checkpoint, size, folding, ending):
    path = tmp_path / f"model.{ending}"
    scalenet("convert", checkpoint("tiny"), "-o", path, "--input-size", f"{size[1]}x{size[2]}", folding)
    (logits,) = keras_models.predict(keras_models.load(path), reference.tiny_image(*size))
    assert keras_models.relative_error(logits, reference.tiny_logits(*size)) < FLOAT32_TOLERANCE


@ENDING
def test_features(tmp_path, checkpoint, ending):
    path = tmp_path / f"model.{ending}"
    scalenet("convert", checkpoint("tiny"), "-o", path, "--features")
    maps = keras_models.predict(keras_models.load(path), reference.tiny_image(1, 224, 224))
    activations = np.load(reference.TINY / "activations_1x3x224x224.npz")
    depths = reference.depths(reference.structure("tiny"))
    assert len(maps) == 4
    for stage, (found, depth) in enumerate(zip(maps, depths), start=1):
        expected = activations[f"layer{stage}.{depth - 1}"]
        assert keras_models.relative_error(found, expected) < FLOAT32_TOLERANCE


@ENDING
def test_softmax(tmp_path, checkpoint, ending):
    path = tmp_path / f"model.{ending}"
    scalenet("convert", checkpoint("tiny"), "-o", path, "--softmax")
    (found,) = keras_models.predict(keras_models.load(path), reference.tiny_image(4, 224, 224))
    exponentials = np.exp(reference.tiny_logits(4, 224, 224).astype(np.float64))
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert keras_models.relative_error(found, expected) < FLOAT32_TOLERANCE


@pytest.mark.parametrize(
    ("folding", "ending"),
    shortened([*itertools.product([FOLDED, PLAIN], ["h5", "keras"])], (FOLDED, "h5"), (PLAIN, "keras")),
)
def test_half(tmp_path, checkpoint, folding, ending):
    path = tmp_path / f"model.{ending}"
    scalenet("convert", checkpoint("tiny"), "-o", path, "--dtype", "float16", folding)
    model = keras_models.load(path)
    assert model.get_layer("layer1_0_conv1").compute_dtype == "float16"
    (logits,) = keras_models.predict(model, reference.tiny_image(1, 224, 224))
    assert logits.dtype == np.float32
    assert keras_models.relative_error(logits, reference.tiny_logits(1, 224, 224)) < FLOAT16_TOLERANCE


@pytest.mark.skipif(not IS_KERAS_3, reason="Keras 2 computes in bfloat16 on TPUs only")
@ENDING
def test_half_of_wide_range(tmp_path, checkpoint, ending):
    path = tmp_path / f"model.{ending}"
    scalenet("convert", checkpoint("tiny"), "-o", path, "--dtype", "bfloat16")
    model = keras_models.load(path)
    assert model.get_layer("layer1_0_conv1").compute_dtype == "bfloat16"
    (logits,) = keras_models.predict(model, reference.tiny_image(1, 224, 224))
    assert logits.dtype == np.float32
    assert keras_models.relative_error(logits, reference.tiny_logits(1, 224, 224)) < BFLOAT16_TOLERANCE


def test_half_full_size(tmp_path, checkpoint):
    path = tmp_path / "model.h5"
    scalenet("convert", checkpoint("scalenet50"), "-o", path, "--dtype", "float16")
    assert path.stat().st_size < 70 << 20
    (logits,) = keras_models.predict(keras_models.load(path), reference.weights.image(224, 224))
    assert keras_models.relative_error(logits, reference.expected("scalenet50")["1x3x224x224"]) < FLOAT16_TOLERANCE


@ENDING
def test_channels_first(tmp_path, checkpoint, ending):
    """TensorFlow runs it on GPUs only: it loads here, and our own reader computes it."""
    path = tmp_path / f"model.{ending}"
    scalenet("convert", checkpoint("tiny"), "-o", path, "--data-format", "channels_first", "--input-size", "225x257")
    model = keras_models.load(path)
    assert tuple(model.input_shape) == (None, 3, 225, 257)
    logits = keras_models.run(tmp_path, path, reference.tiny_image(1, 225, 257))
    assert keras_models.relative_error(logits, reference.tiny_logits(1, 225, 257)) < FLOAT32_TOLERANCE


def test_fine_tuning_settings(tmp_path, checkpoint):
    path, weights = tmp_path / "model.h5", tmp_path / "weights.h5"
    scalenet("convert", checkpoint("tiny"), "-o", path, PLAIN)
    table = scalenet("convert", checkpoint("tiny"), "-o", weights, "--weights-only", PLAIN).stdout
    model = keras_models.load(path)
    normalizations = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    assert len(normalizations) == table.count("running_mean") > 0
    for layer in normalizations:
        assert (layer.epsilon, layer.momentum, layer.trainable) == (1e-5, 0.9, True)
    # Training goes on from here: a step changes weights and statistics.
    model.compile(optimizer="sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = [array.copy() for array in model.get_weights()]
    image = reference.tiny_image(1, 224, 224).transpose(0, 2, 3, 1)
    model.fit(image, np.zeros(1), verbose=0)
    # A branch of one channel can be rectified to zero all over, and then learns nothing from this image.
    unchanged = sum(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert unchanged <= len(before) // 10


@pytest.mark.parametrize(
    ("name", "ending"), shortened([("scalenet152", "h5"), ("scalenet50", "keras"), ("scalenet50", "h5")], ("scalenet50", "h5"))
)
def test_order_is_the_models(tmp_path, checkpoint, name, ending):
    """Weights are loaded by position: layers of one shape must not trade places."""
    path = tmp_path / f"model.{ending}"
    scalenet("convert", checkpoint(name), "-o", path, PLAIN)
    model = keras_models.load(path)
    again = tmp_path / "again.h5"
    model.save(again)
    with h5py.File(again) as file:
        expected = [name if isinstance(name, str) else name.decode() for name in names(file["model_weights"])]
    assert expected == [layer.name for layer in model.layers]
    if ending == "h5":
        with h5py.File(path) as file:
            assert [name.decode() for name in names(file["model_weights"])] == expected


def names(group):
    """The list `layer_names`, whole or in parts."""
    if "layer_names" in group.attrs:
        return list(group.attrs["layer_names"])
    parts = sorted((key for key in group.attrs if key.startswith("layer_names")), key=lambda key: int(key[11:]))
    return [name for part in parts for name in group.attrs[part]]


@pytest.mark.parametrize("name", shortened(["scalenet50", "scalenet152"], "scalenet50"))
def test_h5py_reads_everything(tmp_path, checkpoint, name):
    path = tmp_path / "model.h5"
    scalenet("convert", checkpoint(name), "-o", path, PLAIN)
    expected = reference.state_dict(name)
    with h5py.File(path) as file:
        assert len(file.attrs["model_config"]) > 65536
        kernel = file["model_weights/layer2_3_conv2_1/layer2_3_conv2_1/kernel:0"][()]
        datasets = []
        file.visititems(lambda name, thing: datasets.append(thing) if isinstance(thing, h5py.Dataset) else None)
        assert sum(dataset[()].size for dataset in datasets) == sum(
            array.size for key, array in expected.items() if not key.endswith("num_batches_tracked")
        )
    assert np.array_equal(kernel, expected["layer2.3.conv2.1.weight"].transpose(2, 3, 1, 0))


@pytest.mark.parametrize("ending", ["h5", "weights.h5"])
def test_weights_only(tmp_path, checkpoint, ending):
    """For people who have the model's code: here the model that we write, with its weights set to zero."""
    whole, weights = tmp_path / "model.keras", tmp_path / f"tiny.{ending}"
    scalenet("convert", checkpoint("tiny"), "-o", whole, PLAIN)
    table = scalenet("convert", checkpoint("tiny"), "-o", weights, "--weights-only", PLAIN).stdout
    assert "layer1.0.conv2.1.weight" in table
    assert ("layer1_0_conv2_1" if ending == "h5" else "/layers/conv2d_1/vars/0") in table
    model = keras_models.load(whole)
    model.set_weights([np.zeros_like(array) for array in model.get_weights()])
    model.load_weights(weights)
    (logits,) = keras_models.predict(model, reference.tiny_image(1, 224, 224))
    assert keras_models.relative_error(logits, reference.tiny_logits(1, 224, 224)) < FLOAT32_TOLERANCE


def test_weights_by_name(tmp_path, checkpoint):
    whole, weights = tmp_path / "model.keras", tmp_path / "tiny.h5"
    scalenet("convert", checkpoint("tiny"), "-o", whole)
    scalenet("convert", checkpoint("tiny"), "-o", weights, "--weights-only")
    model = keras_models.load(whole)
    model.set_weights([np.zeros_like(array) for array in model.get_weights()])
    model.load_weights(weights, by_name=True)
    (logits,) = keras_models.predict(model, reference.tiny_image(1, 224, 224))
    assert keras_models.relative_error(logits, reference.tiny_logits(1, 224, 224)) < FLOAT32_TOLERANCE


@ENDING
def test_same_bytes(tmp_path, checkpoint, ending):
    paths = [tmp_path / f"{index}.{ending}" for index in range(2)]
    for path in paths:
        scalenet("convert", checkpoint("tiny"), "-o", path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
