"""The job that hashes a large file: kill -9 while it works, and it goes on to its end after a restart."""

import hashlib
import random
import time

import pytest

from driver.caller import KeyCaller, token_caller
from driver.clock import FastClock
from driver.databases import URL
from driver.library import Library, accepted, md5_of

PARTS = 4
PART_SIZE = 24 * 1024 * 1024


@pytest.fixture(scope="module")
def parts():
    block = random.Random(5).randbytes(1024 * 1024)
    return [bytes([number]) + block * (PART_SIZE // len(block)) for number in range(PARTS)]


def send_and_complete(library, parts):
    asset_id = library.create_asset("VIDEO")
    file_id, urls = library.declare_large_file(asset_id, len(parts), file_size=sum(map(len, parts)))
    for url, part in zip(urls, parts):
        accepted(library.put_bytes(url, part, headers={}))
    started = time.monotonic()
    library.complete(file_id)
    return asset_id, time.monotonic() - started


@pytest.mark.parametrize("delay", [0, 0.05, 0.15])
def test_hashing_survives_kill_and_ends(farm, parts, delay):
    server = farm.start()
    asset_id, _ = send_and_complete(Library(KeyCaller(server)), parts)
    for _ in range(2):
        time.sleep(delay)
        server.kill()
        server.start()
    library = Library(KeyCaller(server))
    library.wait_for_state(asset_id, "UNACTIVED", timeout=30)
    assert_whole(library, asset_id, parts)


def test_hashing_goes_on_when_the_lease_of_the_killed_has_lapsed(farm, parts):
    if not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    # Other servers may share this database, so nobody takes the job before; 20 times as fast, that is soon.
    clock = FastClock(20)
    server = farm.start(backend="postgres", environment=clock.environment())
    asset_id, _ = send_and_complete(Library(token_caller(server)), parts)
    server.kill()
    server.environment.update(clock.environment())
    server.start()
    library = Library(token_caller(server))
    library.wait_for_state(asset_id, "UNACTIVED", timeout=60)
    assert_whole(library, asset_id, parts)


def assert_whole(library, asset_id, parts):
    content = b"".join(parts)
    file = library.file(asset_id)
    assert (file["state"], file["file_size"], file["file_md5"]) == ("CREATED", len(content), md5_of(content))
    assert hashlib.sha256(library.content(asset_id)).digest() == hashlib.sha256(content).digest()


def test_progress_is_shown_until_it_is_done(farm, parts):
    server = farm.start()
    library = Library(KeyCaller(server))
    asset_id, _ = send_and_complete(library, parts)
    seen = []
    while (shown := library.show(asset_id))["asset_state"] == "CREATING":
        [file] = shown["files"]
        assert file["state"] == "UPLOADED" and "file_md5" not in file and "download_url" not in file
        progress = file["entrepot_progress"]
        assert progress["bytes_total"] == sum(map(len, parts))
        assert 0 <= progress["bytes_done"] <= progress["bytes_total"]
        seen.append(progress["bytes_done"])
    assert seen == sorted(seen)
    assert "entrepot_progress" not in library.file(asset_id)


def test_complete_does_no_work_that_grows_with_size(farm, parts):
    library = Library(KeyCaller(farm.start()))
    _, small = send_and_complete(library, [b"x"] * PARTS)
    _, large = send_and_complete(library, parts)
    assert large < small + 0.5, "hashing 96 MiB takes longer than that"
