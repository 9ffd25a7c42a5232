"""kill -9 at random moments under work, then a restart: all that was acknowledged is there, byte for byte.

ENTREPOT_CRASH_SECONDS sets how long it goes on (default 30), ENTREPOT_CRASH_SEED repeats a run.
"""

import os
import random
import threading
import time

import pytest

from driver.caller import KeyCaller, token_caller
from driver.clock import FastClock
from driver.databases import URL
from driver.folders import sizes
from driver.library import Library, accepted, md5_of

from .workload import RARE, SHARED, User

SECONDS = float(os.environ.get("ENTREPOT_CRASH_SECONDS", "30"))
USERS = 6

# Bytes that nothing refers to are removed as soon as may be, several times in a run: with a clock that runs
# 20 times as fast, a sweep a minute comes every three seconds.
FACTOR = 20
SWEEPING = {"ENTREPOT_SWEEP_MINUTES": "1", "ENTREPOT_QUARANTINE_MINUTES": "0"}


def check(library, asset_id, promise):
    """Hold the server to one promise, then take what it says as the new one."""
    shown = library.show(asset_id)
    assert shown["asset_name"] in promise.possible("name")
    state = shown["asset_state"]
    assert state in promise.possible("state"), f"{asset_id}: {state}, promised {promise}"
    content = promise.content if state == promise.state else promise.pending.get("content", promise.content)
    files = [file for file in shown.get("files", []) if file["state"] == "CREATED"]
    if state in ("UNACTIVED", "ACTIVED"):
        [file] = files
        assert file["file_md5"] == md5_of(content) and file["file_size"] == len(content)
        assert accepted(library.get_bytes(file["download_url"])).body == content, f"{asset_id} reads back differently"
    promise.name, promise.state, promise.content, promise.pending = shown["asset_name"], state, content, {}


def wait_for_sweep(server, all_promises, rounds):
    """What no asset has any more is removed in the end; answers how many contents are left.

    A PUT that a kill cut off may leave bytes that no row knows; those are removed a day later.
    """
    promises = [promise for promises in all_promises for promise in promises.values()]
    needed = {promise.content for promise in promises if promise.content is not None}
    unfinished = sum(promise.state == "CREATING" for promise in promises)
    lengths = {len(content) for content in SHARED[1:] + RARE}
    deadline = time.monotonic() + 60
    while True:
        stored = sum(size in lengths for size in sizes(server.data).values())
        if stored <= len(needed) + unfinished + 2 * rounds:
            return stored
        assert time.monotonic() < deadline, f"{stored} contents stored, {len(needed)} needed, {unfinished} unfinished"
        time.sleep(0.5)


def round_of_work(server, chance, all_promises):
    """Let the users work, kill the server under them, and answer how many calls it acknowledged."""
    stop = threading.Event()
    caller = token_caller(server)
    users = [User(caller, chance.random(), promises, stop) for promises in all_promises]
    for user in users:
        user.start()
    time.sleep(chance.uniform(0.05, 1.5))
    server.kill()
    stop.set()
    for user in users:
        user.join(30)
        assert not user.is_alive()
        if user.failure:
            raise user.failure
    return sum(user.acknowledged for user in users)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_nothing_acknowledged_is_lost(farm, backend):
    if backend == "postgres" and not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    seed = int(os.environ.get("ENTREPOT_CRASH_SEED", time.time_ns() % 10**9))
    print(f"ENTREPOT_CRASH_SEED={seed}")
    chance = random.Random(seed)
    clock = FastClock(FACTOR)
    server = farm.start(backend=backend, environment=SWEEPING | clock.environment())
    all_promises = [{} for _ in range(USERS)]
    deadline = time.monotonic() + (SECONDS if backend == "sqlite" else SECONDS / 2)
    rounds = acknowledged = 0
    while time.monotonic() < deadline or rounds < 3:
        acknowledged += round_of_work(server, chance, all_promises)
        server.environment.update(clock.environment())
        server.start()
        library = Library(token_caller(server))
        for promises in all_promises:
            recent = list(promises)[-12:]
            for asset_id, promise in promises.items():
                if asset_id in recent or promise.pending:
                    check(library, asset_id, promise)
        rounds += 1
    library = Library(token_caller(server))
    for promises in all_promises:
        for asset_id, promise in promises.items():
            check(library, asset_id, promise)
    stored = wait_for_sweep(server, all_promises, rounds)
    print(f"{rounds} rounds, {acknowledged} calls acknowledged, {sum(map(len, all_promises))} assets read back, {stored} contents stored at last")
    assert acknowledged > 20 * rounds / 4, "hardly anything was done before each kill"


def test_kill_right_after_each_kind_of_answer(farm):
    server = farm.start()
    content = b"acknowledged" * 50_000

    def after_kill():
        server.kill()
        server.start()
        return Library(KeyCaller(server))

    library = Library(KeyCaller(server))
    asset_id = library.create_asset("COMMON_FILE", "made")
    library = after_kill()
    assert library.show(asset_id)["asset_name"] == "made"
    file_id, url = library.declare_file(asset_id, content, file_type="bin")
    library = after_kill()
    assert library.put_bytes(url, content, "bin").status == 200
    library = after_kill()
    library.complete(file_id)
    library = after_kill()
    library.complete(file_id)
    assert library.content(asset_id) == content
    library.activate(asset_id)
    library = after_kill()
    assert library.state(asset_id) == "ACTIVED"
    library.delete(asset_id)
    library = after_kill()
    assert library.state(asset_id) == "DELETING"
    library.restore(asset_id)
    library = after_kill()
    assert library.state(asset_id) == "ACTIVED"
    assert library.content(asset_id) == content
