"""What is in a package, as docs/PACKAGE-FORMAT.md says, and as tools that know nothing of Entrepot see it."""

import re
import struct
import subprocess
import sys
import zipfile

import pytest

from driver.caller import KeyCaller
from driver.packages import Packages, fill
from driver.server import ROOT

DOCUMENT = ROOT / "docs" / "PACKAGE-FORMAT.md"
LATER = [re.compile(pattern) for pattern in (
    r"bagit\.txt", r"bag-info\.txt", r"manifest-sha256\.txt", r"tagmanifest-sha256\.txt", r"data/package\.json",
    r"data/apps/[^/]+\.json", r"data/tasks/[^/]+\.json", r"data/assets\.jsonl", r"data/assets/[^/]+/[^/]+")]


@pytest.fixture(scope="module")
def made(server, tmp_path_factory):
    """(packages, application ids, task id, package)"""
    packages = Packages(KeyCaller(server))
    apps = [fill(packages, "the first of two", assets=3), fill(packages, "the second of two", assets=1)]
    task = packages.create_task("a task in a package")
    package = packages.download(packages.export(apps, [task]), tmp_path_factory.mktemp("format"))
    return packages, apps, task, package


def test_bagit_says_that_it_is_valid(made):
    package = made[-1]
    script = [sys.executable, "-m", "bagit", "--validate", package.extract()]
    outcome = subprocess.run(script, capture_output=True, text=True)
    assert outcome.returncode == 0 and "is valid" in outcome.stderr, outcome


def test_package_lists_its_applications_and_tasks(made, server):
    packages, apps, task, package = made
    listed = package.json()
    assert {"id": apps[0], "name": "the first of two"} in listed["apps"] and len(listed["apps"]) == 2
    assert listed["tasks"] == [{"task_id": task, "task_name": "a task in a package"}]
    assert (listed["format"], listed["format_version"]) == ("entrepot-package", 1)
    assert listed["source"] == {"region": server.credentials["region"], "project_id": server.project,
                                "instance_id": packages.instance}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", listed["created_at"])
    files = [file for asset in package.assets for file in asset["files"]]
    assert (listed["asset_count"], listed["file_count"], listed["byte_count"]) == (4, len(files), 8000)
    assert [file["path"] for file in files] == [name for name in package.names if name.count("/") == 3]


def test_entries_stand_in_the_order_of_the_document(made):
    package = made[-1]
    places = [next(place for place, pattern in enumerate(LATER) if pattern.fullmatch(name)) for name in package.names]
    assert places == sorted(places)
    manifest = package.read("manifest-sha256.txt").decode().splitlines()
    assert [line.split("  ")[1] for line in manifest] == [name for name in package.names if name.startswith("data/")]
    for group in (range(5, 6), range(6, 7)):
        names = [name for name, place in zip(package.names, places) if place in group]
        assert names == sorted(names)
    ids = [asset["asset_id"] for asset in package.assets]
    assert ids == sorted(ids)


def test_users_bytes_are_stored_and_the_rest_is_deflated(made):
    package = made[-1]
    with zipfile.ZipFile(package.path) as archive:
        for info in archive.infolist():
            stored = info.filename.startswith("data/assets/")
            assert info.compress_type == (zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED), info
            assert (info.external_attr >> 16, info.create_system, info.flag_bits & 8) == (0o100644, 3, 0), info
            assert info.extra == b"" and info.comment == b"", "nothing here needs a wide field"


def test_nothing_stands_between_the_entries(made):
    path = made[-1].path
    content, at = path.read_bytes(), 0
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            assert info.header_offset == at
            name, extra = struct.unpack("<HH", content[at + 26:at + 30])
            at += 30 + name + extra + info.compress_size
        assert archive.start_dir == at
    assert content[-22:-18] == b"PK\5\6"


def test_digest_by_the_recipe_of_the_document_is_the_tag(made):
    package = made[-1]
    [recipe] = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S)
    outcome = subprocess.run([sys.executable, "-c", recipe, package.path], capture_output=True, text=True)
    assert outcome.stdout.strip() == package.digest(), outcome


def test_folder_of_the_bag_can_be_zipped_again_and_imported(private, made, tmp_path):
    """The document says that others can write packages: zip(1) does."""
    package = made[-1]
    path = tmp_path / "zipped.zip"
    order = "\n".join(package.names)
    subprocess.run(["zip", "-X", "-q", path, "-@"], cwd=package.extract(), input=order, text=True, check=True)
    private.import_(path.read_bytes(), name="zipped.zip")
    assert set(private.apps()) == {"the first of two", "the second of two"}
    assert private.library.list()["count"] == 4


def test_package_without_anything_that_is_large(packages, tmp_path):
    task = packages.create_task("alone in its package")
    package = packages.download(packages.export(tasks=[task]), tmp_path)
    assert package.assets == [] and package.apps == [] and len(package.tasks) == 1
