"""A package on disk, and all that others would look at before they believe it."""

import hashlib
import json
import struct
import subprocess
import zipfile

import bagit

LOCAL_HEADER = 30
GENERATED = ("bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "data/package.json",
             "data/assets.jsonl")


class Package:
    def __init__(self, path):
        self.path = path

    def check(self):
        """Everybody's tools take it: Python's zipfile, unzip, zipinfo and the bagit package."""
        with zipfile.ZipFile(self.path) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            assert len(set(names)) == len(names) and archive.comment == b""
        tested = subprocess.run(["unzip", "-tqq", self.path], capture_output=True, text=True)
        assert tested.returncode == 0, f"unzip -t: {tested.returncode} {tested.stdout} {tested.stderr}"
        shown = subprocess.run(["zipinfo", "-1", self.path], capture_output=True, text=True)
        assert (shown.returncode, shown.stderr) == (0, "") and shown.stdout.splitlines() == names
        assert bagit.Bag(str(self.extract())).validate()
        return self

    def extract(self):
        """The bag as a folder beside the package."""
        folder = self.path.with_suffix(".bag")
        if not folder.exists():
            with zipfile.ZipFile(self.path) as archive:
                archive.extractall(folder)
        return folder

    def read(self, name):
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(name)

    def json(self, name="data/package.json"):
        return json.loads(self.read(name))

    @property
    def names(self):
        with zipfile.ZipFile(self.path) as archive:
            return archive.namelist()

    @property
    def assets(self):
        """The lines of data/assets.jsonl."""
        return [json.loads(line) for line in self.read("data/assets.jsonl").splitlines()]

    @property
    def apps(self):
        return [self.json(name) for name in self.names if name.startswith("data/apps/")]

    @property
    def tasks(self):
        return [self.json(name) for name in self.names if name.startswith("data/tasks/")]

    def digest(self):
        """What names the package: over each local header and the SHA-256 of what follows it, then the directory."""
        whole = hashlib.sha256()
        with zipfile.ZipFile(self.path) as archive, open(self.path, "rb") as file:
            for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
                file.seek(info.header_offset)
                header = file.read(LOCAL_HEADER)
                header += file.read(sum(struct.unpack("<HH", header[26:])))
                whole.update(header + sha256_of_next(file, info.compress_size))
            file.seek(archive.start_dir)
            while block := file.read(1 << 20):
                whole.update(block)
        return whole.hexdigest()


def sha256_of_next(file, size):
    found = hashlib.sha256()
    while size:
        block = file.read(min(size, 1 << 20))
        assert block, "the package ends too soon"
        found.update(block)
        size -= len(block)
    return found.digest()
