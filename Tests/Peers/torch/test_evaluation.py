"""Networks over folders of images: counted as timm counts, in parts and again, and beside each other."""

import csv
import io
import json

import numpy as np
import onnx
import pytest
import torch
import vision
from command import BAD_INPUT, DIFFERENCE, USAGE, scalenet

import timm
import timm.data
import timm.utils


def timm_counts(model, folder, **config):
    """What timm's validate.py counts: its data set, loader and accuracy, which that script puts together."""
    data_set = timm.data.create_dataset("", root=str(folder))
    loader = timm.data.create_loader(data_set, input_size=(3, vision.SIZE, vision.SIZE), batch_size=32, use_prefetcher=False,
                                     num_workers=0, pin_memory=False, **config)
    top1 = top5 = count = 0
    with torch.no_grad():
        for images, target in loader:
            a, b = timm.utils.accuracy(model(images), target, topk=(1, 5))
            top1 += round(float(a) * len(target) / 100)
            top5 += round(float(b) * len(target) / 100)
            count += len(target)
    return count, top1, top5


@pytest.mark.parametrize("settings", [
    dict(interpolation="bicubic", mean=vision.MEAN, std=vision.STD, crop_pct=0.875),
    dict(interpolation="bilinear", mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5), crop_pct=0.95, crop_mode="border"),
])
def test_eval_is_timms(photos, network, tmp_path, settings):
    path, model = network
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"architecture": "resnet18", "pretrained_cfg": {"input_size": [3, vision.SIZE, vision.SIZE], **settings}}))
    expected = timm_counts(model, photos, **settings)
    outcome = scalenet("eval", path, photos, "--preprocess", config, "--format", "json", "--csv", tmp_path / "all.csv")
    report = json.loads(outcome.stdout)
    vision.check("eval", report)
    assert (report["images"], report["top1"], report["top5"]) == expected
    # A network that says the same of everything would prove nothing.
    assert 0.2 < expected[1] / expected[0] < 0.995
    assert len(report["classes"]) == vision.CLASSES
    row = next(csv.DictReader(io.StringIO((tmp_path / "all.csv").read_text())))
    assert list(row) == ["model", "img_size", "top1", "top1_err", "top5", "top5_err", "param_count", "crop_pct", "interpolation"]
    assert float(row["top1"]) == pytest.approx(100 * expected[1] / expected[0], abs=5e-4)
    assert float(row["param_count"]) == round(sum(p.numel() for p in model.parameters()) / 1e6, 2)
    assert row["interpolation"] == settings["interpolation"] and float(row["crop_pct"]) == settings["crop_pct"]


