"""kill -9 of either region at random moments of a copy, and what an owner does meanwhile.

ENTREPOT_CRASH_SECONDS sets how long it goes on (default 30), ENTREPOT_CRASH_SEED repeats a run.
"""

import os
import random
import time

import pytest

from driver.clock import FastClock, LaterCaller
from driver.command import admin
from driver.databases import URL
from driver.regions import NeverHalf
from driver.tcpproxy import MANIFEST
from driver.waiting import until

SECONDS = float(os.environ.get("ENTREPOT_CRASH_SECONDS", "30"))
MIB = 1024 * 1024
FILES, SIZE = 3, 10 * MIB
BLOCKED, NOT_FOUND, ILLEGAL_STATE, REVOKED = "MSS.10009012", "MSS.10001001", "MSS.10009001", "MSS.10009018"


def make(region, files=FILES, size=SIZE, state="ACTIVED"):
    asset_id = region.library.create_asset("COMMON_FILE", "doomed")
    for number in range(files):
        content = random.randbytes(size + number)
        category = "OTHER" if number else "MAIN"
        region.library.upload(asset_id, content, file_type="bin", category=category, name=f"{number}.bin")
    region.library.update(asset_id, asset_state=state)
    return asset_id


def restart(region, clock):
    region.server.kill()
    region.server.environment.update(clock)
    region.server.start()


def killed_copy(pair, chance, kills, clock):
    """One copy with so many kills of either side under it; answers how many of them hit it on its way."""
    asset_id = make(pair.a)
    pair.line.rate = 12 * MIB
    hit = 0
    with NeverHalf(pair.b, asset_id, pair.a.library.show(asset_id)):
        pair.line.reset_counts()
        pair.b.take(pair.a.ticket(asset_id))
        for _ in range(kills):
            time.sleep(chance.uniform(0, 1))
            hit += pair.b.incoming(asset_id)["state"] in ("WAITING", "COPYING")
            restart(chance.choice([pair.a, pair.b]), clock())
        pair.line.rate = None
        pair.b.wait_for_copy(asset_id, timeout=75)
        # A clock that runs fast may be behind the other one's by more than a second.
        pair.assert_same(asset_id, but=("create_time",))
    assert pair.b.library.state(asset_id) == "ACTIVED"
    assert len(pair.b.copies(asset_id)["incoming"]) == 1
    # What was recorded each second is not asked for again: a kill costs about a second of the line, and no more.
    assert pair.line.body_bytes() <= FILES * (SIZE + FILES) + kills * 2 * 12 * MIB
    pair.b.library.delete(asset_id, force=True)
    return hit


@pytest.mark.timeout(240)
@pytest.mark.parametrize("backends", [("sqlite", "sqlite"), ("postgres", "postgres")], ids=["sqlite", "postgres"])
def test_whatever_is_killed_the_copy_comes_out_right(make_pair, backends):
    if "postgres" in backends and not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    seed = int(os.environ.get("ENTREPOT_CRASH_SEED", time.time_ns() % 10**9))
    print(f"ENTREPOT_CRASH_SEED={seed}")
    chance = random.Random(seed)
    seconds, clock, options = SECONDS / 2, dict, {}
    if "postgres" in backends:
        # Two nodes may share a database, so one that died is given up only when its lease has lapsed; by a clock
        # that runs 20 times as fast, that is soon.
        fast = FastClock(20)
        seconds, clock = 0, lambda: fast.environment() | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        options = {"source": {"environment": clock()}, "target": {"environment": clock()}, "caller": LaterCaller}
    pair = make_pair(backends=backends, **options)
    deadline = time.monotonic() + seconds
    rounds = hit = 0
    while time.monotonic() < deadline or rounds < 1:
        hit += killed_copy(pair, chance, chance.randint(1, 3), clock)
        rounds += 1
    print(f"{rounds} copies, {hit} kills on their way")
    assert hit, "no kill hit anything"


@pytest.fixture
def on_its_way(pair):
    """A copy of 20 MiB over a line so slow that it takes many seconds, and that has brought something."""
    asset_id = make(pair.a, files=2)
    pair.line.rate = MIB
    pair.b.take(pair.a.ticket(asset_id))
    pair.b.wait_until(asset_id, lambda copy: copy["bytes_done"] > 0)
    return asset_id


def test_asset_blocked_in_the_source(pair, on_its_way):
    admin(pair.a.server, "asset", "block", on_its_way, "--reason-code", "C1", "--reason", "complaint").json()
    copy = pair.b.wait_for_copy(on_its_way, "FAILED")
    assert copy["error_code"] == BLOCKED and "block" in copy["error"], copy
    assert copy["bytes_done"] < copy["bytes_total"]
    shown = pair.b.library.show(on_its_way)
    assert shown["asset_state"] == "FAILED" and "block" in shown["reason"]
    pair.line.repair()
    pair.line.reset_counts()
    # Nothing changes by trying again until the block is lifted.
    assert pair.b.retry(on_its_way, copy["copy_id"]).status == 200
    assert pair.b.wait_for_copy(on_its_way, "FAILED")["error_code"] == BLOCKED
    admin(pair.a.server, "asset", "unblock", on_its_way).json()
    until(lambda: pair.a.library.state(on_its_way) == "ACTIVED", 2)
    assert pair.b.retry(on_its_way, copy["copy_id"]).status == 200
    pair.b.wait_for_copy(on_its_way)
    pair.assert_same(on_its_way)
    # What had come did not come again.
    assert pair.line.body_bytes() <= copy["bytes_total"] - copy["bytes_done"] + MIB


