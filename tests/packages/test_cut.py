"""A line that is cut after so many acknowledged bytes, to the byte; the download goes on and comes out whole."""

import pytest

from driver.caller import KeyCaller
from driver.lines import Line, request_bytes
from driver.packages import Packages, fill, save
from driver.rows import second_user

from .test_once import BUSY, CONSUMED, LEASED, ended, patiently, refusal

PLACES = {"first": lambda size: 0, "second": lambda size: 1, "middle": lambda size: size // 2,
          "last but one": lambda size: size - 1}


@pytest.fixture(scope="module")
def application(server):
    return fill(Packages(KeyCaller(server)), "cut", assets=3, files=2, size=150_000)


@pytest.fixture
def pair(packages, application):
    """A package, and another that is like it."""
    return [packages.export([application]) for _ in range(2)]


@pytest.fixture
def archive_id(pair):
    return pair[0]


class Cut:
    """A download whose line ends when the client's side has acknowledged exactly `count` bytes of the body."""

    def __init__(self, packages, pair, count, *, ending, **headers):
        archive_id, twin = pair
        line, named = Line(packages.caller.server.endpoint), {k.replace("_", "-"): v for k, v in headers.items()}
        line.take_only(length_of_head(packages, twin, named) + count)
        line.send(request_bytes(packages.caller, "GET", packages.archive(archive_id), named))
        self.head = line.head()
        self.body = line.read(count)
        assert len(self.body) == count and line.buffer == b""
        line.reset() if ending == "reset" else line.finish()


def length_of_head(packages, twin, headers):
    """Where the body of the same answer begins, by another package of the same size."""
    free = {name.replace("-", "_"): value for name, value in headers.items() if name.startswith("X-")}
    assert patiently(lambda: packages.fetch(twin, Range="bytes=0-0", **free)).status == 206
    etag = {"If-Range": f'"{packages.record(twin)["digest"]}"'} if "If-Range" in headers else {}
    line = Line(packages.caller.server.endpoint)
    line.take_only(1000)
    line.send(request_bytes(packages.caller, "GET", packages.archive(twin), headers | etag))
    length = line.head().bytes
    line.reset()
    return length


@pytest.mark.parametrize("ending", ["reset", "finish"])
@pytest.mark.parametrize("place", PLACES)
def test_cut_download_goes_on_by_range(packages, pair, archive_id, tmp_path, place, ending):
    head = packages.fetch(archive_id, "HEAD")
    size, etag = int(head.headers["Content-Length"]), head.headers["ETag"]
    first = Cut(packages, pair, PLACES[place](size), ending=ending)
    whole = first.body
    for _ in range(2):
        # Cut once more on the way, then to the end.
        rest = size - len(whole)
        if rest > 1:
            again = patient_cut(packages, pair, rest // 2, ending, len(whole), etag)
            assert again.head.headers["content-range"] == f"bytes {len(whole)}-{size - 1}/{size}"
            whole += again.body
    stranger = Packages(second_user(packages.caller.server))
    assert refusal(stranger.fetch(archive_id)) in (LEASED, BUSY)
    answer = patiently(lambda: packages.fetch(archive_id, Range=f"bytes={len(whole)}-", If_Range=etag))
    assert answer.status == 206, answer
    whole += answer.body
    save(tmp_path / "whole.zip", whole, head.headers)
    ended(packages, archive_id)
    for each in (packages, stranger):
        assert refusal(each.fetch(archive_id)) == CONSUMED


def patient_cut(packages, pair, count, ending, begin, etag):
    """Wait, with a byte that does not matter, until the line before is known to be gone."""
    assert patiently(lambda: packages.fetch(pair[0], Range="bytes=0-0", If_Range=etag)).status == 206
    return Cut(packages, pair, count, ending=ending, Range=f"bytes={begin}-", If_Range=etag)


@pytest.mark.parametrize("ending", ["reset", "finish"])
@pytest.mark.parametrize("place", PLACES)
def test_cut_download_begins_anew(packages, pair, archive_id, tmp_path, place, ending):
    head = packages.fetch(archive_id, "HEAD")
    first = Cut(packages, pair, PLACES[place](int(head.headers["Content-Length"])), ending=ending)
    answer = patiently(lambda: packages.fetch(archive_id))
    assert answer.status == 200, answer
    assert answer.body.startswith(first.body)
    save(tmp_path / "whole.zip", answer.body, head.headers)
    assert refusal(packages.fetch(archive_id)) == CONSUMED


@pytest.mark.parametrize("ending", ["reset", "finish"])
def test_last_byte_acknowledged_is_delivered_whatever_the_line_does_then(packages, pair, archive_id, tmp_path, ending):
    head = packages.fetch(archive_id, "HEAD")
    size = int(head.headers["Content-Length"])
    whole = Cut(packages, pair, size, ending=ending)
    save(tmp_path / "whole.zip", whole.body, head.headers)
    answer = packages.fetch(archive_id)
    # A reset may reach the server before it has looked at what was acknowledged; then it errs towards the holder.
    if ending == "reset" and answer.status == 200:
        assert answer.body == whole.body
        answer = packages.fetch(archive_id)
    assert refusal(answer) == CONSUMED


@pytest.mark.parametrize("place", [*PLACES, "last"])
def test_holder_who_asked_for_a_receipt_goes_on_from_anywhere(packages, pair, archive_id, tmp_path, place):
    head = packages.fetch(archive_id, "HEAD")
    size, etag = int(head.headers["Content-Length"]), head.headers["ETag"]
    count = size if place == "last" else PLACES[place](size)
    first = Cut(packages, pair, count, ending="reset", X_Entrepot_Receipt="required")
    whole = first.body
    if count < size:
        whole += patiently(lambda: packages.fetch(archive_id, Range=f"bytes={count}-", If_Range=etag)).body
    again = patiently(lambda: packages.fetch(archive_id))
    assert again.status == 200 and again.body == whole
    save(tmp_path / "whole.zip", whole, head.headers)
    assert packages.receipt(archive_id, etag.strip('"')).status == 200
    assert refusal(packages.fetch(archive_id)) == CONSUMED
