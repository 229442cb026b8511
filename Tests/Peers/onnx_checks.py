"""What onnx and ONNX Runtime say of a model that was written."""

from collections import Counter

import numpy as np
import onnx
import onnxruntime
import reference

#: Largest error that is allowed, relative to the largest expected value.
FLOAT32_TOLERANCE = 1e-5
FLOAT16_TOLERANCE = 1e-2


def check(path):
    """Checks a model with onnx, strictly, and that every intermediate value's type is given and right."""
    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(str(path))
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(bare, check_type=True, strict_mode=True, data_prop=True)
    outputs = {value.name for value in model.graph.output}
    produced = {name for node in model.graph.node for name in node.output} - outputs
    given = types(model.graph.value_info)
    assert set(given) == produced
    for name, (element, dimensions) in types(inferred.graph.value_info).items():
        # onnx loses the name of a symbolic batch at a Resize by scales, and makes one up; the rest must agree.
        dimensions = tuple(
            mine if str(known).startswith("unk__") and isinstance(mine, str) else known
            for mine, known in zip(given[name][1], dimensions, strict=True)
        )
        assert given[name] == (element, dimensions), name
    return model


def types(values):
    """Element type and dimensions of each value, by name; a symbolic dimension is its name."""
    result = {}
    for value in values:
        tensor = value.type.tensor_type
        dimensions = tuple(
            each.dim_value if each.HasField("dim_value") else each.dim_param for each in tensor.shape.dim
        )
        assert value.name not in result
        result[value.name] = tensor.elem_type, dimensions
    return result


def run(path, image, optimize=True):
    """The model's outputs for one image, by name, computed by ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    if not optimize:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: image})))


def relative_error(actual, expected):
    """The largest error, relative to the largest expected value."""
    assert actual.shape == expected.shape
    difference = np.abs(actual.astype(np.float64) - expected.astype(np.float64)).max()
    return float(difference / np.abs(expected).max())


def operators(model):
    return Counter(node.op_type for node in model.graph.node)


def expected_operators(rows, folded):
    """How many nodes of each kind the published forward pass has, counted from a structure's rows."""
    scales = [sum(channels > 0 for channels in row[:4]) for row in rows]
    pooled = [sum(channels > 0 for channels in row[1:4]) for row in rows]
    stages = reference.depths(rows)
    # The tiny network's first stage is as wide as its stem; its first block keeps a plain shortcut.
    downsamples = len(stages) if len(rows) > 6 else len(stages) - 1
    convolutions = 1 + 2 * len(rows) + sum(scales) + downsamples
    counts = Counter(
        Conv=convolutions,
        BatchNormalization=0 if folded else convolutions,
        Relu=1 + 3 * len(rows),
        MaxPool=1 + len(stages) - 1 + sum(pooled),
        Resize=sum(pooled),
        Concat=len(rows),
        Add=len(rows),
        GlobalAveragePool=1,
        Flatten=1,
        Gemm=1,
    )
    return +counts
