"""A thousand pairs of callers who want the same package at the same moment: one gets it, the other is told."""

import os
import threading
import time

import pytest

from driver.caller import token_caller
from driver.databases import URL
from driver.lines import Line, request_bytes
from driver.packages import Packages
from driver.rows import second_user

PAIRS = int(os.environ.get("ENTREPOT_RACING_PAIRS", "1000"))
TOLD = ("ROMA.19002", "ROMA.19003", "ROMA.19007")


class Racer(threading.Thread):
    """Asks, on one connection, for each archive that it is given, when the other one is about to ask too."""

    def __init__(self, packages, gate):
        super().__init__(daemon=True)
        self.packages, self.gate = packages, gate
        self.line = Line(packages.caller.server.endpoint)
        self.archive_id, self.answers, self.failure = None, [], None

    def run(self):
        try:
            while True:
                self.gate.wait(60)
                if self.archive_id is None:
                    return
                self.line.send(request_bytes(self.packages.caller, "GET", self.packages.archive(self.archive_id)))
                self.answers.append(self.line.answer())
                self.gate.wait(60)
        except BaseException as failure:  # Reported by the main thread.
            self.failure = failure
            self.gate.abort()


def race(exporting, pairs, first, second):
    """As many packages as pairs, each raced for; answers how often the first one won."""
    gate = threading.Barrier(3)
    racers = [Racer(first, gate), Racer(second, gate)]
    for racer in racers:
        racer.start()
    task = exporting.create_task("raced for")
    wins = 0
    for number in range(pairs):
        archive_id = exporting.export(tasks=[task])
        for racer in racers:
            racer.archive_id = archive_id
        try:
            gate.wait(60)
            gate.wait(60)
        except threading.BrokenBarrierError:
            raise next(racer.failure for racer in racers if racer.failure) from None
        answers = [racer.answers[number] for racer in racers]
        (won, body), (lost, told) = sorted(answers, key=lambda answer: answer[0].status)
        assert (won.status, lost.status) == (200, 403), (won.status, lost.status, told[:1000])
        assert len(body) == won.length and body[:4] == b"PK\3\4"
        assert any(code.encode() in told for code in TOLD), told
        wins += answers[0][0].status == 200
    for racer in racers:
        racer.archive_id = None
    gate.wait(60)
    return wins


@pytest.mark.timeout(240)
@pytest.mark.parametrize(("backend", "pairs"), [("sqlite", PAIRS), ("postgres", PAIRS // 4)])
def test_one_of_two_racing_callers_gets_it(farm, backend, pairs):
    if backend == "postgres" and not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    server = farm.start(backend=backend)
    packages, other = Packages(token_caller(server)), Packages(second_user(server))
    began = time.monotonic()
    wins = race(packages, pairs // 2, packages, packages)
    packages.delete(tasks=packages.tasks().values())
    wins += race(packages, pairs - pairs // 2, packages, other)
    print(f"{pairs} pairs in {time.monotonic() - began:.1f} s, {wins} won by the first")
    assert 0 < wins < pairs, "there was no race"
