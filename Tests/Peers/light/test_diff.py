"""`scalenet diff`: honest conversions match, planted faults are found and named, recordings are read."""

import json
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import h5py
import jsonschema
import numpy as np
import onnx
import onnx_checks
import onnxruntime
import pytest
import reference
from command import BAD_INPUT, DIFFERENCE, OK, USAGE, scalenet
from onnx import TensorProto, helper, numpy_helper
from planted import FAULTS, one_weight

TINY = reference.TINY / "tiny.pth"
SCHEMA = json.loads((reference.FIXTURES.parent / "schemas" / "diff.schema.json").read_text())


def diff(left, right, *options, status=OK):
    """The report as JSON, after checking it against its schema and the exit status."""
    outcome = scalenet("diff", left, right, "--format", "json", *options, check=False)
    assert outcome.status == status, outcome
    assert "scalenet: error" not in outcome.stderr
    report = json.loads(outcome.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(report)
    assert report["verdict"] == ("match" if status == OK else "differ")
    return report


@pytest.fixture(scope="module")
def models(session_folder):
    """The tiny network in every format that has it whole."""
    folder = session_folder / "diff"
    folder.mkdir(exist_ok=True)
    made = {"pth": TINY}
    for name, options in {
        "folded.onnx": (),
        "unfolded.onnx": ("--no-fold-batch-norm",),
        "fixed.onnx": ("--batch", "1", "--opset", "13"),
        "bilinear.onnx": ("--input-size", "225x257"),
        "tiny.h5": (),
        "tiny.keras": (),
        "first.h5": ("--data-format", "channels_first"),
        "tiny.safetensors": (),
    }.items():
        made[name] = folder / name
        scalenet("convert", TINY, "-o", made[name], "--force", *options)
    return made


HONEST = ("folded.onnx", "unfolded.onnx", "fixed.onnx", "bilinear.onnx", "tiny.h5", "tiny.keras", "first.h5")


def test_schema_is_valid():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", HONEST)
def test_honest_conversions_match(models, name):
    report = diff(models["pth"], models[name], "--layers", "--weights")
    assert report["kind"] in ("rounding", "identical") and report["cause"] is None
    assert report["first_divergence"] is None
    assert report["layers"] and all(layer["is_within_tolerance"] for layer in report["layers"])
    assert all(weight["status"] in ("equal", "rounded") for weight in report["weights"])
    convolutions = [layer for layer in report["layers"] if layer["op"] == "Conv"]
    assert len(convolutions) > 20
    # A Keras file's own data format decides.
    expected = "NHWC" if name.startswith("tiny.") else "NCHW"
    assert [report["inputs"][0][side] for side in ("layout", "other_layout")] == ["NCHW", expected]


def test_other_pairs_of_formats_match(models):
    for left, right in [("folded.onnx", "tiny.h5"), ("tiny.keras", "unfolded.onnx"), ("tiny.safetensors", "tiny.h5")]:
        assert diff(models[left], models[right], "--layers")["cause"] is None


def test_equal_files_are_identical(models):
    report = diff(models["pth"], models["tiny.safetensors"], "--weights", "--tolerance", "exact")
    assert report["kind"] == "identical"
    assert report["weights"] == [] and report["weights_compared"] > 100
    metrics = report["outputs"][0]["metrics"]
    assert metrics["max_absolute_error"] == 0 and metrics["psnr"] is None and metrics["worst"] is None


def test_pytorchs_export_lines_up(models):
    """The same network as PyTorch exports it, where names and folding are its own."""
    report = diff(models["pth"], reference.FIXTURES / "blocks" / "scalenet_tiny.onnx", "--layers")
    assert report["cause"] is None
    own = [layer for layer in report["layers"] if layer["op"] == "Conv"]
    left_out = [layer for layer in report["unmatched"]["left"] if layer["op"] == "Conv"]
    folded = [layer for layer in left_out if "folded" in layer["reason"]]
    assert len(own) >= 0.95 * (len(own) + len(left_out) - len(folded))


# Each fault edits a file of this program with the format's own package.


def edit(models, tmp_path, source, change):
    model = onnx.load(str(models[source]))
    change(model.graph)
    path = tmp_path / "faulty.onnx"
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_faults_are_named(models, tmp_path, fault):
    source, change, kind = FAULTS[fault]
    faulty = edit(models, tmp_path, source, change)
    report = diff(models[source], faulty, "--layers", status=DIFFERENCE)
    assert report["kind"] == "real"
    assert report["cause"]["kind"] == kind, report["cause"]
    assert report["cause"]["confirmed"], report["cause"]
    # ONNX Runtime finds the same difference between the two files.
    image = reference.tiny_image(1, 225, 257) if source == "bilinear.onnx" else reference.tiny_image(1, 224, 224)
    a, b = (onnx_checks.run(path, image)["output"] for path in (models[source], faulty))
    assert onnx_checks.relative_error(a, b) > 1e-4


@pytest.mark.parametrize("fault", ["pads", "colours", "one_weight", "softmax"])
def test_faults_are_named_against_the_checkpoint(models, tmp_path, fault):
    """The folded file's weights are not the checkpoint's; the cause is found all the same."""
    source, change, kind = FAULTS[fault]
    report = diff(TINY, edit(models, tmp_path, source, change), "--layers", status=DIFFERENCE)
    assert report["cause"]["kind"] == kind, report["cause"]


def test_the_culprit_is_the_node_whose_inputs_agree(models, tmp_path):
    faulty = edit(models, tmp_path, "folded.onnx", one_weight)
    report = diff(TINY, faulty, "--layers", "--weights", status=DIFFERENCE)
    first = report["first_divergence"]
    assert first["name"] == "layer3.0.conv1" and first["op"] == "Conv"
    assert first["input_error"] < 1e-5 < first["output_error"]
    assert report["cause"]["tensor"] == "layer3.0.conv1.weight"
    differing = [weight for weight in report["weights"] if weight["status"] == "differs"]
    assert ["layer3.0.conv1.weight"] == [weight["name"] for weight in differing]


def test_a_removed_softmax_is_named_on_either_side(models, tmp_path):
    with_softmax = tmp_path / "softmax.onnx"
    scalenet("convert", TINY, "--softmax", "-o", with_softmax)
    for left, right in [(with_softmax, models["folded.onnx"]), (TINY, with_softmax)]:
        report = diff(left, right, status=DIFFERENCE)
        assert report["cause"]["kind"] == "missing_softmax"
    diff(TINY, with_softmax, "--softmax")


def test_a_half_precision_checkpoint_is_named():
    report = diff(TINY, reference.TINY / "tiny.half.pth", status=DIFFERENCE)
    assert report["cause"]["kind"] == "half_precision"
    assert diff(TINY, reference.TINY / "tiny.half.pth", "--tolerance", "float16")["verdict"] == "match"


def test_a_swapped_dataset_in_hdf5_is_named(models, tmp_path):
    faulty = tmp_path / "faulty.h5"
    shutil.copy(models["tiny.h5"], faulty)
    with h5py.File(faulty, "r+") as file:
        found = []
        file["model_weights"].visititems(
            lambda name, each: found.append(each) if name.endswith("conv1/kernel:0") and each.shape[:3] == (7, 7, 3) else None
        )
        assert len(found) == 1
        found[0][...] = found[0][...][:, :, ::-1]
    report = diff(TINY, faulty, "--layers", status=DIFFERENCE)
    assert report["cause"]["kind"] == "swapped_input_channels"
    assert report["inputs"][0]["other_layout"] == "NHWC"


# Recordings.


def session_outputs(path, image):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return dict(zip([each.name for each in session.get_outputs()], session.run(None, {session.get_inputs()[0].name: image})))


def test_numpy_recordings(models, tmp_path):
    image = reference.tiny_image(1, 224, 224)
    np.save(tmp_path / "x.npy", image)
    np.save(tmp_path / "nhwc.npy", np.ascontiguousarray(image.transpose(0, 2, 3, 1)))
    outputs = session_outputs(models["folded.onnx"], image)
    np.save(tmp_path / "y.npy", outputs["output"])
    np.savez(tmp_path / "y.npz", **outputs)
    for recording in ("y.npy", "y.npz"):
        for given in ("x.npy", "nhwc.npy"):
            report = diff(tmp_path / recording, TINY, "--input", tmp_path / given)
            assert report["left"]["is_recording"] and report["left"]["format"] == recording[2:]
    report = diff(tmp_path / "y.npz", tmp_path / "y.npy", "--tolerance", "exact")
    assert report["outputs"][0]["metrics"]["mismatched_count"] == 0
    np.save(tmp_path / "y.npy", outputs["output"] * np.float32(1.01))
    report = diff(tmp_path / "y.npy", TINY, "--input", tmp_path / "x.npy", status=DIFFERENCE)
    assert report["outputs"][0]["metrics"]["max_relative_error"] == pytest.approx(0.01, rel=1e-2)


def write_trtexec(path, outputs):
    """What `trtexec --exportOutput` writes: numbers as C++ prints them, with six significant digits."""
    texts = []
    for name, array in outputs.items():
        dimensions = "x".join(map(str, array.shape))
        values = ", ".join(f"{value:g}" for value in array.ravel())
        texts.append(f'{{ "name" : "{name}"\n  , "dimensions" : "{dimensions}"\n  , "values" : [ {values} ]\n  }}\n')
    path.write_text("[\n  " + ", ".join(texts) + "]\n")


def test_inputs_go_to_onnx_runtime_and_its_outputs_come_back_as_trtexec(models, tmp_path):
    folder = tmp_path / "inputs"
    diff(models["folded.onnx"], TINY, "--save-inputs", folder, "--seed", "5", "--batch", "2")
    raw = np.fromfile(folder / "input.0.bin", "<f4").reshape(2, 3, 224, 224)
    assert np.array_equal(raw, np.load(folder / "inputs.npz")["input"])
    assert abs(raw.mean()) < 0.01 and abs(raw.std() - 1) < 0.01
    write_trtexec(tmp_path / "trt.json", session_outputs(models["folded.onnx"], raw))
    report = diff(tmp_path / "trt.json", TINY, "--input", folder / "inputs.npz")
    assert report["left"]["format"] == "trtexec" and report["outputs"][0]["shape"] == [2, 10]
    assert any("significant" in note for note in report["notes"])
    # The seed alone gives the same inputs.
    diff(tmp_path / "trt.json", TINY, "--seed", "5", "--batch", "2")
    diff(tmp_path / "trt.json", TINY, "--seed", "6", "--batch", "2", status=DIFFERENCE)


def test_a_batch_that_is_fixed(models):
    """A graph's own batch cannot be another than is asked for; that it is the same is no error."""
    pair = (TINY, models["fixed.onnx"])
    assert diff(*pair, "--batch", "1")["inputs"][0]["shape"][0] == 1
    outcome = scalenet("diff", *pair, "--batch", "4", check=False)
    assert outcome.status == USAGE and "--batch: expected 1, the batch of" in outcome.stderr and "found 4" in outcome.stderr


def polygraphy(*arguments):
    """Runs the tool in this interpreter's environment."""
    code = "from polygraphy.tools import main; raise SystemExit(main())"
    command = [sys.executable, "-P", "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_polygraphy_reads_our_inputs_and_we_its_outputs(models, tmp_path):
    model, folder = models["folded.onnx"], tmp_path / "inputs"
    diff(model, TINY, "--save-inputs", folder, "--batches", "2")
    given = ("--load-inputs", folder / "polygraphy_inputs.json")
    polygraphy("run", model, "--onnxrt", *given, "--save-outputs", tmp_path / "outputs.json")
    report = diff(tmp_path / "outputs.json", TINY, "--batches", "2")
    assert report["batches"] == 2 and report["left"]["format"] == "polygraphy"
    assert report["outputs"][0]["metrics"]["max_absolute_error"] < 1e-5
    # What it saved of its own inputs is an input here.
    saved = ("--save-inputs", tmp_path / "own.json", "--save-outputs", tmp_path / "own_outputs.json")
    polygraphy("run", model, "--onnxrt", *saved)
    report = diff(tmp_path / "own_outputs.json", TINY, "--input", tmp_path / "own.json")
    assert report["inputs"][0]["source"].endswith("own.json")


def test_metrics_are_numpys(tmp_path):
    generator = np.random.default_rng(3)
    a = generator.standard_normal((7, 11)).astype(np.float32)
    b = (a + generator.standard_normal((7, 11)) * 1e-3).astype(np.float32)
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", b)
    report = diff(tmp_path / "a.npy", tmp_path / "b.npy", "--atol", "1e-3", "--rtol", "1e-3", status=DIFFERENCE)
    output, metrics = report["outputs"][0], report["outputs"][0]["metrics"]
    x, y = a.astype(np.float64), b.astype(np.float64)
    error = np.abs(x - y)
    assert metrics["mismatched_count"] == np.count_nonzero(~np.isclose(x, y, rtol=1e-3, atol=1e-3))
    expected = {
        "max_absolute_error": error.max(),
        "mean_absolute_error": error.mean(),
        "max_relative_error": (error / np.abs(y)).max(),
        "mean_relative_error": (error / np.abs(y)).mean(),
        "rmse": np.sqrt((error**2).mean()),
        "cosine_similarity": (x * y).sum() / np.linalg.norm(x) / np.linalg.norm(y),
        "psnr": 20 * np.log10(np.abs(y).max() / np.sqrt((error**2).mean())),
        "largest_magnitude": np.abs(y).max(),
    }
    for name, value in expected.items():
        assert metrics[name] == pytest.approx(value, rel=1e-6), name
    assert metrics["worst"]["index"] == list(np.unravel_index(error.argmax(), error.shape))
    assert output["top1_agreement"] == np.mean(a.argmax(1) == b.argmax(1))
    same = [set(np.argsort(p)[-5:]) == set(np.argsort(q)[-5:]) for p, q in zip(a, b)]
    assert output["top5_agreement"] == np.mean(same)
    keys = [np.where(v.view(np.int32) < 0, -(v.view(np.int32).astype(np.int64) & 0x7FFFFFFF), v.view(np.int32)) for v in (a, b)]
    distance = np.abs(keys[0] - keys[1])
    assert metrics["ulp"]["max"] == distance.max()
    assert sum(bucket["count"] for bucket in metrics["ulp"]["histogram"]) == a.size


@pytest.mark.parametrize("text", ["[[64, 0, 0, 0, 56]]", "{}", "[", '[{"name": "y"', '{"lst": [[', "[1e400]"])
def test_other_json_is_refused(tmp_path, text):
    (tmp_path / "file.json").write_text(text)
    outcome = scalenet("diff", tmp_path / "file.json", TINY, check=False)
    assert outcome.status == BAD_INPUT and outcome.stderr.startswith("scalenet: error: ")
    assert outcome.stderr.count("\n") == 1 and outcome.stdout == ""


def faulty(source, path):
    """The model with one convolution's weights negated."""
    model = onnx.load(source)
    convolution = [node for node in model.graph.node if node.op_type == "Conv"][5]
    weight = next(tensor for tensor in model.graph.initializer if tensor.name == convolution.input[1])
    weight.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(weight), weight.name))
    onnx.save(model, path)
    return convolution.name


