"""Starting and stopping: what a first start gives, what a second keeps, and what is said when it cannot start."""

import json
import os
import re
import signal
import socket
import stat
import time

import pytest

from driver.caller import KeyCaller
from driver.command import run
from driver.exchange import host_of, target_of
from driver.library import Library, upload_headers
from driver.lines import Line
from driver.waiting import until

KEYS = {"endpoint", "region", "domain_id", "domain_name", "project_id", "project_name", "user_id", "user_name",
        "password", "access_key", "secret_key"}


def test_first_start_writes_credentials_for_the_owner_alone(farm):
    server = farm.start()
    path = server.data / "credentials.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    credentials = json.loads(path.read_text())
    assert KEYS <= credentials.keys()
    assert all(isinstance(value, str) and value for value in credentials.values())
    assert credentials["region"] == "local-1"
    assert re.fullmatch(r"[0-9a-f]{32}", credentials["project_id"])
    assert credentials["endpoint"] == server.endpoint


def test_second_start_keeps_credentials_and_moves_the_endpoint(farm):
    server = farm.start()
    first, asset_id = server.credentials, Library(KeyCaller(server)).create_image(b"kept")
    server.restart()
    assert server.endpoint != first["endpoint"]
    assert {**server.credentials, "endpoint": ""} == {**first, "endpoint": ""}
    assert Library(KeyCaller(server)).content(asset_id) == b"kept"


def test_secrets_are_not_in_the_log(farm):
    server = farm.start()
    Library(KeyCaller(server)).create_image(b"x")
    log = server.tail()
    assert server.credentials["secret_key"] not in log and server.credentials["password"] not in log
    assert "Signature=" not in log
    assert "credentials.json" in log


def test_region_and_public_endpoint_are_taken_from_flags(farm):
    server = farm.prepare(arguments=["--region", "north-7", "--public-endpoint", "http://media.example:8443/"])
    server.launch()
    until(lambda: "serving http://media.example:8443" in server.tail())
    server.stop()
    credentials = json.loads((server.data / "credentials.json").read_text())
    assert (credentials["region"], credentials["project_name"]) == ("north-7", "north-7")
    assert credentials["endpoint"].rstrip("/") == "http://media.example:8443"


def test_settings_come_from_variables_and_the_file(farm, tmp_path):
    config = tmp_path / "entrepot.toml"
    config.write_text('region = "from-file"\nactivate_at_once = true\n')
    server = farm.start(arguments=["--config", str(config)], environment={"ENTREPOT_REGION": "from-variable"})
    assert server.credentials["region"] == "from-variable"
    library = Library(KeyCaller(server))
    assert library.state(library.create_image(b"x")) == "ACTIVED"


@pytest.mark.parametrize("signal_", [signal.SIGTERM, signal.SIGINT])
def test_stop_is_in_order_and_quick(farm, signal_):
    server = farm.start()
    library = Library(KeyCaller(server))
    library.create_image(b"x")
    began = time.monotonic()
    server.process.send_signal(signal_)
    assert server.process.wait(10) == 0, server.tail()
    assert time.monotonic() - began < 5


def test_stop_lets_an_upload_finish(farm):
    server = farm.start()
    library = Library(KeyCaller(server))
    content = os.urandom(200_000)
    asset_id = library.create_asset()
    file_id, url = library.declare_file(asset_id, content)
    line = Line(server.endpoint)
    headers = {"Host": host_of(server.endpoint), "Content-Length": len(content), "Expect": "100-continue",
               **upload_headers(content, "png")}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    line.send(f"PUT {target_of(url)} HTTP/1.1\r\n{head}\r\n".encode())
    assert line.head().status == 100
    server.process.send_signal(signal.SIGTERM)
    for start in range(0, len(content), 20_000):
        line.send(content[start:start + 20_000])
        time.sleep(0.1)
    assert line.head().status == 200
    line.finish()
    assert server.process.wait(15) == 0, server.tail()
    server.start()
    library = Library(KeyCaller(server))
    library.complete(file_id)
    assert library.content(asset_id) == content


def test_second_server_on_the_same_sqlite_folder_is_harmless(farm):
    server = farm.start()
    library = Library(KeyCaller(server))
    asset_id = library.create_image(b"x")
    second = run("serve", "--data", server.data, "--listen", f"127.0.0.1:{server.endpoint.rpartition(':')[2]}", timeout=10)
    assert second.status != 0 and second.err + second.out
    assert library.content(asset_id) == b"x"
    assert json.loads((server.data / "credentials.json").read_text())["endpoint"] == server.endpoint


@pytest.mark.parametrize("arguments", [
    ["--listen", "nonsense"], ["--listen", "127.0.0.1:99999"], ["--config", "/no/such/file.toml"], ["--region", ""],
    ["--public-endpoint", "ftp://x"], ["--surprise"]])
def test_setting_that_cannot_be_is_explained(tmp_path, arguments):
    outcome = run("serve", "--data", tmp_path / "library", *arguments, timeout=10)
    assert outcome.status not in (0, 101, -6)
    told = outcome.err + outcome.out
    assert told and "panicked" not in told and "RUST_BACKTRACE" not in told
    assert arguments[0].strip("-").replace("-", "_") in told.replace("-", "_") or arguments[-1] in told


def test_port_that_is_taken_is_explained(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = run("serve", "--data", tmp_path / "library", "--listen", f"127.0.0.1:{port}", timeout=10)
    assert outcome.status not in (0, 101)
    assert str(port) in outcome.err + outcome.out


@pytest.mark.parametrize("variable", [{"ENTREPOT_DATABASE_URL": "mysql://x"}, {"ENTREPOT_JOB_WORKERS": "many"},
                                      {"ENTREPOT_DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/none"}])
def test_variable_that_cannot_be_is_explained(tmp_path, variable):
    outcome = run("serve", "--data", tmp_path / "library", "--listen", "127.0.0.1:0", environment=variable, timeout=30)
    assert outcome.status not in (0, 101)
    assert "panicked" not in outcome.err + outcome.out


def test_existing_library_is_ready_at_once(farm):
    server = farm.start()
    library = Library(KeyCaller(server))
    for number in range(50):
        library.create_asset(name=f"asset {number}")
    server.stop()
    began = time.monotonic()
    server.start()
    # 100 ms is measured in the benchmarks; this catches a start that grows with the library.
    assert time.monotonic() - began < 3
