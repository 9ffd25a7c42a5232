"""Uploads and downloads that are killed, cut or disturbed go on, or say why they can't."""

import hashlib
import os
import signal
import subprocess
import time

import pytest

from driver.caller import KeyCaller
from driver.command import run
from driver.library import Library
from driver.proxy import Proxy
from driver.server import BINARY, clean_environment
from driver.waiting import until

MIB = 1024 * 1024


@pytest.fixture
def server(farm):
    return farm.start()


@pytest.fixture
def library(server):
    return Library(KeyCaller(server))


@pytest.fixture
def proxy():
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.fixture
def environment(tmp_path, proxy):
    return {"HOME": tmp_path, "XDG_STATE_HOME": tmp_path / "state", **proxy.environment}


@pytest.fixture
def command(server, environment):
    """Runs a client command through the proxy; `start` leaves it running."""

    class Command:
        def arguments(self, *words):
            return [*map(str, words), "--credentials", str(server.data / "credentials.json"), "--json"]

        def run(self, *words):
            return run(*self.arguments(*words), environment=environment, timeout=100)

        def start(self, *words):
            return subprocess.Popen([str(BINARY), *self.arguments(*words)], env=clean_environment(**environment),
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return Command()


def journals(tmp_path):
    return list((tmp_path / "state").rglob("*.json"))


def film(tmp_path, size):
    path = tmp_path / "film.mp4"
    path.write_bytes(os.urandom(size))
    return path


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


def test_parts_that_had_arrived_before_a_kill_are_not_sent_again(library, proxy, command, tmp_path):
    path = film(tmp_path, 10 * MIB + 7)
    upload = ("upload", path, "--part-size", "1M", "--parallel", "2", "--tag", "t", "--activate")
    proxy.rate = 4 * MIB
    killed = command.start(*upload)
    until(lambda: len([a for a in proxy.answered if a[0] == "PUT" and a[2] == 200]) >= 4)
    kill(killed)
    assert len(journals(tmp_path)) == 1
    arrived = len([a for a in proxy.answered if a[0] == "PUT" and a[2] == 200])
    proxy.rate, proxy.requests = None, []

    [asset] = command.run(*upload).json()["assets"]
    assert asset["resumed"] and asset["asset_state"] == "ACTIVED"
    assert len(proxy.objects("PUT")) <= 11 - arrived
    assert library.content(asset["asset_id"]) == path.read_bytes()
    assert library.list()["count"] == 1
    assert journals(tmp_path) == []


@pytest.mark.parametrize("delay", [0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.4, 0.8])
def test_kill_at_any_moment_leaves_one_asset(library, proxy, command, tmp_path, delay):
    path = film(tmp_path, 4 * MIB)
    upload = ("upload", path, "--part-size", "1M")
    proxy.rate = MIB // 2
    killed = command.start(*upload)
    time.sleep(delay)
    kill(killed)
    proxy.rate = None
    [asset] = command.run(*upload).json()["assets"]
    assert library.content(asset["asset_id"]) == path.read_bytes()
    assert library.list()["count"] == 1


def test_killed_single_put_is_sent_again_to_the_same_asset(library, proxy, command, tmp_path):
    path = film(tmp_path, 3 * MIB)
    proxy.rate = 1 * MIB
    killed = command.start("upload", path)
    until(lambda: proxy.objects("PUT"))
    kill(killed)
    proxy.rate = None
    [asset] = command.run("upload", path).json()["assets"]
    assert asset["resumed"] and library.content(asset["asset_id"]) == path.read_bytes()
    assert library.list()["count"] == 1 and len(library.show(asset["asset_id"])["files"]) == 1


@pytest.mark.parametrize("part_size", ["100M", "1M"])
def test_cut_line_is_taken_up_again_by_the_same_run(library, proxy, command, tmp_path, part_size):
    path = film(tmp_path, 3 * MIB)
    proxy.cut_after = 600_000
    [asset] = command.run("upload", path, "--part-size", part_size).json()["assets"]
    assert proxy.cut_after is None, "the line was never cut"
    assert library.content(asset["asset_id"]) == path.read_bytes()


def test_other_name_or_type_is_another_upload(library, proxy, command, tmp_path):
    path = film(tmp_path, 4 * MIB)
    proxy.rate = 1 * MIB
    killed = command.start("upload", path, "--part-size", "1M", "--name", "first")
    until(lambda: proxy.objects("PUT"))
    kill(killed)
    proxy.rate = None
    [asset] = command.run("upload", path, "--part-size", "1M", "--name", "second").json()["assets"]
    assert (asset["asset_name"], asset["resumed"]) == ("second", False)


@pytest.mark.parametrize("part_size", ["100M", "1M"])
@pytest.mark.parametrize("change", ["append", "truncate", "rewrite"])
def test_file_that_changes_on_the_way_is_refused(library, proxy, command, tmp_path, part_size, change):
    path = film(tmp_path, 4 * MIB)
    proxy.rate = 2 * MIB
    running = command.start("upload", path, "--part-size", part_size, "--parallel", "1")
    until(lambda: proxy.objects("PUT"))
    with open(path, "r+b") as file:
        if change == "append":
            file.seek(0, os.SEEK_END)
            file.write(b"more")
        elif change == "truncate":
            file.truncate(MIB)
        else:
            file.write(os.urandom(4 * MIB))
    proxy.rate = 64 * MIB
    _, told = running.communicate(timeout=60)
    assert running.returncode == 1 and "changed while it was being uploaded" in told
    assert library.list()["count"] == 0
    assert command.run("upload", path).status == 0


def test_upload_that_runs_already_is_not_started_twice(library, proxy, command, tmp_path):
    path = film(tmp_path, 3 * MIB)
    proxy.rate = 1 * MIB
    first = command.start("upload", path)
    until(lambda: proxy.objects("PUT"))
    second = command.run("upload", path)
    assert second.status == 1 and "already" in second.err
    proxy.rate = None
    out, _ = first.communicate(timeout=60)
    assert first.returncode == 0 and library.list()["count"] == 1


def test_interrupted_upload_says_that_it_goes_on(proxy, command, tmp_path):
    path = film(tmp_path, 3 * MIB)
    proxy.rate = MIB // 2
    running = command.start("upload", path)
    until(lambda: proxy.objects("PUT"))
    running.send_signal(signal.SIGINT)
    _, told = running.communicate(timeout=10)
    assert running.returncode == 130 and "goes on" in told


def test_refused_file_leaves_no_empty_asset(library, command, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_bytes(b"plain text")
    outcome = command.run("upload", path, "--type", "IMAGE")
    assert outcome.status == 1 and "MSS.10009010" in outcome.err and "--type COMMON_FILE" in outcome.err
    assert library.list()["count"] == 0 and journals(tmp_path) == []


def large_asset(library, size):
    content = os.urandom(size)
    asset_id = library.create_asset("VIDEO")
    library.upload(asset_id, content, file_type="mp4", name="film.mp4")
    return asset_id, content


def test_killed_download_goes_on_by_range(library, proxy, command, tmp_path):
    asset_id, content = large_asset(library, 8 * MIB)
    target = tmp_path / "out"
    proxy.rate = 4 * MIB
    killed = command.start("download", asset_id, "--output", target)
    until(lambda: any(part.stat().st_size >= 2 * MIB for part in target.glob("*.part")))
    kill(killed)
    proxy.rate, proxy.requests, proxy.received = None, [], 0
    [file] = command.run("download", asset_id, "--output", target).json()["files"]
    assert (target / "film.mp4").read_bytes() == content and file["file_size"] == len(content)
    [(_, _, headers)] = proxy.objects("GET")
    assert headers["range"].startswith("bytes=") and headers["if-range"].startswith('"')
    assert proxy.received < 7 * MIB
    assert [path.name for path in target.iterdir()] == ["film.mp4"]


def test_cut_download_is_taken_up_again_by_the_same_run(library, proxy, command, tmp_path):
    asset_id, content = large_asset(library, 3 * MIB)
    proxy.cut_after = 2 * MIB
    assert command.run("download", asset_id, "--output", tmp_path / "out").status == 0
    assert (tmp_path / "out" / "film.mp4").read_bytes() == content
    assert [("range" in headers) for _, _, headers in proxy.objects("GET")] == [False, True]


def test_partial_file_of_another_version_is_not_used(library, proxy, command, tmp_path):
    asset_id, content = large_asset(library, MIB)
    target, file_id = tmp_path / "out", library.file(asset_id)["file_id"]
    target.mkdir()
    (target / f"{file_id}.part").write_bytes(b"old bytes")
    (target / f"{file_id}.part.etag").write_text('"another"')
    assert command.run("download", asset_id, "--output", target).status == 0
    assert [path.name for path in target.iterdir()] == ["film.mp4"]
    assert (target / "film.mp4").read_bytes() == content


def test_partial_file_with_wrong_bytes_is_found_out_and_thrown_away(library, proxy, command, tmp_path):
    asset_id, content = large_asset(library, MIB)
    target, file_id = tmp_path / "out", library.file(asset_id)["file_id"]
    etag = library.get_bytes(library.file(asset_id)["download_url"]).headers["ETag"]
    target.mkdir()
    (target / f"{file_id}.part").write_bytes(b"not what was sent")
    (target / f"{file_id}.part.etag").write_text(etag)
    outcome = command.run("download", asset_id, "--output", target)
    assert outcome.status == 1 and "digest" in outcome.err
    assert list(target.iterdir()) == []
    assert command.run("download", asset_id, "--output", target).status == 0
    assert hashlib.sha256((target / "film.mp4").read_bytes()).digest() == hashlib.sha256(content).digest()