def test_junit_of_a_match_and_of_a_difference(tmp_path, models):
    culprit = faulty(models["folded.onnx"], tmp_path / "faulty.onnx")
    for other, status, failures in [("match", OK, 0), ("differ", DIFFERENCE, 2)]:
        right = models["folded.onnx"] if other == "match" else tmp_path / "faulty.onnx"
        file = tmp_path / f"{other}.xml"
        scalenet("diff", TINY, right, "--junit", file, check=False)
        root = ElementTree.parse(file).getroot()
        suite = root.find("testsuite")
        assert root.tag == "testsuites" and (suite.get("tests"), suite.get("failures")) == ("2", str(failures))
        assert [case.get("name") for case in suite.iter("testcase")] == ["output output", "verdict"]
        texts = [failure.text for failure in suite.iter("failure")]
        assert len(texts) == failures and all(culprit in text for text in texts)


def test_strict_counts_what_one_side_lacks(tmp_path):
    x = np.arange(6, dtype=np.float32)
    np.savez(tmp_path / "two.npz", a=x, b=2 * x)
    np.savez(tmp_path / "one.npz", a=x)
    report = diff(tmp_path / "two.npz", tmp_path / "one.npz")
    assert any("b of" in note and "no counterpart" in note for note in report["notes"])
    report = diff(tmp_path / "two.npz", tmp_path / "one.npz", "--strict", status=DIFFERENCE)
    assert "Output b" in report["explanation"] and report["kind"] is None
    diff(tmp_path / "two.npz", tmp_path / "two.npz", "--strict")


