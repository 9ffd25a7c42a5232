"""The master key replaced while servers work: nothing is refused, and the former key opens nothing afterwards."""

import base64
import hmac
import json
import random
import secrets
import shutil
import subprocess
import threading
import time

import pytest

from driver.caller import KeyCaller
from driver.command import admin, run
from driver.databases import URL
from driver.exchange import exchange, target_of
from driver.library import Library
from driver.rows import execute
from driver.seal import gcm_seal, hkdf
from driver.server import BINARY, clean_environment

BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.skipif(not URL, reason="no PostgreSQL"))]
REMEMBERED_SECONDS = 1.6  # for so long a server does not look a secret up again
KILLS = 12


def make_key(path):
    path.write_bytes(base64.b64encode(secrets.token_bytes(32)) + b"\n")
    return path


def master_key(server, command, *arguments, **options):
    return admin(server, "master-key", command, *arguments, **options)


def status(server):
    return master_key(server, "status").json()


class Work:
    """What a user of a library has, and whether all of it still works at a server."""

    def __init__(self, server):
        caller = KeyCaller(server)
        self.instance = server.credentials["instance_id"]
        created = caller.post(self.apps(caller), {"name": f"app {secrets.token_hex(4)}", "secret": "first-secret"})
        assert created.status == 201, created
        self.app = created.json()["id"]
        library = Library(caller)
        self.asset = library.create_asset()
        library.upload(self.asset, b"some bytes")
        self.link = self.link_at(caller)

    def apps(self, caller, tail=""):
        return f"/v2/{caller.project}/instances/{self.instance}/apps{tail}"

    def link_at(self, caller):
        shown = caller.get(f"digital-assets/{self.asset}")
        assert shown.status == 200, shown
        return shown.json()["files"][0]["download_url"]

    def set_secret(self, caller, secret):
        answer = caller.put(self.apps(caller, f"/{self.app}/secret"), {"secret": secret})
        assert answer.status == 200, answer

    def secret(self, caller):
        answer = caller.get(self.apps(caller, f"/{self.app}/secret"))
        assert answer.status == 200, answer
        return answer.json()["secret"]

    @staticmethod
    def fetch(server, link):
        answer = exchange(server.endpoint, "GET", target_of(link))
        assert answer.status == 200 and answer.body == b"some bytes", answer

    def check(self, here, there):
        """A secret set at one server is there at the other one, and so is a link; the first link stays good."""
        wanted = f"secret-{secrets.token_hex(8)}"
        self.set_secret(KeyCaller(here), wanted)
        assert self.secret(KeyCaller(there, here.credentials["access_key"], here.credentials["secret_key"])) == wanted
        self.fetch(there, self.link_at(KeyCaller(here)))
        self.fetch(there, self.link)


class Load:
    """Threads that work until they are told to stop; whatever goes wrong is raised at the end."""

    def __init__(self, *servers, threads=3):
        self.servers, self.stopped, self.problems, self.rounds = servers, threading.Event(), [], 0
        works = [Work(servers[0]) for _ in range(threads)]
        self.threads = [threading.Thread(target=self.work, args=(work,)) for work in works]

    def work(self, work):
        while not self.stopped.is_set() and not self.problems:
            try:
                work.check(random.choice(self.servers), random.choice(self.servers))
                self.rounds += 1
            except Exception as problem:  # noqa: BLE001: told at the end
                self.problems.append(problem)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        if self.problems:
            raise self.problems[0]


