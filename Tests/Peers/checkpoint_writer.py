"""Writes PyTorch checkpoints without PyTorch, so that tests can choose what `torch.save` does not let one choose:
storage classes, locations, kinds of strings, byte order, compression, the archive's name.

Sources of the format: torch/serialization.py and the pickle protocol. What it writes is loaded with
`torch.load(weights_only=True)` in torch/test_unusual_files.py."""

import io
import pickle
import struct
import sys
import zipfile
from dataclasses import dataclass

import numpy as np

STORAGE_CLASSES = {
    "float16": "HalfStorage",
    "float32": "FloatStorage",
    "float64": "DoubleStorage",
    "int64": "LongStorage",
    "uint8": "ByteStorage",
    "bool": "BoolStorage",
}

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_PROTOCOL = 1001


@dataclass(frozen=True)
class Global:
    """A name that the pickle refers to, without this process knowing it."""

    module: str
    name: str


@dataclass(frozen=True)
class Call:
    """The result of a call that the pickle asks for."""

    function: Global
    arguments: tuple


@dataclass(frozen=True)
class PersistentID:
    """A reference to what stands outside the pickle: here a storage."""

    value: tuple


class ByteString(str):
    """A string that is pickled as Python 2 pickled its `str`."""


class Pickler(pickle._Pickler):
    """Python's own pickler in Python, which can be taught the classes above."""

    dispatch = dict(pickle._Pickler.dispatch)

    def persistent_id(self, obj):
        return obj.value if isinstance(obj, PersistentID) else None

    def save_named(self, obj):
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        self.memoize(obj)

    def save_call(self, obj):
        self.save(obj.function)
        self.save(obj.arguments)
        self.write(pickle.REDUCE)
        self.memoize(obj)

    def save_byte_string(self, obj):
        data = obj.encode("latin-1")
        self.write(pickle.SHORT_BINSTRING + struct.pack("<B", len(data)) + data)
        self.memoize(obj)

    dispatch[Global] = save_named
    dispatch[Call] = save_call
    dispatch[ByteString] = save_byte_string


def dumps(obj):
    buffer = io.BytesIO()
    Pickler(buffer, protocol=2).dump(obj)
    return buffer.getvalue()


class _Storages:
    """Turns arrays into rebuild calls, and keeps their bytes."""

    def __init__(self, location, module, legacy, byte_order="little", text=str):
        self.text = text
        self.location = location
        self.module = module
        self.legacy = legacy
        self.byte_order = byte_order
        self.payloads = {}

    def tensor(self, array):
        key = str(len(self.payloads))
        order = "<" if self.byte_order == "little" else ">"
        data = np.asarray(array, order="C")
        self.payloads[key] = data.size, data.astype(data.dtype.newbyteorder(order)).tobytes()
        storage = Global(self.module, STORAGE_CLASSES[array.dtype.name])
        text = self.text
        identifier = (text("storage"), storage, text(key), text(self.location), data.size)
        strides = tuple(stride // data.itemsize for stride in data.strides)
        arguments = (
            PersistentID(identifier + (None,) if self.legacy else identifier),
            0,
            tuple(array.shape),
            strides,
            False,
            Call(Global("collections", "OrderedDict"), ()),
        )
        return Call(Global("torch._utils", "_rebuild_tensor_v2"), arguments)

    def convert(self, obj):
        if isinstance(obj, np.ndarray):
            return self.tensor(obj)
        if isinstance(obj, dict):
            return {self.convert(key): self.convert(value) for key, value in obj.items()}
        return self.text(obj) if isinstance(obj, str) else obj


def save_zip(
    path, obj, *, stem="archive", location="cpu", module="torch", byte_order="little", compression=zipfile.ZIP_STORED
):
    """Writes nested dictionaries of arrays as `torch.save` writes them since PyTorch 1.6."""
    storages = _Storages(location, module, legacy=False, byte_order=byte_order)
    data = dumps(storages.convert(obj))
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(f"{stem}/data.pkl", data)
        archive.writestr(f"{stem}/byteorder", byte_order)
        for key, (_, payload) in storages.payloads.items():
            archive.writestr(f"{stem}/data/{key}", payload)
        archive.writestr(f"{stem}/version", "3\n")


def save_legacy(path, obj, *, location="cpu", module="torch", python2=False):
    """Writes nested dictionaries of arrays as `torch.save` wrote them before PyTorch 1.6."""
    text = ByteString if python2 else str
    storages = _Storages(location, module, legacy=True, text=text)
    data = dumps(storages.convert(obj))
    sizes = {text("short"): 2, text("int"): 4, text("long"): 4}
    system = {text("protocol_version"): LEGACY_PROTOCOL, text("little_endian"): True, text("type_sizes"): sizes}
    with open(path, "wb") as file:
        for part in (LEGACY_MAGIC, LEGACY_PROTOCOL, system):
            file.write(dumps(part))
        file.write(data)
        file.write(dumps([text(key) for key in storages.payloads]))
        for count, payload in storages.payloads.values():
            file.write(struct.pack("<q", count))
            file.write(payload)


assert sys.byteorder == "little", "these tests were written for a little-endian machine"
