"""The whole circle by the vendor's client: export, poll, download once, import elsewhere, compare, delete."""

import hashlib
import json
import re

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from driver.bags import Package
from driver.caller import KeyCaller
from driver.command import admin
from driver.databases import URL
from driver.folders import sizes
from driver.integration import unique
from driver.packages import Packages
from driver.roma import Roma

OTHER = {"sqlite": "postgres", "postgres": "sqlite"}
# What an import makes anew, and what says where and when.
OWN = ("asset_id", "file_id", "project_id", "create_time", "update_time", "download_url", "cover_url", "thumbnail_url",
       "entrepot_version")


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request):
    if request.param == "postgres" and not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    return request.param


@pytest.fixture
def server(shared_servers, backend):
    return shared_servers(backend)


def make_assets(packages, mark):
    """Assets of all kinds and states that a package may have; answers their ids."""
    library = packages.library
    picture = library.create_image(b"the bytes of a picture " + mark.encode(), name=f"{mark} picture")
    film = library.create_asset(
        "VIDEO", f"{mark} 夏天 & <film> \"'%_\\", asset_description="on the\nbeach", tags=["sea", "沙"], asset_order=17,
        supported_service=["VIDEO_2D", "CHAT_2D"], asset_extra_meta={"video_meta": {"width": 1920, "height": 1080}},
        system_properties=[{"action": "ADD", "key": "MATERIAL_VIDEO", "value": "Yes"}])
    library.upload(film, mark.encode() * 100_000, file_type="mp4", name="../../夏 film.mp4")
    library.upload(film, b"\x89PNG a cover", category="COVER", name="cover.png")
    library.activate(film)
    scene = library.create_asset("SCENE", f"{mark} scene")
    library.upload(scene, f"scene {mark}".encode(), file_type="odd.type", name="scene")
    for page in range(3):
        library.upload(scene, f"sample {page} {mark}".encode(), category="SAMPLE", file_type="MP4", name="sample.mp4")
    # The same bytes as another asset's.
    library.upload(scene, b"the bytes of a picture " + mark.encode(), category="OTHER", file_type="png", name="o.png")
    voice = library.create_asset("VOICE_MODEL", f"{mark} voice",
                                 asset_extra_meta={"voice_model_meta": {"sex": "FEMALE", "language": "CN"}})
    library.upload(voice, b"voice " + mark.encode(), file_type="zip", name="voice.zip")
    library.update(voice, asset_state="WAITING_DELETE")
    unfinished = library.create_asset("COMMON_FILE", f"{mark} with a cancelled file")
    library.upload(unfinished, b"finished " + mark.encode(), file_type="bin", name="main.bin")
    file_id, _ = library.declare_file(unfinished, b"never sent", category="COVER")
    library.complete(file_id, "CANCELLED")
    return picture, film, scene, voice, unfinished


def make(packages, mark):
    """Two applications that share an asset, one without any, and two tasks; answers their ids."""
    picture, film, scene, voice, unfinished = make_assets(packages, mark)
    first = packages.create_app(f"{mark} first", remark="the remark 夏", favorite=True)
    second = packages.create_app(f"{mark} second.(2)")
    empty = packages.create_app(f"{mark} empty")
    packages.attach(first, [picture, film])
    packages.attach(second, [film, scene, voice, unfinished])
    detail = ' {"b": 1.50,\n "a": ["\\u590f", "夏"], "big": 12345678901234567890} '
    tasks = [packages.create_task(f"{mark} nightly", detail, task_type="REALTIME", description="what it\nis for",
                                  task_tag="tag-1", source_datasource_id="s", target_datasource_id="t"),
             packages.create_task(f"{mark} plain")]
    return [first, second, empty], tasks


def portrait_of_asset(library, asset_id):
    shown = library.show(asset_id)
    files = []
    for file in shown.pop("files"):
        if file["state"] == "CREATED":
            content = library.get_bytes(file["download_url"]).body
            kept = {key: value for key, value in file.items() if key not in OWN}
            files.append(kept | {"sha256": hashlib.sha256(content).hexdigest()})
    portrait = {key: value for key, value in shown.items() if key not in OWN}
    return portrait | {"files": sorted(files, key=lambda file: json.dumps(file, sort_keys=True))}


def portrait(packages, mark):
    """All that is worth keeping of the applications and tasks with the mark in their names, without ids."""
    apps = {}
    for name, app in packages.apps().items():
        if mark in name:
            assets = [portrait_of_asset(packages.library, each) for each in packages.attached(app["id"])]
            apps[name] = {"remark": app["remark"], "favorite": app["favorite"],
                          "assets": sorted(assets, key=lambda asset: asset["asset_name"])}
    tasks = {}
    for name, task_id in packages.tasks().items():
        if mark in name:
            shown = packages.task(task_id)
            own = ("task_id", "project_id", "created_date", "last_modified_date")
            tasks[name] = {key: value for key, value in shown["task"].items() if key not in own}
            tasks[name]["task_detail"] = shown["task_detail"]
    return {"apps": apps, "tasks": tasks}


