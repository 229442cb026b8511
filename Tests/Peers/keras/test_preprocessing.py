"""Preprocessing within Keras models: Keras computes on bytes what it computes on the numbers made of them."""

import json
import zipfile

import h5py
import keras_models
import numpy as np
import pytest
from command import USAGE, scalenet
from keras_models import FLOAT32_TOLERANCE

MEAN, STD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@pytest.mark.parametrize("ending", ["h5", "keras"])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_keras_takes_bytes(tmp_path, checkpoint, ending, order, kind):
    plain, inside = tmp_path / f"plain.{ending}", tmp_path / f"inside.{ending}"
    scalenet("convert", checkpoint("tiny"), "-o", plain)
    scalenet("convert", checkpoint("tiny"), "--preprocess", "imagenet", "--channel-order", order, "--input-type", kind,
             "-o", inside)
    image = np.random.Generator(np.random.PCG64(2)).integers(0, 256, (2, 224, 224, 3), dtype=np.uint8)
    numbers = ((image / 255 - MEAN) / STD).astype(np.float32)
    model = keras_models.load(inside)
    stated = model.inputs[0].dtype
    assert getattr(stated, "name", stated) == kind
    given = (image[..., ::-1] if order == "bgr" else image).astype(kind)
    found = np.asarray(model(np.ascontiguousarray(given)))
    expected = np.asarray(keras_models.load(plain)(numbers))
    assert keras_models.relative_error(found, expected) < FLOAT32_TOLERANCE
    if ending == "h5":
        with h5py.File(inside) as file:
            metadata = json.loads(file.attrs["scalenet_metadata"])
    else:
        metadata = json.loads(zipfile.ZipFile(inside).read("metadata.json"))["scalenet_metadata"]
    assert json.loads(metadata["preprocessing"])["in_graph"]["channel_order"] == order


def test_layout_is_that_of_the_data_format(tmp_path, checkpoint):
    outcome = scalenet("convert", checkpoint("tiny"), "--preprocess", "imagenet", "--input-layout", "nchw", "-o",
                       tmp_path / "inside.keras", check=False)
    assert outcome.status == USAGE and "--input-layout" in outcome.stderr
    scalenet("convert", checkpoint("tiny"), "--preprocess", "imagenet", "--input-layout", "nchw", "--data-format",
             "channels_first", "-o", tmp_path / "inside.keras")
