"""A bad line between two regions: cut at any byte, closed, slow, or telling lies. The copy comes out right in the end."""

import random

import pytest

from driver.regions import NeverHalf, problems
from driver.rows import execute, stored_files
from driver.tcpproxy import FILE_BODY, MANIFEST
from driver.waiting import until

KIB, MIB = 1024, 1024 * 1024
SIZE = 3 * MIB
# What may have to come again after a cut.
SLACK = 256 * KIB
PLACES = {"first": lambda size: 0, "second": lambda size: 1, "middle": lambda size: size // 2,
          "last but one": lambda size: size - 1}
REPORTS = r"/peer/v1/reports"
UNREACHABLE = "MSS.10009005"


@pytest.fixture
def asset_id(pair):
    """A film of 3 MiB, in use, that B has never seen."""
    asset_id = pair.a.library.create_asset("VIDEO", "a film")
    pair.a.library.upload(asset_id, random.randbytes(SIZE), file_type="mp4")
    pair.a.library.activate(asset_id)
    return asset_id


@pytest.fixture
def watched(pair, asset_id):
    """B's side of it is looked at all through the test."""
    with NeverHalf(pair.b, asset_id, pair.a.library.show(asset_id)):
        yield asset_id


def take(pair, asset_id):
    """Present a new ticket; the counts begin anew."""
    ticket = pair.a.ticket(asset_id)
    pair.line.reset_counts()
    pair.b.take(ticket)


def comes_out_right(pair, asset_id, timeout=40.0):
    copy = pair.b.wait_for_copy(asset_id, timeout=timeout)
    pair.assert_same(asset_id)
    return copy


@pytest.mark.parametrize("place", PLACES)
def test_line_cut_in_a_file(pair, watched, place):
    cut = pair.line.cut(PLACES[place](SIZE), path=FILE_BODY)
    take(pair, watched)
    comes_out_right(pair, watched)
    assert cut.times == 0, "the line was never cut"
    assert SIZE <= pair.line.body_bytes() <= SIZE + SLACK
    assert len(pair.line.asked(FILE_BODY)) >= 2


@pytest.mark.parametrize("place", PLACES)
def test_line_cut_in_the_manifest(pair, watched, place):
    take(pair, watched)
    comes_out_right(pair, watched)
    size = pair.line.body_bytes(MANIFEST)
    assert size > 100
    pair.a.library.update(watched, asset_name="another film")
    cut = pair.line.cut(PLACES[place](size), path=MANIFEST)
    take(pair, watched)
    comes_out_right(pair, watched)
    assert cut.times == 0, "the line was never cut"


@pytest.mark.parametrize("upward", [False, True], ids=["answers", "requests"])
@pytest.mark.parametrize("at", [0, 1, 60])
def test_line_cut_in_the_heads(pair, watched, at, upward):
    pair.line.cut_now()  # What comes next comes on a line of its own.
    cut = pair.line.cut(at, upward=upward, times=2)
    take(pair, watched)
    comes_out_right(pair, watched)
    assert cut.times < 2, "the line was never cut"


def test_line_cut_again_and_again(pair, watched):
    """No connection lives longer than half a MiB, and still no byte comes twice, but for what a cut takes."""
    cut = pair.line.cut(512 * KIB, path=FILE_BODY, times=None)
    take(pair, watched)
    comes_out_right(pair, watched, timeout=60)
    assert len(pair.line.asked(FILE_BODY)) >= 6
    assert pair.line.body_bytes() <= SIZE + 7 * SLACK
    assert cut.times is None


def test_nobody_answers_for_a_while(pair, watched):
    ticket = pair.a.ticket(watched)
    pair.line.refuse()
    pair.b.take(ticket)
    waiting = pair.b.wait_until(watched, lambda copy: copy["attempts"] >= 2 and copy["state"] == "WAITING")
    assert waiting["error"] and waiting["error_code"] and waiting["next_try_at"] > waiting["created_at"]
    assert pair.b.library.state(watched) == "CREATING"
    assert problems(pair.b.inspect(pair.a.ticket(watched))) == {UNREACHABLE}
    pair.line.accept()
    done = comes_out_right(pair, watched)
    assert done["attempts"] > waiting["attempts"] and "error" not in done and "next_try_at" not in done


def test_retry_does_not_wait_for_its_turn_and_presenting_again_is_harmless(pair, watched):
    ticket = pair.a.ticket(watched)
    pair.line.refuse()
    pair.b.take(ticket)
    pair.b.wait_until(watched, lambda copy: copy["attempts"] >= 2)
    pair.b.take(ticket)
    assert len(pair.b.copies(watched)["incoming"]) == 1
    pair.line.accept()
    comes_out_right(pair, watched)


def test_line_that_stands_still_and_goes_on(pair, watched):
    pair.line.rate = 2 * MIB
    take(pair, watched)
    pair.b.wait_until(watched, lambda copy: copy["bytes_done"] > 0)
    pair.line.stall()
    # Cut while nothing moves, as a line does that has gone dead.
    pair.line.cut_now()
    pair.line.repair()
    comes_out_right(pair, watched)


