"""The list by the vendor's client: filters on properties, services, users and models' metadata."""

import uuid

import pytest
from huaweicloudsdkmetastudio import v1 as sdk

from driver import calls


@pytest.fixture
def mark():
    """A word that only the assets of one test have in their names."""
    return uuid.uuid4().hex[:12]


def properties(**values):
    return [sdk.SystemProperty(action="ADD", key=key, value=value) for key, value in values.items()]


def voice(client, mark, **meta):
    extra = sdk.AssetExtraMeta(voice_model_meta=sdk.VoiceModelAssetMeta(**meta))
    return calls.create(client, "VOICE_MODEL", mark, asset_extra_meta=extra)


def human(client, mark, **meta):
    extra = sdk.AssetExtraMeta(human_model_2d_meta=sdk.HumanModel2DAssetMeta(**meta))
    return calls.create(client, "HUMAN_MODEL_2D", mark, asset_extra_meta=extra)


def test_system_property_matches_key_and_value(client, mark):
    both = calls.create(client, name=mark, system_properties=properties(MATERIAL_IMG="Yes", PLATFORM_AVAILABLE="a:b"))
    one = calls.create(client, name=mark, system_properties=properties(MATERIAL_IMG="Yes"))
    calls.create(client, name=mark, system_properties=properties(MATERIAL_IMG="No"))
    calls.create(client, name=mark)
    assert calls.list_ids(client, name=mark, system_property="MATERIAL_IMG:Yes") == [both, one]
    assert calls.list_ids(client, name=mark, system_property="MATERIAL_IMG:Yes,PLATFORM_AVAILABLE:a:b") == [both]
    assert calls.list_ids(client, name=mark, system_property="MATERIAL_IMG:Maybe") == []


def test_style_id_is_a_property(client, mark):
    styled = calls.create(client, name=mark, system_properties=properties(STYLE_ID="style-1"))
    calls.create(client, name=mark, system_properties=properties(STYLE_ID="style-2"))
    assert calls.list_ids(client, name=mark, style_id="style-1") == [styled]


def test_app_user_is_the_one_of_the_header(client, mark):
    mine = calls.create(client, name=mark, app_user="user-1")
    calls.create(client, name=mark, app_user="user-10")
    calls.create(client, name=mark)
    assert calls.list_ids(client, name=mark, app_user_id="user-1") == [mine]


def test_supported_service(client, mark):
    live = calls.create(client, name=mark, supported_service=["LIVE_2D", "VIDEO_2D"])
    calls.create(client, name=mark, supported_service=["CHAT_2D"])
    assert calls.list_ids(client, name=mark, supported_service="LIVE_2D") == [live]


def test_voices_by_sex_language_provider_and_speed(client, mark):
    first = voice(client, mark, sex="FEMALE", language="CN", is_realtime_voice=True,
                  external_voice_meta=sdk.ExternalVoiceAssetMeta(provider="MOBVOI"))
    second = voice(client, mark, sex="MALE", languages=["EN", "GER"], is_realtime_voice=False,
                   external_voice_meta=sdk.ExternalVoiceAssetMeta(provider="HUAWEI_METASTUDIO"))
    calls.create(client, name=mark)
    assert calls.list_ids(client, name=mark, sex="FEMALE") == [first]
    assert calls.list_ids(client, name=mark, sex="FEMALE,MALE") == [first, second]
    assert calls.list_ids(client, name=mark, language="CN") == [first]
    assert calls.list_ids(client, name=mark, is_realtime_voice=True) == [first]
    assert second in calls.list_ids(client, name=mark, is_realtime_voice=False)
    assert first not in calls.list_ids(client, name=mark, is_realtime_voice=False)
    assert calls.list_ids(client, name=mark, voice_provider="HUAWEI_METASTUDIO") == [second]


def test_models_by_version_device_and_actions(client, mark):
    first = human(client, mark, model_version="V3.2", device_names=["camera-1", "camera-2"], is_action_editable=True,
                  is_with_action_library=True)
    second = human(client, mark, model_version="V2", device_names=["camera-3"], is_action_editable=False,
                   is_with_action_library=False)
    assert calls.list_ids(client, name=mark, human_model_2d_version="V3.2") == [first]
    assert calls.list_ids(client, name=mark, include_device_name="camera-2") == [first]
    assert calls.list_ids(client, name=mark, exclude_device_name="camera-2") == [second]
    assert calls.list_ids(client, name=mark, action_editable=True) == [first]
    assert calls.list_ids(client, name=mark, is_with_action_library=True) == [first]


def test_asking_for_models_that_move_leaves_out_those_that_do_not_say_so(client, mark):
    human(client, mark, model_version="V2")
    calls.create(client, name=mark)
    assert calls.list_ids(client, name=mark, is_movable=True) == []


@pytest.mark.parametrize("role", ["SHARER", "SHAREE"])
def test_nothing_is_shared_yet(client, mark, role):
    calls.create(client, name=mark)
    assert calls.list_assets(client, name=mark, role=role).count == 0


def test_metadata_filters_follow_an_update(client, mark):
    asset_id = voice(client, mark, sex="FEMALE")
    extra = sdk.AssetExtraMeta(voice_model_meta=sdk.VoiceModelAssetMeta(sex="MALE"))
    calls.update(client, asset_id, asset_extra_meta=extra)
    assert calls.list_ids(client, name=mark, sex="MALE") == [asset_id]
    assert calls.list_ids(client, name=mark, sex="FEMALE") == []
