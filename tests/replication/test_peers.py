"""What servers of two regions say to each other: only who has their key is heard, once, in time, and for what was issued."""

import random
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import replace

import pytest

from driver.caller import request_token
from driver.command import admin
from driver.exchange import exchange
from driver.peers import PREFIX, SCHEME, PeerRequest, send_raw
from driver.proxy import Proxy
from driver.regions import problems, share_key
from driver.tcpproxy import FILE_BODY, MANIFEST
from driver.waiting import until

KIB, MIB = 1024, 1024 * 1024
REFUSED, NOT_ISSUED, UNREACHABLE = "MSS.10009017", "MSS.10009018", "MSS.10009005"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
MINUTE = 60_000


@pytest.fixture
def asset_id(pair):
    asset_id = pair.a.library.create_asset("VIDEO", "a film")
    pair.a.library.upload(asset_id, random.randbytes(100 * KIB), file_type="mp4")
    return asset_id


@pytest.fixture
def ticket_id(pair, asset_id):
    """Of a ticket that was issued and not presented."""
    pair.a.ticket(asset_id)
    return pair.a.outgoing(asset_id)["copy_id"]


def hello(pair, **fields):
    return PeerRequest(pair.a.server.endpoint, pair.key_id, pair.key, f"{PREFIX}/hello", **fields)


def manifest(pair, ticket_id, **fields):
    return PeerRequest(pair.a.server.endpoint, pair.key_id, pair.key, f"{PREFIX}/tickets/{ticket_id}/manifest", **fields)


def body_of(pair, ticket_id, file_id, **fields):
    path = f"{PREFIX}/tickets/{ticket_id}/files/{file_id}"
    return PeerRequest(pair.a.server.endpoint, pair.key_id, pair.key, path, **fields)


def refused(answer, status=401, code=REFUSED):
    assert (answer.status, answer.error_code) == (status, code), answer
    assert len(answer.error_msg) > 10


def test_whoever_has_the_key_is_heard(pair, asset_id, ticket_id):
    assert hello(pair).send().status == 200
    answer = manifest(pair, ticket_id).send()
    assert answer.status == 200 and asset_id.encode() in answer.body
    [file] = pair.a.library.show(asset_id)["files"]
    content = pair.a.library.content(asset_id)
    assert body_of(pair, ticket_id, file["file_id"]).send().body == content
    part = body_of(pair, ticket_id, file["file_id"], range="bytes=10-99").send()
    assert part.status == 206 and part.body == content[10:100]


def test_request_is_taken_once(pair, ticket_id):
    for request in (hello(pair), manifest(pair, ticket_id)):
        proof = request.proof()
        assert request.send(proof=proof).status == 200
        for _ in range(3):
            refused(request.send(proof=proof))


def test_request_that_was_seen_on_the_line_is_worth_nothing(pair, asset_id):
    pair.copy(asset_id)
    seen = list(pair.line.raw_requests)
    assert len(seen) >= 2 and any(FILE_BODY_SEEN.search(request) for request in seen)
    for request in seen:
        assert send_raw(pair.a.server.endpoint, request) == 401, request


FILE_BODY_SEEN = re.compile(rb"^GET /entrepot/peer/v1/tickets/[^/]+/files/[^/ ?]+ HTTP")


def test_traffic_carries_no_users_credentials(pair, asset_id):
    before = {request_token(region.server).headers["X-Subject-Token"] for region in (pair.a, pair.b)}
    pair.copy(asset_id)
    for request in pair.line.raw_requests:
        head = request.partition(b"\r\n\r\n")[0].decode()
        assert re.search(rf"(?im)^authorization: {SCHEME} ", head), head
        assert "SDK-HMAC" not in head and "x-auth-token" not in head.lower() and "cookie" not in head.lower()
        for secret in (*before, pair.key, *(region.server.credentials["access_key"] for region in (pair.a, pair.b))):
            assert secret not in head


