"""Bad packages: each is refused with a sentence before anything has changed, and leaves nothing behind."""

import hashlib
import time
import zlib

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from driver.caller import KeyCaller, token_caller
from driver.farm import Farm
from driver.packages import Packages, fill
from driver.roma import Roma
from driver.rows import execute, stored_files

from .bad_packages import CASES
from .forge import DEFLATED, Entry, Forged


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    """A library with something in it, of this module alone."""
    farm = Farm(tmp_path_factory.mktemp("hostile"))
    packages = Packages(KeyCaller(farm.start()))
    fill(packages, "what was there")
    yield packages
    farm.close()


@pytest.fixture(scope="module")
def good(server, tmp_path_factory):
    """The path of a package that nothing is wrong with."""
    packages = Packages(KeyCaller(server))
    app = fill(packages, "a good package", assets=2, size=3000)
    task = packages.create_task("a task in a good package")
    return packages.download(packages.export([app], [task]), tmp_path_factory.mktemp("good")).path


def inventory(packages):
    return (packages.library.list(limit=1)["count"], sorted(packages.apps()), sorted(packages.tasks()),
            execute(packages.caller.server, "SELECT count(*) FROM blobs"),
            sorted(path.name for path in stored_files(packages.caller.server)))


def settles(packages, before):
    """What was kept of the package on its way is gone, soon."""
    deadline = time.monotonic() + 10
    while (now := inventory(packages)) != before:
        assert time.monotonic() < deadline, f"{now} instead of {before}"
        time.sleep(0.05)
    assert execute(packages.caller.server, "SELECT count(*) FROM package_entries") == [["0"]]


def refused(answer, code):
    assert (answer.status, answer.error_code) == (400, code), answer
    assert answer.request_id and 10 <= len(answer.error_msg) <= 128
    return answer.json()["error_details"]


@pytest.mark.parametrize("name", CASES)
def test_bad_package_is_refused_and_nothing_has_changed(target, good, name):
    spoil, code, word = CASES[name]
    before = inventory(target)
    began = time.monotonic()
    sentence = refused(target.send_package(spoil(Forged(good))), code)
    assert word.lower() in sentence.lower()
    assert time.monotonic() - began < 10
    settles(target, before)


@pytest.mark.parametrize("name", [
    "package.rar", "package", "package.zip.exe", "-package.zip", "+package.zip", "_package.zip", ".zip", "a b.zip",
    "夏.zip", "a/b.zip", "a.b.zip", "package.zip ", "a\\b.zip", "a&b.zip", ""])
def test_name_that_is_not_a_packages(target, good, name):
    before = inventory(target)
    refused(target.send_package(good.read_bytes(), name), "ROMA.10013")
    settles(target, before)


@pytest.mark.parametrize("query", [{"type": "Replace"}, {"datasource_overwrite": "perhaps"}, {"prefix": "\u0007"},
                                   {"prefix": "x" * 300}])
def test_parameter_that_is_none(target, good, query):
    before = inventory(target)
    refused(target.send_package(good.read_bytes(), **query), "ROMA.13000")
    settles(target, before)


def test_vendors_client_tells_what_is_wrong(target, good, tmp_path):
    roma, before = Roma(target.caller.server), inventory(target)
    for name, code, content in (("broken.zip", "ROMA.10011", good.read_bytes()[:-100]),
                                ("package.rar", "ROMA.10013", good.read_bytes())):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ClientRequestException) as raised:
            roma.import_asset(tmp_path / name)
        assert (raised.value.status_code, raised.value.error_code) == (400, code)
        assert raised.value.error_msg and raised.value.request_id
    settles(target, before)


def test_form_that_is_none(target):
    before = inventory(target)
    caller, path = token_caller(target.caller.server), target.path("assets/import")
    for kind, body in (("application/json", b"{}"), ("multipart/form-data", b"--x--"),
                       ("multipart/form-data; boundary=x", b""), ("multipart/form-data; boundary=x", b"--x--\r\n")):
        answer = caller.post(path, body=body, headers={"Content-Type": kind})
        assert answer.status == 400 and answer.error_code.startswith("ROMA."), answer
    settles(target, before)


# What other tools write is as good.

def unchanged(forged):
    return forged.zip()


def deflated(forged):
    forged.file.method = DEFLATED
    return forged.zip()


def with_folders(forged):
    for folder in ("data/", "data/assets/"):
        forged.entries.insert(0, Entry(folder.encode(), b"", attributes=0o40755 << 16 | 16))
    return forged.zip()


def with_comment(forged):
    return forged.zip(comment=b"made by hand")


def with_dos_lines(forged):
    for name in ("bagit.txt", "bag-info.txt", "manifest-sha256.txt"):
        forged[name].data = forged[name].data.replace(b"\n", b"\r\n")
    return forged.tag().zip()


def with_sizes_behind(forged):
    entry = forged["data/package.json"]
    packed = entry.packed()
    entry.flags, entry.after = 8, b"PK\7\x08" + b"".join(
        number.to_bytes(4, "little") for number in (zlib.crc32(entry.data), len(packed), len(entry.data)))
    entry.lies = {"crc": 0, "packed": 0, "size": 0, "directory_crc": zlib.crc32(entry.data),
                  "directory_packed": len(packed), "directory_size": len(entry.data)}
    return forged.zip()


def with_the_manifest_behind(forged):
    manifest = forged["manifest-sha256.txt"]
    forged.entries.remove(manifest)
    forged.entries.append(manifest)
    return forged.zip()


def with_unknown_fields(forged):
    forged.set_json("data/package.json", forged.json("data/package.json") | {"colour": "blue"})
    forged.set_assets([asset | {"taste": ["sweet"]} for asset in forged.assets()])
    return forged.bag().zip()


def with_a_zip_inside(forged):
    assets, entry = forged.assets(), forged.file
    inner = forged.zip()
    entry.data = inner
    file = next(file for asset in assets for file in asset["files"] if file["path"].encode() == entry.name)
    file |= {"size": len(inner), "md5": hashlib.md5(inner).hexdigest(), "sha256": hashlib.sha256(inner).hexdigest()}
    forged.set_assets(assets)
    said = forged.json("data/package.json")
    said["byte_count"] = sum(file["size"] for asset in assets for file in asset["files"])
    forged.set_json("data/package.json", said)
    return forged.bag().zip()


@pytest.mark.parametrize("change", [unchanged, deflated, with_folders, with_comment, with_dos_lines,
                                    with_sizes_behind, with_the_manifest_behind, with_unknown_fields, with_a_zip_inside])
def test_unusual_package_is_taken(target, good, change):
    prefix = change.__name__.replace("_", "-")
    target.import_(change(Forged(good)), prefix=prefix)
    app = target.apps()[f"{prefix}a good package"]["id"]
    assert len(target.attached(app)) == 2
