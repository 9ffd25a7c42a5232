"""Packages beyond what the old zip can say: over 4 GiB, and over 65,535 entries."""

import http.client
import subprocess
import time
import zipfile

import bagit
import pytest

from driver.bags import Package
from driver.bulk import app_with_copies
from driver.exchange import host_of

MIB = 1024 * 1024
ZEROS = bytes(MIB)


def download_sparsely(packages, archive_id, path):
    """Download to a file that takes no room for zeros; answers the headers."""
    connection = http.client.HTTPConnection(host_of(packages.caller.server.endpoint), timeout=30)
    connection.request("GET", packages.archive(archive_id), headers={"X-Auth-Token": packages.caller.token})
    answer = connection.getresponse()
    assert answer.status == 200
    with open(path, "wb", buffering=0) as file:
        while block := answer.read(MIB):
            if block == ZEROS[:len(block)]:
                file.seek(len(block), 1)
            else:
                file.write(block)
        file.truncate(file.tell())
    connection.close()
    return answer.headers


def everybody_reads(path, names):
    """zipinfo and unzip -t; Python's zipfile gave the names."""
    shown = subprocess.run(["zipinfo", "-1", path], capture_output=True, text=True)
    assert (shown.returncode, shown.stderr) == (0, "") and shown.stdout.splitlines() == names
    tested = subprocess.run(["unzip", "-tqq", path], capture_output=True, text=True)
    assert tested.returncode == 0, tested


@pytest.mark.timeout(180)
def test_package_over_four_gibibytes(farm, tmp_path):
    files, content = 66, ZEROS * 64
    packages, app = app_with_copies(farm.start(), content, files, name="over 4 GiB")
    began = time.monotonic()
    archive_id = packages.export([app])
    ready = time.monotonic()
    path = tmp_path / "large.zip"
    headers = download_sparsely(packages, archive_id, path)
    print(f"ready after {ready - began:.1f} s, downloaded in {time.monotonic() - ready:.1f} s")
    assert int(headers["Content-Length"]) == path.stat().st_size > 4 << 30
    assert path.stat().st_blocks * 512 < 100 * MIB
    package = Package(path)
    assert headers["ETag"] == f'"{package.digest()}"'
    assert package.json()["file_count"] == files and package.json()["byte_count"] == files * len(content)
    with zipfile.ZipFile(path) as archive:
        beyond = [info for info in archive.infolist() if info.header_offset > 0xFFFFFFFF]
        wide = [info for info in archive.infolist() if info.extra]
        assert beyond and wide == beyond, "wide fields are where a value needs them, and nowhere else"
    everybody_reads(path, package.names)
    assert bagit.Bag(str(unpack_once(package, tmp_path / "bag"))).validate(fast=False, processes=2)


def unpack_once(package, folder):
    """The bag, with one file for all the copies, which unzip found to be equal."""
    with zipfile.ZipFile(package.path) as archive:
        infos = {info.filename: info for info in archive.infolist()}
        first = None
        for name, info in infos.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not name.startswith("data/assets/"):
                archive.extract(name, folder)
            elif first is None:
                with open(target, "wb") as file:
                    file.truncate(info.file_size)
                first = target
            else:
                target.hardlink_to(first)
    return folder


@pytest.mark.timeout(180)
def test_package_of_more_entries_than_sixteen_bits_count(farm, tmp_path):
    packages, app = app_with_copies(farm.start(), b"tiny content", 16_500, assets=4, name="over 65535 entries")
    began = time.monotonic()
    archive_id = packages.export([app])
    ready = time.monotonic()
    answer = packages.fetch(archive_id)
    print(f"ready after {ready - began:.1f} s, downloaded in {time.monotonic() - ready:.1f} s")
    path = tmp_path / "many.zip"
    path.write_bytes(answer.body)
    package = Package(path)
    assert answer.headers["ETag"] == f'"{package.digest()}"'
    names = package.names
    assert len(names) > 65_535 and package.json()["file_count"] == 66_000
    everybody_reads(path, names)
    subprocess.run(["unzip", "-qq", path, "-d", tmp_path / "bag"], check=True)
    assert bagit.Bag(str(tmp_path / "bag")).validate()