# What a request that B made and A has never seen may be turned into.
CHANGES = {
    "method": (lambda head: head.replace("GET ", "HEAD ", 1)),
    "ticket": (lambda head: re.sub(r"/tickets/[^/]+", f"/tickets/{'0' * 32}", head, count=1)),
    "file": (lambda head: re.sub(r"/files/[^/ ?]+", f"/files/{'0' * 32}", head, count=1)),
    "query": (lambda head: head.replace(" HTTP/1.1", "?a=b HTTP/1.1", 1)),
    "encoded path": (lambda head: head.replace("/tickets/", "/%74ickets/", 1)),
    "range": (lambda head: re.sub(r"(?im)^range: .*\r$", "Range: bytes=1-2\r", head)),
    "no range": (lambda head: re.sub(r"(?im)^range: .*\r\n", "", head)),
    "time": (lambda head: re.sub(r"Time=(\d+)", lambda found: f"Time={int(found[1]) + 1}", head)),
    "nonce": (lambda head: re.sub(r"Nonce=.{32}", f"Nonce={'0' * 32}", head)),
    "sender": (lambda head: head.replace("From=region%2Db", "From=region%2Dc")),
    "key": (lambda head: re.sub(r"Key=[^,]*", "Key=4711", head)),
    "signature": (lambda head: re.sub(r"Signature=(.)", lambda found: f"Signature={int(found[1], 16) ^ 1:x}", head)),
    "no proof": (lambda head: re.sub(r"(?im)^authorization: .*\r\n", "", head)),
}


def test_request_that_was_changed_on_its_way_is_refused(pair):
    asset_id = pair.a.library.create_asset("VIDEO", "two ranges' worth")
    pair.a.library.upload(asset_id, random.randbytes(17 * MIB), file_type="mp4")
    pair.line.keep(FILE_BODY)
    pair.b.take(pair.a.ticket(asset_id))
    kept = until(lambda: pair.line.kept, what="no file was asked for")
    head = kept.decode()
    for name, change in CHANGES.items():
        changed = change(head)
        assert changed != head, f"{name}: nothing to change in {head}"
        assert send_raw(pair.a.server.endpoint, changed.encode()) in (400, 401), name
    # It was the changes that were refused: as it is, it is good. Once.
    assert send_raw(pair.a.server.endpoint, kept) in (200, 206)
    assert send_raw(pair.a.server.endpoint, kept) == 401
    pair.b.wait_for_copy(asset_id)
    pair.assert_same(asset_id)


def test_body_that_was_changed_is_refused(pair, ticket_id):
    request = PeerRequest(pair.a.server.endpoint, pair.key_id, pair.key, f"{PREFIX}/reports", method="POST", body=b"{}")
    refused(request.send(body=b'{"a": 1}'))
    refused(request.send(body=b""))
    assert request.send().error_code != REFUSED


@pytest.mark.parametrize("minutes", [-24 * 60, -60, 60, 24 * 60, 10**7])
def test_request_that_comes_late_or_early_is_refused(pair, ticket_id, minutes):
    now = int(time.time() * 1000)
    refused(manifest(pair, ticket_id, time=now + minutes * MINUTE).send())
    # What was signed before the server started is refused, too: it may be that young.
    until(lambda: manifest(pair, ticket_id, time=int(time.time() * 1000) - 2000).send().status == 200, 5,
          "two seconds are too late")


