"""One package, one download: what a lease is, who has it, what ends it, and what never does."""

import re
import threading
import time

import pytest

from driver.caller import KeyCaller, token_caller
from driver.clock import LaterCaller, faked, wait_on_server
from driver.command import admin
from driver.lines import Line, request_bytes
from driver.packages import Packages, fill
from driver.rows import execute, second_user, stored_files
from driver.waiting import until

UNKNOWN, CONSUMED, BUSY, EXPIRED, BLOCKED, SPENT, LEASED = (f"ROMA.1900{number}" for number in range(1, 8))


@pytest.fixture(scope="module")
def application(server):
    return fill(Packages(KeyCaller(server)), "given away once", assets=3, files=2, size=100_000)


@pytest.fixture
def archive_id(packages, application):
    return packages.export([application])


@pytest.fixture
def stranger(packages):
    """Another user of the same project."""
    return Packages(second_user(packages.caller.server))


def refusal(answer):
    assert answer.status == 403, answer
    assert len(answer.error_msg) <= 128 and answer.json()["error_details"] and answer.request_id
    return answer.error_code


def begin(packages, archive_id, count, **headers):
    """A download that has brought so many bytes and stands still; the packages' own line."""
    line = Line(packages.caller.server.endpoint)
    line.send(request_bytes(packages.caller, "GET", packages.archive(archive_id), headers))
    assert line.head().status == 200
    assert len(line.read(count)) == count
    return line


def patiently(fetch, timeout=10.0):
    """Ask again while the server has not seen yet that the line before is gone."""
    deadline = time.monotonic() + timeout
    while (answer := fetch()).error_code == BUSY:
        assert time.monotonic() < deadline, answer
        time.sleep(0.05)
    return answer


def ended(packages, archive_id, timeout=5.0):
    """The record once no download is under way any more."""
    deadline = time.monotonic() + timeout
    while (record := packages.record(archive_id))["delivering"]:
        assert time.monotonic() < deadline, record
        time.sleep(0.01)
    return record


def test_head_and_contents_never_use_it_up(packages, archive_id):
    heads = [packages.fetch(archive_id, "HEAD") for _ in range(3)]
    for head in heads:
        assert (head.status, head.body) == (200, b"")
    size, etag = int(heads[0].headers["Content-Length"]), heads[0].headers["ETag"]
    assert re.fullmatch('"[0-9a-f]{64}"', etag)
    for query in ({}, {"limit": 2}, {"limit": 2, "offset": 2}):
        assert packages.contents(archive_id, **query)
    record = packages.record(archive_id)
    assert (record["state"], record["size"], f'"{record["digest"]}"') == ("READY", size, etag)
    whole = packages.fetch(archive_id)
    assert (whole.status, len(whole.body), whole.headers["ETag"]) == (200, size, etag)
    assert packages.fetch(archive_id, "HEAD").status == 403


def test_contents_list_what_is_inside(packages, archive_id, tmp_path):
    listed, total = [], 1
    while len(listed) < total:
        page = packages.contents(archive_id, offset=len(listed), limit=3)
        assert 1 <= len(page["entries"]) <= 3
        listed, total = listed + page["entries"], page["total"]
    package = packages.download(archive_id, tmp_path)
    assert [entry["path"] for entry in listed] == package.names


def test_record_tells_who_got_it_and_stays(packages, stranger, archive_id):
    body = packages.fetch(archive_id).body
    ended(packages, archive_id)
    for each in (packages, stranger):
        record = each.record(archive_id)
        assert record["state"] == "CONSUMED" and record["size"] == record["sent_bytes"] == len(body)
        assert (record["holder"]["user_name"], record["holder"]["address"]) == ("owner", "127.0.0.1")
    for each in (packages, stranger):
        assert refusal(each.fetch(archive_id)) == CONSUMED
        assert refusal(each.fetch(archive_id, Range="bytes=0-0")) == CONSUMED


def test_unknown_and_foreign_archives_are_one_answer(packages, archive_id):
    made = admin(packages.caller.server, "instance", "create", f"foreign {archive_id}").json()["instance_id"]
    foreign = Packages(packages.caller, made)
    known, unknown = foreign.fetch(archive_id), packages.fetch("0" * 32)
    assert refusal(known) == refusal(unknown) == UNKNOWN
    assert known.error_msg == unknown.error_msg
    assert packages.fetch(archive_id).status == 200


