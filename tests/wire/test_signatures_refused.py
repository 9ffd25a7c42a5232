"""Signatures that must not pass: tampered, replayed with another body, skewed, of other algorithms."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from driver.caller import KeyCaller

BODY = b'{"asset_name": "x", "asset_type": "IMAGE"}'


def refused(answer, part):
    assert (answer.status, answer.error_code) == (401, "APIGW.0301"), answer
    assert answer.error_msg.startswith("Incorrect IAM authentication information")
    assert part in answer.error_msg
    assert answer.json()["request_id"] == answer.request_id


def moment(**shift):
    return (datetime.now(timezone.utc) + timedelta(**shift)).strftime("%Y%m%dT%H%M%SZ")


def test_replay_with_another_body(signer):
    request = signer.sign("POST", "digital-assets", body=BODY)
    assert request.send().status == 200
    request.body = BODY.replace(b'"x"', b'"y"')
    refused(request.send(), "verify aksk signature fail")


def test_body_added_to_a_request_that_had_none(signer):
    request = signer.sign("POST", "digital-assets/0/restore")
    request.body = b"{}"
    refused(request.send(), "verify aksk signature fail")


def test_replay_on_another_path_method_or_query(signer):
    for change in ({"target": signer.path("digital-assets/y?limit=1")}, {"method": "DELETE"},
                   {"target": signer.path("digital-assets/x?limit=2")}, {"target": signer.path("digital-assets/x")}):
        request = signer.sign("GET", "digital-assets/x", query=[("limit", 1)])
        for name, value in change.items():
            setattr(request, name, value)
        refused(request.send(), "verify aksk signature fail")


def test_canonical_request_is_shown_with_bars_for_line_ends(signer):
    request = signer.sign("GET", "digital-assets", query=[("limit", 1)])
    request.headers["Authorization"] = re.sub("Signature=.*", f"Signature={'0' * 64}", request.headers["Authorization"])
    answer = request.send()
    refused(answer, f"canonicalRequest:GET|/v1/{signer.project}/digital-assets/|limit=1|")
    assert "\n" not in answer.error_msg


def test_signed_header_that_changed_or_went_missing(signer):
    request = signer.sign("GET", "digital-assets", headers={"X-App-UserId": "me"})
    request.headers["X-App-UserId"] = "you"
    refused(request.send(), "verify aksk signature fail")
    request = signer.sign("GET", "digital-assets", headers={"X-App-UserId": "me"})
    request.removed = {"X-App-UserId"}
    refused(request.send(), "verify aksk signature fail")


def test_header_that_is_not_signed_may_change(signer):
    request = signer.sign("GET", "digital-assets")
    request.headers["User-Agent"] = "huaweicloud-usdk-python/3.0; os/Linux##; x"
    assert request.send().status == 200


def test_signature_without_the_date_is_refused(signer):
    request = signer.sign("GET", "digital-assets")
    request.removed = {"X-Sdk-Date"}
    answer = request.send()
    assert answer.status == 401, answer
    request = signer.sign("GET", "digital-assets")
    request.headers["Authorization"] = request.headers["Authorization"].replace(";x-sdk-date", "")
    assert request.send().status == 401


@pytest.mark.parametrize("shift", [{"minutes": -16}, {"minutes": 16}, {"days": -365}, {"days": 365}])
def test_skewed_clock_is_told_both_times_and_the_limit(signer, shift):
    date = moment(**shift)
    answer = signer.sign("GET", "digital-assets", headers={"X-Sdk-Date": date}).send()
    refused(answer, "15 min")
    times = {re.sub("[-:]", "", time) for time in re.findall(r"[0-9-]{8,10}T[0-9:]{6,8}Z", answer.error_msg)}
    assert date in times
    assert len(times) == 2, f"the server's own time is missing: {answer.error_msg}"


@pytest.mark.parametrize("shift", [{"minutes": -14}, {"minutes": 14}])
def test_clock_within_fifteen_minutes_is_good_enough(signer, shift):
    assert signer.sign("GET", "digital-assets", headers={"X-Sdk-Date": moment(**shift)}).send().status == 200


@pytest.mark.parametrize("date", ["yesterday", "20260101", "2026-01-01T00:00:00Z", "20261301T000000Z", ""])
def test_date_that_is_none_is_refused(signer, date):
    request = signer.sign("GET", "digital-assets")
    request.headers["X-Sdk-Date"] = date
    assert request.send().status == 401


@pytest.mark.parametrize("header", [
    "", "Basic dXNlcjpwYXNz", "SDK-HMAC-SHA256", "SDK-HMAC-SHA256 Access=", "SDK-HMAC-SHA256 Access={ak}",
    "SDK-HMAC-SHA256 Access={ak}, SignedHeaders=, Signature=", "SDK-HMAC-SHA256 Access={ak}, SignedHeaders=host",
    "SDK-HMAC-SHA256 Access={ak}, SignedHeaders=host;x-sdk-date, Signature=xyz",
    "SDK-HMAC-SHA256 Access={ak}, SignedHeaders=;;;, Signature=" + "0" * 64, "Bearer x",
    "SDK-HMAC-SHA256 " + "A" * 4000])
def test_authorization_that_makes_no_sense(signer, header):
    request = signer.sign("GET", "digital-assets")
    request.headers["Authorization"] = header.format(ak=signer.access_key)
    answer = request.send()
    assert (answer.status, answer.error_code) == (401, "APIGW.0301"), answer
    assert answer.request_id


@pytest.mark.parametrize("algorithm", ["SDK-HMAC-SM3", "SDK-ECDSA-P256-SHA256", "SDK-SM2-SM3", "V11-HMAC-SHA256"])
def test_other_algorithms_are_refused(signer, algorithm):
    request = signer.sign("GET", "digital-assets")
    request.headers["Authorization"] = request.headers["Authorization"].replace("SDK-HMAC-SHA256", algorithm)
    assert request.send().status == 401


def test_hash_given_by_the_client_must_be_the_one_of_the_body(signer):
    request = signer.sign("POST", "digital-assets", body=BODY, headers={"X-Sdk-Content-Sha256": "0" * 64})
    assert request.send().status == 401


def test_five_failures_lock_the_key_and_leave_others_alone(farm):
    server = farm.start()
    good, bad = KeyCaller(server), KeyCaller(server, secret_key="wrong")
    for _ in range(5):
        refused(bad.get("digital-assets"), "verify aksk signature fail")
    refused(good.get("digital-assets"), "AK access failed to reach the limit,forbidden")
    refused(KeyCaller(server, access_key="ANOTHER").get("digital-assets"), "ak not exist")
    from driver.caller import token_caller
    assert token_caller(server).get("digital-assets").status == 200


def test_four_failures_and_a_success_start_the_count_anew(farm):
    server = farm.start()
    good, bad = KeyCaller(server), KeyCaller(server, secret_key="wrong")
    for _ in range(3):
        for _ in range(4):
            refused(bad.get("digital-assets"), "verify aksk signature fail")
        assert good.get("digital-assets").status == 200


def test_links_do_not_lock_the_key(farm):
    from driver.library import Library
    server = farm.start()
    library = Library(KeyCaller(server))
    url = library.file(library.create_image())["download_url"]
    for _ in range(7):
        assert library.get_bytes(url.replace("Signature=", "Signature=x")).status == 403
    assert library.get_bytes(url).status == 200
    assert library.list()["count"] == 1