def test_slow_line_shows_how_far_it_is(pair, watched):
    pair.line.rate = 1.5 * MIB
    take(pair, watched)
    first = pair.b.wait_until(watched, lambda copy: 0 < copy["bytes_done"] < SIZE)
    assert first["state"] == "COPYING" and first["bytes_total"] == SIZE
    second = pair.b.wait_until(watched, lambda copy: copy["bytes_done"] > first["bytes_done"])
    assert second["bytes_done"] <= SIZE
    pair.b.wait_until(watched, lambda copy: copy["rate"] > 0 or copy["state"] == "DONE")
    done = comes_out_right(pair, watched)
    assert done["rate"] == 0 and done["bytes_done"] == done["bytes_total"] == SIZE
    assert pair.line.body_bytes() == SIZE


@pytest.mark.parametrize("place", [*PLACES, "last"])
def test_one_wrong_bit_in_a_file(pair, watched, place):
    flip = pair.line.flip(SIZE - 1 if place == "last" else PLACES[place](SIZE), path=FILE_BODY)
    take(pair, watched)
    comes_out_right(pair, watched)
    assert flip.times == 0, "no bit was wrong"
    assert pair.line.body_bytes() > SIZE


@pytest.mark.parametrize("place", ["first", "middle", "last but one"])
def test_one_wrong_bit_in_the_manifest(pair, watched, place):
    take(pair, watched)
    comes_out_right(pair, watched)
    size = pair.line.body_bytes(MANIFEST)
    pair.a.library.update(watched, asset_name="another film")
    flip = pair.line.flip(PLACES[place](size), path=MANIFEST)
    take(pair, watched)
    comes_out_right(pair, watched)
    assert flip.times == 0, "no bit was wrong"


@pytest.mark.parametrize("upward", [False, True], ids=["answers", "requests"])
@pytest.mark.parametrize("at", [0, 9, 40, 150])
def test_one_wrong_bit_in_the_heads(pair, watched, at, upward):
    pair.line.cut_now()
    flip = pair.line.flip(at, upward=upward)
    take(pair, watched)
    comes_out_right(pair, watched)
    assert flip.times == 0, "no bit was wrong"


def test_line_that_tells_lies_until_it_is_repaired(pair, watched):
    flip = pair.line.flip(MIB // 2, path=FILE_BODY, every=MIB, times=None)
    take(pair, watched)
    lies = pair.b.wait_until(watched, lambda copy: copy["attempts"] >= 3 or copy["state"] == "FAILED")
    assert lies["state"] not in ("DONE", "FAILED"), lies
    assert lies["error"], "what is wrong is not told"
    assert pair.b.library.state(watched) == "CREATING"
    assert flip.times is None
    pair.line.repair()
    comes_out_right(pair, watched)


def stored(pair, asset_id):
    """The one object on A's disk that has the bytes of the asset's main file."""
    [[key]] = execute(pair.a.server, "SELECT s.storage_key FROM segments s JOIN files f ON f.blob_id = s.blob_id "
                                     f"WHERE f.asset_id = '{asset_id}' AND f.category = 'MAIN'")
    [path] = [path for path in stored_files(pair.a.server) if key.endswith(path.name)]
    return path


def changed(path):
    content = path.read_bytes()
    middle = len(content) // 2
    path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:])


def shortened(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [changed, shortened, lambda path: path.unlink()], ids=["changed", "shortened", "gone"])
def test_file_that_is_damaged_in_the_source_fails_with_a_reason(pair, watched, damage):
    path = stored(pair, watched)
    mode, whole = path.stat().st_mode, path.read_bytes()
    path.chmod(0o600)
    damage(path)
    take(pair, watched)
    copy = pair.b.wait_for_copy(watched, "FAILED", timeout=60)
    assert copy["error_code"] and len(copy["error"]) > 20, copy
    shown = pair.b.library.show(watched)
    assert shown["asset_state"] == "FAILED" and len(shown["reason"]) > 20, shown
    told = until(lambda: (seen := pair.a.outgoing(watched))["state"] == "FAILED" and seen, what="A was never told")
    assert told["error"]
    # Mended, it goes on.
    path.write_bytes(whole)
    path.chmod(mode)
    assert pair.b.retry(watched, copy["copy_id"]).status == 200
    comes_out_right(pair, watched)


def test_update_that_fails_leaves_the_copy_as_it_was(pair, watched):
    pair.b.take(pair.a.ticket(watched))
    comes_out_right(pair, watched)
    before = pair.b.library.show(watched)
    pair.a.library.upload(watched, random.randbytes(MIB), category="COVER", name="cover.png")
    ticket = pair.a.ticket(watched)
    pair.a.library.delete(watched)
    pair.b.take(ticket)
    copy = pair.b.wait_for_copy(watched, "FAILED")
    assert copy["error_code"] and copy["error"]
    assert pair.b.library.show(watched) == before
    pair.a.library.restore(watched)
