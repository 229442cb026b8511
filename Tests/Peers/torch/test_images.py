"""Images through the command against Pillow, torchvision, timm and ONNX Runtime."""

import argparse
import concurrent.futures
import csv
import io
import json
import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import vision
from command import BAD_INPUT, USAGE, scalenet
from PIL import Image

# Of the largest logit: different kernels sum in different orders.
TOLERANCE = 2e-5
# Two builds of libjpeg-turbo may round chroma differently; so far apart may samples be that were decoded by both.
DECODER_LEVELS = 0
# Fewer for a quick look.
JPEGS = int(os.environ.get("SCALENET_JPEGS", "1000"))


def logits(session, array):
    return session.run(None, {session.get_inputs()[0].name: array})[0]


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def test_predict_is_torchvision(photos, network, tmp_path):
    path, model = network
    files = sorted(photos.rglob("*.*"))[::20]
    report = json.loads(scalenet("predict", path, *files, "--crop", vision.SIZE, "--top", "10", "--format", "json").stdout)
    vision.check("predict", report)
    with torch.no_grad():
        expected = torch.softmax(model(torch.stack([vision.prepared(vision.decoded(file)) for file in files])), 1).numpy()
    assert [Path(image["image"]) for image in report["images"]] == files
    for image, row in zip(report["images"], expected):
        found = np.zeros(vision.CLASSES)
        for answer in image["classes"]:
            found[answer["index"]] = answer["probability"]
        assert np.abs(found - row).max() < vision.PROBABILITY_TOLERANCE
        values = [answer["probability"] for answer in image["classes"]]
        assert values == sorted(values, reverse=True)
    assert {tuple(reversed(Image.open(file).size[::-1])) for file in files} == {tuple(i["size"]) for i in report["images"]}


@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_sizes_and_filters(photos, network, interpolation):
    path, model = network
    files = sorted(photos.rglob("*.*"))[3::60]
    options = ["--resize", "90", "--crop", "64x80", "--interpolation", interpolation]
    report = json.loads(scalenet("predict", path, *files, *options, "--top", "1", "--format", "json").stdout)
    with torch.no_grad():
        inputs = torch.stack([vision.prepared(vision.decoded(file), 90, (64, 80), interpolation) for file in files])
        expected = torch.softmax(model(inputs), 1).max(1)
    for image, value, index in zip(report["images"], expected.values, expected.indices):
        assert image["classes"][0]["index"] == int(index)
        assert image["classes"][0]["probability"] == pytest.approx(float(value), abs=vision.PROBABILITY_TOLERANCE)


def test_formats_answer_alike(photos, network, tmp_path):
    """Weights, and graphs with and without preprocessing, of every format that is read."""
    path, _ = network
    image = sorted(photos.rglob("*.jpg"))[2]
    expected = json.loads(scalenet("predict", path, image, "--crop", vision.SIZE, "--format", "json").stdout)["images"][0]["classes"]
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"thing {number}\n" for number in range(vision.CLASSES)))
    for name, options in {
        "plain.onnx": [], "plain.keras": [], "plain.h5": [], "copy.safetensors": [],
        "inside.onnx": ["--preprocess", "imagenet"], "inside.keras": ["--preprocess", "imagenet"],
        "inside.h5": ["--preprocess", "imagenet", "--channel-order", "bgr"],
        "named.onnx": ["--preprocess", "imagenet", "--labels", labels],
        "float.onnx": ["--preprocess", "imagenet", "--input-type", "float32", "--input-layout", "nchw"],
    }.items():
        size = [] if name.endswith("safetensors") else ["--input-size", vision.SIZE]
        scalenet("convert", path, "-o", tmp_path / name, *size, *options)
        crop = [] if size else ["--crop", vision.SIZE]
        report = json.loads(scalenet("predict", tmp_path / name, image, *crop, "--format", "json").stdout)
        found = report["images"][0]["classes"]
        assert [answer["index"] for answer in found] == [answer["index"] for answer in expected], name
        for a, b in zip(found, expected):
            assert a["probability"] == pytest.approx(b["probability"], abs=vision.PROBABILITY_TOLERANCE), name
        assert report["preprocessing"]["in_graph"] == (options[:1] == ["--preprocess"]), name
        if "--labels" in options:
            assert found[0]["label"] == f"thing {found[0]['index']}"
    # What stands in one file's metadata goes with it.
    scalenet("convert", tmp_path / "named.onnx", "-o", tmp_path / "again.keras")
    scalenet("convert", tmp_path / "again.keras", "-o", tmp_path / "again.onnx")
    for name in ("again.keras", "again.onnx"):
        found = json.loads(scalenet("predict", tmp_path / name, image, "--format", "json").stdout)["images"][0]["classes"]
        assert [answer.get("label") for answer in found] == [f"thing {answer['index']}" for answer in expected], name
        assert found[0]["probability"] == pytest.approx(expected[0]["probability"], abs=vision.PROBABILITY_TOLERANCE), name


