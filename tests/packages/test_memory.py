"""Memory does not grow with the package: read off the server while a gibibyte goes out and comes in."""

import hashlib
import http.client
import json

import pytest

from driver.caller import token_caller
from driver.exchange import host_of
from driver.memory import Watch
from driver.packages import MULTIPART, Packages

MIB = 1024 * 1024
LIMIT = 100 * MIB
PARTS, PART = 8, 128 * MIB


def blocks(number):
    """The content of one large file: all different, and made as fast as it is sent."""
    seed = hashlib.sha256(b"%d" % number).digest() * (MIB // 32)
    for place in range(PART // MIB):
        yield place.to_bytes(4, "big") + seed[4:]


def send(packages, method, path, pieces, length, headers):
    """One request whose body is never in memory as a whole."""
    connection = http.client.HTTPConnection(host_of(packages.caller.server.endpoint), timeout=120)
    connection.request(method, path, body=pieces, headers={"Content-Length": str(length), **headers})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == 200, body
    return body


@pytest.mark.timeout(240)
def test_a_gibibyte_goes_out_and_comes_in_within_a_hundred_megabytes(farm, tmp_path):
    server, target = farm.start(), farm.start()
    packages = Packages(token_caller(server))
    library, assets = packages.library, []
    for number in range(PARTS):
        asset_id = library.create_asset("VIDEO", f"film {number}")
        file_id, [url] = library.declare_large_file(asset_id, 1, file_size=PART)
        send(packages, "PUT", url.removeprefix(server.endpoint), blocks(number), PART, {})
        library.complete(file_id)
        assets.append(asset_id)
    for asset_id in assets:
        library.wait_for_state(asset_id, "UNACTIVED", timeout=60)
    app = packages.create_app("a gibibyte")
    packages.attach(app, assets)
    server.restart()
    packages = Packages(token_caller(server))

    path = tmp_path / "gibibyte.zip"
    with Watch(server) as out:
        archive_id = packages.export([app])
        connection = http.client.HTTPConnection(host_of(server.endpoint), timeout=30)
        connection.request("GET", packages.archive(archive_id), headers={"X-Auth-Token": packages.caller.token})
        answer = connection.getresponse()
        with open(path, "wb") as file:
            while block := answer.read(MIB):
                file.write(block)
    assert path.stat().st_size == int(answer.headers["Content-Length"]) > PARTS * PART
    assert 0 < out.most < LIMIT, f"export and download took {out.most >> 20} MiB"

    there = Packages(token_caller(target))
    with Watch(target) as into:
        job_id = import_file(there, path)
        there.succeed(job_id, timeout=120)
    assert 0 < into.most < LIMIT, f"the import took {into.most >> 20} MiB"
    print(f"at most {out.most >> 20} MiB out, {into.most >> 20} MiB in")
    assert there.library.list(limit=1)["count"] == PARTS


def import_file(packages, path):
    begin = (b"--the-end-of-a-part\r\nContent-Disposition: form-data; name=\"ImportAssetRequestBody\"; "
             b"filename=\"gibibyte.zip\"\r\n\r\n")
    end = b"\r\n--the-end-of-a-part--\r\n"

    def pieces():
        yield begin
        with open(path, "rb") as file:
            while block := file.read(MIB):
                yield block
        yield end

    length = len(begin) + path.stat().st_size + len(end)
    headers = {"X-Auth-Token": packages.caller.token, "Content-Type": MULTIPART}
    return json.loads(send(packages, "POST", packages.path("assets/import"), pieces(), length, headers))["job_id"]
