"""Query parameters that are not what they should be: each is refused and named, none is ignored."""

import pytest


@pytest.mark.parametrize(("parameter", "value"), [
    ("limit", "0"), ("limit", "101"), ("limit", "-1"), ("limit", "ten"), ("limit", ""), ("limit", "1.5"),
    ("limit", "99999999999999999999"), ("offset", "-1"), ("offset", "2147483648"), ("offset", "x"),
    ("name", "x" * 129), ("tag", "x" * 1025), ("tag_combination_type", "XOR"), ("start_time", "yesterday"),
    ("start_time", "2021-13-10T08:43:17Z"), ("start_time", "2021-01-10T08:43:17.123Z"), ("end_time", "2021-01-10"),
    ("asset_type", "HOLOGRAM"), ("asset_type", "IMAGE,HOLOGRAM"), ("asset_type", "x" * 129),
    ("sort_key", "asset_name"), ("sort_key", "create_time;--"), ("sort_dir", "up"), ("asset_source", "MINE"),
    ("asset_state", "SLEEPING"), ("asset_state", "ACTIVED,SLEEPING"), ("asset_state", "x" * 513),
    ("style_id", "x" * 65), ("accurate_query_field", "colour"), ("asset_id", "x" * 65), ("sex", "x" * 129),
    ("language", "x" * 129), ("system_property", "x" * 1025), ("system_property", "no colon"),
    ("action_editable", "maybe"), ("is_with_action_library", "2"), ("is_movable", "ja"), ("is_realtime_voice", "tru"),
    ("voice_provider", "NOBODY"), ("role", "OWNER"), ("human_model_2d_version", "x" * 129),
    ("include_device_name", "x" * 129), ("exclude_device_name", "x" * 129), ("supported_service", "LIVE_3D"),
    ("app_user_id", "x" * 257), ("surprise", "1"), ("Limit", "10")])
def test_parameter_beyond_its_limits_is_named(owner, parameter, value):
    answer = owner.get("digital-assets", query={parameter: value})
    assert (answer.status, answer.error_code) == (400, "MSS.00000003"), answer
    assert parameter in answer.error_msg
    assert answer.request_id


@pytest.mark.parametrize(("parameter", "value"), [
    ("limit", "1"), ("limit", "100"), ("offset", "0"), ("offset", "2147483647"), ("name", "夏" * 128),
    ("tag", "x" * 1024), ("style_id", "x" * 64), ("asset_id", "x" * 64), ("app_user_id", "x" * 256),
    ("start_time", "2021-01-10T08:43:17Z"), ("name", "' OR 1=1 --"), ("name", "%"), ("name", "\\"),
    ("tag", "'),("), ("system_property", "STYLE_ID:a'b\"c"), ("name", "")])
def test_parameter_at_its_limits_is_taken(owner, parameter, value):
    answer = owner.get("digital-assets", query={parameter: value})
    assert answer.status == 200, answer
    assert answer.json()["count"] >= 0


def test_hundred_ids_are_the_limit(owner):
    ids = [f"{number:032x}" for number in range(101)]
    assert owner.get("digital-assets", query=[("asset_id", each) for each in ids[:100]]).status == 200
    assert owner.get("digital-assets", query=[("asset_id", ids)]).error_code == "MSS.00000003"


def test_lists_are_taken_repeated_and_comma_joined(owner, library):
    first, second = library.create_asset(), library.create_asset()
    repeated = owner.get("digital-assets", query=[("asset_id", first), ("asset_id", second)]).json()
    joined = owner.get("digital-assets", query={"asset_id": f"{first},{second}"}).json()
    assert repeated["count"] == joined["count"] == 2


def test_single_parameter_given_twice_is_refused(owner):
    answer = owner.get("digital-assets", query=[("limit", "1"), ("limit", "2")])
    assert (answer.status, answer.error_code) == (400, "MSS.00000003")


@pytest.mark.parametrize("mode", ["FORCE", "soft", "", "force,force"])
def test_unknown_mode_deletes_nothing(owner, library, mode):
    asset_id = library.create_asset()
    answer = owner.delete(f"digital-assets/{asset_id}", query={"mode": mode})
    assert (answer.status, answer.error_code) == (400, "MSS.00000003")
    assert library.state(asset_id) == "CREATING"


def test_percent_sequences_that_are_not_utf8_are_refused(token_owner):
    from driver.exchange import exchange
    answer = exchange(token_owner.server.endpoint, "GET", token_owner.path("digital-assets?name=%FF%FE"),
                      {"X-Auth-Token": token_owner.token})
    assert answer.status == 400, answer
    assert answer.request_id
