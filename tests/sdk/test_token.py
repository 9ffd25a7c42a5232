"""The same calls by token, with plain requests: the vendor's client always signs."""

import pytest

from driver import calls
from driver.caller import TokenCaller, request_token, token_caller
from driver.library import Library


@pytest.fixture
def by_token(server):
    return Library(token_caller(server))


def test_whole_life_of_an_asset_by_token(by_token):
    asset_id = by_token.create_asset("IMAGE", "by token", supported_service=["LIVE_2D"], tags=["t"])
    by_token.upload(asset_id, b"the bytes")
    assert by_token.activate(asset_id)["asset_state"] == "ACTIVED"
    assert by_token.content(asset_id) == b"the bytes"
    assert by_token.show(asset_id)["supported_service"] == ["LIVE_2D"]
    assert by_token.summarys([asset_id])[0]["asset_name"] == "by token"
    assert by_token.list(asset_id=asset_id)["count"] == 1
    by_token.delete(asset_id)
    by_token.restore(asset_id)
    assert by_token.state(asset_id) == "ACTIVED"
    by_token.delete(asset_id, force=True)
    assert by_token.state(asset_id) == "DELETED"


def test_what_the_key_made_the_token_sees(client, by_token):
    asset_id = calls.create_image(client, b"made by key")
    assert by_token.content(asset_id) == b"made by key"


def test_client_that_adds_a_token_to_its_signature_is_let_in(client, server):
    from huaweicloudsdkmetastudio import v1 as sdk
    asset_id = calls.create(client)
    token = request_token(server).headers["X-Subject-Token"]
    invoker = client.show_asset_invoker(sdk.ShowAssetRequest(asset_id=asset_id))
    assert invoker.add_header("X-Auth-Token", token).invoke().asset_id == asset_id


def test_foreign_project_is_refused_by_token_too(by_token, server):
    stranger = TokenCaller(server, by_token.caller.token, project="0123456789abcdef0123456789abcdef")
    answer = stranger.get("digital-assets")
    assert (answer.status, answer.error_code) == (400, "MSS.00010009")


def test_absent_fields_are_left_out_instead_of_null(by_token):
    asset_id = by_token.create_asset("IMAGE", "bare")
    shown = by_token.show(asset_id)
    assert None not in shown.values()
    assert "asset_description" not in shown
