"""An import that does not fit: 507 with the reason, nothing kept, and it works once there is room."""

import contextlib
import http.client
import os
import random
import subprocess

import pytest

from driver.caller import token_caller
from driver.exchange import host_of
from driver.packages import MULTIPART, Packages
from driver.rows import execute, stored_files
from driver.waiting import until

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    """A file system of 160 MiB, of which an import leaves 64."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"mounting needs root: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def target(farm, small_disk):
    server = farm.prepare(data=small_disk / f"library-{random.randrange(10**9)}")
    yield Packages(token_caller(server.start()))
    server.kill()
    subprocess.run(["rm", "-rf", server.data], check=True)


@pytest.fixture
def package(private, tmp_path):
    """Three files of 10 MiB, all different."""
    library, made = private.library, []
    for number in range(3):
        made.append(library.create_asset("COMMON_FILE", f"large {number}"))
        library.upload(made[-1], random.Random(number).randbytes(10 * MIB), file_type="bin")
    app = private.create_app("thirty mebibytes")
    private.attach(app, made)
    return private.download(private.export([app]), tmp_path).path.read_bytes()


def refused(answer):
    assert (answer.status, answer.error_code) == (507, "ROMA.19020"), answer
    assert answer.error_msg and answer.request_id


def free_bytes(folder):
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def test_package_larger_than_the_disk_is_refused_before_it_is_read(target):
    connection = http.client.HTTPConnection(host_of(target.caller.server.endpoint), timeout=10)
    connection.putrequest("POST", target.path("assets/import"))
    for name, value in (("X-Auth-Token", target.caller.token), ("Content-Type", MULTIPART), ("Content-Length", str(10**9))):
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 507 and b"ROMA.19020" in answer.read()
    connection.close()
    refused(target.post("assets/entrepot/uploads", {"file_name": "large.zip", "size": 10**9}))


def send_while_the_disk_fills(target, package, filler):
    """Fill the disk when a part of the package has arrived; answers (status, body)."""
    begin = (b"--the-end-of-a-part\r\nContent-Disposition: form-data; name=\"ImportAssetRequestBody\"; "
             b"filename=\"package.zip\"\r\n\r\n")
    end = b"\r\n--the-end-of-a-part--\r\n"
    headers = {"X-Auth-Token": target.caller.token, "Content-Type": MULTIPART,
               "Content-Length": str(len(begin) + len(package) + len(end))}

    def pieces():
        yield begin + package[:12 * MIB]
        with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
            while free_bytes(filler.parent) > 2 * MIB:
                file.write(bytes(MIB))
        yield package[12 * MIB:] + end

    connection = http.client.HTTPConnection(host_of(target.caller.server.endpoint), timeout=30)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        connection.request("POST", target.path("assets/import"), body=pieces(), headers=headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_disk_that_fills_up_on_the_way_keeps_nothing(target, package):
    folder = target.caller.server.data
    stored, free = len(stored_files(target.caller.server)), free_bytes(folder)
    upload_id = target.create_upload(len(package))
    filler = folder.parent / "filler"
    status, body = send_while_the_disk_fills(target, package, filler)
    assert status == 507 and b"ROMA.19020" in body, (status, body)
    refused(target.send_package(package))
    refused(target.send_bytes(upload_id, package))
    assert target.apps() == {} and target.library.list()["count"] == 0
    assert len(stored_files(target.caller.server)) == stored
    filler.unlink()

    assert target.send_bytes(upload_id, package).status == 200
    target.succeed(target.import_upload(upload_id))
    assert set(target.apps()) == {"thirty mebibytes"}
    # The job tidies up once it has told of its end.
    until(lambda: execute(target.caller.server, "SELECT count(*) FROM package_entries") == [["0"]])
    until(lambda: len(stored_files(target.caller.server)) == stored + 3)
    assert free_bytes(folder) > free - 40 * MIB
