"""Draws models of one operator, and runs each beside ONNX Runtime, or onnx's own evaluator where that has no kernel.

usage: SCALENET=... python Tests/Peers/operators/fuzz_forms.py [COUNT] [SEED] [OPERATOR...]   prints what differs, and a sum
"""

import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import elementwise_forms
import forms
import index_forms
import microsoft_forms
import node_tests
import numpy as np
import onnx
import onnxruntime
import product_forms
import quantized_forms
import reduction_forms
import shape_forms
import window_forms
from command import scalenet
from onnx.reference import ReferenceEvaluator

onnxruntime.set_default_logger_severity(4)
#: The newest opset that ONNX Runtime has kernels for is older.
NEWEST = onnx.defs.onnx_opset_version()
#: Of the largest element, by the type that was computed in. onnx's evaluator rounds bfloat16 after every step.
TOLERANCES = {"float32": 1e-5, "float64": 1e-10, "float16": 4e-3, "bfloat16": 6e-2}
#: Where both compute float64 in float32.
SINGLE = {"Erf", "Gelu", "GroupNormalization", "HardSwish", "Shrink"}
#: What onnx's evaluator has otherwise than the specification and ONNX Runtime: maxima over one axis too few, indices within
#: a channel, groups, lengths of sequences, integers in floating point, types of results, and definitions of older opsets.
UNTRUSTED = {
    "AffineGrid", "ConvTranspose", "GRU", "Gemm", "GlobalMaxPool", "LRN", "LSTM", "LayerNormalization", "LpPool", "MaxPool", "RNN",
    "ReduceSumSquare",
}  # fmt: skip


def opsets(op, since):
    """Opsets that define an operator anew, and the newest one before each change."""
    name, domain = op.split(".")[-1], "com.microsoft" if "." in op else ""
    if domain:
        return [17]
    schemas = [s for s in onnx.defs.get_all_schemas_with_history() if s.name == name and s.domain == ""]
    versions = {schema.since_version for schema in schemas}
    found = {max(each, since) for each in versions} | {max(since, each - 1) for each in versions} | {17, 21, NEWEST}
    gone = max(schemas, key=lambda schema: schema.since_version)
    newest = gone.since_version - 1 if gone.deprecated else NEWEST
    return sorted(each for each in found if since <= each <= newest)


def draw(op, seed):
    """A case, its opset and its model."""
    since, make = forms.FORMS[op]
    random = np.random.default_rng([seed, *op.encode()])
    choice = opsets(op, since)
    opset = int(choice[random.integers(len(choice))])
    case = make(random, op, opset)
    return case, opset, case.model(random, opset)


def reference(model, arrays):
    """Outputs and who computed them; None if nobody does."""
    try:
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        if all(node_tests.plain(each) is each for each in arrays.values()):
            return session.run(None, arrays), "ONNX Runtime"
    except Exception as error:
        said = str(error)
    node = model.graph.node[0]
    if (
        node.op_type in UNTRUSTED
        or node.op_type in ("Softmax", "LogSoftmax", "Hardmax") and model.opset_import[0].version < 13
        # The quotient is rounded to bfloat16 before it is rounded to an integer.
        or node.op_type == "QuantizeLinear" and any(each.dtype.name == "bfloat16" for each in arrays.values())
        # It divides by the input's extent times the scale less 1; ONNX Runtime, as we, by the output's extent less 1.
        or node.op_type == "Resize" and any(each.s == b"align_corners" for each in node.attribute)
    ):  # fmt: skip
        return None, "onnx's evaluator has something else"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [np.asarray(each) for each in ReferenceEvaluator(model).run(None, arrays)], "onnx"
    except Exception as error:
        return None, f"{said} / {type(error).__name__} {error}"[:300] if "said" in locals() else str(error)[:300]


def compared(found, expected, tolerance):
    """What is wrong with an output; an empty text if nothing is."""
    of = expected.dtype
    expected = node_tests.plain(expected)
    if (found.dtype, found.shape) != (expected.dtype, expected.shape):
        return f"{found.dtype}{found.shape}, expected {of}{expected.shape}"
    if expected.dtype.kind != "f":
        return "" if np.array_equal(found, expected) else f"{found.tolist()}, expected {expected.tolist()}"
    a, b = found.astype(np.float64), expected.astype(np.float64)
    if not np.array_equal(np.isnan(a), np.isnan(b)) or not np.array_equal(np.where(np.isinf(a), a, 0), np.where(np.isinf(b), b, 0)):
        return f"{a.tolist()}, expected {b.tolist()}"
    finite = np.isfinite(b)
    a, b = a[finite], b[finite]
    if not b.size:
        return ""
    error = np.abs(a - b).max() / max(np.abs(b).max(), 0.1)
    return "" if error <= tolerance else f"off by {error:.1e}: {found.tolist()}, expected {expected.tolist()}"


def difference(op, seed, folder):
    """What is wrong (an empty text if nothing is), or None and why nobody can say, and the case."""
    case, opset, model = draw(op, seed)
    arrays = case.arrays()
    expected, who = reference(model, arrays)
    described = (
        f"{op} seed {seed} opset {opset} {case.attributes} "
        + str([None if each is None else f"{np.asarray(each).dtype}{list(np.asarray(each).shape)}" for each in case.inputs])
        + f" known {sorted(case.known)} ({who})"
    )
    if expected is None:
        return None, described
    path = folder / "model.onnx"
    onnx.save(model, path)
    options = []
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", node_tests.plain(array))
        options += ["--input", f"{name}={folder / f'{name}.npy'}"]
    outcome = scalenet("run", path, *options, "--output-dir", folder / "out", "--force", check=False, timeout=60)
    if outcome.status != 0:
        return f"status {outcome.status}: {outcome.stderr.strip()}", described
    kinds = {str(each.dtype) for each in [*map(np.asarray, (e for e in case.inputs if e is not None)), *expected]}
    if op in SINGLE and "float64" in kinds:
        kinds.add("float32")
    tolerance = max((TOLERANCES[each] for each in kinds if each in TOLERANCES), default=0)
    for index, each in enumerate(expected):
        found = np.load(folder / "out" / f"y{index}.npy")
        problem = compared(found, each, tolerance)
        if problem:
            return f"y{index}: {problem}", described
    return "", described


def main():
    count, seed = (int(each) for each in [*sys.argv[1:3], *["30", "0"][len(sys.argv[1:3]) :]])
    names = sys.argv[3:] or list(forms.FORMS)
    verdicts = defaultdict(Counter)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            for each in range(seed, seed + count):
                try:
                    found, described = difference(name, each, Path(folder))
                except Exception as error:
                    verdicts[name]["broken"] += 1
                    print(f"BROKEN {name} seed {each}: {type(error).__name__} {str(error)[:200]}", flush=True)
                    continue
                verdict = "nobody" if found is None else "ok" if found == "" else "refused" if found.startswith("status") else "WRONG"
                verdicts[name][verdict] += 1
                if verdict in ("refused", "WRONG"):
                    print(f"{verdict} {described}\n    {found[:400]}", flush=True)
                elif verdict == "nobody" and "-v" in sys.argv:
                    print(f"nobody {described}", flush=True)
    for name, found in verdicts.items():
        print(f"{name:32} {dict(found)}")
    print("all", dict(sum(verdicts.values(), Counter())))


if __name__ == "__main__":
    main()