def keys_and_secrets(packages, mark):
    found = {name: app for name, app in packages.apps().items() if mark in name}
    return {text for app in found.values() for text in (app["key"], packages.secret(app["id"]))}


def exported(server, mark, folder):
    """Everything with the mark, as a package that the vendor's client downloaded; it refuses to do so again."""
    packages, roma = Packages(KeyCaller(server)), Roma(server)
    apps, tasks = make(packages, mark)
    job = roma.ended(roma.export(apps, tasks))
    assert (job.status, job.type, job.reasons, job.progress_percent) == ("SUCCEEDED", "exportAsset", [], 1.0)
    assert job.archive_id and job.begin_time <= job.end_time
    path = folder / "pkg.zip"
    headers = roma.download(job.archive_id, path)
    package = Package(path).check()
    assert headers["ETag"] == f'"{package.digest()}"'
    assert headers["Content-Length"] == str(path.stat().st_size)
    assert headers["Content-Type"] == "application/zip" and headers["Cache-Control"] == "no-store"
    assert headers["Accept-Ranges"] == "bytes" and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Accel-Buffering"] == "no"
    assert re.fullmatch(r'attachment; filename="[A-Za-z0-9][A-Za-z0-9+_-]*\.zip"', headers["Content-Disposition"])
    with pytest.raises(ClientRequestException) as refused:
        roma.download(job.archive_id, folder / "again.zip")
    assert (refused.value.status_code, refused.value.error_code) == (403, "ROMA.19002")
    assert "once" in refused.value.error_msg and refused.value.request_id
    return packages, apps, tasks, package


def assert_nothing_secret(package, packages, mark):
    secrets = keys_and_secrets(packages, mark) | {
        packages.caller.server.credentials[name] for name in ("secret_key", "access_key", "password", "user_id")}
    for name in package.names:
        content = package.read(name)
        found = [secret for secret in secrets if secret.encode() in content]
        assert not found, f"{name} has what nobody may see"
        if name.endswith((".json", ".jsonl")):
            assert b"Signature=" not in content and b"http://" not in content, name


def test_import_into_another_instance(server, tmp_path):
    mark = unique("into").replace(" ", "-")
    packages, apps, tasks, package = exported(server, mark, tmp_path)
    assert_nothing_secret(package, packages, mark)
    made = admin(server, "instance", "create", unique("other")).json()["instance_id"]
    other = Packages(KeyCaller(server), made)
    roma = Roma(server, made)
    job = roma.ended(roma.import_asset(package.path))
    assert (job.status, job.type, job.reasons) == ("SUCCEEDED", "importAsset", []), job
    assert portrait(other, mark) == portrait(packages, mark)
    assert not keys_and_secrets(other, mark) & keys_and_secrets(packages, mark)
    items = other.items(job.id)
    assert {key for key in items if key[0] != "file"} == (
        {("application", app) for app in apps} | {("task", task) for task in tasks}
        | {("asset", asset["asset_id"]) for asset in package.assets})
    assert {item["outcome"] for item in items.values()} == {"added"}
    # The ids are taken in this project.
    assert all(item["new_id"] != item["old_id"] for item in items.values() if item["kind"] != "file")


def test_import_into_another_region(farm, server, backend, tmp_path):
    if OTHER[backend] == "postgres" and not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    mark = unique("over").replace(" ", "-")
    packages, apps, tasks, package = exported(server, mark, tmp_path)
    there = farm.start(backend=OTHER[backend], environment={"ENTREPOT_REGION": "far-away-2"})
    other, roma = Packages(KeyCaller(there)), Roma(there)
    job = roma.ended(roma.import_asset(package.path))
    assert (job.status, job.reasons) == ("SUCCEEDED", []), job
    assert portrait(other, mark) == portrait(packages, mark)
    assert not keys_and_secrets(other, mark) & keys_and_secrets(packages, mark)
    # Ids that are free are kept.
    assert {app["id"] for app in other.apps().values()} == set(apps)
    assert set(other.tasks().values()) == set(tasks)
    assert other.library.list()["count"] == 5
    assert {asset["asset_id"] for asset in other.library.list()["assets"]} == {
        asset["asset_id"] for asset in package.assets}

    job = roma.ended(roma.delete_assets(apps, tasks))
    assert (job.status, job.type, job.reasons, job.archive_id) == ("SUCCEEDED", "deleteAsset", [], None)
    assert other.apps() == {} and other.tasks() == {}
    assert other.library.list()["count"] == 5, "the digital assets stay"
    # Then it may come again: their ids are taken now, the others' are free.
    assert roma.ended(roma.import_asset(package.path)).status == "SUCCEEDED"
    assert portrait(other, mark) == portrait(packages, mark)
    assert other.library.list()["count"] == 10


