"""Behind nginx: what a proxy that passes bytes on, and one that swallows them first, make of "once"."""

import shutil
import socket
import subprocess
import time
from types import SimpleNamespace

import pytest

from driver.caller import TokenCaller
from driver.lines import Line, request_bytes
from driver.packages import Packages, save

from .test_once import CONSUMED, ended, large, patiently, refusal

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
SWALLOWING = "proxy_ignore_headers X-Accel-Buffering; proxy_buffers 8 1m; proxy_max_temp_file_size 1024m;"
CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port}; client_max_body_size 0; proxy_request_buffering off;
    location / {{ proxy_pass {endpoint}; proxy_http_version 1.1; proxy_set_header Connection ""; {more} }}
  }}
}}
"""


@pytest.fixture
def behind(private, tmp_path):
    """The same library through an nginx with these settings."""
    if not shutil.which(NGINX):
        pytest.skip("nginx is not installed")
    running = []

    def start(more=""):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        folder = tmp_path / f"nginx-{port}"
        folder.mkdir()
        server = private.caller.server
        (folder / "conf").write_text(CONFIGURATION.format(folder=folder, port=port, endpoint=server.endpoint, more=more))
        running.append(subprocess.Popen([NGINX, "-p", folder, "-c", folder / "conf", "-e", folder / "error.log"]))
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        seen = SimpleNamespace(endpoint=f"http://127.0.0.1:{port}", credentials=server.credentials, project=server.project)
        return Packages(TokenCaller(seen, private.caller.token))

    yield start
    for process in running:
        process.terminate()
        process.wait(10)


def begin(packages, archive_id, **headers):
    """A client that has read little, and stands still."""
    line = Line(packages.caller.server.endpoint)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    line.send(request_bytes(packages.caller, "GET", packages.archive(archive_id), named))
    assert line.head().status == 200 and len(line.read(1000)) == 1000
    return line


def test_proxy_passes_the_bytes_on_because_the_answer_asks_for_it(private, behind, tmp_path):
    packages = behind()
    archive_id = private.export([large(private, "passed on")])
    begin(packages, archive_id).reset()
    time.sleep(0.2)
    assert ended(private, archive_id)["state"] == "LEASED"
    answer = patiently(lambda: packages.fetch(archive_id))
    assert answer.status == 200
    save(tmp_path / "whole.zip", answer.body, answer.headers)
    assert refusal(packages.fetch(archive_id)) == CONSUMED


def test_proxy_told_to_swallow_it_is_the_one_that_got_it(private, behind):
    packages = behind(SWALLOWING)
    archive_id = private.export([large(private, "swallowed")])
    line = begin(packages, archive_id)
    assert ended(private, archive_id, timeout=20)["state"] == "CONSUMED"
    line.reset()
    assert refusal(packages.fetch(archive_id)) == CONSUMED


def test_receipt_makes_up_for_a_proxy_that_swallows(private, behind, tmp_path):
    packages = behind(SWALLOWING)
    archive_id = private.export([large(private, "acknowledged")])
    line = begin(packages, archive_id, X_Entrepot_Receipt="required")
    assert ended(private, archive_id, timeout=20)["state"] == "LEASED"
    line.reset()
    answer = patiently(lambda: packages.fetch(archive_id))
    package = save(tmp_path / "whole.zip", answer.body, answer.headers)
    assert packages.receipt(archive_id, package.digest()).status == 200
    assert refusal(packages.fetch(archive_id)) == CONSUMED