def refused_start(server):
    """What a server says that does not start."""
    with pytest.raises(RuntimeError) as told:
        server.start()
    return str(told.value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_rotations_beside_a_busy_server(farm, backend):
    server = farm.start(backend=backend)
    file = server.data / "master.key"
    first = file.read_bytes()
    with Load(server) as load:
        for _ in range(5):
            rotated = master_key(server, "rotate").json()
            assert rotated["failed"] == 0
            assert rotated["state"] == ("DONE" if backend == "sqlite" else "FINISH")
            time.sleep(REMEMBERED_SECONDS / 2)
            if backend == "postgres":
                assert len(master_key(server, "finish").json()["dropped"]) == 1
        time.sleep(REMEMBERED_SECONDS)
    assert load.rounds > 50
    shown = status(server)
    assert not shown["under_way"] and shown["lost"] == 0
    assert [key["master_id"] for key in shown["master_keys"]] == [rotated["master_id"]] == [shown["master_id"]]
    work = Work(server)
    server.restart()
    work.check(server, server)
    server.stop()
    latest = file.read_bytes()
    file.write_bytes(first)
    told = refused_start(server)
    assert "does not open this library" in told and rotated["master_id"] in told
    file.write_bytes(latest)
    server.start()
    work.check(server, server)
    printed = server.log.read_text() + json.dumps(shown)
    assert first.decode().strip() not in printed and latest.decode().strip() not in printed
    assert (file.stat().st_mode & 0o777) == 0o600


@pytest.mark.skipif(not URL, reason="no PostgreSQL")
def test_two_busy_nodes_with_keys_of_their_own(farm, tmp_path):
    here = farm.start(backend="postgres")
    there = farm.prepare(environment=here.environment)
    there.data.mkdir()
    (there.data / "blobs").symlink_to(here.data / "blobs")
    shutil.copy(here.data / "credentials.json", there.data)
    assert "master key" in refused_start(there)
    assert not (there.data / "master.key").exists(), "a node that joins makes no key"
    shutil.copy(here.data / "master.key", there.data)
    there.start()
    files = [here.data / "master.key", there.data / "master.key"]
    former = shutil.copy(files[0], tmp_path / "former.key")
    with Load(here, there):
        for number in range(3):
            given = make_key(tmp_path / f"given-{number}.key")
            rotated = master_key(here, "rotate", "--new-key-file", given).json()
            assert (rotated["state"], rotated["new_key_file"]) == ("PUT_IN_PLACE", str(given))
            refused = master_key(there, "finish")
            assert refused.status == 1 and "still has" in refused.err
            time.sleep(REMEMBERED_SECONDS / 2)
            for file in files:
                shutil.copy(given, file)
            assert len(master_key(there, "finish").json()["dropped"]) == 1
            time.sleep(REMEMBERED_SECONDS / 2)
    work = Work(here)
    for node in (here, there):
        node.restart()
        work.check(here, there)
    there.stop()
    shutil.copy(former, files[1])
    assert "does not open this library" in refused_start(there)


def test_killed_anywhere_it_opens_and_goes_on(farm):
    server = farm.start()
    work = Work(server)
    command = [str(BINARY), "admin", "--data", str(server.data), "master-key", "rotate"]
    for _ in range(KILLS):
        with subprocess.Popen(command, env=clean_environment(), stdout=subprocess.DEVNULL) as rotating:
            time.sleep(random.uniform(0, 0.2))
            rotating.kill()
        work.check(server, server)
        server.restart()
        work.check(server, server)
    assert master_key(server, "rotate").json()["state"] == "DONE"
    assert not status(server)["under_way"]
    assert sorted(path.name for path in server.data.glob("master.*")) == ["master.key"]
    work.check(server, server)


def test_key_from_a_command(farm, tmp_path):
    kept = make_key(tmp_path / "kept.key")
    server = farm.prepare(environment={"ENTREPOT_MASTER_KEY_COMMAND": f"cat '{kept}'"}).start()
    assert not (server.data / "master.key").exists()
    with Load(server):
        rotated = master_key(server, "rotate").json()
        waiting = server.data / "master.key.new"
        assert (rotated["state"], rotated["new_key_file"]) == ("PUT_IN_PLACE", str(waiting))
        assert master_key(server, "finish").status == 1
        shutil.copy(waiting, kept)
        master_key(server, "finish").json()
        assert not waiting.exists()
        # the next data key opens only under what the command prints by now
        following = make_key(tmp_path / "following.key")
        master_key(server, "rotate", "--new-key-file", following).json()
        time.sleep(REMEMBERED_SECONDS)
        shutil.copy(following, kept)
        master_key(server, "finish").json()
    Work(server.restart()).check(server, server)
    server.stop()
    server.environment["ENTREPOT_MASTER_KEY_COMMAND"] = "echo; exit 3"
    assert "master_key_command: it failed: exit status: 3" in refused_start(server)


def test_key_from_the_environment(farm, tmp_path):
    key = make_key(tmp_path / "a.key").read_text().strip()
    server = farm.prepare(environment={"ENTREPOT_MASTER_KEY": key}).start()
    work = Work(server)
    # somebody's command takes the same key from a file, where the server will not look
    (server.data / "master.key").write_text(key)
    elsewhere = run("admin", "--data", server.data, "master-key", "rotate", "--json")
    assert elsewhere.json()["state"] == "FINISH", elsewhere
    work.check(server, server)
    server.environment["ENTREPOT_MASTER_KEY"] = (server.data / "master.key").read_text().strip()
    server.restart()
    assert len(master_key(server, "finish").json()["dropped"]) == 1
    work.check(server, server)
    server.environment["ENTREPOT_MASTER_KEY"] = key
    server.stop()
    assert "does not open this library" in refused_start(server)


def test_sources_are_not_mixed(farm):
    server = farm.prepare(environment={"ENTREPOT_MASTER_KEY": "x", "ENTREPOT_MASTER_KEY_FILE": "y"})
    assert "more than one source: ENTREPOT_MASTER_KEY and master_key_file" in refused_start(server)


def sealed_by_an_earlier_version(key, secret):
    """AES-256-GCM under a key derived from the master key."""
    nonce = secrets.token_bytes(12)
    sealed = gcm_seal(hkdf(key, b"entrepot sealed secrets v1", 32), nonce, secret.encode(), b"")
    return "v1:" + base64.b64encode(nonce + sealed).decode()


@pytest.mark.parametrize("backend", BACKENDS)
def test_library_of_an_earlier_version(farm, backend):
    """What was sealed, and the links that were made, under the master key itself."""
    server = farm.start(backend=backend)
    work = Work(server)
    server.stop()
    key = (server.data / "master.key").read_text()
    sealed = sealed_by_an_earlier_version(key, server.credentials["secret_key"])
    execute(server, f"UPDATE access_keys SET secret = '{sealed}'")
    execute(server, f"UPDATE apps SET secret = '{sealed_by_an_earlier_version(key, 'an-old-secret')}'")
    execute(server, "DELETE FROM vault_keys")
    server.start()
    caller = KeyCaller(server)
    assert work.secret(caller) == "an-old-secret"
    work.link = work.link_at(caller)
    name = hkdf(key, b"entrepot object url access key id v1", 32)[:10].hex().upper()
    assert f"AccessKeyId={name}&" in work.link
    assert [known["key_id"] for known in status(server)["data_keys"]] == ["0"]
    rotated = master_key(server, "rotate").json()
    assert rotated["resealed"] >= 2
    if backend == "postgres":
        master_key(server, "finish").json()
    assert not execute(server, "SELECT access_key FROM access_keys WHERE secret LIKE 'v1:%'")
    work.check(server, server)
    server.restart()
    work.check(server, server)
