"""Actions on many assets at once: each id succeeds or fails for itself."""

import pytest

from driver import calls


def outcomes(results):
    """Asset id to (status, error code)."""
    return {asset_id: (result.ret_status, result.error_info and result.error_info.error_code)
            for result in results for asset_id in result.asset_ids}


@pytest.mark.parametrize(("action", "state"), [
    ("ACTIVE", "ACTIVED"), ("UNACTIVE", "UNACTIVED"), ("DELETE", "DELETING"), ("DELETE_FORCE", "DELETED")])
def test_action_reaches_every_asset(client, action, state):
    asset_ids = [calls.create_image(client) for _ in range(3)]
    if action == "UNACTIVE":
        calls.batch(client, "ACTIVE", asset_ids)
    results = calls.batch(client, action, asset_ids)
    assert outcomes(results) == dict.fromkeys(asset_ids, ("SUCCESS", None))
    assert [calls.show(client, asset_id).asset_state for asset_id in asset_ids] == [state] * 3


def test_restore_reaches_every_asset(client):
    asset_ids = [calls.create_image(client) for _ in range(2)]
    calls.batch(client, "DELETE", asset_ids)
    assert outcomes(calls.batch(client, "RESTORE", asset_ids)) == dict.fromkeys(asset_ids, ("SUCCESS", None))
    assert [calls.show(client, asset_id).asset_state for asset_id in asset_ids] == ["UNACTIVED"] * 2


def test_good_and_bad_ids_are_told_apart(client):
    ready, creating, unknown = calls.create_image(client), calls.create(client), "0" * 32
    assert outcomes(calls.batch(client, "ACTIVE", [ready, creating, unknown])) == {
        ready: ("SUCCESS", None), creating: ("FAILED", "MSS.10009001"), unknown: ("FAILED", "MSS.10001001")}
    assert calls.show(client, ready).asset_state == "ACTIVED"


@pytest.mark.parametrize("action", ["SHARE", "UNSHARE"])
def test_sharing_says_that_it_is_not_supported_yet(client, action):
    asset_id = calls.create_image(client)
    assert outcomes(calls.batch(client, action, [asset_id])) == {asset_id: ("FAILED", "MSS.10009006")}
