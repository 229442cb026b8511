"""Attention's parts as TensorFlow's converter writes them, beside the same in fewer words: rows of all axes put together
before a product, summations of Einstein, a layer normalisation in nodes. None is a fault, and none hides one."""

import numpy as np
import pytest
from onnx import helper
from test_diff_layouts import confirmed, report, saved

LENGTH, WIDTH, HEADS, EXTENT = 6, 8, 2, 4
EXTENTS = (2, LENGTH, WIDTH)


def constants():
    random = np.random.default_rng(4)
    shapes = {
        "gamma": WIDTH, "beta": WIDTH, "w": (WIDTH, HEADS * EXTENT), "b": HEADS * EXTENT, "v": (HEADS, EXTENT, WIDTH), "c": WIDTH,
        "m": (WIDTH, WIDTH), "n": WIDTH,
    }  # fmt: skip
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def node(op, inputs, output, **attributes):
    return helper.make_node(op, inputs.split(), [output], name=f"{output}_node", **attributes)


def short(path, values):
    values = values | {"parts": np.int64([2, LENGTH, HEADS, EXTENT]), "rows": np.int64([2, LENGTH, HEADS * EXTENT])}
    values["v"] = values["v"].reshape(-1, WIDTH)
    return saved(path, [
        node("LayerNormalization", "x gamma beta", "normal", epsilon=1e-3),
        node("MatMul", "normal w", "product"), node("Add", "product b", "sum"), node("Reshape", "sum parts", "apart"),
        node("Relu", "apart", "act"), node("Reshape", "act rows", "together"), node("MatMul", "together v", "second"),
        node("Add", "second c", "biased"), node("Tanh", "biased", "function"),
        node("MatMul", "function m", "third"), node("Add", "third n", "y"),
    ], values, EXTENTS)  # fmt: skip


def long(path, values):
    values = values | {
        "epsilon": np.float32(1e-3), "axes": np.int64([3, 4]), "flat": np.int64([-1, WIDTH]), "three": np.int64([2, LENGTH, WIDTH]),
        "parts": np.int64([2, LENGTH, HEADS, EXTENT, 1]), "one": np.int64([4]),
    }  # fmt: skip
    values["w"], values["b"] = values["w"].T, values["b"].reshape(HEADS, EXTENT)
    return saved(path, [
        node("GlobalAveragePool", "x", "mean"), node("Sub", "x mean", "d"), node("Mul", "d d", "dd"),
        node("GlobalAveragePool", "dd", "variance"), node("Add", "variance epsilon", "e"), node("Sqrt", "e", "root"),
        node("Reciprocal", "root", "r"), node("Mul", "r gamma", "s"), node("Mul", "mean s", "ms"), node("Sub", "beta ms", "shift"),
        node("Mul", "x s", "xs"), node("Add", "xs shift", "normal"),
        node("Unsqueeze", "normal axes", "wide"), node("Reshape", "wide flat", "rows"),
        node("Gemm", "rows w", "product", beta=0.0, transB=1), node("Reshape", "product parts", "shaped"),
        node("Squeeze", "shaped one", "apart"), node("Add", "apart b", "sum"), node("Relu", "sum", "act"),
        node("Einsum", "act v", "second", equation="abcd,cde->abe"), node("Add", "second c", "biased"), node("Tanh", "biased", "function"),
        node("Reshape", "function flat", "flattened"), node("Gemm", "flattened m n", "third"), node("Reshape", "third three", "y"),
    ], values, EXTENTS)  # fmt: skip


@pytest.mark.parametrize("name, place", [
    ("w", "product_node"), ("v", "second_node"), ("m", "third_node"), ("b", "sum_node"), ("c", "biased_node"), ("gamma", "normal_node"),
])  # fmt: skip
def test_weights_in_sequences(tmp_path, name, place):
    files = [short(tmp_path / "short.onnx", constants()), long(tmp_path / "long.onnx", constants())]
    assert report(*files)["verdict"] == report(*files[::-1])["verdict"] == "match"
    changed = constants()
    changed[name] = changed[name] + np.random.default_rng(5).standard_normal(changed[name].shape).astype(np.float32)
    for sound, write in zip(files, (long, short)):
        faulty = write(tmp_path / "faulty.onnx", changed)
        for sides in ((sound, faulty), (faulty, sound)):
            assert confirmed(*sides) == [("different_weights", place, place)]
