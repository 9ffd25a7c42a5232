"""Bodies that are not what they should be: each gets its documented code, and changes nothing."""

import pytest

ASSET = {"asset_name": "x", "asset_type": "IMAGE"}
UNKNOWN = "0" * 32


def refused(answer, code):
    assert (answer.status, answer.error_code) == (400, code), answer
    assert 1 <= len(answer.error_msg) <= 256
    assert answer.request_id
    return answer.error_msg


@pytest.mark.parametrize("body", [
    b"", b"{", b'{"asset_name": "x", "asset_type": ', b"asset_name=x", b"\xff\xfe{}",
    b"{'asset_name': 'x'}", b'{"asset_name": NaN, "asset_type": "IMAGE"}', b"\x00"])
@pytest.mark.parametrize("call", ["digital-assets", "digital-assets/summarys", "digital-assets/batch-action", "files",
                                  "large-files"])
def test_malformed_json(owner, call, body):
    refused(owner.post(call, body=body), "MSS.10000002")


@pytest.mark.parametrize("body", [b'{"asset_name": "\xff", "asset_type": "IMAGE"}',
                                  b'{"asset_name": "x", "asset_type": "IMAGE"}{"b": 2}'])
def test_json_that_is_malformed_after_a_good_beginning(owner, body):
    refused(owner.post("digital-assets", body=body), "MSS.10000002")


@pytest.mark.parametrize("body", [b'["an asset", "IMAGE"]', b'["an asset", null, "IMAGE"]'])
def test_list_of_the_values_is_no_object(owner, body):
    refused(owner.post("digital-assets", body=body), "MSS.00000002")
    refused(owner.post("digital-assets/summarys", body=b'[["id"]]'), "MSS.00000002")


@pytest.mark.parametrize("call", ["digital-assets", "digital-assets/summarys", "digital-assets/batch-action", "files",
                                  "large-files", f"files/{UNKNOWN}/complete"])
@pytest.mark.parametrize("body", [[], "text", 7, True, None])
def test_json_that_is_not_an_object(owner, call, body):
    import json
    refused(owner.post(call, body=json.dumps(body).encode()), "MSS.00000002")


@pytest.mark.parametrize("field", ["asset_name", "asset_type"])
def test_required_field_of_an_asset_is_named(owner, field):
    body = {key: value for key, value in ASSET.items() if key != field}
    assert field in refused(owner.post("digital-assets", body), "MSS.00000002")


@pytest.mark.parametrize(("field", "value"), [
    ("asset_name", 7), ("asset_name", None), ("asset_name", ["x"]), ("asset_type", 1), ("asset_type", {}),
    ("tags", "sea"), ("tags", [1]), ("tags", {}), ("asset_order", "1"), ("asset_order", 1.5), ("asset_order", {}),
    ("system_properties", {}), ("system_properties", ["x"]), ("supported_service", "LIVE_2D"),
    ("asset_extra_meta", "x"), ("asset_extra_meta", []), ("is_need_generate_cover", "yes"),
    ("asset_description", 5), ("asset_description", {"a": 1})])
def test_field_of_the_wrong_type(owner, field, value):
    refused(owner.post("digital-assets", ASSET | {field: value}), "MSS.00000002")


@pytest.mark.parametrize(("field", "value"), [
    ("asset_name", "x" * 257), ("asset_name", "夏" * 257), ("asset_description", "x" * 4097),
    ("asset_type", "HOLOGRAM"), ("asset_type", ""), ("asset_type", "image"), ("tags", ["t"] * 51),
    ("tags", ["t" * 129]), ("asset_order", -1), ("asset_order", 32768), ("asset_order", 2**63 - 1),
    ("supported_service", ["LIVE_3D"]), ("supported_service", ["LIVE_2D"] * 11),
    ("system_properties", [{"action": "ADD", "key": "STYLE_ID", "value": "x"}] * 51),
    ("system_properties", [{"action": "ADD", "key": "STYLE_ID", "value": "x" * 1025}]),
    ("system_properties", [{"action": "ADD", "key": "STYLE_ID", "value": ""}]),
    ("system_properties", [{"action": "CHANGE", "key": "STYLE_ID", "value": "x"}])])
def test_field_one_beyond_its_limit_is_named(owner, field, value):
    assert field in refused(owner.post("digital-assets", ASSET | {field: value}), "MSS.00000003")


