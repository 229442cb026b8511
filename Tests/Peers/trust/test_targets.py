"""What is read is never written, under any name, and no output is another."""

import json
import os
import shutil
import subprocess

import faults
import numpy as np
import pytest
import reference
from command import BINARY, CANNOT_CREATE, scalenet
from outputs import INITIALIZE


@pytest.fixture
def place(tmp_path, models):
    for path in models.iterdir():
        shutil.copy(path, tmp_path / path.name)
    scalenet("convert", tmp_path / "fixed.pth", "-o", tmp_path / "two.onnx", "--external-data", "always", "--no-verify")
    (tmp_path / "data").symlink_to(next(tmp_path.glob("two.onnx.*.data")).name)
    return tmp_path


def refused(place, *arguments):
    before = {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
    outcome = scalenet(*(str(argument).replace("{}", str(place)) for argument in arguments), "--force", check=False)
    assert outcome.status == CANNOT_CREATE, outcome
    assert "the output is the same file as the" in outcome.stderr, outcome.stderr
    assert {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()} == before
    faults.figures["targets", "refused"] += 1


def by_every_name(place, name):
    """The path, a hard link and a symbolic link."""
    for other in (place / f"hard.{name}", place / f"soft.{name}"):
        other.unlink(missing_ok=True)
    os.link(place / name, place / f"hard.{name}")
    (place / f"soft.{name}").symlink_to(name)
    return [place / name, place / f"hard.{name}", place / f"soft.{name}"]


def test_no_input_is_replaced(place):
    for path in by_every_name(place, "in.json"):
        refused(place, "structure", "{}/in.pth", "--structure", "{}/in.json", "-o", path)
        refused(place, "allocate", "{}/in.pth", "--structure", "{}/in.json", "--width", "0.5", "-o", path)
    for path in by_every_name(place, "in.pth"):
        refused(place, "convert", "{}/in.pth", "-o", path)
        refused(place, "inspect", "{}/in.pth", "--html", path)
    for path in by_every_name(place, "in.npy"):
        refused(place, "run", "{}/in.pth", "--input", "{}/in.npy", "-o", path)


def test_the_structure_of_init_is_not_replaced(place):
    os.link(place / "in.json", place / "in.json.pth")
    refused(place, *INITIALIZE[:3], "{}/in.json", "-o", "{}/in.json.pth")


def test_what_is_read_beside_the_model_is_not_replaced(place):
    """Labels, recordings, preparations of images, images: none is an output, by any name."""
    scalenet("run", place / "in.pth", "--input", place / "x.npy", "-o", place / "y.npy")
    np.savez(place / "reference.npz", input=np.load(place / "x.npy"), output=np.load(place / "y.npy"))
    (place / "labels.txt").write_text("".join(f"class {number}\n" for number in range(10)))
    (place / "prepare.json").write_text(json.dumps({"mean": [0.5] * 3, "std": [0.5] * 3, "input_size": [3, 224, 224]}))
    shutil.copy(reference.FIXTURES / "images/420.jpg", place / "photo.jpg")
    (place / "set/0").mkdir(parents=True)
    shutil.copy(place / "photo.jpg", place / "set/0/photo.jpg")
    for name, arguments in (
        ("reference.npz", ("convert", "{}/in.pth", "--reference", "{}/reference.npz", "--to", "onnx", "-o")),
        ("reference.npz", ("run", "{}/in.pth", "--input", "{}/x.npy", "--reference", "{}/reference.npz", "-o")),
        ("reference.npz", ("inspect", "{}/in.pth", "--reference", "{}/reference.npz", "--html")),
        ("labels.txt", ("convert", "{}/in.pth", "--labels", "{}/labels.txt", "--to", "onnx", "-o")),
        ("labels.txt", ("predict", "{}/in.pth", "{}/photo.jpg", "--labels", "{}/labels.txt", "--html")),
        ("prepare.json", ("predict", "{}/in.pth", "{}/photo.jpg", "--preprocess", "{}/prepare.json", "--html")),
        ("prepare.json", ("convert", "{}/in.pth", "--preprocess", "{}/prepare.json", "--to", "onnx", "-o")),
        ("photo.jpg", ("predict", "{}/in.pth", "{}/photo.jpg", "--html")),
        ("photo.jpg", ("predict", "{}/in.pth", "{}/set", "{}/photo.jpg", "--html")),
    ):
        for path in by_every_name(place, name):
            refused(place, *arguments, path)


def test_external_data_is_not_replaced(place):
    data = next(place.glob("two.onnx.*.data"))
    for target in (data, place / "data"):
        refused(place, "convert", "{}/two.onnx", "-o", target, "--to", "onnx", "--no-verify")
        refused(place, "inspect", "{}/two.onnx", "--html", target)


def test_data_that_another_model_refers_to_stays(place):
    """The model that is replaced and the input have the same data."""
    data = next(place.glob("two.onnx.*.data"))
    shutil.copy(place / "two.onnx", place / "copy.onnx")
    scalenet("convert", place / "copy.onnx", "-o", place / "two.onnx", "--force", "--no-verify")
    assert data.exists()
    # And one that is no input of this run.
    shutil.copy(place / "copy.onnx", place / "two.onnx")
    scalenet("convert", place / "in.pth", "-o", place / "two.onnx", "--force", "--no-verify")
    assert data.exists()
    scalenet("inspect", place / "copy.onnx")
    # When nobody refers to it any more it goes.
    shutil.copy(place / "copy.onnx", place / "two.onnx")
    (place / "copy.onnx").unlink()
    scalenet("convert", place / "in.pth", "-o", place / "two.onnx", "--force", "--no-verify")
    assert not data.exists()


def test_saved_inputs_are_not_put_over_what_is_read(place):
    (place / "save").mkdir()
    shutil.copy(place / "in.npz", place / "save/inputs.npz")
    before = (place / "save/inputs.npz").read_bytes()
    arguments = ("diff", "{}/in.pth", "{}/fixed.pth", "--input", "{}/save/inputs.npz", "--save-inputs", "{}/save")
    refused(place, *arguments)
    assert [path.name for path in (place / "save").iterdir()] == ["inputs.npz"]
    assert (place / "save/inputs.npz").read_bytes() == before


def test_two_outputs_are_two_files(place):
    for target in ("{}/o.svg", "{}/./o.svg", "{}/../" + place.name + "/o.svg"):
        refused(place, "inspect", "{}/in.pth", "--chart", "{}/o.svg", "--html", target)
    refused(place, "allocate", "{}/in.pth", "--width", "0.5", "-o", "{}/a.pth", "--weights", "{}/a.pth")
    (place / "old.svg").write_text("old")
    os.link(place / "old.svg", place / "other.html")
    refused(place, "inspect", "{}/in.pth", "--chart", "{}/old.svg", "--html", "{}/other.html")


def test_standard_output_is_no_input(place):
    """`>>` and `<>` of a shell leave what stands in a file, so that it could be read and written at once."""
    for name, arguments in (
        ("in.pth", ("convert", place / "in.pth", "-o", "-", "--to", "safetensors")),
        ("in.pth", ("convert", place / "in.pth", "-o", place / "new.onnx")),
        ("in.pth", ("inspect", place / "in.pth", "--format", "json")),
        ("in.npy", ("run", place / "in.pth", "--input", place / "in.npy", "-o", "-")),
        ("in.onnx", ("diff", place / "in.pth", place / "in.onnx")),
        ("in.json", ("structure", place / "in.pth", "--structure", place / "in.json")),
    ):
        for path in by_every_name(place, name):
            before = path.read_bytes()
            for mode in ("r+b", "ab"):
                with open(path, mode) as file:
                    process = subprocess.run([BINARY, *arguments], stdout=file, stderr=subprocess.PIPE, text=True)
                assert process.returncode == CANNOT_CREATE, process
                assert "standard output: the output is the same file as the input" in process.stderr, process
                assert path.read_bytes() == before and not (place / "new.onnx").exists()
            faults.figures["targets", "refused"] += 2


def test_an_output_is_not_where_standard_output_goes(place):
    """What went there would be lost with the file that is replaced."""
    with open(place / "both.html", "wb") as file:
        process = subprocess.run(
            [BINARY, "inspect", place / "in.pth", "--html", place / "both.html", "--force"],
            stdout=file, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert process.returncode == CANNOT_CREATE, process
    assert "the output is the same file as the output standard output" in process.stderr, process
    assert (place / "both.html").read_bytes() == b""
