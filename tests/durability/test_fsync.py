"""What an answer promises was on the disk before it: seen in the system calls of the real executable.

kill -9 spares the page cache, so a crash test cannot show this.
"""

import os
import time

import pytest

from driver.caller import KeyCaller, token_caller
from driver.library import Library
from driver.waiting import until

from .trace import command, parse

WRITES = ("write", "writev", "pwrite64", "pwritev", "pwritev2", "copy_file_range", "splice", "sendfile")
SENDS = ("write", "writev", "sendto", "sendmsg")
SYNCS = ("fsync", "fdatasync")
MOVES = ("rename", "renameat", "renameat2", "link", "linkat")
CONTENT = os.urandom(300_000)


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    from driver.farm import Farm
    folder = tmp_path_factory.mktemp("traced")
    farm = Farm(folder / "data")
    farm.folder.mkdir()
    output = folder / "trace"
    server = farm.start(wrapper=command(output))
    yield Observed(server, output)
    farm.close()


class Observed:
    """A traced server: `during(call)` answers the events of one call, up to its first byte of answer."""

    def __init__(self, server, output):
        self.server = server
        self.output = output
        # By token, because checking it is the same for every call.
        self.library = Library(token_caller(server))

    def read(self):
        """The trace so far, once it has stopped growing."""
        size = -1
        while size != (size := self.output.stat().st_size):
            time.sleep(0.15)
        return self.output.read_text(errors="replace")

    def during(self, call):
        before = len(self.read().splitlines())
        answer = call()

        def look():
            """The events, once the answer is among them: strace may write later than the client reads."""
            events = [event for event in parse(self.read()) if event.ended >= before]
            sent = [event for event in events if event.call in SENDS and "HTTP/1.1 200" in "".join(event.strings)]
            return sent and (events, sent[-1])

        events, answered = until(look, what=f"no answer was seen in {self.output}")
        return answer, [event for event in events if event.ended < answered.began], answered


def in_data(traced, event):
    return event.path is not None and event.path.startswith(f"{traced.server.data}/")


def is_database(path):
    return ".db" in path or "sqlite" in path or path.endswith(("-wal", "-shm", "-journal"))


def assert_synced_after(events, path, position, what):
    synced = [event for event in events
              if event.call in SYNCS and event.path == path and event.result == 0 and event.began > position]
    assert synced, f"{what} was not synced before the answer:\n" + "\n".join(map(str, events))
    return synced[0]


def assert_database_synced(traced, events):
    """The database's log was written for the answer, and synced after its last write.

    The database itself may be written by a checkpoint at any time: the log has it all until that is synced.
    """
    written = {}
    for event in events:
        if event.call in WRITES and in_data(traced, event) and is_database(event.path) and event.result > 0:
            written[event.path] = event.ended
    log = {path: position for path, position in written.items() if path.endswith(("-wal", "-journal"))}
    assert log, "nothing was written to the database:\n" + "\n".join(map(str, events))
    for path, position in log.items():
        assert_synced_after(events, path, position, path)


def test_put_is_on_disk_before_its_answer(traced):
    library = traced.library
    asset_id = library.create_asset("COMMON_FILE")
    file_id, url = library.declare_file(asset_id, CONTENT, file_type="bin")
    answer, events, _ = traced.during(lambda: library.put_bytes(url, CONTENT, "bin"))
    assert answer.status == 200, answer

    written = {}
    for event in events:
        if event.call in WRITES and in_data(traced, event) and not is_database(event.path) and event.result > 0:
            total, _ = written.get(event.path, (0, 0))
            written[event.path] = (total + event.result, event.ended)
    [(temporary, last_write)] = [(path, last) for path, (total, last) in written.items() if total == len(CONTENT)]
    synced = assert_synced_after(events, temporary, last_write, "the file")

    moves = [event for event in events if event.call in MOVES and event.result == 0 and temporary in event.paths]
    assert moves, "the file was not moved to its place:\n" + "\n".join(map(str, events))
    moved = moves[-1]
    assert moved.began > synced.ended, "the file was moved before it was synced"
    place = moved.paths[-1]
    assert_synced_after(events, os.path.dirname(place), moved.ended, "the folder of the file")

    for event in events:
        if event.call in ("mkdir", "mkdirat") and event.result == 0:
            made = event.paths[-1]
            assert_synced_after(events, os.path.dirname(made), event.ended, f"the parent of the new folder {made}")
    assert_database_synced(traced, [event for event in events if event.began > moved.ended])


def test_part_of_a_large_file_is_on_disk_before_its_answer(traced):
    library = traced.library
    _, urls = library.declare_large_file(library.create_asset("COMMON_FILE"), 2, file_type="bin")
    answer, events, _ = traced.during(lambda: library.put_bytes(urls[0], CONTENT, headers={}))
    assert answer.status == 200, answer
    sizes = {}
    for event in events:
        if event.call in WRITES and in_data(traced, event) and not is_database(event.path) and event.result > 0:
            sizes[event.path] = sizes.get(event.path, 0) + event.result
    [temporary] = [path for path, total in sizes.items() if total == len(CONTENT)]
    assert any(event.call in SYNCS and event.path == temporary for event in events)
    assert_database_synced(traced, events)


def library_calls(library):
    """Every call that changes something, each a function to be traced."""
    asset_id = library.create_asset("COMMON_FILE")
    file_id, url = library.declare_file(asset_id, CONTENT, file_type="bin")
    assert library.put_bytes(url, CONTENT, "bin").status == 200
    yield "create", lambda: library.create_asset("COMMON_FILE")
    yield "declare a file", lambda: library.declare_file(asset_id, b"x", category="OTHER", file_type="bin")
    yield "complete", lambda: library.complete(file_id)
    yield "update", lambda: library.update(asset_id, asset_name="another")
    yield "activate", lambda: library.activate(asset_id)
    yield "delete", lambda: library.delete(asset_id)
    yield "restore", lambda: library.restore(asset_id)
    yield "force", lambda: library.delete(asset_id, force=True)


def test_every_change_is_in_the_synced_log_before_its_answer(traced):
    for name, call in library_calls(traced.library):
        _, events, _ = traced.during(call)
        print(name)
        assert_database_synced(traced, events)


def test_reading_syncs_nothing(traced):
    asset_id = traced.library.create_asset("COMMON_FILE")
    traced.library.upload(asset_id, CONTENT, file_type="bin")
    caller = KeyCaller(traced.server)
    caller.get(f"digital-assets/{asset_id}")  # the first use of a key in an hour is noted
    time.sleep(1.5)  # what the audit has of earlier downloads is written behind them
    # Reading that syncs does so each time; what comes round by the clock falls into one of them at most.
    readings = [traced.during(lambda: caller.get(f"digital-assets/{asset_id}"))[1] for _ in range(3)]
    syncs = [[event for event in events if event.call in SYNCS] for events in readings]
    assert [] in syncs, "\n".join(map(str, syncs))
