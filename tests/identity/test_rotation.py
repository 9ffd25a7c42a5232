"""Access keys rotated under load: make a new one, switch, delete the old one; nobody is refused on the way."""

import threading
import time

import pytest

from driver import iam
from driver.caller import KeyCaller
from driver.databases import URL
from driver.iam import soon

WORKERS = 4
ROTATIONS = 8
KEYS = "/v3.0/OS-CREDENTIAL/credentials"


class Worker(threading.Thread):
    """Calls without a pause, each time with the key that counts at that moment."""

    def __init__(self, server, current):
        super().__init__(daemon=True)
        self.server, self.current = server, current
        self.using = None
        self.done = 0
        self.wrong = []
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            self.using = key = self.current[0]
            caller = KeyCaller(self.server, key["access"], key["secret"])
            try:
                answer = caller.get("digital-assets", query={"limit": 1})
            except OSError as broken:
                self.wrong.append(broken)
                return
            if answer.status != 200:
                self.wrong.append(str(answer))
            self.done += 1


@pytest.fixture(params=["sqlite", "postgres", "two nodes"])
def servers(request, farm):
    if request.param == "sqlite":
        return [farm.start()]
    if not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    first = farm.start(backend="postgres")
    return [first, farm.join(first)] if request.param == "two nodes" else [first]


def test_nobody_is_refused_while_keys_are_rotated(servers):
    user = iam.Admin(servers[0]).user(policies=[iam.READ_ONLY])
    by_token = user.by_token()

    def new_key():
        answer = by_token.post(KEYS, {"credential": {"user_id": user.id}})
        assert answer.status == 201, answer
        return answer.json()["credential"]

    current = [new_key()]
    workers = [Worker(servers[number % len(servers)], current) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    retired = []
    for _ in range(ROTATIONS):
        old, current[0] = current[0], new_key()
        deadline = time.monotonic() + 10
        while any(worker.using is old for worker in workers):
            assert time.monotonic() < deadline and all(worker.is_alive() for worker in workers), workers[0].wrong
            time.sleep(0.005)
        assert by_token.delete(f"{KEYS}/{old['access']}").status == 204
        retired.append(old)
        time.sleep(0.3)
    for worker in workers:
        worker.over.set()
        worker.join(10)
    wrong = [each for worker in workers for each in worker.wrong]
    assert not wrong, f"{len(wrong)} refused, such as {wrong[:3]}"
    assert all(worker.done > ROTATIONS for worker in workers), "there was no load"
    for server in servers:
        for number, old in enumerate(retired):
            caller = KeyCaller(server, old["access"], old["secret"], source=f"127.4.0.{number + 1}")
            soon(lambda: caller.get("digital-assets").status == 401)
    listed = by_token.get(KEYS).json()["credentials"]
    assert [key["access"] for key in listed] == [current[0]["access"]]


def test_old_key_that_is_disabled_and_enabled_again_under_load(servers):
    """The way back, when something still used the old key."""
    user = iam.Admin(servers[0]).user(policies=[iam.READ_ONLY])
    by_token = user.by_token()
    made = [by_token.post(KEYS, {"credential": {"user_id": user.id}}).json()["credential"] for _ in range(2)]
    current = [made[1]]
    workers = [Worker(servers[number % len(servers)], current) for number in range(WORKERS)]
    for worker in workers:
        worker.start()
    for status in ("inactive", "active") * 2:
        answer = by_token.put(f"{KEYS}/{made[0]['access']}", {"credential": {"status": status}})
        assert answer.status == 200, answer
        for server in servers:
            caller = KeyCaller(server, made[0]["access"], made[0]["secret"], source="127.4.1.1")
            soon(lambda: caller.get("digital-assets").status == (200 if status == "active" else 401))
    for worker in workers:
        worker.over.set()
        worker.join(10)
    assert not [each for worker in workers for each in worker.wrong]