def test_only_the_holder_goes_on(packages, stranger, archive_id):
    line = begin(packages, archive_id, 1000)
    assert refusal(stranger.fetch(archive_id)) == BUSY
    line.reset()
    deadline = time.monotonic() + 10
    while (code := refusal(stranger.fetch(archive_id))) != LEASED:
        assert code == BUSY and time.monotonic() < deadline
    assert ended(packages, archive_id)["state"] == "LEASED"
    assert patiently(lambda: packages.fetch(archive_id)).status == 200
    ended(packages, archive_id)
    assert refusal(stranger.fetch(archive_id)) == CONSUMED


def test_ranges_of_the_holder(packages, archive_id):
    head = packages.fetch(archive_id, "HEAD")
    size, etag = int(head.headers["Content-Length"]), head.headers["ETag"]
    part = packages.fetch(archive_id, Range="bytes=100-199", If_Range=etag)
    assert (part.status, part.headers["Content-Range"], len(part.body)) == (206, f"bytes 100-199/{size}", 100)
    outside = patiently(lambda: packages.fetch(archive_id, Range=f"bytes={size}-"))
    assert (outside.status, outside.error_code) == (416, "ROMA.19009")
    assert outside.headers["Content-Range"] == f"bytes */{size}"
    # The end of it without what is before is not the whole of it.
    tail = packages.fetch(archive_id, Range="bytes=-1000")
    assert (tail.status, len(tail.body)) == (206, 1000)
    assert packages.record(archive_id)["state"] == "LEASED"
    # Another version, and more than one range: all of it.
    other = packages.fetch(archive_id, Range="bytes=1000-", If_Range='"another"')
    assert (other.status, len(other.body)) == (200, size)
    assert part.body == other.body[100:200] and tail.body == other.body[-1000:]
    assert refusal(packages.fetch(archive_id, Range="bytes=0-99")) == CONSUMED


def test_whole_from_ranges_one_after_the_other(packages, archive_id):
    head = packages.fetch(archive_id, "HEAD")
    size, etag = int(head.headers["Content-Length"]), head.headers["ETag"]
    whole = b""
    while len(whole) < size:
        end = min(len(whole) + 100_000, size) - 1
        part = packages.fetch(archive_id, Range=f"bytes={len(whole)}-{end}", If_Range=etag)
        assert part.status == 206, part
        whole += part.body
    assert ended(packages, archive_id)["state"] == "CONSUMED"
    assert refusal(packages.fetch(archive_id)) == CONSUMED


def test_receipt_uses_it_up_instead(packages, stranger, archive_id):
    first = packages.fetch(archive_id, X_Entrepot_Receipt="required")
    again = packages.fetch(archive_id)
    assert first.status == again.status == 200 and first.body == again.body
    digest = first.headers["ETag"].strip('"')
    wrong = packages.receipt(archive_id, "0" * 64)
    assert (wrong.status, wrong.error_code) == (400, "ROMA.19008")
    assert packages.record(archive_id)["state"] == "LEASED"
    assert stranger.receipt(archive_id, digest).status == 403
    for _ in range(2):
        assert packages.receipt(archive_id, digest).status == 200
    assert packages.record(archive_id)["state"] == "CONSUMED"
    assert refusal(packages.fetch(archive_id)) == CONSUMED


def test_bound_on_the_bytes_sent(farm, tmp_path):
    packages = Packages(token_caller(farm.start(environment={"ENTREPOT_ARCHIVE_MAX_SENDS": 3})))
    archive_id = packages.export([fill(packages)])
    for _ in range(3):
        assert packages.fetch(archive_id, X_Entrepot_Receipt="required").status == 200
    assert refusal(packages.fetch(archive_id)) == SPENT
    digest = packages.record(archive_id)["digest"]
    assert packages.receipt(archive_id, digest).status == 200


def large(packages, name, size=6_000_000, assets=6):
    """An application whose package no kernel holds whole on the way."""
    return fill(packages, name, assets=assets, files=1, size=size)


