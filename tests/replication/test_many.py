"""Many assets at once: all arrive, and nothing is on B's disk but what rows refer to."""

import random
import threading
import time

import pytest

from driver.rows import execute, stored_files
from driver.waiting import until

ASSETS, THREADS = 200, 4
KIB = 1024


def side_by_side(work, items):
    """Each item by one of a few threads; answers the results in order."""
    results, failures, numbers, lock = [None] * len(items), [], iter(range(len(items))), threading.Lock()

    def run():
        while not failures:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            try:
                results[number] = work(items[number])
            except BaseException as failure:  # Reported by the main thread.
                failures.append(failure)

    threads = [threading.Thread(target=run, daemon=True) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 100
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    if failures:
        raise failures[0]
    assert None not in results, "not all of them came to an end"
    return results


def make(library, number):
    asset_id = library.create_asset("COMMON_FILE", f"number {number}")
    for file in range(1 + number % 3):
        # Some contents come more than once.
        content = random.Random(number // 2 * 10 + file).randbytes(KIB + 17 * (number // 2))
        library.upload(asset_id, content, category="OTHER" if file else "MAIN", file_type="bin", name=f"{file}.bin")
    if number % 2:
        library.activate(asset_id)
    return asset_id


@pytest.mark.timeout(240)
def test_two_hundred_assets_at_once(make_pair):
    pair = make_pair()
    made = side_by_side(lambda number: make(pair.a.library, number), range(ASSETS))
    tickets = side_by_side(pair.a.ticket, made)
    pair.line.reset_counts()
    side_by_side(pair.b.take, tickets)
    done = until(lambda: len(copies := pair.b.all_incoming(state="DONE")) == ASSETS and copies, 90,
                 f"they are not all DONE: {pair.b.server.tail()}")
    assert {copy["asset_id"] for copy in done} == set(made)
    assert pair.b.count() == ASSETS and len(pair.b.all_incoming()) == ASSETS
    for asset_id in random.sample(made, 20):
        pair.assert_same(asset_id)
    pages = [pair.b.library.summarys(made[at:at + 100]) for at in range(0, ASSETS, 100)]
    states = {summary["asset_id"]: summary["asset_state"] for page in pages for summary in page}
    assert [states[asset_id] for asset_id in made] == ["UNACTIVED", "ACTIVED"] * (ASSETS // 2)
    until(lambda: all(pair.a.outgoing(asset_id)["state"] == "DONE" for asset_id in made[::20]),
          what="A was not told of all")
    nothing_is_left_over(pair.b.server)


def nothing_is_left_over(server):
    """Every object belongs to a row, every row to bytes, and no content is stored twice."""
    def settled():
        claimed = {row[0] for row in execute(server, "SELECT storage_key FROM segments")}
        return claimed and len(claimed) == len(stored_files(server))
    until(settled, 20, "B's disk has other objects than its rows tell of")
    [[live, contents]] = execute(server, "SELECT count(*), count(DISTINCT sha256) FROM blobs WHERE state = 'LIVE'")
    assert live == contents
    [[unused]] = execute(server, "SELECT count(*) FROM blobs b WHERE b.state = 'LIVE' AND NOT EXISTS "
                                 "(SELECT 1 FROM files f WHERE f.blob_id = b.blob_id)")
    assert unused == "0"
