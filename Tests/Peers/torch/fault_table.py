"""How many faults of each kind `scalenet diff` finds and names in real exports: faults are planted into what PyTorch's two
exporters and this program write of a network, and compared with the same file without the fault or with another one of
the same weights. Pairs without a fault must match.

usage: SCALENET=... python Tests/Peers/torch/fault_table.py [--places N] [--kinds KIND,...] [--thorough] [--exports FOLDER]
[--failures FOLDER] [NETWORK...]   prints a row for each kind, and what was not named or named wrongly, whose files stay in
the last folder; thorough: each fault is compared with all other files, in both orders
"""

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "light"))

import fault_measure
import torch
import world
from command import DIFFERENCE, OK, scalenet
from fault_measure import Files
from fault_networks import NETWORKS


def exports(name, folder):
    """A network as it was written in five ways, and its weights, where they tell what network it is."""
    paths = {way: folder / f"{way}.onnx" for way in ("torchscript", "unfused", "dynamo", "folded", "unfolded")}
    weights = folder / "weights.pth"
    if all(path.exists() for path in [weights, *paths.values()]):
        is_known = scalenet("diff", weights, paths["dynamo"], check=False).status in (OK, DIFFERENCE)
        return Files(paths, {"weights": weights} if is_known else {})
    create, side = NETWORKS[name]
    torch.manual_seed(11)
    model = create()
    if name != "scalenet":
        world.hide_nothing(model)
    model.eval()
    image = torch.zeros(1, 3, side, side)
    names = {"input_names": ["input"], "output_names": ["output"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (image,), str(paths["torchscript"]), dynamo=False, opset_version=17, **names)
        kept = {"training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False}
        torch.onnx.export(model, (image,), str(paths["unfused"]), dynamo=False, opset_version=13, **kept, **names)
        options = {"dynamo": True, "opset_version": 18, "external_data": False, "verbose": False}
        torch.onnx.export(model, (image,), str(paths["dynamo"]), **options, **names)
    scalenet("convert", paths["torchscript"], "-o", paths["folded"], "--no-verify")
    scalenet("convert", paths["unfused"], "-o", paths["unfolded"], "--no-fold-batch-norm", "--no-verify")
    torch.save(model.state_dict(), weights)
    return exports(name, folder)


if __name__ == "__main__":
    sys.exit(fault_measure.main(NETWORKS, exports))
