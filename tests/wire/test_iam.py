"""Identity calls with bad input, in the nested error form of IAM."""

import json

import pytest

from driver.caller import TokenCaller, password_request, request_token, token_caller
from driver.exchange import exchange
from driver.folders import contents


def post_token(server, body, headers=None):
    return exchange(server.endpoint, "POST", "/v3/auth/tokens", {"Content-Type": "application/json"} | (headers or {}),
                    body)


def nested_error(answer, status):
    assert answer.status == status, answer
    error = answer.json()["error"]
    assert error["code"] == status and error["message"] and error["title"]
    assert answer.request_id
    return error["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"auth":{}}', b'{"auth":{"identity":{"methods":[]}}}',
                                  b'{"auth":{"identity":{"methods":["totp"],"totp":{}}}}'])
def test_body_that_is_no_password_request(server, body):
    nested_error(post_token(server, body), 400)


@pytest.mark.parametrize("field", ["name", "password", "domain"])
def test_wrong_name_password_and_domain_are_not_told_apart(server, field):
    body = password_request(server.credentials)
    user = body["auth"]["identity"]["password"]["user"]
    user[field] = {"name": "elsewhere"} if field == "domain" else "wrong"
    message = nested_error(post_token(server, json.dumps(body).encode()), 401)
    assert message == "The username or password is wrong."


def test_project_of_nobody_is_refused(server):
    answer = request_token(server, scope={"project": {"name": "elsewhere"}})
    assert answer.status in (400, 401, 403, 404), answer
    nested_error(answer, answer.status)
    assert "X-Subject-Token" not in answer.headers


def test_authorization_header_is_ignored_when_buying_a_token(server):
    body = json.dumps(password_request(server.credentials)).encode()
    answer = post_token(server, body, {"Authorization": "SDK-HMAC-SHA256 Access=NOBODY, SignedHeaders=host, Signature=0"})
    assert answer.status == 201


@pytest.mark.parametrize("query", ["?nocatalog=true", "?nocatalog=x"])
def test_nocatalog_is_taken(server, query):
    body = json.dumps(password_request(server.credentials)).encode()
    answer = exchange(server.endpoint, "POST", f"/v3/auth/tokens{query}", {"Content-Type": "application/json"}, body)
    assert answer.status == 201


@pytest.mark.parametrize("token", ["x", "x" * 16384, "'", "MIIE" * 100])
def test_token_that_nobody_issued(server, token):
    answer = TokenCaller(server, token).get("digital-assets")
    assert (answer.status, answer.error_code) == (401, "APIGW.0301")
    assert "decrypt token fail" in answer.error_msg
    assert answer.request_id == answer.json()["request_id"]


def test_no_proof_of_identity_at_all(server, owner):
    answer = exchange(server.endpoint, "GET", owner.path("digital-assets"))
    assert (answer.status, answer.error_code) == (401, "APIGW.0301")
    assert answer.error_msg == "Incorrect IAM authentication information: x-auth-token not found"


def test_token_is_not_stored_as_it_is(server):
    caller = token_caller(server)
    assert caller.get("digital-assets").status == 200
    for path, content in contents(server.data):
        assert caller.token.encode() not in content, path


def test_secret_key_is_not_stored_as_it_is(server):
    secrets = [server.credentials[name].encode() for name in ("secret_key", "password")]
    for path, content in contents(server.data):
        if path.name != "credentials.json":
            assert not any(secret in content for secret in secrets), path