@pytest.mark.parametrize("layout", ["nhwc", "nchw"])
@pytest.mark.parametrize("order", ["rgb", "bgr"])
@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_graph_takes_what_a_decoder_gives(photos, network, tmp_path, layout, order, kind):
    """ONNX Runtime on the pixels gives what PyTorch gives on torchvision's numbers."""
    path, model = network
    target = tmp_path / "inside.onnx"
    scalenet("convert", path, "--input-size", vision.SIZE, "--preprocess", "imagenet", "--input-layout", layout, "--channel-order", order,
             "--input-type", kind, "--labels", labels_file(tmp_path), "-o", target)
    onnx.checker.check_model(str(target), full_check=True)
    graph = onnx.load(target)
    metadata = {entry.key: entry.value for entry in graph.metadata_props}
    stated = json.loads(metadata["preprocessing"])
    assert stated["in_graph"] == {"input_type": kind, "input_layout": layout, "channel_order": order}
    assert stated["mean"] == list(vision.MEAN) and stated["std"] == list(vision.STD)
    assert len(json.loads(metadata["labels"])) == vision.CLASSES
    # TensorRT wants a Cast behind an input of bytes.
    reader = [node.op_type for node in graph.graph.node if graph.graph.input[0].name in node.input]
    assert reader == (["Cast"] if kind == "uint8" else reader)

    files = sorted(photos.rglob("*.*"))[5::90]
    images = [vision.decoded(file) for file in files]
    batch = np.stack([vision.pixels(image) for image in images])
    if order == "bgr":
        batch = batch[..., ::-1]
    if layout == "nchw":
        batch = batch.transpose(0, 3, 1, 2)
    found = logits(session(target), np.ascontiguousarray(batch).astype(kind))
    with torch.no_grad():
        expected = model(torch.stack([vision.prepared(image) for image in images])).numpy()
    assert np.abs(found - expected).max() < TOLERANCE * np.abs(expected).max()
    # inspect shows it.
    report = json.loads(scalenet("inspect", target, "--format", "json").stdout)
    vision.check("inspect", report)
    assert kind in report["images"] and layout.upper() in report["images"]
    assert report["input"]["layout"] == layout.upper() and report["labels"] == vision.CLASSES
    assert "images in the graph" in " ".join(scalenet("inspect", target).stdout.split())