def test_key_of_another_pair_opens_nothing(pair, asset_id, ticket_id):
    made = admin(pair.a.server, "replication-key", "create", "--peer", "region-c").json()
    as_c = {"key_id": made["key_id"], "secret": made["key"]}

    def with_key(request, **fields):
        return PeerRequest(request.endpoint, as_c["key_id"], as_c["secret"], request.path, **fields)

    try:
        until(lambda: with_key(hello(pair), source="region-c").send().status == 200, 3)
        # A real key, but of others.
        refused(with_key(hello(pair), source="region-b").send())
        refused(with_key(manifest(pair, ticket_id), source="region-b").send())
        refused(with_key(manifest(pair, ticket_id), source="region-c").send(), 400, NOT_ISSUED)
        [file] = pair.a.library.show(asset_id)["files"]
        refused(with_key(body_of(pair, ticket_id, file["file_id"]), source="region-c").send(), 400, NOT_ISSUED)
        # The id of one and the secret of the other.
        refused(PeerRequest(pair.a.server.endpoint, pair.key_id, made["key"], f"{PREFIX}/hello").send())
        refused(PeerRequest(pair.a.server.endpoint, made["key_id"], pair.key, f"{PREFIX}/hello", source="region-c").send())
        # What was issued for C is C's alone.
        pair.a.ticket(asset_id, to_region="region-c")
        for_c = pair.a.outgoing(asset_id)["copy_id"]
        refused(manifest(pair, for_c).send(), 400, NOT_ISSUED)
        assert with_key(manifest(pair, for_c), source="region-c").send().status == 200
    finally:
        admin(pair.a.server, "replication-key", "retire", made["key_id"]).json()
    until(lambda: with_key(hello(pair), source="region-c").send().status == 401, 3)


def test_unknown_keys_and_regions_are_not_heard(pair, ticket_id):
    for request in (hello(pair), manifest(pair, ticket_id)):
        for other in ({"key_id": "4711"}, {"key_id": ""}, {"key_id": "x" * 1000}, {"source": "region-c"}, {"source": ""},
                      {"target": "region-b"}, {"target": "region-c"}, {"source": "region-a", "target": "region-b"}):
            refused(replace(request, **other).send())


def test_headers_that_are_no_proof(pair):
    good = hello(pair).proof()
    for proof in ("", "x", SCHEME, f"{SCHEME} ", good[:-1], good + "0", good.replace(", ", ","), good.upper(),
                  good.replace("Nonce=", "Nonce=0"), good.replace("Time=", "Time=-"), good.replace("Time=", "Time=x"),
                  good + ", More=1", good.replace(SCHEME, "SDK-HMAC-SHA256"), re.sub("Key=[^,]*, ", "", good),
                  "Bearer " + pair.key, f"{SCHEME} Key={'A' * 60_000}"):
        answer = hello(pair).send(proof=proof)
        assert answer.status in (401, 431) or answer.status == 400 and len(proof) > 10_000, (proof[:200], answer)


def test_users_are_not_peers_and_peers_are_not_users(pair, asset_id, ticket_id):
    token = request_token(pair.a.server).headers["X-Subject-Token"]
    for path in (f"{PREFIX}/hello", f"{PREFIX}/tickets/{ticket_id}/manifest"):
        answer = exchange(pair.a.server.endpoint, "GET", path, {"X-Auth-Token": token})
        assert answer.status == 401, answer
        assert pair.a.caller.get(path).status == 401
    for path in (f"/v1/{pair.a.project}/digital-assets/{asset_id}", f"/v1/{pair.a.project}/digital-assets"):
        answer = PeerRequest(pair.a.server.endpoint, pair.key_id, pair.key, path).send()
        assert answer.status == 401, answer


def test_ticket_that_was_never_issued_is_not_served(pair, asset_id, ticket_id):
    other = pair.a.library.create_image(b"not for copying")
    [secret] = pair.a.library.show(other)["files"]
    [file] = pair.a.library.show(asset_id)["files"]
    nearly = ticket_id[:-1] + ("0" if ticket_id[-1] != "0" else "1")
    for made_up in ("0" * 32, asset_id, other, nearly, "x", "%27", "..%2f.."):
        for request in (manifest(pair, made_up), body_of(pair, made_up, file["file_id"])):
            answer = request.send()
            assert answer.status in (400, 404) and b"not for copying" not in answer.body, answer
            assert answer.error_code in (NOT_ISSUED, "MSS.00000003", "MSS.00010003"), answer
    # A ticket opens its own asset's files, and no others.
    answer = body_of(pair, ticket_id, secret["file_id"]).send()
    assert answer.status in (400, 404) and b"not for copying" not in answer.body, answer


