"""Packages made by hand, byte by byte, so that any of them may lie anywhere."""

import hashlib
import json
import struct
import zipfile
import zlib
from dataclasses import dataclass, field

STORED, DEFLATED = 0, 8
REGULAR = 0o100644 << 16
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"


@dataclass
class Entry:
    """`lies` has what headers say instead of the truth: size, packed, crc in both headers, the same with directory_
    in front, and directory_name, directory_offset, in the central directory alone. `after` follows its data."""

    name: bytes
    data: bytes
    method: int = STORED
    flags: int = 0
    attributes: int = REGULAR
    extra: bytes = b""
    after: bytes = b""
    lies: dict = field(default_factory=dict)

    def packed(self):
        if self.method != DEFLATED:
            return self.data
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        return packer.compress(self.data) + packer.flush()


def write(entries, *, comment=b"", front=b"", tail=b"", end=None):
    """A zip of them; `end` changes fields of the end record: disk, here, in_all, size, offset."""
    out, directory = bytearray(front), bytearray()
    for entry in entries:
        packed = entry.packed()
        told = {"crc": zlib.crc32(entry.data), "packed": len(packed), "size": len(entry.data)} | entry.lies
        at = told.get("directory_offset", len(out))
        fields = (20, entry.flags, entry.method, 0, 0x5A21)
        local = (*fields, told["crc"], told["packed"], told["size"], len(entry.name), len(entry.extra))
        out += struct.pack("<4s5H3I2H", b"PK\3\4", *local) + entry.name + entry.extra + packed + entry.after
        name = told.get("directory_name", entry.name)
        again = [told.get(f"directory_{key}", told[key]) for key in ("crc", "packed", "size")]
        directory += struct.pack("<4s6H3I5H2I", b"PK\1\2", 0x0314, *fields, *again, len(name), 0, 0, 0, 0,
                                 entry.attributes, at) + name
    place = {"disk": 0, "here": len(entries), "in_all": len(entries), "size": len(directory), "offset": len(out)}
    place |= end or {}
    last = struct.pack("<4s4H2IH", b"PK\5\6", place["disk"], place["disk"], place["here"], place["in_all"],
                       place["size"], place["offset"], len(comment))
    return bytes(out + directory) + last + comment + tail


class Forged:
    """A good package that can be taken apart, changed and put together again."""

    def __init__(self, path):
        with zipfile.ZipFile(path) as archive:
            self.entries = [Entry(info.filename.encode(), archive.read(info), info.compress_type)
                            for info in archive.infolist()]

    def __getitem__(self, name):
        return next(entry for entry in self.entries if entry.name == name.encode())

    @property
    def names(self):
        return [entry.name.decode() for entry in self.entries]

    @property
    def file(self):
        """The first entry with users' bytes."""
        return next(entry for entry in self.entries if entry.name.startswith(b"data/assets/"))

    def add(self, name, data, **fields):
        name = name if isinstance(name, bytes) else name.encode()
        self.entries.append(Entry(name, data, **fields))
        return self.entries[-1]

    def remove(self, name):
        self.entries.remove(self[name])

    def json(self, name):
        return json.loads(self[name].data)

    def set_json(self, name, value):
        self[name].data = json.dumps(value).encode()

    def assets(self):
        return [json.loads(line) for line in self["data/assets.jsonl"].data.splitlines()]

    def set_assets(self, assets):
        self["data/assets.jsonl"].data = b"".join(json.dumps(asset).encode() + b"\n" for asset in assets)

    def bag(self):
        """Make the bag's digests right again."""
        payload = [entry for entry in self.entries if entry.name.startswith(b"data/") and entry.data]
        self[MANIFEST].data = lines(payload)
        size = sum(len(entry.data) for entry in payload)
        info = self["bag-info.txt"]
        kept = [line for line in info.data.splitlines() if not line.startswith(b"Payload-Oxum")]
        info.data = b"\n".join([*kept, f"Payload-Oxum: {size}.{len(payload)}".encode(), b""])
        return self.tag()

    def tag(self):
        tags = ("bagit.txt", "bag-info.txt", MANIFEST)
        self[TAG_MANIFEST].data = lines([self[name] for name in tags if name in self.names])
        return self

    def zip(self, **options):
        return write(self.entries, **options)


def lines(entries):
    return b"".join(hashlib.sha256(entry.data).hexdigest().encode() + b"  " + entry.name + b"\n" for entry in entries)