def test_settings_beside_weights(photos, network, tmp_path):
    """A config.json of timm says how images are prepared, as options do."""
    weights = shutil.copy(network[0], tmp_path / "alone.pth")
    image = sorted(photos.rglob("*.jpg"))[1]
    options = ("--crop", "96", "--crop-pct", "0.95", "--interpolation", "bicubic", "--mean", "0.5", "--std", "0.25")
    asked = json.loads(scalenet("predict", weights, image, *options, "--format", "json").stdout)
    settings = {"input_size": [3, 96, 96], "crop_pct": 0.95, "interpolation": "bicubic"}
    settings |= {"mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}
    config = {"architecture": "resnet18", "num_classes": vision.CLASSES, "pretrained_cfg": settings}
    (tmp_path / "config.json").write_text(json.dumps(config))
    found = json.loads(scalenet("predict", weights, image, "--format", "json").stdout)
    assert found["preprocessing"]["input_size"] == [96, 96] and found["preprocessing"]["mean"] == [0.5, 0.5, 0.5]
    assert found["images"][0]["classes"] == asked["images"][0]["classes"]


@pytest.mark.parametrize("entries, options", [
    ({"args": argparse.Namespace(mean=[0.5, 0.4, 0.3], std=(0.25, 0.5, 0.25), crop_pct=0.9, interpolation="bicubic",
                                 input_size=[3, 96, 96], img_size=None)},
     ("--crop", "96", "--crop-pct", "0.9", "--interpolation", "bicubic", "--mean", "0.5,0.4,0.3", "--std", "0.25,0.5,0.25")),
    ({"args": argparse.Namespace(val_resize_size=110, val_crop_size=96, interpolation="bilinear")},
     ("--resize", "110", "--crop", "96", "--interpolation", "bilinear")),
    ({"mean": [0.5], "std": [0.25], "crop_pct": 1}, ("--mean", "0.5", "--std", "0.25", "--crop-pct", "1")),
], ids=["timm", "torchvision", "top"])
def test_settings_among_the_weights(photos, network, tmp_path, entries, options):
    """What a training checkpoint says of images beside its weights counts as options do, and options go before it."""
    state = network[1].state_dict()
    torch.save({"state_dict": state}, tmp_path / "plain.pth")
    torch.save({"state_dict": state} | entries, tmp_path / "saying.pth")
    image = sorted(photos.rglob("*.jpg"))[1]
    assert not (tmp_path / "config.json").exists()

    def answers(name, *more):
        return json.loads(scalenet("predict", tmp_path / name, image, *more, "--format", "json").stdout)

    asked, found = answers("plain.pth", *options), answers("saying.pth")
    assert found["preprocessing"] == asked["preprocessing"]
    assert found["images"][0]["classes"] == asked["images"][0]["classes"] != answers("plain.pth")["images"][0]["classes"]
    assert answers("saying.pth", "--crop", "64")["preprocessing"]["input_size"] == [64, 64]


def labels_file(folder):
    path = folder / "names.json"
    path.write_text(json.dumps({str(number): f"name {number}" for number in range(vision.CLASSES)}))
    return path


def test_half_precision_and_values(photos, network, tmp_path):
    path, model = network
    target = tmp_path / "half.onnx"
    scalenet("convert", path, "--preprocess", "mean=0.5,std=0.25,scale=1/255,crop=64", "--dtype", "float16", "-o", target)
    image = vision.decoded(sorted(photos.rglob("*.jpg"))[0])
    found = logits(session(target), vision.pixels(image)[None])
    numbers = (torch.from_numpy(vision.pixels(image).copy()).permute(2, 0, 1)[None] / 255 - 0.5) / 0.25
    with torch.no_grad():
        expected = model(numbers).numpy()
    assert np.abs(found.astype(np.float32) - expected).max() < 1e-2 * np.abs(expected).max()


def test_pixels_are_pillows(tmp_path):
    """A thousand JPEG files of all kinds that Pillow writes: decoded and resized to the same bytes as by Pillow."""
    generator = np.random.Generator(np.random.PCG64(11))
    size = 48
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Cast", ["x"], ["y"], to=onnx.TensorProto.FLOAT)], "pixels",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.UINT8, [1, size, size, 3])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, size, size, 3])])
    models = {}
    for filter_name in ("bilinear", "bicubic"):
        model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
        onnx.helper.set_model_props(model, {"preprocessing": json.dumps({
            "resize": 56, "interpolation": filter_name,
            "in_graph": {"input_type": "uint8", "input_layout": "nhwc", "channel_order": "rgb"}})})
        models[filter_name] = tmp_path / f"{filter_name}.onnx"
        onnx.save(model, models[filter_name])

    def work(number, data, filter_name):
        source, target = tmp_path / f"{number}.jpg", tmp_path / f"{number}.npy"
        source.write_bytes(data)
        scalenet("run", models[filter_name], "--input", source, "--output", target)
        found = np.load(target)[0]
        image = vision.transforms.functional.pil_to_tensor
        upright = vision.transforms.Compose([
            vision.transforms.Resize(56, interpolation=vision.transforms.InterpolationMode[filter_name.upper()]),
            vision.transforms.CenterCrop(size)])(transposed(source))
        expected = image(upright).permute(1, 2, 0).numpy()
        return np.abs(found - expected).max(), int((found != expected).any(axis=-1).sum())

    def transposed(path):
        from PIL import ImageOps
        return ImageOps.exif_transpose(Image.open(path)).convert("RGB")

    files = []
    for number in range(JPEGS):
        width, height = (int(side) for side in generator.integers(9, 120, 2))
        array = vision.picture(generator, width, height)
        mode = ["RGB", "RGB", "RGB", "L", "CMYK"][int(generator.integers(5))]
        options = dict(quality=int(generator.integers(20, 100)), progressive=bool(generator.integers(2)),
                       optimize=bool(generator.integers(2)))
        if mode == "RGB":
            options["subsampling"] = int(generator.integers(3))
        if generator.integers(3) == 0:
            options["restart_marker_blocks"] = int(generator.integers(1, 6))
        if generator.integers(3) == 0:
            exif = Image.Exif()
            exif[0x0112] = int(generator.integers(1, 9))
            options["exif"] = exif
        files.append((number, vision.jpeg(array, mode, **options), ("bilinear", "bicubic")[number % 2]))
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda arguments: work(*arguments), files))
    assert max(level for level, _ in results) <= DECODER_LEVELS
    assert sum(count for _, count in results) == 0


