"""A trained network that Keras saved years ago: the emotions of grey faces of 64 x 64 pixels."""

import json
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from command import scalenet
from tensorflow import keras

FOLDER = Path(os.environ.get("TRAINED_NETWORKS", ".venv-trained"))
MODEL = FOLDER / "fer/data/emotion_model.hdf5"

pytestmark = pytest.mark.skipif(not MODEL.exists(), reason="no trained networks: name their folder in TRAINED_NETWORKS")


def png(pixels):
    """A grey PNG file."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def test_emotions(tmp_path):
    model = keras.models.load_model(MODEL, compile=False)
    generator = np.random.Generator(np.random.PCG64(4))
    y, x = np.mgrid[0:64, 0:64]
    names = tmp_path / "labels.txt"
    names.write_text("angry\ndisgust\nfear\nhappy\nsad\nsurprise\nneutral\n")
    for number in range(4):
        face = 200 - 90 * (((x - 32) / 24) ** 2 + ((y - 32) / 28) ** 2 > 1) + generator.normal(0, 9, (64, 64))
        for eye in (22, 42):
            face -= 120 * ((x - eye) ** 2 + (y - 24) ** 2 < 16)
        face -= 100 * (abs(y - 46 + (number - 2) * ((x - 32) / 12) ** 2) < 2) * (abs(x - 32) < 12)
        pixels = np.clip(face, 0, 255).astype(np.uint8)
        (tmp_path / "face.png").write_bytes(png(pixels))
        report = json.loads(scalenet(
            "predict", MODEL, tmp_path / "face.png", "--resize", "64", "--mean", "0.5", "--std", "0.5", "--labels", names,
            "--top", "7", "--format", "json").stdout)
        assert report["preprocessing"]["channel_order"] == "grey"
        expected = np.asarray(model(((pixels / 255 - 0.5) * 2).astype(np.float32)[None, ..., None]))[0]
        for answer in report["images"][0]["classes"]:
            assert answer["probability"] == pytest.approx(expected[answer["index"]], abs=1e-5)
        assert report["images"][0]["classes"][0]["label"] == names.read_text().split()[int(expected.argmax())]