def test_import_by_the_vendors_client_adds_only_what_has_no_name_yet(server, tmp_path):
    mark = unique("twice").replace(" ", "-")
    packages, _, _, package = exported(server, mark, tmp_path)
    before, count = portrait(packages, mark), packages.library.list(limit=1)["count"]
    roma = Roma(server)
    job = roma.ended(roma.import_asset(package.path))
    assert job.status == "FAILED" and len(job.reasons) == 5
    assert {(reason.resource_type, reason.resource_name) for reason in job.reasons} == (
        {("application", name) for name in before["apps"]} | {("task", name) for name in before["tasks"]})
    assert all(reason.error_code.startswith("ROMA.") and reason.error_msg for reason in job.reasons)
    assert portrait(packages, mark) == before and packages.library.list(limit=1)["count"] == count


def test_prefix_makes_a_second_copy_with_new_ids(server, tmp_path):
    mark = unique("copy").replace(" ", "-")
    packages, apps, tasks, package = exported(server, mark, tmp_path)
    before = portrait(packages, mark)
    packages.import_(package.path.read_bytes(), prefix="2nd-")
    both = portrait(packages, mark)
    for kind in ("apps", "tasks"):
        copies = {name.removeprefix("2nd-"): each for name, each in both[kind].items() if name.startswith("2nd-")}
        assert copies.keys() == before[kind].keys()
        assert [strip(each) for each in copies.values()] == [strip(before[kind][name]) for name in copies]
    ids = {app["id"] for name, app in packages.apps().items() if name.startswith("2nd-")}
    assert len(ids) == 3 and not ids & set(apps)


def strip(portrait):
    return {key: value for key, value in portrait.items() if key != "task_name"}


def test_merge_brings_back_what_was_changed_and_adds_what_is_missing(server, tmp_path):
    mark = unique("merge").replace(" ", "-")
    packages, apps, tasks, package = exported(server, mark, tmp_path)
    before, count = portrait(packages, mark), packages.library.list(limit=1)["count"]
    library = packages.library
    [picture, *_] = packages.attached(apps[0])
    library.update(picture, asset_name="another name", tags=["other"])
    packages.delete(tasks=tasks[1:])
    packages.caller.put(packages.path(f"apps/{apps[0]}"), {"remark": "changed"})
    job_id = packages.import_(package.path.read_bytes(), type="Merge")
    assert portrait(packages, mark) == before
    assert library.list(limit=1)["count"] == count, "assets that are there are not added again"
    outcomes = {key: item["outcome"] for key, item in packages.items(job_id).items()}
    assert outcomes["task", tasks[1]] == "added"
    assert outcomes["application", apps[0]] == outcomes["asset", picture] == "updated"
    again = packages.items(packages.import_(package.path.read_bytes(), type="Merge"))
    assert "added" not in {item["outcome"] for item in again.values()}
    assert portrait(packages, mark) == before


def test_merged_task_keeps_its_data_sources_unless_told_otherwise(server, tmp_path):
    packages = Packages(KeyCaller(server))
    task_id = packages.create_task(unique("task"), "[1]", source_datasource_id="theirs", target_datasource_id="theirs")
    package = packages.download(packages.export(tasks=[task_id]), tmp_path)
    name = packages.task(task_id)["task"]["task_name"]
    own = {"task_name": name, "task_type": "TIMING", "source_datasource_id": "mine", "target_datasource_id": "mine"}
    changed = packages.caller.put(packages.path(f"tasks/{task_id}", "fdi/instances"), {"task": own, "task_detail": "[2]"})
    assert changed.status == 200, changed
    for overwrite, expected in (("false", "mine"), ("true", "theirs")):
        packages.import_(package.path.read_bytes(), type="Merge", datasource_overwrite=overwrite)
        shown = packages.task(task_id)
        assert (shown["task"]["source_datasource_id"], shown["task_detail"]) == (expected, "[1]")


def test_content_that_is_there_is_not_stored_again(private, tmp_path):
    content = b"shared by all " * 100_000
    assets = [private.library.create_image(content, name=f"{number}") for number in range(20)]
    app = private.create_app("shares")
    private.attach(app, assets)
    package = private.download(private.export([app]), tmp_path)
    assert package.path.stat().st_size > 20 * len(content)
    blobs = private.caller.server.data / "blobs"
    before = sum(sizes(blobs).values())
    private.import_(package.path.read_bytes(), prefix="again-")
    after = sum(sizes(blobs).values())
    assert after - before < len(content) // 2
