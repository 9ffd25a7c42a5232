"""Memory of both regions does not grow with what is copied: a gibibyte in one file, and two thousand small files."""

import hashlib
import http.client
import sqlite3
import uuid

import pytest

from driver.exchange import host_of
from driver.memory import Watch

MIB = 1024 * 1024
LIMIT = 100 * MIB
LARGE = 1024 * MIB
FILES = 2000


def blocks(size):
    """Content that is different everywhere, and made as fast as it is sent."""
    seed = hashlib.sha256(b"a gibibyte").digest() * (MIB // 32)
    for place in range(size // MIB):
        yield place.to_bytes(4, "big") + seed[4:]


def make_large(region, size):
    asset_id = region.library.create_asset("VIDEO", "a large film")
    file_id, [url] = region.library.declare_large_file(asset_id, 1, file_size=size)
    connection = http.client.HTTPConnection(host_of(region.server.endpoint), timeout=120)
    connection.request("PUT", url.removeprefix(region.server.endpoint), body=blocks(size),
                       headers={"Content-Length": str(size)})
    assert connection.getresponse().status == 200
    connection.close()
    region.library.complete(file_id)
    region.library.wait_for_state(asset_id, "UNACTIVED", timeout=60)
    return asset_id


def digest(region, asset_id):
    """SHA-256 of the bytes that the region serves."""
    url = region.library.file(asset_id)["download_url"]
    connection = http.client.HTTPConnection(host_of(region.server.endpoint), timeout=120)
    connection.request("GET", url.removeprefix(region.server.endpoint))
    answer, found = connection.getresponse(), hashlib.sha256()
    while block := answer.read(MIB):
        found.update(block)
    connection.close()
    return found.hexdigest()


def copied_within_the_limit(pair, asset_id):
    for region in (pair.a, pair.b):
        region.server.restart()  # What an upload took is no part of it.
    with Watch(pair.a.server) as out, Watch(pair.b.server) as into:
        pair.b.take(pair.a.ticket(asset_id))
        copy = pair.b.wait_for_copy(asset_id, timeout=120)
    print(f"at most {out.most >> 20} MiB in the source, {into.most >> 20} MiB in the target")
    assert 0 < out.most < LIMIT, f"the source took {out.most >> 20} MiB"
    assert 0 < into.most < LIMIT, f"the target took {into.most >> 20} MiB"
    return copy


@pytest.mark.timeout(240)
def test_a_gibibyte_is_copied_within_a_hundred_megabytes(make_pair):
    pair = make_pair()
    asset_id = make_large(pair.a, LARGE)
    copy = copied_within_the_limit(pair, asset_id)
    assert copy["bytes_done"] == LARGE
    expected = hashlib.sha256()
    for block in blocks(LARGE):
        expected.update(block)
    assert digest(pair.b, asset_id) == expected.hexdigest() == pair.b.library.file(asset_id)["entrepot_sha256"]


@pytest.mark.timeout(240)
def test_thousands_of_small_files_are_copied_within_a_hundred_megabytes(make_pair):
    pair = make_pair()
    asset_id = pair.a.library.create_asset("COMMON_FILE", "many files")
    contents = [b"%d " % number * 100 for number in range(40)]
    for number, content in enumerate(contents):
        pair.a.library.upload(asset_id, content, category="OTHER" if number else "MAIN", file_type="bin", name="f.bin")
    multiply(pair.a.server, asset_id, FILES - len(contents))
    copy = copied_within_the_limit(pair, asset_id)
    theirs, ours = ({file["file_id"]: file["entrepot_sha256"] for file in region.library.show(asset_id)["files"]}
                    for region in (pair.a, pair.b))
    assert ours == theirs and len(ours) == FILES
    assert copy["bytes_done"] == copy["bytes_total"]


def multiply(server, asset_id, more):
    """More files with the bytes of those that are there, written into the rows: the API would take minutes."""
    server.stop()
    with sqlite3.connect(server.data / "entrepot.db") as rows:
        columns = [column[1] for column in rows.execute("PRAGMA table_info(files)")]
        there = [dict(zip(columns, row)) for row in rows.execute(
            "SELECT * FROM files WHERE asset_id = ? AND category = 'OTHER'", [asset_id])]
        made = (there[number % len(there)] | {"file_id": uuid.uuid4().hex, "name": f"copy {number}"}
                for number in range(more))
        rows.executemany(f"INSERT INTO files ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
                         (list(row.values()) for row in made))
    rows.close()
    server.start()
