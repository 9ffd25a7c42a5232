"""Errors as the vendor's client parses them: status, code, message, request id."""

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkmetastudio.v1 import MetaStudioClient

from driver import calls
from driver.vendor import metastudio


def refusal(call, *arguments, **options):
    with pytest.raises(ClientRequestException) as refused:
        call(*arguments, **options)
    error = refused.value
    assert error.request_id, "X-Request-Id is missing"
    assert 1 <= len(error.error_msg) <= 4096
    return error.status_code, error.error_code, error.error_msg


@pytest.mark.parametrize("call", [calls.show, calls.update, calls.delete, calls.restore])
def test_unknown_asset(client, call):
    status, code, message = refusal(call, client, "0" * 32)
    assert (status, code) == (400, "MSS.10001001")
    assert "Asset not found" in message


@pytest.mark.parametrize("call", [calls.complete, calls.delete_file])
def test_unknown_file(client, call):
    status, code, message = refusal(call, client, "0" * 32)
    assert (status, code) == (400, "MSS.10001004")
    assert "file not found" in message


def test_file_for_an_unknown_asset(client):
    assert refusal(calls.create_file, client, "0" * 32, b"x")[:2] == (400, "MSS.10001001")
    assert refusal(calls.create_large_file, client, "0" * 32, 1)[:2] == (400, "MSS.10001001")


def test_project_that_is_not_the_callers(server):
    stranger = metastudio(server, project="0123456789abcdef0123456789abcdef")
    assert refusal(calls.create, stranger)[:2] == (400, "MSS.00010009")


def test_client_without_a_project_is_told_to_set_one(server):
    credentials = BasicCredentials(server.credentials["access_key"], server.credentials["secret_key"])
    client = MetaStudioClient.new_builder().with_credentials(credentials).with_endpoint(server.endpoint).build()
    status, code, message = refusal(calls.create, client)
    assert (status, code) == (400, "MSS.00010009")
    assert "project" in message.lower()


def test_wrong_secret_key_shows_the_canonical_request(farm):
    server = farm.start()
    status, code, message = refusal(calls.create, metastudio(server, secret_key="not the secret"))
    assert (status, code) == (401, "APIGW.0301")
    assert message.startswith("Incorrect IAM authentication information: verify aksk signature fail")
    assert f"canonicalRequest:POST|/v1/{server.project}/digital-assets/|" in message


def test_unknown_access_key(farm):
    status, code, message = refusal(calls.create, metastudio(farm.start(), access_key="NOSUCHKEY"))
    assert (status, code) == (401, "APIGW.0301")
    assert "Get secretKey failed,ak:NOSUCHKEY,err:ak not exist" in message


def test_parameter_out_of_range_is_named(client):
    status, code, message = refusal(calls.list_assets, client, limit=101)
    assert (status, code) == (400, "MSS.00000003")
    assert "limit" in message


def test_unknown_type_is_named(client):
    status, code, message = refusal(calls.create, client, "HOLOGRAM")
    assert (status, code) == (400, "MSS.00000003")
    assert "asset_type" in message


@pytest.mark.parametrize("field", ["shared_config", "auto_operation_config", "review_config"])
def test_fields_that_nothing_acts_on_are_refused(owner, field):
    value = {"shared_config": {"shared_type": "PUBLIC"}, "review_config": {"no_need_review": True},
             "auto_operation_config": [{"operation": "BLOCK", "operation_time": "2030-01-01T00:00:00Z"}]}[field]
    answer = owner.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE", field: value})
    assert (answer.status, answer.error_code) == (400, "MSS.10009006")
    assert field in answer.error_msg


@pytest.mark.parametrize("text", ["a\0b", "\ufffe", "\U0001f3d6", "\u2028", "e\u0301"])
def test_odd_text_is_kept_or_refused_alike_on_every_database(client, text):
    try:
        asset_id = calls.create(client, name=text, tags=[text])
    except ClientRequestException as refused:
        assert (text, refused.error_code) == ("a\0b", "MSS.00000003")
        return
    asset = calls.show(client, asset_id)
    assert (asset.asset_name, asset.tags) == (text, [text])
    assert asset_id in calls.list_ids(client, name=text, limit=100, sort_dir="desc")


def test_nul_in_a_query_finds_nothing_or_is_refused(client):
    try:
        assert calls.list_assets(client, name="\0").count >= 0
    except ClientRequestException as refused:
        assert refused.error_code == "MSS.00000003"