def test_second_call_of_the_holder_is_refused_while_the_first_gets_on(private):
    archive_id = private.export([large(private, "busy")])
    line = begin(private, archive_id, 100_000)
    got, refused = 100_000, None
    answers = []
    asking = threading.Thread(target=lambda: answers.append(private.fetch(archive_id)))
    asking.start()
    size = private.record(archive_id)["size"]
    while asking.is_alive():
        got += len(line.read(min(200_000, size - got)))
        assert got < size, "the first one ended before the second was answered"
        time.sleep(0.02)
    [refused] = answers
    assert refusal(refused) == BUSY
    while got < size:
        block = line.read(min(1 << 20, size - got))
        assert block, "the line that was first has to get it whole"
        got += len(block)
    assert refusal(private.fetch(archive_id)) in (CONSUMED, BUSY)


def test_line_that_stands_still_is_taken_over_by_its_holder(private):
    archive_id = private.export([large(private, "silent")])
    line = begin(private, archive_id, 1000)
    began = time.monotonic()
    whole = patiently(lambda: private.fetch(archive_id), timeout=30)
    assert whole.status == 200 and time.monotonic() - began < 20
    assert ended(private, archive_id)["state"] == "CONSUMED"
    with pytest.raises(ConnectionError):
        while line.read(1 << 20):
            pass
        raise ConnectionError("the old line was ended in order, but before its end")


def test_package_waits_a_week_and_a_holder_has_a_day(farm):
    server = farm.start(environment={"ENTREPOT_SWEEP_MINUTES": 1})
    packages = Packages(KeyCaller(server))
    app = fill(packages)
    waiting, forgotten, begun, late = (packages.export([app]) for _ in range(4))
    for archive_id in (begun, late):
        assert packages.fetch(archive_id, Range="bytes=0-9").status == 206

    def later(hours, speed=""):
        server.stop()
        server.environment.update(faked(f"+{hours}h{speed}"))
        server.start()
        return Packages(LaterCaller(server))

    assert later(23).fetch(begun).status == 200
    packages = later(25)
    assert refusal(packages.fetch(late)) == EXPIRED
    packages = later(7 * 24 - 1)
    assert packages.fetch(waiting).status == 200
    packages = later(7 * 24 + 1)
    assert refusal(packages.fetch(forgotten)) == EXPIRED
    assert refusal(packages.fetch(waiting)) == CONSUMED
    # Fast, so that what comes round every minute comes soon.
    packages = later(7 * 24 + 2, " x40")
    deadline = time.monotonic() + 20
    while (pins := execute(server, "SELECT count(*) FROM archive_pins")) != [["0"]]:
        assert time.monotonic() < deadline, pins
        time.sleep(0.1)
    assert {packages.record(each)["state"] for each in (late, forgotten)} == {"EXPIRED"}


def test_content_lives_until_it_is_delivered_and_not_longer(farm, tmp_path):
    server = farm.start(environment={"ENTREPOT_SWEEP_MINUTES": 1, "ENTREPOT_QUARANTINE_MINUTES": 0})
    packages = Packages(KeyCaller(server))
    app = fill(packages)
    archive_id = packages.export([app])
    for asset_id in packages.attached(app):
        packages.library.delete(asset_id, force=True)

    def sweep_often(hours):
        # So fast that a sweep a minute comes every second and a half.
        server.stop()
        server.environment.update(faked(f"+{hours}h x40"))
        server.start()
        wait_on_server(LaterCaller(server), minutes=3, timeout=30)

    sweep_often(1)
    server.stop()
    server.environment.update(faked("+2h"))
    server.start()
    packages = Packages(LaterCaller(server))
    assert len(packages.download(archive_id, tmp_path).assets) == 2
    assert ended(packages, archive_id)["state"] == "CONSUMED"
    sweep_often(3)
    until(lambda: not stored_files(server), 20, "what nobody refers to any more is still there")


def test_blocked_content_is_not_given_away(packages, application, archive_id):
    server = packages.caller.server
    [asset_id, *_] = packages.attached(application)
    admin(server, "asset", "block", asset_id, "--reason-code", "C1", "--reason", "complaint").json()
    try:
        deadline = time.monotonic() + 5
        while (answer := packages.fetch(archive_id, "HEAD")).status == 200:
            assert time.monotonic() < deadline
        assert refusal(packages.fetch(archive_id)) == BLOCKED
        job = packages.wait(packages.begin("export", [application]))
        assert job["status"] == "FAILED" and [reason["resource_type"] for reason in job["reasons"]] == ["application"]
    finally:
        admin(server, "asset", "unblock", asset_id).json()
    assert patiently(lambda: packages.fetch(archive_id)).status == 200
