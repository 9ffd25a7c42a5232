"""entrepot export, import and delete: a package there and back, and on bad lines."""

import json
import os
import re
import signal
import subprocess

import pytest

from driver.bags import Package
from driver.caller import KeyCaller
from driver.command import client, run
from driver.packages import Packages, fill
from driver.proxy import Proxy
from driver.server import BINARY, clean_environment
from driver.waiting import until

MIB = 1024 * 1024
ARCHIVE, UPLOAD = "/assets/archives/", "/entrepot/uploads/"


@pytest.fixture
def server(farm):
    return farm.start()


@pytest.fixture
def packages(server):
    return Packages(KeyCaller(server))


@pytest.fixture
def proxy():
    proxy = Proxy()
    proxy.paths = (ARCHIVE, UPLOAD)
    yield proxy
    proxy.close()


@pytest.fixture
def command(server, tmp_path, proxy):
    """Runs a command through the proxy; `start` leaves it running."""
    environment = {"HOME": tmp_path, "XDG_STATE_HOME": tmp_path / "state", **proxy.environment}

    class Command:
        def arguments(self, *words):
            return [*map(str, words), "--credentials", str(server.data / "credentials.json"), "--json"]

        def run(self, *words):
            return run(*self.arguments(*words), environment=environment, timeout=100)

        def start(self, *words):
            return subprocess.Popen([str(BINARY), *self.arguments(*words)], env=clean_environment(**environment),
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return Command()


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.communicate()


def journals(tmp_path):
    return list((tmp_path / "state").rglob("*.json"))


def received(folder):
    return sum(path.stat().st_size for path in folder.iterdir() if path.suffix != ".zip") if folder.exists() else 0


def large(packages, name="large", assets=3):
    """An application of several MiB, of contents that are all different."""
    library, made = packages.library, []
    for number in range(assets):
        made.append(library.create_asset("COMMON_FILE", f"{name} {number}"))
        library.upload(made[-1], os.urandom(3 * MIB), file_type="bin")
    app_id = packages.create_app(name)
    packages.attach(app_id, made)
    return app_id


def test_there_and_back(server, packages, farm, tmp_path):
    app = fill(packages, "by the command line")
    task = packages.create_task("a task", "[1]")
    package = tmp_path / "package.zip"
    made = client(server, "export", "--app", app, "--task", task, "--output", package, "--json").json()
    assert made["size"] == package.stat().st_size and made["file"] == str(package)
    assert Package(package).check().digest() == made["digest"]
    assert packages.record(made["archive_id"])["state"] == "CONSUMED"
    assert packages.fetch(made["archive_id"]).error_code == "ROMA.19002"

    other = farm.start()
    there = Packages(KeyCaller(other))
    report = client(other, "import", package, "--json").json()
    assert report["failed"] == [] and {item["outcome"] for item in report["items"]} == {"added"}
    assert set(there.apps()) == {"by the command line"} and set(there.tasks()) == {"a task"}
    again = client(other, "import", package)
    assert again.status == 1 and "by the command line" in again.err and "a task" in again.err
    merged = client(other, "import", package, "--merge")
    assert merged.status == 0 and "0 added" in merged.out
    copied = client(other, "import", package, "--prefix", "copy-")
    assert copied.status == 0 and set(there.apps()) == {"by the command line", "copy-by the command line"}

    assert client(other, "delete", "--app", "by the command line", "--task", "a task").status == 0
    assert set(there.apps()) == {"copy-by the command line"} and set(there.tasks()) == {"copy-a task"}


def test_applications_and_tasks_go_by_their_names_too(server, packages, tmp_path):
    fill(packages, "夏 named (one)")
    packages.create_task("named task")
    outcome = client(server, "export", "--app", "夏 named (one)", "--task", "named task", cwd=tmp_path)
    assert outcome.status == 0, outcome
    [path] = tmp_path.glob("*.zip")
    assert path.name in outcome.out
    listed = Package(path).json()
    assert [app["name"] for app in listed["apps"]] == ["夏 named (one)"]
    assert [each["task_name"] for each in listed["tasks"]] == ["named task"]


def test_export_that_fails_tells_each_reason(server, packages, tmp_path):
    app = packages.create_app("unfinished")
    packages.attach(app, [packages.library.create_asset(name="no bytes yet")])
    outcome = client(server, "export", "--app", app, "--output", tmp_path / "x.zip")
    assert outcome.status == 1 and "unfinished" in outcome.err and "ROMA." in outcome.err
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize("words", [
    ("export",), ("export", "--app", "nowhere"), ("delete",), ("delete", "--task", "nowhere"), ("import",),
    ("import", "missing.zip"), ("export", "--app", "x", "--instance", "0" * 32)])
def test_mistakes_are_explained(server, tmp_path, words):
    outcome = client(server, *words, cwd=tmp_path)
    assert outcome.status not in (0, 101) and outcome.err and "panicked" not in outcome.err
    assert list(tmp_path.glob("*.zip")) == []


def test_package_that_is_none_is_refused_in_words(server, packages, tmp_path):
    (tmp_path / "broken.zip").write_bytes(b"PK\3\4 but not really")
    outcome = client(server, "import", tmp_path / "broken.zip")
    assert outcome.status == 1 and "ROMA.10011" in outcome.err
    assert packages.apps() == {}


def test_cut_export_goes_on_in_the_same_run(packages, proxy, command, tmp_path):
    app = large(packages)
    proxy.cut_after = 4 * MIB
    package = tmp_path / "out" / "package.zip"
    package.parent.mkdir()
    made = command.run("export", "--app", app, "--output", package).json()
    assert proxy.cut_after is None, "the line was never cut"
    assert Package(package).check().digest() == made["digest"]
    assert [path.name for path in package.parent.iterdir() if path.is_file()] == ["package.zip"]
    gets = [request for request in proxy.requests if request[0] == "GET" and request[1].endswith(made["archive_id"])]
    ranges = ["range" in headers for _, _, headers in gets]
    assert ranges == [False, True]


def test_killed_export_goes_on_by_range(packages, proxy, command, tmp_path):
    app, folder = large(packages), tmp_path / "out"
    folder.mkdir()
    package = folder / "package.zip"
    proxy.rate = 4 * MIB
    killed = command.start("export", "--app", app, "--output", package)
    until(lambda: received(folder) >= 3 * MIB)
    kill(killed)
    assert len(journals(tmp_path)) == 1
    proxy.rate, proxy.requests, proxy.received = None, [], 0
    made = command.run("export", "--app", app, "--output", package).json()
    assert Package(package).check().digest() == made["digest"]
    assert proxy.received < 7 * MIB
    assert not [path for method, path, _ in proxy.requests if path.endswith("/assets/export")], "a second export"
    assert journals(tmp_path) == [] and packages.record(made["archive_id"])["state"] == "CONSUMED"


def test_export_outlives_a_kill_of_the_server(server, packages, proxy, command, tmp_path):
    app, folder = large(packages), tmp_path / "out"
    folder.mkdir()
    package = folder / "package.zip"
    proxy.rate = 4 * MIB
    running = command.start("export", "--app", app, "--output", package)
    until(lambda: received(folder) >= 2 * MIB)
    server.kill()
    server.port = int(server.endpoint.rpartition(":")[2])
    server.start()
    proxy.rate = None
    out, told = running.communicate(timeout=60)
    assert running.returncode == 0, told
    assert Package(package).check().digest() == json.loads(out)["digest"]


def test_cut_import_goes_on_in_the_same_run(farm, server, packages, proxy, command, tmp_path):
    package = packages.download(packages.export([large(packages)]), tmp_path)
    proxy.cut_after = 5 * MIB
    report = command.run("import", package.path, "--prefix", "cut-").json()
    assert proxy.cut_after is None, f"the line was never cut: {proxy.answered}"
    assert {item["outcome"] for item in report["items"]} == {"added"}
    assert len(packages.attached(packages.apps()["cut-large"]["id"])) == 3


def test_killed_import_goes_on_where_it_stopped(packages, proxy, command, tmp_path):
    package = packages.download(packages.export([large(packages)]), tmp_path)
    # Slow enough that much is still to come when the first second's work is written down.
    proxy.rate = MIB
    killed = command.start("import", package.path, "--prefix", "killed-")
    until(lambda: any(method == "PUT" for method, _, _ in proxy.requests))
    path = next(path for method, path, _ in proxy.requests if method == "PUT")
    upload_id = re.search(f"{UPLOAD}([^?]+)", path).group(1)
    until(lambda: packages.upload(upload_id)["offset"] > 0)
    kill(killed)
    assert len(journals(tmp_path)) == 1
    proxy.rate, proxy.requests = None, []
    command.run("import", package.path, "--prefix", "killed-").json()
    offsets = [int(path.partition("offset=")[2]) for method, path, _ in proxy.requests if method == "PUT"]
    assert min(offsets) > 0, "it began anew"
    assert len(packages.attached(packages.apps()["killed-large"]["id"])) == 3
    assert journals(tmp_path) == [] and packages.library.list(limit=1)["count"] == 6