@pytest.mark.parametrize(("field", "value"), [
    ("asset_name", ""), ("asset_name", "x" * 256), ("asset_name", "夏" * 256), ("asset_name", "😀" * 256),
    ("asset_description", "x" * 4096), ("tags", [f"t{number}" for number in range(50)]), ("tags", ["夏" * 128]),
    ("tags", []), ("asset_order", 0), ("asset_order", 32767), ("supported_service", ["LIVE_2D", "VIDEO_2D", "CHAT_2D"])])
def test_field_at_its_limit_is_kept_as_it_is(owner, library, field, value):
    asset_id = owner.post("digital-assets", ASSET | {field: value}).json()["asset_id"]
    assert library.show(asset_id).get(field, []) == value


def test_unknown_field_changes_nothing(owner, library):
    answer = owner.post("digital-assets", ASSET | {"asset_id": UNKNOWN, "asset_state": "ACTIVED", "surprise": 1})
    if answer.status == 200:
        asset_id = answer.json()["asset_id"]
        assert asset_id != UNKNOWN
        assert library.state(asset_id) == "CREATING"
    else:
        assert answer.error_code in ("MSS.00000002", "MSS.00000003")


def test_deep_nesting_is_refused_and_the_server_lives_on(owner, library):
    body = b'{"asset_name":"x","asset_type":"IMAGE","asset_extra_meta":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert owner.post("digital-assets", body=body).status == 400
    assert library.list(limit=1)["count"] >= 0


def test_update_refuses_what_create_refuses(owner, library):
    asset_id = library.create_asset(name="kept", tags=["kept"])
    for body, code in [({"asset_name": "x" * 257}, "MSS.00000003"), ({"tags": ["t"] * 51}, "MSS.00000003"),
                       ({"asset_state": "DELETED"}, "MSS.00000003"), ({"asset_state": "BLOCK"}, "MSS.00000003"),
                       ({"asset_type": "HOLOGRAM"}, "MSS.00000003"), ({"asset_name": 5}, "MSS.00000002"),
                       ({"asset_order": 32768, "asset_name": "half"}, "MSS.00000003")]:
        refused(owner.put(f"digital-assets/{asset_id}", body), code)
    shown = library.show(asset_id)
    assert (shown["asset_name"], shown["tags"]) == ("kept", ["kept"])


@pytest.mark.parametrize(("body", "code"), [
    ({}, "MSS.00000002"), ({"asset_ids": "x"}, "MSS.00000002"), ({"asset_ids": [1]}, "MSS.00000002"),
    ({"asset_ids": []}, "MSS.00000003"), ({"asset_ids": [UNKNOWN] * 1001}, "MSS.00000003"),
    ({"asset_ids": ["x" * 1025]}, "MSS.00000003")])
def test_summarys_beyond_its_limits(owner, body, code):
    refused(owner.post("digital-assets/summarys", body), code)


def test_summarys_at_its_limits(owner):
    assert owner.post("digital-assets/summarys", {"asset_ids": ["x" * 1024] * 1000}).json() == {"asset_list": []}


@pytest.mark.parametrize(("body", "code"), [
    ({"asset_ids": [UNKNOWN]}, "MSS.00000002"), ({"action": "DELETE"}, "MSS.00000002"),
    ({"action": "EXPLODE", "asset_ids": [UNKNOWN]}, "MSS.00000003"),
    ({"action": "DELETE", "asset_ids": []}, "MSS.00000003"),
    ({"action": "DELETE", "asset_ids": [UNKNOWN] * 101}, "MSS.00000003"),
    ({"action": "DELETE", "asset_ids": ["x" * 65]}, "MSS.00000003"),
    ({"action": "DELETE", "asset_ids": [UNKNOWN], "params": "x" * 4097}, "MSS.00000003")])
def test_batch_action_beyond_its_limits(owner, body, code):
    refused(owner.post("digital-assets/batch-action", body), code)


def test_body_over_twelve_megabytes_is_too_large(owner):
    answer = owner.post("digital-assets", body=b'{"asset_name":"' + b"x" * (12 * 1024 * 1024) + b'"}')
    assert (answer.status, answer.error_code) == (413, "APIGW.0201")
    assert answer.request_id


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_under_another_content_type_is_either_read_or_refused(token_owner, content_type):
    answer = token_owner.post("digital-assets", ASSET, headers={"Content-Type": content_type})
    assert answer.status == 200 or answer.error_code == "MSS.10000002"


@pytest.mark.parametrize(("user", "status"), [("u" * 256, 200), ("u" * 257, 400), ("用户", 400)])
def test_user_of_the_app_has_limits_too(owner, user, status):
    assert owner.post("digital-assets", ASSET, headers={"X-App-UserId": user}).status == status