def test_file_that_came_after_the_ticket_is_not_served(pair, asset_id, ticket_id):
    later = pair.a.library.upload(asset_id, b"not for copying", category="COVER", name="cover.png")
    answer = body_of(pair, ticket_id, later).send()
    assert answer.status in (400, 404) and b"not for copying" not in answer.body, answer


def test_state_of_the_asset_is_looked_at_for_every_request(pair, asset_id, ticket_id):
    [file] = pair.a.library.show(asset_id)["files"]
    requests = [manifest(pair, ticket_id), body_of(pair, ticket_id, file["file_id"])]
    assert [request.send().status for request in requests] == [200, 200]
    admin(pair.a.server, "asset", "block", asset_id, "--reason-code", "C1", "--reason", "complaint").json()
    for request in requests:
        until(lambda: request.send().status == 400, 2)
        refused(request.send(), 400, "MSS.10009012")
    admin(pair.a.server, "asset", "unblock", asset_id).json()
    until(lambda: requests[0].send().status == 200, 2)
    pair.a.cancel(asset_id, ticket_id)
    for request in requests:
        refused(request.send(), 400, NOT_ISSUED)


def test_bad_reports_change_nothing(pair, asset_id, ticket_id):
    before = pair.a.outgoing(asset_id)
    for body in (b"", b"{", b"[]", b"null", b'{"reports": 1}', b"[" * 10_000, b'{"reports": [{}]}', b"x" * 3_000_000):
        answer = PeerRequest(pair.a.server.endpoint, pair.key_id, pair.key, f"{PREFIX}/reports", method="POST",
                             body=body).send()
        assert 400 <= answer.status < 500, (body[:50], answer)
    assert pair.a.outgoing(asset_id) == before


# By other ways than straight.

NGINX_CONFIGURATION = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log {folder}/access.log; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
    location / {{ proxy_pass {endpoint}; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""


def make_certificates(folder):
    """A certificate for 127.0.0.1 by an authority of its own, in ca.pem."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=an authority")
    openssl("req", *new_key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=region-a")
    (folder / "extensions").write_text("subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "server.pem", "-days", "2", "-extfile", "extensions")


@contextmanager
def tls_before(endpoint, folder):
    """The same server behind TLS; answers that endpoint."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    make_certificates(folder)
    (folder / "conf").write_text(NGINX_CONFIGURATION.format(folder=folder, port=port, endpoint=endpoint))
    process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "conf", "-e", folder / "error.log"])

    def listens():
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return True
        except ConnectionRefusedError:
            assert process.poll() is None, (folder / "error.log").read_text()
            return False

    try:
        until(listens, 10, "nginx does not listen")
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def configured(path, endpoint, **more):
    settings = {"region": "region-a", "endpoint": endpoint} | more
    path.write_text("[[peers]]\n" + "".join(f'{key} = "{value}"\n' for key, value in settings.items()))
    return ["--config", str(path)]


