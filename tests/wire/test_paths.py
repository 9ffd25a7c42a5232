"""Paths that lead nowhere, and the request id that every answer carries."""

import re

import pytest

from driver.exchange import exchange


@pytest.mark.parametrize("tail", ["nothing", "digital-asset", "digital-assets/x/y/z", "files", "files/x", "entrepot"])
def test_unknown_api_of_the_family(token_owner, tail):
    answer = token_owner.get(tail) if tail != "files" else token_owner.post("file", {})
    assert answer.status == 400 and answer.error_code in ("MSS.00010003", "MSS.00010004"), answer
    assert answer.request_id


@pytest.mark.parametrize(("method", "tail"), [
    ("DELETE", "digital-assets"), ("PATCH", "digital-assets/x"), ("GET", "digital-assets/summarys/x/y"),
    ("PUT", "files"), ("GET", "large-files"), ("GET", "files/x/complete")])
def test_method_that_the_api_has_not(token_owner, method, tail):
    answer = token_owner.call(method, tail)
    assert answer.status == 400 and answer.error_code in ("MSS.00010003", "MSS.00010004"), answer


@pytest.mark.parametrize("target", ["/", "/nothing", "/v2/x", "/v1", "/v9/x/digital-assets", "/objects", "/.env",
                                    "//", "/..", "/%2e%2e/%2e%2e/etc/passwd", "/openapi.json/x"])
def test_path_outside_every_family(server, target):
    answer = exchange(server.endpoint, "GET", target)
    assert answer.status in (400, 401, 403, 404), answer
    assert answer.request_id
    assert b"root:" not in answer.body


def test_plain_unknown_path_answers_as_the_gateway_does(server):
    answer = exchange(server.endpoint, "GET", "/nothing/here")
    assert (answer.status, answer.error_code) == (404, "APIGW.0101")
    assert answer.json()["request_id"] == answer.request_id


@pytest.mark.parametrize("asset_id", ["x", "0" * 32, "x" * 64, "%20", "..%2F..", "%00", "'", "夏".encode().hex(),
                                      "00000000-0000-0000-0000-000000000000", "%E5%A4%8F"])
def test_odd_asset_id_is_an_unknown_asset(owner, asset_id):
    answer = owner.get(f"digital-assets/{asset_id}")
    assert answer.status == 400, answer
    assert answer.error_code in ("MSS.10001001", "MSS.00000003", "MSS.00010003")


def test_doubled_slash_is_tolerated(owner, library):
    asset_id = library.create_asset()
    assert owner.get(f"/v1/{owner.project}//digital-assets/{asset_id}").json()["asset_id"] == asset_id


def test_literal_project_placeholder_is_explained(owner):
    answer = owner.get("/v1/%7Bproject_id%7D/digital-assets")
    assert (answer.status, answer.error_code) == (400, "MSS.00010009")
    assert "project" in answer.error_msg.lower()


def test_request_ids_are_there_and_differ(server, owner):
    answers = [owner.get("digital-assets"), owner.get("digital-assets/x"), exchange(server.endpoint, "GET", "/x"),
               exchange(server.endpoint, "GET", "/healthz"), exchange(server.endpoint, "GET", "/readyz"),
               exchange(server.endpoint, "GET", "/metrics"), exchange(server.endpoint, "GET", owner.path("files")),
               exchange(server.endpoint, "PUT", "/objects/a/b/c.png"),
               exchange(server.endpoint, "POST", "/v3/auth/tokens", {}, b"{"), owner.post("files", body=b"{")]
    ids = [answer.request_id for answer in answers]
    assert all(ids), [str(answer) for answer in answers]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9A-Za-z._-]{8,64}", each) for each in ids)


def test_openapi_and_its_page_are_served(server):
    document = exchange(server.endpoint, "GET", "/openapi.json")
    assert document.status == 200
    assert document.json()["openapi"].startswith("3.1")
    paths = set(document.json()["paths"])
    for tail in ("digital-assets", "digital-assets/{asset_id}", "digital-assets/{asset_id}/restore",
                 "digital-assets/summarys", "digital-assets/batch-action", "files", "files/{file_id}",
                 "files/{file_id}/complete", "large-files"):
        assert f"/v1/{{project_id}}/{tail}" in paths
    page = exchange(server.endpoint, "GET", "/docs")
    assert page.status in (200, 301, 302, 303, 307, 308)


def test_metrics_are_in_the_text_format(server):
    answer = exchange(server.endpoint, "GET", "/metrics")
    assert answer.status == 200
    assert answer.headers.get_content_type() == "text/plain"
    assert b"# TYPE" in answer.body
