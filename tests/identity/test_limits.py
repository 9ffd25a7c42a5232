"""What a caller may send how fast: rates, calls under way, sizes, slow clients; and whose address counts."""

import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from driver import iam
from driver.caller import KeyCaller, TokenCaller, password_request, request_token
from driver.exchange import exchange
from driver.iam import allow, allowed, deny, forbidden
from driver.lines import Line, request_bytes
from driver.packages import Packages
from driver.waiting import until

PATIENCE = 45  # what 30 s may take on a busy machine



@pytest.fixture(scope="session")
def server(shared_servers):
    """What is limited has nothing to do with the database."""
    return shared_servers("sqlite")


# Rates and calls under way, of a key or of a token's user.

def throttled(answer):
    """Refused by a limit, in the gateway's form; answers the seconds to wait."""
    assert (answer.status, answer.error_code) == (429, "APIGW.0308"), answer
    assert answer.error_msg.startswith("The throttling threshold has been reached"), answer
    assert answer.json()["request_id"] == answer.request_id
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    return int(answer.headers["Retry-After"])


def burst(caller, count, tail="digital-assets"):
    return [caller.get(tail, query={"limit": 1}) for _ in range(count)]


def test_there_is_no_limit_by_default(owner):
    assert {answer.status for answer in burst(owner, 150)} == {200}


@pytest.fixture(scope="module")
def slow(module_farm):
    """Five calls a second for each."""
    return module_farm.start(environment={"ENTREPOT_KEY_REQUESTS_PER_SECOND": 5})


def test_rate_of_a_key(slow):
    user = iam.Admin(slow).user(policies=[iam.READ_ONLY])
    first, second = user.by_key(), iam.Admin(slow).key(user)
    answers = burst(first, 40)
    assert answers[0].status == 200
    refused = [answer for answer in answers if answer.status != 200]
    assert len(refused) > 10, "nothing was limited"
    seconds = max(throttled(answer) for answer in refused)
    # Another key has a rate of its own, also of the same user.
    allowed(KeyCaller(slow, second["access_key"], second["secret_key"]).get("digital-assets"))
    allowed(user.by_token().get("digital-assets"))
    time.sleep(seconds)
    allowed(first.get("digital-assets"))


def test_rate_is_kept_up_by_who_keeps_to_it(slow):
    caller = iam.Admin(slow).user(policies=[iam.READ_ONLY]).by_key()
    for _ in range(12):
        allowed(caller.get("digital-assets"))
        time.sleep(0.25)


def test_tokens_of_a_user_share_a_rate(slow):
    user, other = (iam.Admin(slow).user(policies=[iam.READ_ONLY]) for _ in range(2))
    callers = user.by_token(), user.by_token()
    answers = [answer for _ in range(15) for caller in callers for answer in burst(caller, 1)]
    assert sum(answer.status == 429 for answer in answers) > 5
    allowed(other.by_token().get("digital-assets"))


@pytest.mark.parametrize("path", ["digital-assets", "/v2/{project}/instances", "/v3/auth/domains"])
def test_limits_have_one_form_in_every_family(slow, path):
    caller = iam.Admin(slow).user(policies=[iam.FULL]).by_key()
    answers = [caller.get(path.format(project=slow.project)) for _ in range(30)]
    refused = [answer for answer in answers if answer.status != 200]
    assert refused
    for answer in refused:
        throttled(answer)


def test_a_failed_signature_does_not_use_up_somebody_elses_rate(slow):
    user = iam.Admin(slow).user(policies=[iam.READ_ONLY])
    bad = KeyCaller(slow, user.key["access_key"], "wrong", source="127.5.0.1")
    assert {answer.status for answer in burst(bad, 40)} == {401}
    allowed(user.by_key().get("digital-assets"))


def test_calls_under_way(farm):
    server = farm.start(environment={"ENTREPOT_KEY_REQUESTS_IN_FLIGHT": 2})
    user, other = (iam.Admin(server).user(policies=[iam.FULL]) for _ in range(2))
    caller, packages = user.by_token(), Packages(user.by_key())
    lines = []
    for upload in [packages.create_upload(1000) for _ in range(2)]:
        lines.append(Line(server.endpoint))
        lines[-1].send(request_bytes(caller, "PUT", packages.path(f"assets/entrepot/uploads/{upload}") + "?offset=0",
                                     {"Content-Type": "application/zip", "Content-Length": "1000",
                                      "Expect": "100-continue"}))
        # The body is asked for: the call counts from here on.
        assert lines[-1].head().status == 100
        lines[-1].send(b"PK")
    throttled(caller.get("digital-assets"))
    allowed(other.by_token().get("digital-assets"))
    allowed(user.by_key().get("digital-assets"))
    for line in lines:
        line.reset()
    until(lambda: caller.get("digital-assets").status == 200, 5, "calls that are over still count")


# Sizes.

TOO_LARGE = b'"' + b"x" * (12 * 1024 * 1024) + b'"'


