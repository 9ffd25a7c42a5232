"""A disk that is full: 507, nothing half-written to be seen, nothing lost, and work goes on once there is room."""

import os
import random
import subprocess

import pytest

from driver.caller import KeyCaller
from driver.library import Library, Refused

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    """A file system of 64 MiB."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"mounting needs root: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def library(farm, small_disk):
    server = farm.prepare(data=small_disk / f"library-{random.randrange(10**9)}")
    yield Library(KeyCaller(server.start()))
    server.kill()
    subprocess.run(["rm", "-rf", server.data], check=True)


def free_bytes(folder):
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def fill(folder, leave=0):
    """Take all the room but `leave` bytes; removing the file gives it back."""
    filler = folder.parent / f"{folder.name}.filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while free_bytes(folder) > leave:
                file.write(bytes(min(MEGABYTE, free_bytes(folder) - leave) or 1))
        except OSError:
            pass  # That is what full means.
    return filler


def video(library, content):
    asset_id = library.create_asset("VIDEO")
    return asset_id, *library.declare_file(asset_id, content, file_type="mp4")


def test_upload_that_does_not_fit_leaves_nothing_behind(library):
    folder = library.caller.server.data
    kept = random.Random(1).randbytes(20 * MEGABYTE)
    kept_id, kept_file, url = video(library, kept)
    assert library.put_bytes(url, kept, "mp4").status == 200
    library.complete(kept_file)

    big = random.Random(2).randbytes(30 * MEGABYTE)
    asset_id, file_id, url = video(library, big)
    filler = fill(folder, leave=10 * MEGABYTE)
    before = free_bytes(folder)
    answer = library.put_bytes(url, big, "mp4")
    assert answer.status == 507 and b"<Code>InsufficientStorage</Code>" in answer.body, answer
    assert answer.request_id
    assert free_bytes(folder) >= before - MEGABYTE, "the rest of the failed upload takes up room"
    with pytest.raises(Refused) as refused:
        library.complete(file_id)
    assert refused.value.answer.error_code in ("MSS.10009008", "MSS.10009011")
    assert library.state(asset_id) == "CREATING"
    assert library.content(kept_id) == kept

    filler.unlink()
    assert library.put_bytes(url, big, "mp4").status == 200
    library.complete(file_id)
    assert library.content(asset_id) == big


def test_calls_on_a_full_disk_say_so_and_show_nothing_half_done(library):
    folder = library.caller.server.data
    content = random.Random(3).randbytes(MEGABYTE)
    kept_id, kept_file, url = video(library, content)
    assert library.put_bytes(url, content, "mp4").status == 200
    library.complete(kept_file)
    acknowledged = {kept_id}

    filler = fill(folder)
    refusals = []
    for number in range(400):
        answer = library.caller.post("digital-assets", {
            "asset_name": f"{number}", "asset_type": "IMAGE", "asset_description": "x" * 4000})
        if answer.status == 200:
            acknowledged.add(answer.json()["asset_id"])
        else:
            refusals.append(answer)
            if len(refusals) == 5:
                break
    assert refusals, "the disk was never full"
    for answer in refusals:
        assert (answer.status, answer.error_code) == (507, "MSS.10009011"), answer
        assert answer.request_id

    # Reading needs no room.
    assert library.content(kept_id) == content
    assert library.list(limit=1)["count"] == len(acknowledged)

    filler.unlink()
    acknowledged.add(library.create_asset(name="room again"))
    assert library.list(limit=1)["count"] == len(acknowledged)
    library.caller.server.kill()
    library.caller.server.start()
    again = Library(KeyCaller(library.caller.server))
    assert again.list(limit=1)["count"] == len(acknowledged)
    assert again.content(kept_id) == content


def test_server_killed_on_a_full_disk_starts_again_with_all_it_acknowledged(library):
    server = library.caller.server
    content = random.Random(4).randbytes(MEGABYTE)
    asset_id, file_id, url = video(library, content)
    assert library.put_bytes(url, content, "mp4").status == 200
    library.complete(file_id)
    filler = fill(server.data, leave=64 * 1024)
    server.kill()
    filler.unlink()
    server.start()
    assert Library(KeyCaller(server)).content(asset_id) == content