def test_tls_with_a_private_authority(make_pair, tmp_path):
    if not shutil.which(NGINX) or not shutil.which("openssl"):
        pytest.skip("nginx or openssl is not installed")
    with_tls, file = tmp_path / "tls", tmp_path / "entrepot.toml"
    with_tls.mkdir()
    ways = []

    def reach(pair):
        ways.append(tls_before(pair.a.server.endpoint, with_tls))
        return configured(file, ways[0].__enter__())

    try:
        pair = make_pair(reach=reach)
        endpoint = re.search(r'endpoint = "(.*)"', file.read_text())[1]
        asset_id = pair.a.library.create_image(random.randbytes(300 * KIB))
        ticket = pair.a.ticket(asset_id)
        # An authority that nobody vouches for is not believed,
        report = pair.b.inspect(ticket)
        assert problems(report) == {UNREACHABLE} and "certificate" in str(report["peer"]["error"]).lower(), report
        pair.b.take(ticket)
        waiting = pair.b.wait_until(asset_id, lambda copy: copy["attempts"] >= 1 and copy.get("error"))
        assert waiting["state"] in ("WAITING", "COPYING")
        # but for this peer.
        configured(file, endpoint, ca_file=with_tls / "ca.pem")
        pair.b.server.restart()
        pair.b.wait_for_copy(asset_id)
        pair.assert_same(asset_id)
        assert pair.b.inspect(pair.a.ticket(asset_id))["works"]
        assert "/files/" in (with_tls / "access.log").read_text()
    finally:
        for way in ways:
            way.__exit__(None, None, None)


def test_by_a_proxy(make_pair, tmp_path):
    proxy = Proxy()
    try:
        pair = make_pair(reach=lambda pair: configured(tmp_path / "entrepot.toml", pair.line.endpoint,
                                                       proxy=f"http://127.0.0.1:{proxy.listener.getsockname()[1]}"))
        asset_id = pair.a.library.create_image(random.randbytes(300 * KIB))
        proxy.requests.clear()
        copy = pair.copy(asset_id)
        pair.assert_same(asset_id)
        through = {path for _, path in pair.line.requests}
        asked = [path for _, path, _ in proxy.requests]
        assert any(re.search(MANIFEST, path) for path in asked) and any(re.search(FILE_BODY, path) for path in asked)
        # Nothing went past it.
        assert pair.line.connections <= len(proxy.requests) and copy["attempts"] == 1
        assert through <= set(asked)
    finally:
        proxy.close()


def test_rate_is_not_exceeded_by_all_copies_together(make_pair):
    rate, size, count = 2 * MIB, 3 * MIB, 3
    pair = make_pair(target={"environment": {"ENTREPOT_COPY_RATE_MIB": 2}})
    made = []
    for _ in range(count):
        made.append(pair.a.library.create_asset("VIDEO", "slow"))
        pair.a.library.upload(made[-1], random.randbytes(size), file_type="mp4")
    tickets = [pair.a.ticket(asset_id) for asset_id in made]
    began, samples = time.monotonic(), []
    for ticket in tickets:
        pair.b.take(ticket)

    def all_done():
        copies = [pair.b.incoming(asset_id) for asset_id in made]
        samples.append((time.monotonic() - began, sum(copy["bytes_done"] for copy in copies)))
        return all(copy["state"] == "DONE" for copy in copies)

    until(all_done, 40)
    took = time.monotonic() - began
    assert took > (count * size / rate) * 0.7, f"it took {took:.1f} s"
    assert took < (count * size / rate) * 3, f"it took {took:.1f} s"
    for at, done in samples:
        assert done <= rate * at + 2 * MIB, f"{done} bytes within {at:.1f} s"
    for asset_id in made:
        pair.assert_same(asset_id)


def test_shared_key_works_both_ways(make_pair):
    """One key for a pair of regions: what comes from B by it, A may have, once A knows where B is."""
    pair = make_pair()
    asset_id = pair.b.library.create_image(b"from the other side")
    ticket = pair.b.ticket(asset_id)
    answer = pair.a.present(ticket)
    assert (answer.status, answer.error_code) == (400, "MSS.10009014"), answer
    pair.a.server.arguments += ["--peer", f"region-b={pair.b.server.endpoint}"]
    pair.a.server.restart()
    pair.a.take(ticket)
    pair.a.wait_for_copy(asset_id)
    assert pair.a.portrait(asset_id) == pair.b.portrait(asset_id)
    # A second key does no harm.
    share_key(pair.a, pair.b)
    pair.copy(pair.a.library.create_image(b"there and"))