@pytest.mark.parametrize("path", ["digital-assets", "files", "/v2/{project}/instances/{instance}/apps",
                                  "/v3.0/OS-CREDENTIAL/credentials", "/v3/auth/tokens"])
def test_body_over_twelve_megabytes(owner, server, path):
    path = path.format(project=server.project, instance=server.credentials["instance_id"])
    answer = owner.post(path, body=TOO_LARGE)
    assert (answer.status, answer.error_code) == (413, "APIGW.0201"), answer
    assert "Request entity too large" in answer.error_msg and answer.request_id


def test_body_that_is_announced_too_large_is_not_waited_for(owner, server):
    with connected(server) as line:
        line.sendall(head(server, "POST", owner.path("digital-assets"), "Content-Length: 13000000"))
        assert status_of(line) in (401, 413)


def test_body_without_a_length_is_cut_at_twelve_megabytes(owner, server):
    token = request_token(server).headers["X-Subject-Token"]
    with connected(server) as line:
        line.sendall(head(server, "POST", owner.path("digital-assets"), "Transfer-Encoding: chunked",
                          f"X-Auth-Token: {token}"))
        block = b"x" * (1 << 20)
        try:
            for _ in range(14):
                line.sendall(b"100000\r\n" + block + b"\r\n")
        except OSError:
            pass
        assert status_of(line) == 413


def connected(server, timeout=30):
    parts = urlsplit(server.endpoint)
    return socket.create_connection((parts.hostname, parts.port), timeout=timeout)


def head(server, method, path, *lines):
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {urlsplit(server.endpoint).netloc}", *lines, "", ""]).encode()


def status_of(line):
    """The status of the answer, or None where the connection ended without one."""
    found = b""
    try:
        while b"\r\n" not in found:
            block = line.recv(4096)
            if not block:
                return None
            found += block
    except ConnectionError:
        return None
    return int(found.split(b" ")[1])


@pytest.mark.parametrize("lines", [
    [f"X-Number-{number}: x" for number in range(1000)], ["X-Long: " + "x" * 200_000],
    [f"X-Number-{number}: " + "x" * 2000 for number in range(90)]])
def test_too_many_or_too_long_headers(server, lines):
    with connected(server) as line:
        try:
            line.sendall(head(server, "GET", "/healthz", *lines))
        except ConnectionError:
            pass
        assert status_of(line) in (400, 431, 494, None)
    assert exchange(server.endpoint, "GET", "/healthz").status == 200


def test_address_that_is_too_long(server):
    with connected(server) as line:
        try:
            line.sendall(head(server, "GET", "/healthz?" + "x" * 200_000))
        except ConnectionError:
            pass
        assert status_of(line) in (400, 414, 431, None)


def test_ninety_headers_are_not_too_many(server):
    with connected(server) as line:
        line.sendall(head(server, "GET", "/healthz", *(f"X-Number-{number}: x" for number in range(90))))
        assert status_of(line) == 200


# Slow clients: each waits on its own line, all at once.

def ignored(answer):
    """The answer to a first call on a line of which the second one is slow."""
    return answer.startswith(b"HTTP/1.1 200")


def drip(line, data, until, seconds=1.0):
    """Send byte by byte until the other end has had enough; answers the seconds that took."""
    began = time.monotonic()
    line.settimeout(seconds)
    for byte in data:
        try:
            line.sendall(bytes([byte]))
            if not ignored(line.recv(4096)):
                break  # The end, or an answer that says that it has had enough.
        except TimeoutError:
            pass
        except OSError:
            break
        if time.monotonic() - began > until:
            break
    return time.monotonic() - began


@pytest.mark.timeout(180)
def test_slow_clients_are_cut_off(server):
    token = request_token(server).headers["X-Subject-Token"]
    path = f"/v1/{server.project}/digital-assets"
    begun = head(server, "POST", path, f"X-Auth-Token: {token}", "Content-Type: application/json", "Content-Length: 1000")
    slow_head = head(server, "GET", path, "X-Slow: " + "x" * 1000)
    results = {}

    def attempt(name, first, then):
        with connected(server) as line:
            line.sendall(first)
            results[name] = drip(line, then, PATIENCE)

    attempts = {
        "a head, byte by byte": (b"", slow_head),
        "a body, byte by byte": (begun, b"x" * 1000),
        "a body of a token request, byte by byte": (
            head(server, "POST", "/v3/auth/tokens", "Content-Type: application/json", "Content-Length: 1000"), b"x" * 1000),
        "a second head on the same line": (head(server, "GET", "/healthz"), slow_head),
    }
    threads = []
    for name, (first, then) in attempts.items():
        threads.append(threading.Thread(target=attempt, args=(name, first, then)))
        threads[-1].start()
    while any(thread.is_alive() for thread in threads):
        # Others are served all the while.
        began = time.monotonic()
        assert TokenCaller(server, token).get("digital-assets", query={"limit": 1}).status == 200
        assert time.monotonic() - began < 5
        time.sleep(0.5)
    late = {name: seconds for name, seconds in results.items() if seconds >= PATIENCE}
    assert not late and len(results) == len(threads), f"still served after {PATIENCE} s: {late}"


