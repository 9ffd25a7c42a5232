"""Assets by the vendor's client: create, show, update, delete, restore."""

import re

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkmetastudio import v1 as sdk

from driver import calls

TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")


def test_create_answers_an_id_and_a_request_id(client):
    body = sdk.CreateDigitalAssetRequestBody(asset_name="first", asset_type="IMAGE")
    answer = client.create_digital_asset(sdk.CreateDigitalAssetRequest(body=body))
    assert re.fullmatch(r"[0-9a-f]{32}", answer.asset_id)
    assert answer.x_request_id


def test_show_answers_every_field_as_it_was_created(client, server):
    asset_id = calls.create(
        client, "VIDEO", "夏天 & <summer> \"'%_\\", app_user="user-7", asset_description="on the\nbeach",
        tags=["sea", "沙"], asset_order=17, supported_service=["VIDEO_2D", "CHAT_2D"],
        system_properties=[sdk.SystemProperty(action="ADD", key="MATERIAL_VIDEO", value="Yes")],
        asset_extra_meta=sdk.AssetExtraMeta(video_meta=sdk.VideoAssetMeta(width=1920, height=1080)))
    asset = calls.show(client, asset_id)
    assert asset.asset_id == asset_id
    assert asset.project_id == server.project
    assert asset.asset_name == "夏天 & <summer> \"'%_\\"
    assert asset.asset_description == "on the\nbeach"
    assert asset.app_user_id == "user-7"
    assert asset.asset_type == "VIDEO"
    assert asset.asset_state == "CREATING"
    assert asset.tags == ["sea", "沙"]
    assert asset.asset_order == 17
    # The client's enum class loses the values; test_token reads them off the wire.
    assert len(asset.supported_service) == 2
    assert [(each.key, each.value) for each in asset.system_properties] == [("MATERIAL_VIDEO", "Yes")]
    assert (asset.asset_extra_meta.video_meta.width, asset.asset_extra_meta.video_meta.height) == (1920, 1080)
    assert TIME.match(asset.create_time) and TIME.match(asset.update_time)
    assert asset.x_request_id


def test_template_spelling_of_the_newer_page_is_answered_as_the_wire_has_it(client):
    asset_id = calls.create(client, "BUSINESS_CARD_TEMPLATE")
    assert calls.show(client, asset_id).asset_type == "BUSINESS_CARD_TEMPLET"


@pytest.mark.parametrize("asset_type", [
    "HUMAN_MODEL", "VOICE_MODEL", "SCENE", "ANIMATION", "VIDEO", "IMAGE", "PPT", "MATERIAL", "NORMAL_MODEL",
    "COMMON_FILE", "HUMAN_MODEL_2D", "BUSINESS_CARD_TEMPLET", "MUSIC", "AUDIO"])
def test_every_type_can_be_created(client, asset_type):
    assert calls.show(client, calls.create(client, asset_type)).asset_type == asset_type


def test_update_changes_what_it_names_and_answers_the_whole_asset(client):
    asset_id = calls.create(client, "IMAGE", "before", tags=["a"], asset_description="kept")
    answer = calls.update(client, asset_id, asset_name="after", tags=["b", "c"], asset_order=5)
    shown = calls.show(client, asset_id)
    for asset in (answer, shown):
        assert (asset.asset_name, asset.tags, asset.asset_order) == ("after", ["b", "c"], 5)
        assert asset.asset_description == "kept"
    assert answer.x_request_id


def test_system_properties_are_added_and_deleted_one_by_one(client):
    def change(*properties):
        calls.update(client, asset_id, system_properties=[sdk.SystemProperty(*each) for each in properties])
        return {each.key: each.value for each in calls.show(client, asset_id).system_properties or []}

    asset_id = calls.create(client)
    assert change(("ADD", "MATERIAL_IMG", "Yes"), ("ADD", "STYLE_ID", "s1")) == {
        "MATERIAL_IMG": "Yes", "STYLE_ID": "s1"}
    assert change(("DELETE", "MATERIAL_IMG", "Yes")) == {"STYLE_ID": "s1"}
    assert calls.show(client, asset_id).asset_name == "an asset"


def test_activate_and_deactivate(client):
    asset_id = calls.create_image(client)
    assert calls.show(client, asset_id).asset_state == "UNACTIVED"
    assert calls.update(client, asset_id, asset_state="ACTIVED").asset_state == "ACTIVED"
    assert calls.update(client, asset_id, asset_state="UNACTIVED").asset_state == "UNACTIVED"


def test_asset_without_a_main_file_cannot_be_activated(client):
    asset_id = calls.create(client)
    with pytest.raises(ClientRequestException) as refused:
        calls.update(client, asset_id, asset_state="ACTIVED")
    assert (refused.value.status_code, refused.value.error_code) == (400, "MSS.10009001")
    assert calls.show(client, asset_id).asset_state == "CREATING"


@pytest.mark.parametrize("state", ["UNACTIVED", "ACTIVED"])
def test_restore_brings_back_the_state_before(client, state):
    asset_id = calls.create_image(client)
    calls.update(client, asset_id, asset_state=state)
    assert calls.delete(client, asset_id).x_request_id
    assert calls.show(client, asset_id).asset_state == "DELETING"
    assert calls.restore(client, asset_id).x_request_id
    assert calls.show(client, asset_id).asset_state == state


def test_force_deletes_for_good(client):
    asset_id = calls.create_image(client)
    calls.delete(client, asset_id, mode="force")
    assert calls.show(client, asset_id).asset_state == "DELETED"
    with pytest.raises(ClientRequestException) as refused:
        calls.restore(client, asset_id)
    assert refused.value.error_code == "MSS.10009001"


def test_force_empties_the_recycle_bin(client):
    asset_id = calls.create_image(client)
    calls.delete(client, asset_id)
    calls.delete(client, asset_id, mode="force")
    assert calls.show(client, asset_id).asset_state == "DELETED"


def test_asset_in_the_recycle_bin_is_not_deleted_twice(client):
    asset_id = calls.create_image(client)
    calls.delete(client, asset_id)
    with pytest.raises(ClientRequestException) as refused:
        calls.delete(client, asset_id)
    assert refused.value.error_code == "MSS.10009001"
