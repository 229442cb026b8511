"""What is read from files that fuzzing made, against the programs whose formats they are in: what is taken here is taken
there, and is the same bit for bit."""

import shutil
import zipfile

import fuzzed
import h5py
import numpy as np
import onnx
import pytest
import safetensors.numpy
from command import refuse, scalenet


def bits(array):
    """Type, shape and bytes of an array, little-endian."""
    array = np.asarray(array)
    return array.dtype.newbyteorder("<").str, array.shape, array.astype(array.dtype.newbyteorder("<")).tobytes()


def assert_same(found, expected, source):
    assert list(found) == list(expected) or sorted(found) == sorted(expected), source
    for name, array in expected.items():
        assert bits(found[name]) == bits(array), f"{source}: {name}"


def test_arrays_of_numpy(tmp_path):
    count = 0
    for source in fuzzed.inputs("numpy"):
        output = tmp_path / "output.npz"
        output.unlink(missing_ok=True)
        if source.read_bytes()[:2] != b"PK" or not fuzzed.convert(source, output):
            continue
        theirs = dict(np.load(source, allow_pickle=False))
        with np.load(output) as ours:
            assert_same(dict(ours), theirs, source)
        count += 1
    assert count > 0


def test_safetensors(tmp_path):
    count = 0
    for source in fuzzed.inputs("safetensors"):
        output = tmp_path / "output.npz"
        output.unlink(missing_ok=True)
        if not fuzzed.convert(source, output):
            continue
        with np.load(output) as ours:
            assert_same(dict(ours), safetensors.numpy.load_file(source), source)
        count += 1
    assert count > 0


def datasets(file):
    """All datasets, by their paths with points."""
    found = {}

    def add(name, item):
        if isinstance(item, h5py.Dataset):
            found[name.replace("/", ".")] = item[()]

    file.visititems(add)
    return found


def test_datasets_of_hdf5(tmp_path):
    count = 0
    for source in [*fuzzed.inputs("hdf5"), fuzzed.FIXTURES / "hdf5/datasets.h5"]:
        output = tmp_path / "output.npz"
        output.unlink(missing_ok=True)
        if not fuzzed.convert(source, output):
            continue
        with h5py.File(source) as file, np.load(output) as ours:
            theirs = datasets(file)
            for name in ours:
                assert bits(ours[name]) == bits(theirs[name]), f"{source}: {name}"
        count += 1
    assert count > 0


def test_weights_of_onnx(tmp_path):
    count = 0
    for source in fuzzed.inputs("onnx"):
        output = tmp_path / "output.npz"
        output.unlink(missing_ok=True)
        if not fuzzed.convert(source, output, "--own-names"):
            continue
        theirs = {
            each.name: onnx.numpy_helper.to_array(each) for each in onnx.load(source).graph.initializer}
        with np.load(output) as ours:
            for name in set(ours) & set(theirs):
                assert bits(ours[name]) == bits(theirs[name]), f"{source}: {name}"
                count += 1
    assert count > 0


def test_archives_with_a_wrong_checksum_are_refused(tmp_path):
    """Fuzzing found that arrays were taken whose bytes are not those that the archive promises."""
    source = fuzzed.FIXTURES / "fuzz/numpy/refused.checksum.npz"
    with pytest.raises(zipfile.BadZipFile):
        dict(np.load(source))
    model = fuzzed.FIXTURES / "onnx/aggregation_fixed_opset17.onnx"
    output = tmp_path / "output.npz"
    assert "CRC-32" in refuse("convert", source, "-o", output, output=output).stderr
    assert "CRC-32" in refuse("run", model, "--input", source, "-o", output, output=output).stderr


def test_chunks_that_libhdf5_would_not_find_are_refused(tmp_path):
    """Fuzzing found a key of an index that leads libhdf5, which looks for chunks by it, past a chunk that is there."""
    source = fuzzed.FIXTURES / "fuzz/hdf5/refused.chunk-keys.h5"
    with h5py.File(source) as file:
        assert list(file["chunks/vector"][702:705]) == [0, 0, 0]
    output = tmp_path / "output.npz"
    assert "a key of whole elements" in refuse("convert", source, "-o", output, output=output).stderr


def test_a_configuration_elsewhere_is_not_read(tmp_path):
    """A link beside weights leads nowhere, but where caches of downloads have such links."""
    secret = tmp_path / "secret"
    secret.write_text('{"architecture": "resnet50", "canary": true}')
    folder = tmp_path / "model"
    folder.mkdir()
    shutil.copyfile(fuzzed.FIXTURES / "tiny/tiny.pth", folder / "tiny.pth")
    (folder / "config.json").symlink_to(secret)
    outcome = scalenet("inspect", folder / "tiny.pth")
    assert "a link that leads elsewhere" in outcome.stderr
    assert "architecture" not in outcome.stderr.split("found")[-1]