def test_a_search_in_vain_says_what_it_tried(models, tmp_path):
    image = np.random.default_rng(3).standard_normal((1, 3, 224, 224)).astype(np.float32)
    np.save(tmp_path / "image.npy", image)
    logits = onnx_checks.run(models["folded.onnx"], image)["output"]
    np.savez(tmp_path / "noise.npz", output=np.random.default_rng(4).standard_normal(logits.shape).astype(np.float32))
    common = (models["folded.onnx"], tmp_path / "noise.npz", "--input", tmp_path / "image.npy")
    report = diff(*common, status=DIFFERENCE)
    search = report["search"]
    assert report["cause"] is None and search["runs"] > 10 and search["places"] == search["changes"] == 0
    assert {"preprocessing", "swapped_input_channels", "half_precision"} <= set(search["kinds"])
    assert report["explanation"].endswith(search["explanation"])
    assert "No cause was found" in scalenet("diff", *common, check=False).stdout
    # Where there is a cause for everything, nothing was tried in vain.
    faulty(models["folded.onnx"], tmp_path / "faulty.onnx")
    report = diff(models["folded.onnx"], tmp_path / "faulty.onnx", status=DIFFERENCE)
    assert report["cause"]["confirmed"] and report["search"] is None


def test_what_is_no_number_throughout_proves_nothing(tmp_path):
    """Not even in Double."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (1, 8))
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 8))
    weight = numpy_helper.from_array(np.ones((8, 8), np.float32), "w")
    nodes = [helper.make_node("Log", ["x"], ["l"], name="log"), helper.make_node("MatMul", ["l", "w"], ["y"], name="product")]
    graph = helper.make_graph(nodes, "logarithms", [x], [y], [weight])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "a.onnx")
    shutil.copy(tmp_path / "a.onnx", tmp_path / "b.onnx")
    np.save(tmp_path / "x.npy", -np.ones((1, 8), np.float32))
    report = diff(tmp_path / "a.onnx", tmp_path / "b.onnx", "--input", tmp_path / "x.npy", status=DIFFERENCE)
    assert report["kind"] is None and report["cause"] is None and report["search"] is None
    assert report["explanation"].startswith("Nothing is proved")


def test_integers_are_apart_by_what_lies_between_them(tmp_path):
    np.save(tmp_path / "a.npy", np.int64([[500, 7]]))
    np.save(tmp_path / "b.npy", np.int64([[503, 7]]))
    report = diff(tmp_path / "a.npy", tmp_path / "b.npy", "--tolerance", "float16", status=DIFFERENCE)
    assert report["outputs"][0]["metrics"]["ulp"]["max"] == 3
