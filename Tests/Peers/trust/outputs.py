"""Every kind of output that the command has."""

import shutil
from dataclasses import dataclass

import engine_files
import onnx
import reference
from command import scalenet


@dataclass(frozen=True)
class Kind:
    """A command, where `{}` stands for the folder of the run, and what it writes there."""

    name: str
    arguments: tuple
    #: Files whose names are known; external data has a name of its contents.
    outputs: tuple
    inputs: tuple = ("tiny.pth",)
    #: Whether one of the inputs may fail alone, and is told of beside the rest: an image among others.
    tells_of_each: bool = False

    def is_input(self, name):
        return any(each.split("/")[0] == name for each in self.inputs)

    def command(self, folder, *more):
        return [argument.replace("{}", str(folder)) for argument in (*self.arguments, *more)]


def convert(name, output, *options):
    return Kind(name, ("convert", "{}/tiny.pth", "-o", f"{{}}/{output}", *options), (output,))


def run(name, output):
    arguments = ("run", "{}/tiny.pth", "--input", "{}/x.npy", "-o", f"{{}}/{output}")
    return Kind(name, arguments, (output,), ("tiny.pth", "x.npy"))


ALLOCATE = ("allocate", "{}/tiny.pth", "--width", "0.5")
EVALUATE = ("eval", "{}/tiny.pth", "{}/images", "--ground-truth", "{}/val.txt", "--threads", "1")
EVALUATED = ("tiny.pth", "images/photo.jpg", "val.txt")
INITIALIZE = ("init", "scalenet", "--structure", "{}/structure.json", "--classes", "10", "-o", "{}/i.pth")

#: What was counted is kept again and again, and gone on with.
STATE = Kind("state of eval", (*EVALUATE, "--resume", "{}/r.json"), ("r.json",), EVALUATED)

ONE = [
    convert("onnx", "m.onnx", "--no-verify"),
    convert("onnx, verified", "m.onnx"),
    convert("onnx, float16", "m.onnx", "--dtype", "float16", "--no-verify"),
    convert("pth", "m.pth"),
    convert("safetensors", "m.safetensors"),
    convert("npz of weights", "m.npz"),
    convert("h5", "m.h5", "--no-verify"),
    convert("keras", "m.keras", "--no-verify"),
    convert("keras, verified", "m.keras"),
    convert("weights.h5", "m.weights.h5", "--weights-only"),
    Kind("init", INITIALIZE, ("i.pth",), ("structure.json",)),
    run("npy", "y.npy"),
    run("npz", "y.npz"),
    Kind("structure", ("structure", "{}/tiny.pth", "-o", "{}/s.json"), ("s.json",)),
    Kind("svg", ("inspect", "{}/tiny.pth", "--chart", "{}/c.svg"), ("c.svg",)),
    Kind("png", ("inspect", "{}/tiny.pth", "--chart", "{}/c.png"), ("c.png",)),
    Kind("html", ("inspect", "{}/tiny.pth", "--html", "{}/p.html"), ("p.html",)),
    Kind(
        "page of predict", ("predict", "{}/tiny.pth", "{}/photo.jpg", "--threads", "1", "--html", "{}/p.html"),
        ("p.html",), ("tiny.pth", "photo.jpg"), tells_of_each=True,
    ),
    Kind("csv of eval", (*EVALUATE, "--csv", "{}/e.csv"), ("e.csv",), EVALUATED, tells_of_each=True),
    Kind("structure of allocate", (*ALLOCATE, "-o", "{}/s.json"), ("s.json",)),
    Kind("weights of allocate", (*ALLOCATE, "--weights", "{}/w.pth"), ("w.pth",)),
]

SETS = [
    convert("onnx and data", "m.onnx", "--external-data", "always", "--no-verify"),
    convert("onnx and data, verified", "m.onnx", "--external-data", "always"),
    Kind(
        "chart and page",
        ("inspect", "{}/tiny.pth", "--chart", "{}/c.svg", "--html", "{}/p.html"),
        ("c.svg", "p.html"),
    ),
    Kind(
        "allocation",
        (*ALLOCATE, "-o", "{}/s.json", "--weights", "{}/w.pth", "--chart", "{}/c.svg"),
        ("s.json", "w.pth", "c.svg"),
    ),
    Kind(
        "saved inputs and chart",
        (
            *("diff", "{}/tiny.pth", "{}/tiny.pth", "--layers", "--threads", "1"),
            *("--save-inputs", "{}/in", "--chart", "{}/c.svg"),
        ),
        ("c.svg", "in/inputs.npz", "in/polygraphy_inputs.json", "in/input.0.bin"),
    ),
    Kind(
        "page, chart and JUnit of diff",
        (
            *("diff", "{}/tiny.pth", "{}/tiny.pth", "--layers", "--threads", "1"),
            *("--html", "{}/d.html", "--chart", "{}/c.svg", "--junit", "{}/j.xml"),
        ),
        ("d.html", "c.svg", "j.xml"),
    ),
    Kind(
        "page and chart of profile",
        (
            *("profile", "{}/layers.json", "{}/profile.json", "--model", "{}/tiny.onnx"),
            *("--html", "{}/p.html", "--chart", "{}/c.svg"),
        ),
        ("p.html", "c.svg"), ("tiny.onnx", "layers.json", "profile.json"),
    ),
    Kind(
        "directory of a run",
        ("run", "{}/features.onnx", "--input", "{}/x.npy", "--output-dir", "{}/out"),
        tuple(f"out/layer{number}.npy" for number in range(1, 5)),
        ("features.onnx", "x.npy"),
    ),
]


def make_inputs(folder):
    """All files that the commands read."""
    for name in ("tiny.pth", "structure.json"):
        shutil.copy(reference.TINY / name, folder / name)
    shutil.copy(reference.TINY / "input_1x3x224x224.npy", folder / "x.npy")
    scalenet("convert", folder / "tiny.pth", "-o", folder / "features.onnx", "--features", "--no-verify")
    (folder / "images").mkdir()
    for name in ("photo.jpg", "images/photo.jpg"):
        shutil.copy(reference.FIXTURES / "images/420.jpg", folder / name)
    (folder / "val.txt").write_text("photo.jpg 3\n")
    scalenet("convert", folder / "tiny.pth", "-o", folder / "tiny.onnx", "--no-verify")
    layers = engine_files.fused(onnx.load(folder / "tiny.onnx"))
    (folder / "layers.json").write_text(engine_files.layers_text(layers, ["input", "output"], "10", True))
    (folder / "profile.json").write_text(engine_files.profile_text(layers, "10"))
