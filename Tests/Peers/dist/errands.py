"""What somebody does with an installed command: every format written and read, pictures drawn, images decoded."""

import shutil

import numpy as np
import reference

FORMATS = ("onnx", "h5", "keras", "safetensors", "npz")
INPUTS = ("tiny.pth", "x.npy", "reference.npz", "photo.jpg", "photo.png")

#: Each is run in a folder that has INPUTS; together they use every library that stands in the binary.
ERRANDS = (
    ["init", "scalenet", "--structure", "structure.json", "--classes", "10", "-o", "fresh.pth"],
    *(["convert", "tiny.pth", "--reference", "reference.npz", "-o", f"tiny.{each}"] for each in FORMATS),
    ["convert", "tiny.pth", "--checksum", "-o", "checked.onnx"],
    ["convert", "tiny.onnx", "-o", "back.pth"],
    *(["inspect", f"tiny.{each}"] for each in FORMATS),
    ["inspect", "tiny.onnx", "--chart", "chart.png", "--html", "page.html"],
    ["inspect", "tiny.onnx", "--format", "json"],
    *(["run", f"tiny.{each}", "--input", "x.npy", "--output", f"{each}.npy"] for each in ("onnx", "safetensors", "npz")),
    ["predict", "tiny.onnx", "photo.jpg", "photo.png", "--html", "answers.html"],
    # Arrays alone are taken for recorded outputs.
    *(["diff", "tiny.pth", f"tiny.{each}"] for each in FORMATS if each != "npz"),
)


def prepare(folder):
    """Brings the inputs: a checkpoint, arrays, one archive whose members are compressed, photographs."""
    shutil.copy(reference.TINY / "tiny.pth", folder)
    shutil.copy(reference.TINY / "structure.json", folder)
    image, logits = reference.tiny_image(1, 224, 224), reference.tiny_logits(1, 224, 224)
    np.save(folder / "x.npy", image)
    np.savez_compressed(folder / "reference.npz", input=image, output=logits)
    for kind in ("jpg", "png"):
        shutil.copy(reference.FIXTURES / "images" / f"exif-3.{kind}", folder / f"photo.{kind}")


def check(folder):
    """The results: logits that the published implementation gave, and files that are what their names say."""
    for each in ("onnx", "safetensors", "npz"):
        logits = np.load(folder / f"{each}.npy")
        # Of float32: 1e-5 of the largest.
        expected = reference.tiny_logits(1, 224, 224)
        assert np.abs(logits - expected).max() < 1e-5 * np.abs(expected).max()
    assert (folder / "chart.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert (folder / "tiny.h5").read_bytes().startswith(b"\x89HDF\r\n\x1a\n")
    for name in ("page.html", "answers.html"):
        assert (folder / name).read_text().startswith("<!DOCTYPE html>")
