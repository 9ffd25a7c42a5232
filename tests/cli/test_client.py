"""What the client commands do beside moving bytes: names, conflicts, pages, trust, and how they fail."""

import json
import ssl
import socket
import subprocess
import threading
from urllib.parse import urlsplit

import pytest

from driver.caller import KeyCaller
from driver.command import client, run
from driver.library import Library


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out"


def named(library, content, name="film.mp4"):
    asset_id = library.create_asset("COMMON_FILE")
    library.upload(asset_id, content, file_type="bin", name=name)
    return asset_id


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_names_that_are_taken_get_a_number_and_equal_content_is_kept(server, library, target):
    first, second = named(library, b"one"), named(library, b"two")
    assert client(server, "download", first, second, "--output", target, "--parallel", "1").status == 0
    assert contents(target) == {"film.mp4": b"one", "film (1).mp4": b"two"}
    [again] = client(server, "download", first, "--output", target, "--json").json()["files"]
    assert again["kept"] and len(contents(target)) == 2


def test_force_replaces_what_has_the_name(server, library, target):
    target.mkdir()
    (target / "film.mp4").write_bytes(b"mine")
    assert client(server, "download", named(library, b"theirs"), "--output", target).status == 0
    assert contents(target) == {"film.mp4": b"mine", "film (1).mp4": b"theirs"}
    assert client(server, "download", named(library, b"new"), "--output", target, "--force").status == 0
    assert contents(target)["film.mp4"] == b"new"
    both = client(server, "download", named(library, b"a"), named(library, b"b"), "--output", target, "--force")
    assert both.status == 0 and {b"a", b"b"} <= set(contents(target).values())


def test_all_brings_the_other_files_too(server, library, target):
    asset_id = library.create_asset("VIDEO")
    library.upload(asset_id, b"film", file_type="mp4", name="film.mp4")
    library.upload(asset_id, b"cover", file_type="png", name="cover.png", category="COVER")
    assert client(server, "download", asset_id, "--output", target).status == 0
    assert contents(target) == {"film.mp4": b"film"}
    assert client(server, "download", asset_id, "--output", target, "--all").status == 0
    assert contents(target) == {"film.mp4": b"film", "cover.png": b"cover"}


def test_one_that_fails_does_not_keep_the_others(server, library, target):
    outcome = client(server, "download", "0" * 32, library.create_asset(), named(library, b"x"), "--output", target)
    assert outcome.status == 1 and "MSS.10001001" in outcome.err and "CREATING" in outcome.err
    assert contents(target) == {"film.mp4": b"x"}


def test_ls_shows_every_page_once(farm):
    server = farm.start()
    library = Library(KeyCaller(server))
    made = [library.create_asset(name=f"asset {number:03}") for number in range(205)]
    outcome = client(server, "ls", "--all", "--json").json()
    assert outcome["count"] == 205 and [asset["asset_id"] for asset in outcome["assets"]] == made
    newest = client(server, "ls", "--limit", "2", "--desc")
    assert newest.out.count("\n") == 3 and made[-1] in newest.out and "2 of 205" in newest.err
    assert len(client(server, "ls", "--limit", "150", "--json").json()["assets"]) == 150


@pytest.mark.parametrize("arguments", [
    ("upload",), ("upload", "a", "b", "--name", "x"), ("upload", "a", "--part-size", "0"), ("ls", "--limit", "0"),
    ("ls", "--all", "--limit", "3"), ("ls", "--sort", "luck"), ("ls", "--tag", "a,b"), ("show", ".."), ("download",)])
def test_command_that_can_not_be_meant_ends_with_2(server, arguments):
    outcome = client(server, *arguments)
    assert outcome.status == 2 and outcome.err


def test_missing_credentials_are_explained(tmp_path):
    outcome = run("ls", cwd=tmp_path)
    assert outcome.status == 2 and "--credentials" in outcome.err and "ENTREPOT_SECRET_KEY" in outcome.err
    outcome = run("ls", environment={"ENTREPOT_ENDPOINT": "http://127.0.0.1:1"}, cwd=tmp_path)
    assert outcome.status == 2 and "ENTREPOT_SECRET_KEY" in outcome.err


def test_unknown_state_is_refused_with_the_servers_words(server):
    outcome = client(server, "ls", "--state", "HAPPY")
    assert outcome.status == 1 and "MSS.00000003" in outcome.err and "asset_state" in outcome.err
    assert "request " in outcome.err


@pytest.fixture
def encrypted(server, tmp_path):
    """An endpoint that speaks TLS in front of the server, and the certificate to trust."""
    certificate, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-addext", "basicConstraints=critical,CA:FALSE", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_terminate, args=(listener, context, urlsplit(server.endpoint)), daemon=True).start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}", certificate
    listener.close()


def _terminate(listener, context, upstream):
    while True:
        try:
            client_side = context.wrap_socket(listener.accept()[0], server_side=True)
        except ssl.SSLError:
            continue
        except OSError:
            return
        server_side = socket.create_connection((upstream.hostname, upstream.port))
        for source, sink in ((client_side, server_side), (server_side, client_side)):
            threading.Thread(target=_pipe, args=(source, sink), daemon=True).start()


def _pipe(source, sink):
    try:
        while block := source.recv(65536):
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_private_certificates_are_trusted_when_named(server, encrypted, tmp_path):
    endpoint, certificate = encrypted
    credentials = tmp_path / "credentials.json"
    credentials.write_text(json.dumps(server.credentials | {"endpoint": endpoint}))
    trusted = run("ls", "--credentials", credentials, "--ca-file", certificate)
    assert trusted.status == 0, trusted
    refused = run("ls", "--credentials", credentials)
    assert refused.status == 1 and "certificate" in refused.err.lower()
