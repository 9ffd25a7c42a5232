"""Whatever the vendor's signer signs is let in, and nothing that was changed afterwards is."""

import re
from datetime import datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from driver.caller import KeyCaller
from driver.exchange import exchange
from driver.farm import Farm

from .strategies import Request, requests

PROJECT = "PROJECT"
BOUNDED = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    farm = Farm(tmp_path_factory.mktemp("signature"))
    yield KeyCaller(farm.start())
    farm.close()


def sign(signer, request: Request):
    """Method, target, headers and body as the signer leaves them."""
    path = request.path.replace(PROJECT, signer.project)
    signed = signer.signed(request.method, path, request.query, request.all_headers(), request.body)
    headers = {name: value.encode("iso-8859-1") for name, value in signed.header_params.items()}
    return request.method, signed.uri, headers, signed.body or b""


# Failures lock a key for the address they come from, so those that are meant to fail come from ever new ones.
SOURCES = (f"127.{second}.{third}.{fourth}" for second in range(1, 255) for third in range(255) for fourth in range(1, 255))


def send(signer, signed, source=None):
    answer = exchange(signer.server.endpoint, *signed, source=source)
    note(f"{signed} -> {answer}")
    assert answer.request_id
    assert answer.status < 500
    return answer


@BOUNDED
@given(request=requests(PROJECT))
def test_what_the_vendor_signs_is_let_in(signer, request):
    answer = send(signer, sign(signer, request))
    assert answer.status in (200, 400), answer


@BOUNDED
@given(request=requests(PROJECT), data=st.data())
def test_same_query_written_another_way_is_let_in(signer, request, data):
    method, uri, headers, body = sign(signer, request)
    path, _, query = uri.partition("?")
    pairs = data.draw(st.permutations(query.split("&"))) if query else []
    if data.draw(st.booleans()):
        pairs = [pair.replace("~", "%7E").replace("%2F", "%2f") for pair in pairs]
    if data.draw(st.booleans()):
        pairs = [pair.removesuffix("=") for pair in pairs]
    target = f"{path}?{'&'.join(pairs)}" if pairs else path
    answer = send(signer, (method, target, headers, body))
    assert answer.status in (200, 400), answer


def with_header(signed, name, value):
    method, target, headers, body = signed
    return method, target, headers | {name: value}, body


def change_method(signed, _):
    method, target, headers, body = signed
    path = target.partition("?")[0]
    others = {"GET": "DELETE", "DELETE": "GET", "PUT": "GET", "POST": "GET"}
    if path.endswith(("/restore", "/complete", "/summarys")) or "/files/" in path:
        return None
    return (others[method] if not path.endswith("/digital-assets") else {"GET": "POST", "POST": "GET"}[method],
            target, headers, body)


def change_path(signed, _):
    method, target, headers, body = signed
    path, mark, query = target.partition("?")
    head, _, segment = path.rpartition("/")
    if segment in ("digital-assets", "summarys", "restore", "complete"):
        return None
    return method, f"{head}/{segment}x{mark}{query}", headers, body


def add_to_query(signed, data):
    method, target, headers, body = signed
    extra = quote(data.draw(st.sampled_from(["limit=1", "zz", "a", "=", " "])), safe="=")
    return method, f"{target}{'&' if '?' in target else '?'}{extra}", headers, body


def take_from_query(signed, _):
    method, target, headers, body = signed
    path, mark, query = target.partition("?")
    return (method, path, headers, body) if mark else None


def change_body(signed, _):
    method, target, headers, body = signed
    if not body or "X-Sdk-Content-Sha256" in headers:
        return None
    return method, target, headers, bytes([body[0] ^ 1]) + body[1:]


def change_signed_header(signed, data):
    names = [name for name in signed[2] if name not in ("Authorization", "Host", "X-Sdk-Content-Sha256", "X-Sdk-Date")]
    name = data.draw(st.sampled_from(sorted(names)))
    return with_header(signed, name, signed[2][name] + b"x")


def change_date(signed, _):
    date = datetime.strptime(signed[2]["X-Sdk-Date"].decode(), "%Y%m%dT%H%M%SZ") + timedelta(seconds=1)
    return with_header(signed, "X-Sdk-Date", date.strftime("%Y%m%dT%H%M%SZ").encode())


def change_signature(signed, data):
    authorization = signed[2]["Authorization"]
    position = data.draw(st.integers(1, 64))
    digit = authorization[-position:][:1]
    changed = authorization[:-position] + (b"0" if digit != b"0" else b"1") + authorization[len(authorization) - position + 1:]
    return with_header(signed, "Authorization", changed)


def drop_signed_name(signed, data):
    authorization = signed[2]["Authorization"].decode()
    names = re.search("SignedHeaders=([^,]*)", authorization)[1]
    dropped = data.draw(st.sampled_from([name for name in names.split(";") if name != "x-sdk-date"]))
    left = ";".join(name for name in names.split(";") if name != dropped)
    return with_header(signed, "Authorization", authorization.replace(f"SignedHeaders={names}", f"SignedHeaders={left}").encode())


CHANGES = [change_method, change_path, add_to_query, take_from_query, change_body, change_signed_header, change_date,
           change_signature, drop_signed_name]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@settings(BOUNDED, max_examples=40)
@given(request=requests(PROJECT), data=st.data())
def test_request_changed_after_it_was_signed_is_refused(signer, change, request, data):
    signed = sign(signer, request)
    assert send(signer, signed).status in (200, 400)
    changed = change(signed, data)
    if changed is None:
        return
    answer = send(signer, changed, next(SOURCES))
    assert (answer.status, answer.error_code) == (401, "APIGW.0301"), answer
    assert "verify aksk signature fail,canonicalRequest:" in answer.error_msg
    assert changed[0] + "|" in answer.error_msg