# Whose address counts.

OUTSIDE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture(scope="module")
def behind(module_farm):
    """A server behind a proxy on 127.0.0.1, and another at 10.1.0.0/16 before that."""
    return module_farm.start(environment={"ENTREPOT_TRUSTED_PROXIES": json.dumps(["127.0.0.1/32", "10.1.0.0/16"])})


def forwarded(*values):
    return {"headers": {"X-Forwarded-For": ", ".join(values)}}


@pytest.fixture(scope="module")
def outsider(behind):
    given = {"IpAddress": {"g:SourceIp": [f"{OUTSIDE}/32", "2001:db8::/32"]}}
    return iam.Admin(behind).user(policies=[allow("metastudio:*:*", condition=given)])


@pytest.mark.parametrize("values", [
    [OUTSIDE], [ELSEWHERE, OUTSIDE], ["nonsense", OUTSIDE], [OUTSIDE, "10.1.2.3"], [ELSEWHERE, OUTSIDE, "10.1.2.3", "127.0.0.1"],
    ["2001:db8::7"], [f" {OUTSIDE} "]])
def test_right_most_address_that_is_no_proxy_counts(outsider, values):
    allowed(outsider.by_key().get("digital-assets", **forwarded(*values)))


@pytest.mark.parametrize("values", [
    [ELSEWHERE], [OUTSIDE, ELSEWHERE], [OUTSIDE, ELSEWHERE, "10.1.2.3"], [OUTSIDE, "10.2.0.1"], [OUTSIDE, "nonsense"],
    ["127.0.0.1"], [""], ["10.1.2.3"]])
def test_address_that_a_client_made_up_does_not_count(outsider, values):
    forbidden(outsider.by_key().get("digital-assets", **forwarded(*values)))


def test_who_is_no_proxy_is_not_believed(outsider):
    forbidden(outsider.by_key(source="127.0.0.2").get("digital-assets", **forwarded(OUTSIDE)))


def test_header_that_comes_twice_is_one_list(outsider):
    caller = TokenCaller(outsider.server, outsider.by_token().token)

    def call(*values):
        pairs = [("X-Auth-Token", caller.token), *(("X-Forwarded-For", value) for value in values)]
        return exchange(caller.server.endpoint, "GET", caller.path("digital-assets"), pairs)

    allowed(call(ELSEWHERE, OUTSIDE))
    forbidden(call(OUTSIDE, ELSEWHERE))


def test_nobody_is_believed_by_default(admin):
    given = {"IpAddress": {"g:SourceIp": [OUTSIDE]}}
    user = admin.user(policies=[iam.READ_ONLY, deny("*:*:*", condition=given)])
    allowed(user.by_key().get("digital-assets", **forwarded(OUTSIDE)))


def test_key_is_locked_for_the_address_behind_the_proxy(behind):
    user = iam.Admin(behind).user(policies=[iam.READ_ONLY])
    bad = KeyCaller(behind, user.key["access_key"], "wrong")
    for _ in range(5):
        assert bad.get("digital-assets", **forwarded("nonsense", "192.0.2.1")).status == 401
    answer = user.by_key().get("digital-assets", **forwarded("192.0.2.1"))
    assert "AK access failed to reach the limit,forbidden" in answer.error_msg, answer
    allowed(user.by_key().get("digital-assets", **forwarded("192.0.2.2")))
    allowed(user.by_key().get("digital-assets", **forwarded("192.0.2.1", "192.0.2.2")))


def test_user_is_locked_for_the_address_behind_the_proxy(behind):
    user = iam.Admin(behind).user()

    def ask(password, address):
        body = json.dumps(password_request(user.credentials, password=password)).encode()
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
        return exchange(behind.endpoint, "POST", "/v3/auth/tokens", headers, body).status

    assert {ask("wrong", "192.0.2.11") for _ in range(5)} == {401}
    assert ask(user.password, "192.0.2.11") == 401
    assert ask(user.password, "192.0.2.12") == 201


def test_address_behind_the_proxy_is_audited(behind):
    user = iam.Admin(behind).user(policies=[iam.FULL])
    made = user.by_key().post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"}, **forwarded("192.0.2.55"))
    resource = f"asset/{allowed(made).json()['asset_id']}"
    [event] = iam.Admin(behind).audit("--resource", resource)
    assert event["address"] == "192.0.2.55"


@pytest.mark.parametrize("value", ['["10.0.0.0/33"]', '["home"]', "7"])
def test_setting_that_is_no_network_is_refused_at_the_start(farm, value):
    server = farm.prepare(environment={"ENTREPOT_TRUSTED_PROXIES": value})
    with pytest.raises(RuntimeError, match="(?i)trusted_proxies"):
        server.start()