def test_bad_images(photos, network, tmp_path):
    path, _ = network
    folder = tmp_path / "mixed"
    folder.mkdir()
    good = sorted(photos.rglob("*.jpg"))[3].read_bytes()
    (folder / "a.jpg").write_bytes(good)
    (folder / "b.jpg").write_bytes(good[:len(good) // 2])
    (folder / "c.png").write_bytes(b"not an image at all")
    (folder / "d.webp").write_bytes(b"RIFF\x10\0\0\0WEBPVP8 ")
    bomb = bytearray(good)
    start = next(i for i in range(len(bomb)) if bomb[i] == 0xff and bomb[i + 1] in (0xc0, 0xc2))
    bomb[start + 5:start + 9] = b"\xff\xff\xff\xff"
    (folder / "e.jpg").write_bytes(bomb)
    (folder / "notes.txt").write_text("no image, and not looked at")
    outcome = scalenet("predict", path, folder, "--crop", vision.SIZE, "--format", "json", "--html", tmp_path / "page.html", check=False)
    assert outcome.status == BAD_INPUT
    report = json.loads(outcome.stdout)
    vision.check("predict", report)
    errors = {Path(image["image"]).name: image.get("error") for image in report["images"]}
    assert list(errors) == ["a.jpg", "b.jpg", "c.png", "d.webp", "e.jpg"]
    assert errors["a.jpg"] is None
    assert "end of the file" in errors["b.jpg"] and "JPEG or PNG" in errors["c.png"]
    assert "WebP" in errors["d.webp"] and "pixels" in errors["e.jpg"]
    assert outcome.stderr.count("scalenet: error: ") == 4
    page = (tmp_path / "page.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 1 and page.count("not read:") == 4
    rows = list(csv.DictReader(io.StringIO(scalenet("predict", path, folder, "--crop", vision.SIZE, "--format", "csv", check=False).stdout)))
    assert len(rows) == 5 + 4
    empty = tmp_path / "empty"
    empty.mkdir()
    outcome = scalenet("predict", path, empty, check=False)
    assert outcome.status == BAD_INPUT and "none" in outcome.stderr


def test_alpha_and_standard_input(network, tmp_path):
    path, model = network
    generator = np.random.Generator(np.random.PCG64(5))
    array = np.dstack([vision.picture(generator, 100, 90), generator.integers(0, 256, (90, 100), dtype=np.uint8)])
    image = Image.fromarray(array, "RGBA")
    image.save(tmp_path / "alpha.png")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    for options, expected in (([], image.convert("RGB")), (["--background", "white"], white.convert("RGB"))):
        with open(tmp_path / "alpha.png", "rb") as file:
            report = json.loads(scalenet("predict", path, "-", "--crop", vision.SIZE, *options, "--format", "json", stdin=file).stdout)
        with torch.no_grad():
            value = torch.softmax(model(vision.prepared(expected)[None]), 1).max()
        assert report["images"][0]["image"] == "-"
        # Blending rounds once more in Pillow.
        assert report["images"][0]["classes"][0]["probability"] == pytest.approx(float(value), abs=2e-3 if options else 1e-5)


@pytest.mark.parametrize(("arguments", "words"), [
    (["--mean", "0.5,0.5"], "--mean"), (["--std", "0,0,0"], "std"), (["--resize", "0"], "--resize"),
    (["--preprocess", "mean=x"], "mean="), (["--preprocess", "colour=3"], "colour=3"),
    (["--preprocess", "imagenet,std=1"], "imagenet,std=1"), (["--preprocess", "imagnet"], "imagnet, which is no file"),
    (["--top", "0"], "--top"),
    (["--crop-pct", "0"], "0.01"), (["--background", "none"], "--background"), (["--labels", "imagenet"], "10 names"),
])
def test_options_that_cannot_be(photos, network, arguments, words):
    path, _ = network
    outcome = scalenet("predict", path, sorted(photos.rglob("*.jpg"))[0], *arguments, check=False)
    assert outcome.status == USAGE and words in outcome.stderr, outcome.stderr


def test_preprocessing_is_done_once(photos, network, tmp_path):
    path, _ = network
    inside = tmp_path / "inside.onnx"
    scalenet("convert", path, "--input-size", vision.SIZE, "--preprocess", "imagenet", "-o", inside)
    for command in (["predict", inside, photos / "class_1", "--mean", "0.5"],
                    ["convert", inside, "--preprocess", "imagenet", "-o", tmp_path / "twice.onnx"],
                    ["convert", path, "--preprocess", "imagenet", "-o", tmp_path / "weights.safetensors"],
                    ["convert", path, "--input-type", "uint8", "-o", tmp_path / "plain.onnx"],
                    ["convert", path, "--labels", "imagenet", "-o", tmp_path / "plain.onnx"]):
        outcome = scalenet(*command, check=False)
        assert outcome.status == USAGE, (command, outcome)
