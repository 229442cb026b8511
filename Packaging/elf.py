"""What a program for Linux asks of the system, read from its dynamic section (System V ABI, and the Linux Standard Base for
the versions of symbols)."""
import struct

NEEDED, STRINGS, VERSIONS, VERSION_COUNT = 1, 5, 0x6FFFFFFE, 0x6FFFFFFF


class Program:
    """Libraries that are loaded with it, and the versions of their symbols that it wants: {library: {versions}}."""

    def __init__(self, path):
        data = path.read_bytes()
        if data[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path}: expected a program of 64 bits, little-endian")
        offset, = struct.unpack_from("<Q", data, 32)
        size, count = struct.unpack_from("<HH", data, 54)
        headers = [struct.unpack_from("<IIQQQQ", data, offset + size * index) for index in range(count)]
        loaded = [each for each in headers if each[0] == 1]

        def place(address):
            for _, _, start, virtual, _, length in loaded:
                if virtual <= address < virtual + length:
                    return address - virtual + start
            raise ValueError(f"{path}: no bytes at address {address:#x}")

        entries = []
        for kind, _, start, _, _, length in headers:
            if kind == 2:
                entries = list(struct.iter_unpack("<QQ", data[start:start + length]))
        values = dict(entries)
        strings = place(values[STRINGS])

        def text(index):
            return data[strings + index:data.index(b"\0", strings + index)].decode()

        self.libraries = [text(value) for tag, value in entries if tag == NEEDED]
        self.versions = {}
        where = place(values[VERSIONS]) if VERSIONS in values else None
        for _ in range(values.get(VERSION_COUNT, 0)):
            _, parts, file, first, following = struct.unpack_from("<HHIII", data, where)
            part = where + first
            for _ in range(parts):
                _, _, _, name, step = struct.unpack_from("<IHHII", data, part)
                self.versions.setdefault(text(file), set()).add(text(name))
                part += step
            where += following

    def newest(self, prefix):
        """The newest version of that family, as numbers: (2, 28) of GLIBC."""
        found = [version[len(prefix) + 1:] for versions in self.versions.values() for version in versions
                 if version.startswith(prefix + "_")]
        return max((tuple(int(part) for part in each.split(".")) for each in found if each[0].isdigit()), default=None)