@pytest.mark.parametrize("force", [False, True], ids=["recycle bin", "for good"])
def test_asset_deleted_in_the_source(pair, on_its_way, force):
    pair.a.library.delete(on_its_way, force=force)
    copy = pair.b.wait_for_copy(on_its_way, "FAILED")
    assert copy["error_code"] in (ILLEGAL_STATE, NOT_FOUND, REVOKED) and "delete" in copy["error"], copy
    shown = pair.b.library.show(on_its_way)
    assert shown["asset_state"] == "FAILED" and "delete" in shown["reason"]
    told = until(lambda: (seen := pair.a.outgoing(on_its_way))["state"] == "FAILED" and seen, what="A was never told")
    assert told["error"]


def test_ticket_cancelled_in_the_source(pair, on_its_way):
    copy_id = pair.b.incoming(on_its_way)["copy_id"]
    assert pair.a.cancel(on_its_way, copy_id).json()["state"] == "CANCELLED"
    copy = pair.b.wait_for_copy(on_its_way, "FAILED")
    assert copy["error_code"] == REVOKED and copy["error"], copy
    assert pair.b.library.state(on_its_way) == "FAILED"
    pair.line.repair()
    assert pair.b.retry(on_its_way, copy_id).status == 200
    assert pair.b.wait_for_copy(on_its_way, "FAILED")["error_code"] == REVOKED
    # A new ticket is another matter, and what has come stays of use.
    pair.line.reset_counts()
    pair.copy(on_its_way)
    pair.assert_same(on_its_way)
    assert pair.line.body_bytes() < 2 * SIZE


def test_ticket_cancelled_before_it_was_presented(pair):
    asset_id = make(pair.a, files=1, size=1000)
    ticket = pair.a.ticket(asset_id)
    copy_id = pair.a.outgoing(asset_id)["copy_id"]
    assert pair.a.cancel(asset_id, copy_id).status == 200
    assert pair.a.outgoing(asset_id)["state"] == "CANCELLED"
    pair.b.take(ticket)
    copy = pair.b.wait_for_copy(asset_id, "FAILED")
    assert copy["error_code"] == REVOKED, copy
    assert pair.a.retry(asset_id, copy_id).status == 400, "only the incoming side tries again"


def test_cancelled_and_tried_again(pair, on_its_way):
    copy_id = pair.b.incoming(on_its_way)["copy_id"]
    refused = pair.b.retry(on_its_way, copy_id)
    assert refused.status == 400, "what is on its way needs no retry"
    pair.b.wait_until(on_its_way, lambda copy: copy["bytes_done"] > 2 * MIB)
    assert pair.b.cancel(on_its_way, copy_id).json()["state"] == "CANCELLED"
    copy = pair.b.wait_for_copy(on_its_way, "CANCELLED")
    assert copy["bytes_done"] < copy["bytes_total"]
    assert pair.b.library.state(on_its_way) == "FAILED"
    # Soon nothing comes any more.
    until(lambda: pair.line.downward == (time.sleep(0.3), pair.line.downward)[1], 5, "it still comes")
    assert pair.b.incoming(on_its_way)["state"] == "CANCELLED"
    pair.line.repair()
    assert pair.b.retry(on_its_way, copy_id).status == 200
    done = pair.b.wait_for_copy(on_its_way)
    pair.assert_same(on_its_way)
    assert done["copy_id"] == copy_id
    for step in (pair.b.cancel, pair.b.retry):
        assert step(on_its_way, copy_id).status == 400, "it is over"
    for bad in ("0" * 32, "x"):
        answer = pair.b.retry(on_its_way, bad)
        assert (answer.status, answer.error_code) == (400, "MSS.10009016"), answer


@pytest.mark.parametrize("force", [False, True], ids=["recycle bin", "for good"])
def test_asset_deleted_in_the_target(pair, on_its_way, force):
    pair.b.library.delete(on_its_way, force=force)
    copy = pair.b.wait_until(on_its_way, lambda copy: copy["state"] in ("FAILED", "CANCELLED"))
    assert copy["error"], copy
    pair.line.repair()
    assert pair.b.library.state(on_its_way) == ("DELETED" if force else "DELETING")
    until(lambda: pair.line.downward == (time.sleep(0.3), pair.line.downward)[1], 5, "it still comes")


@pytest.mark.parametrize("force", [False, True], ids=["recycle bin", "for good"])
def test_asset_deleted_in_the_target_right_before_the_end(pair, force):
    asset_id = make(pair.a, files=1, size=1000)
    ticket = pair.a.ticket(asset_id)
    pair.line.reset_counts()
    pair.line.stall()
    pair.b.take(ticket)
    until(lambda: pair.line.asked(MANIFEST), what="nothing was asked for")
    pair.b.library.delete(asset_id, force=force)
    # Now all comes at once, before it is looked whether somebody still wants it.
    pair.line.repair()
    copy = pair.b.wait_until(asset_id, lambda copy: copy["state"] in ("FAILED", "CANCELLED", "DONE"))
    assert copy["state"] != "DONE" and copy["error"], copy
    assert pair.b.library.state(asset_id) == ("DELETED" if force else "DELETING")
    # For good, it may come again.
    if force:
        pair.copy(asset_id)
        pair.assert_same(asset_id)
