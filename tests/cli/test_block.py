"""BLOCK by the command line, on both databases: at once, everywhere, and lifted without a trace."""

import pytest

from driver.caller import KeyCaller
from driver.command import admin
from driver.iam import soon
from driver.library import Library

CONTENT = b"not to be seen"


@pytest.fixture(params=["sqlite", "postgres"])
def server(request, shared_servers):
    return shared_servers(request.param)


@pytest.fixture
def library(server):
    return Library(KeyCaller(server))


def block(server, asset_id):
    return admin(server, "asset", "block", asset_id, "--reason-code", "C1", "--reason", "complaint of 夏")


def test_block_takes_the_bytes_away_and_unblock_brings_them_back(server, library):
    asset_id = library.create_image(CONTENT)
    library.activate(asset_id)
    url = library.file(asset_id)["download_url"]
    assert block(server, asset_id).json()["asset_state"] == "BLOCK"
    soon(lambda: library.state(asset_id) == "BLOCK")

    shown = library.show(asset_id)
    assert (shown["block_reason_code"], shown["reason"]) == ("C1", "complaint of 夏")
    assert "download_url" not in str(shown)
    [summary] = library.summarys([asset_id])
    assert (summary["asset_state"], summary["block_reason_code"]) == ("BLOCK", "C1")
    assert "cover_url" not in summary and "thumbnail_url" not in summary
    answer = library.get_bytes(url)
    assert answer.status == 403 and CONTENT not in answer.body, answer

    assert admin(server, "asset", "unblock", asset_id).json()["asset_state"] == "ACTIVED"
    soon(lambda: library.state(asset_id) == "ACTIVED")
    shown = library.show(asset_id)
    assert "block_reason_code" not in shown and "reason" not in shown
    assert library.content(asset_id) == CONTENT


def test_blocked_asset_takes_no_step_of_its_owner(server, library):
    asset_id = library.create_image(CONTENT)
    waiting = library.create_asset()
    file_id, url = library.declare_file(waiting, CONTENT)
    for each in (asset_id, waiting):
        block(server, each).json()
        soon(lambda: library.state(each) == "BLOCK")
    owner = library.caller
    for answer in (owner.put(f"digital-assets/{asset_id}", {"asset_name": "x"}),
                   owner.put(f"digital-assets/{asset_id}", {"asset_state": "ACTIVED"}),
                   owner.delete(f"digital-assets/{asset_id}"),
                   owner.delete(f"digital-assets/{asset_id}", query={"mode": "force"}),
                   owner.post(f"digital-assets/{asset_id}/restore"),
                   owner.post(f"files/{file_id}/complete", {"state": "CREATED"})):
        assert answer.status == 400 and answer.error_code in ("MSS.10009012", "MSS.10009001"), answer
    assert library.put_bytes(url, CONTENT).status == 403
    results = owner.post("digital-assets/batch-action", {"action": "ACTIVE", "asset_ids": [asset_id]}).json()["results"]
    assert [result["ret_status"] for result in results] == ["FAILED"]
    assert library.state(asset_id) == "BLOCK"


def test_blocked_assets_are_listed_by_state(server, library):
    asset_id = library.create_image(CONTENT, name="blocked one")
    block(server, asset_id).json()
    soon(lambda: library.state(asset_id) == "BLOCK")
    found = library.list(asset_state="BLOCK", asset_id=asset_id)
    assert [asset["asset_id"] for asset in found["assets"]] == [asset_id]
    assert "download_url" not in str(found)


@pytest.mark.parametrize("arguments", [
    ("asset", "block", "0" * 32, "--reason-code", "C", "--reason", "x"), ("asset", "unblock", "0" * 32),
    ("asset", "block", "0" * 32), ("asset", "explode", "0" * 32)])
def test_command_that_cannot_be_done_is_explained(server, arguments):
    outcome = admin(server, *arguments)
    assert outcome.status not in (0, 101)
    assert outcome.err and "panicked" not in outcome.err


def test_block_of_a_deleted_asset_is_refused(server, library):
    asset_id = library.create_image(CONTENT)
    library.delete(asset_id, force=True)
    assert block(server, asset_id).status not in (0, 101)
    assert library.state(asset_id) == "DELETED"


def test_admin_works_while_the_server_is_stopped(farm):
    server = farm.start()
    library = Library(KeyCaller(server))
    asset_id = library.create_image(CONTENT)
    server.stop()
    block(server, asset_id).json()
    server.start()
    assert Library(KeyCaller(server)).state(asset_id) == "BLOCK"