def test_shards_add_up_and_runs_resume(photos, network, tmp_path):
    path, _ = network
    part = tmp_path / "part"
    for file in sorted(photos.rglob("*.*"))[::7]:
        target = part / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    (part / "class_3" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    whole = scalenet("eval", path, part, "--crop", vision.SIZE, "--format", "json", check=False)
    assert whole.status == BAD_INPUT
    assert [entry["image"] for entry in json.loads(whole.stdout)["unreadable"]] == ["class_3/broken.jpg"]
    files = []
    for index in (1, 2, 3):
        files.append(tmp_path / f"{index}.json")
        scalenet("eval", path, part, "--crop", vision.SIZE, "--shard", f"{index}/3", "--resume", files[-1], check=False)
    merged = scalenet("eval", "--merge", *reversed(files), "--format", "json", check=False)
    assert merged.status == BAD_INPUT and merged.stdout == whole.stdout
    # A shard that is missing, twice there, unfinished, or of something else.
    for arguments, words in [
        (files[:2], "missing: 3"), ([files[0], *files], "each shard once"),
    ]:
        outcome = scalenet("eval", "--merge", *arguments, check=False)
        assert outcome.status in (BAD_INPUT, USAGE) and words in outcome.stderr, outcome.stderr
    state = json.loads(files[0].read_text())
    half = json.loads(files[0].read_text())
    half["classes"], half["confusions"], half["unreadable"] = [], [], []
    half.update(processed=0, images=0, top1=0, top5=0, without_class=0, not_finite=0)
    files[0].write_text(json.dumps(half))
    outcome = scalenet("eval", "--merge", *files, check=False)
    assert outcome.status == BAD_INPUT and "finished" in outcome.stderr
    scalenet("eval", path, part, "--crop", vision.SIZE, "--shard", "1/3", "--resume", files[0], check=False)
    assert json.loads(files[0].read_text()) == state
    for damage in ({"top1": state["top1"] + 1}, {"processed": -1}, {"format": "other"}):
        files[0].write_text(json.dumps({**state, **damage}))
        assert scalenet("eval", "--merge", *files, check=False).status == BAD_INPUT
    # Another model's file is not gone on with.
    files[0].write_text(json.dumps({**state, "model_sha256": "0" * 64}))
    outcome = scalenet("eval", path, part, "--crop", vision.SIZE, "--shard", "1/3", "--resume", files[0], check=False)
    assert outcome.status == BAD_INPUT and "model" in outcome.stderr


def test_other_weights_are_another_evaluation(photos, network, tmp_path):
    """Weights in external data, and what an option says of the graph, are part of what is resumed and added up."""
    weights, _ = network
    path, reports = tmp_path / "net.onnx", [tmp_path / f"{index}.json" for index in (1, 2)]
    scalenet("convert", weights, "-o", path, "--input-size", vision.SIZE, "--external-data", "always")
    (data,) = tmp_path.glob("net.onnx.*")

    def evaluate(index, *options):
        return scalenet(
            "eval", path, photos, "--crop", vision.SIZE, "--shard", f"{index}/2", "--resume", reports[index - 1],
            *options, check=False)

    assert evaluate(1).status == 0
    scalenet("eval", "--merge", reports[0], check=False)
    content = bytearray(data.read_bytes())
    content[-4:] = np.float32(9).tobytes()
    data.write_bytes(content)
    outcome = evaluate(1)
    assert outcome.status == BAD_INPUT and "network" in outcome.stderr
    assert evaluate(2).status == 0
    outcome = scalenet("eval", "--merge", *reports, check=False)
    assert outcome.status == BAD_INPUT and "network" in outcome.stderr
    path = weights
    reports[0].unlink()
    assert evaluate(1).status == 0
    outcome = evaluate(1, "--activation", "silu")
    assert outcome.status == BAD_INPUT and "network" in outcome.stderr


def test_ground_truth_files(photos, network, tmp_path):
    path, model = network
    flat = tmp_path / "flat"
    flat.mkdir()
    names, truth = [], []
    for number, file in enumerate(sorted(photos.rglob("*.jpg"))[::9]):
        names.append(f"ILSVRC2012_val_{number + 1:08}.jpg")
        truth.append(int(file.parent.name[-1]))
        (flat / names[-1]).write_bytes(file.read_bytes())
    with torch.no_grad():
        answers = model(torch.stack([vision.prepared(vision.decoded(flat / name)) for name in names])).argmax(1).tolist()
    expected = sum(a == b for a, b in zip(answers, truth))
    listed = tmp_path / "val.txt"
    listed.write_text("".join(f"{name} {label}\n" for name, label in zip(names, truth)))
    plain = tmp_path / "classes.txt"
    plain.write_text("".join(f"{label}\n" for label in truth))
    table = tmp_path / "truth.json"
    table.write_text(json.dumps(dict(zip(names, truth))))
    for file in (listed, plain, table):
        report = json.loads(scalenet("eval", path, flat, "--crop", vision.SIZE, "--ground-truth", file, "--format", "json").stdout)
        assert (report["images"], report["top1"]) == (len(names), expected), file
    # Several right classes, or none, as imagenet_real has them.
    real = tmp_path / "real.json"
    lists = [[] if number % 5 == 0 else [label, (label + 1) % 10] for number, label in enumerate(truth)]
    real.write_text(json.dumps(lists))
    report = json.loads(scalenet("eval", path, flat, "--crop", vision.SIZE, "--ground-truth", real, "--format", "json").stdout)
    assert report["without_class"] == sum(not entry for entry in lists)
    assert report["top1"] == sum(a in b for a, b in zip(answers, lists))
    # Lists that were made elsewhere have longer paths; other folders' images of the same name are others.
    listed.write_text("".join(f"/data/val/{name} {label}\n" for name, label in zip(names, truth)))
    outcome = scalenet("eval", path, flat, "--crop", vision.SIZE, "--ground-truth", listed, "--format", "json")
    assert json.loads(outcome.stdout)["top1"] == expected and "matched by their ends" in outcome.stderr
    listed.write_text("".join(f"a/{name} {label}\n" for name, label in zip(names, truth)))
    (tmp_path / "nested" / "b").mkdir(parents=True)
    (tmp_path / "nested" / "b" / names[0]).write_bytes((flat / names[0]).read_bytes())
    outcome = scalenet(
        "eval", path, tmp_path / "nested", "--crop", vision.SIZE, "--ground-truth", listed, check=False)
    assert outcome.status == BAD_INPUT and f"b/{names[0]}" in outcome.stderr and f"a/{names[0]}" in outcome.stderr
    # What does not fit is refused by name.
    listed.write_text("nobody.jpg 3\n")
    outcome = scalenet("eval", path, flat, "--crop", vision.SIZE, "--ground-truth", listed, check=False)
    assert outcome.status == BAD_INPUT and names[0] in outcome.stderr
    listed.write_text(f"{names[0]} 10\n")
    outcome = scalenet("eval", path, flat, "--crop", vision.SIZE, "--ground-truth", listed, check=False)
    assert outcome.status == BAD_INPUT and "line 1" in outcome.stderr and "0 to 9" in outcome.stderr


def test_imagenet_numbers(tmp_path):
    """The development kit's numbers and WordNet's are those of the classes: kit number 1 is the kit fox."""
    model = vision.network(classes=1000)
    with torch.no_grad():
        model.fc.weight.zero_()
        model.fc.bias.zero_()
        model.fc.bias[278] = 5
    torch.save(model.state_dict(), tmp_path / "fox.pth")
    names = timm.data.ImageNetInfo()
    assert names.index_to_label_name(278) == "n02119789"
    images = tmp_path / "images"
    images.mkdir()
    generator = np.random.Generator(np.random.PCG64(3))
    for number in (1, 2):
        (images / f"{number}.jpg").write_bytes(vision.jpeg(vision.picture(generator, 60, 60)))
    kit = tmp_path / "ILSVRC2012_validation_ground_truth.txt"
    kit.write_text("1\n2\n")
    report = json.loads(scalenet("eval", tmp_path / "fox.pth", images, "--crop", vision.SIZE, "--ground-truth", kit, "--labels", "imagenet",
                                 "--format", "json").stdout)
    assert [(entry["index"], entry["label"], entry["top1"]) for entry in report["classes"]] == [
        (212, "English setter", 0), (278, "kit fox", 1)]
    folders = tmp_path / "folders"
    for synset, number in (("n02119789", 1), ("n01440764", 2)):
        (folders / synset).mkdir(parents=True)
        (folders / synset / "x.jpg").write_bytes((images / f"{number}.jpg").read_bytes())
    report = json.loads(scalenet("eval", tmp_path / "fox.pth", folders, "--crop", vision.SIZE, "--format", "json").stdout)
    assert [(entry["index"], entry["top1"]) for entry in report["classes"]] == [(0, 0), (278, 1)]


def test_answers_of_two_models(photos, network, tmp_path):
    path, model = network
    scalenet("convert", path, "--input-size", vision.SIZE, "--preprocess", "imagenet", "-o", tmp_path / "same.onnx")
    folder = photos / "class_4"
    report = json.loads(scalenet("diff", tmp_path / "same.onnx", path, "--images", folder, "--format", "json").stdout)
    vision.check("diff-images", report)
    assert report["images"] == report["top1"] == len(list(folder.iterdir()))
    assert report["mean_distance"] < vision.PROBABILITY_TOLERANCE
    scalenet("convert", path, "--input-size", vision.SIZE, "--preprocess", "imagenet", "--channel-order", "bgr", "-o",
             tmp_path / "bgr.onnx")
    # A lie about the order, as it happens: the file says RGB where its graph takes BGR.
    wrong = onnx.load(tmp_path / "bgr.onnx")
    for entry in wrong.metadata_props:
        entry.value = entry.value.replace('"bgr"', '"rgb"')
    onnx.save(wrong, tmp_path / "wrong.onnx")
    outcome = scalenet("diff", tmp_path / "wrong.onnx", path, "--images", folder, "--format", "json", check=False)
    report = json.loads(outcome.stdout)
    assert outcome.status == DIFFERENCE and report["top1"] < report["images"]
    distances = [entry["distance"] for entry in report["worst"]]
    assert distances == sorted(distances, reverse=True) and distances[0] > 0.05
    assert "images on which they part most" in scalenet("diff", tmp_path / "wrong.onnx", path, "--images", folder, check=False).stdout

    def printed(*options):
        return scalenet("diff", tmp_path / "wrong.onnx", path, "--images", folder, *options, check=False)

    rows = list(csv.DictReader(io.StringIO(printed("--format", "csv").stdout)))
    assert [(row["image"], float(row["distance"]), int(row["left_index"])) for row in rows] == [
        (entry["image"], entry["distance"], entry["left"]["index"]) for entry in report["worst"]]
    assert "| same top-1 |" in printed("--format", "markdown").stdout
    assert "\\begin{tabular}" in printed("--latex").stdout
    for option in ("--html", "--junit"):
        outcome = printed(option, tmp_path / "page")
        assert outcome.status == USAGE and option in outcome.stderr and not (tmp_path / "page").exists()
    for option in ("--strict", "--layers"):
        assert printed(option).status == USAGE
