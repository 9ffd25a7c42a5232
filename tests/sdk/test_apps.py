"""Applications by the vendor's client: create, show, list, update, delete, secrets, and their assets."""

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from driver.caller import KeyCaller
from driver.integration import unique
from driver.library import Library

ROLES = ["read", "access", "delete", "modify", "admin"]


def refusal(call, *arguments, **options):
    with pytest.raises(ClientRequestException) as refused:
        call(*arguments, **options)
    assert refused.value.request_id and refused.value.error_msg
    return refused.value.status_code, refused.value.error_code


def test_application_is_shown_as_it_was_created(integration, server):
    name, key = unique("应用_1.x-(a)"), unique("key@1").replace(" ", "_")
    created = integration.create_app(name, remark="what it\nis for", key=key, secret="S3cret!@#$%+=.-/", favorite=True)
    assert created.status_code == 201
    for app in (created, integration.show_app(created.id)):
        assert (app.name, app.remark, app.key, app.favorite, app.owner) == (name, "what it\nis for", key, True, True)
        assert (app.roles, app.create_time) == (ROLES, app.update_time)
        for user in (app.created_user, app.last_updated_user):
            assert (user.user_id, user.user_name) == (server.credentials["user_id"], "owner")
    assert integration.secret(created.id).secret == "S3cret!@#$%+=.-/"


def test_key_and_secret_are_random_where_none_is_given(integration):
    one, other = integration.create_app(), integration.create_app()
    assert len({one.key, other.key}) == 2 and one.remark == "" and one.favorite is False
    secrets = {integration.secret(app.id).secret for app in (one, other)}
    assert len(secrets) == 2 and all(len(secret) >= 32 for secret in secrets)


def test_secret_is_reset_to_the_one_given_or_to_another(integration):
    app = integration.create_app(secret="first-secret")
    assert integration.reset_secret(app.id, secret="other-secret").secret == "other-secret"
    drawn = integration.reset_secret(app.id)
    assert drawn.id == app.id and drawn.secret not in ("first-secret", "other-secret")
    assert integration.secret(app.id).secret == drawn.secret
    assert refusal(integration.reset_secret, app.id, secret="short") == (400, "ROMA.13000")


def test_secrets_stand_in_no_other_answer(integration, server):
    app = integration.create_app(secret="never-shown-here")
    caller = KeyCaller(server)
    base = f"/v2/{server.project}/instances/{integration.instance_id}"
    for path in (f"{base}/apps", f"{base}/apps/{app.id}", f"{base}/validate-apps"):
        query = {"id": app.id} if path.endswith("validate-apps") else {}
        assert b"never-shown-here" not in caller.get(path, query=query).body


def test_update_leaves_the_rest(integration):
    app = integration.create_app(remark="r", favorite=True)
    name = unique("renamed")
    updated = integration.update_app(app.id, name=name)
    assert (updated.name, updated.remark, updated.favorite, updated.key) == (name, "r", True, app.key)
    assert integration.update_app(app.id, name=name, remark="", favorite=False).remark == ""
    shown = integration.show_app(app.id)
    assert (shown.name, shown.remark, shown.favorite) == (name, "", False)


def test_list_pages_and_filters(integration):
    mark = unique("Lot").replace(" ", "")
    apps = [integration.create_app(f"{mark} {n}", favorite=n == 2) for n in range(3)]
    found = integration.list_apps(name=mark.lower())
    assert (found.total, found.size) == (3, 3)
    assert [app.id for app in found.apps] == [apps[n].id for n in (2, 0, 1)]
    page = integration.list_apps(name=mark, offset=1, limit=1, auth_role="read", owner=True, user_name="owner")
    assert (page.total, page.size, page.apps[0].id) == (3, 1, apps[0].id)
    assert [app.id for app in integration.list_apps(name=mark, favorite=True).apps] == [apps[2].id]
    assert integration.list_apps(name=mark, owner=False).apps == []


def test_validate_finds_by_all_that_is_given(integration):
    app = integration.create_app(remark="r")
    found = integration.validate_app(name=app.name, id=app.id, key=app.key)
    assert (found.id, found.name, found.remark) == (app.id, app.name, "r")
    assert refusal(integration.validate_app, name=app.name, key="another") == (404, "APIG.3019")


def test_names_and_keys_stand_once(integration):
    app = integration.create_app()
    assert refusal(integration.create_app, app.name) == (400, "ROMA.19013")
    assert refusal(integration.create_app, key=app.key) == (400, "ROMA.19014")


@pytest.mark.parametrize("fields", [
    {"name": "x" * 257}, {"name": "a/b"}, {"remark": "x" * 256}, {"key": "ab"}, {"key": "-abc"}, {"secret": "1234567"}])
def test_field_out_of_range_is_named(integration, fields):
    with pytest.raises(ClientRequestException) as refused:
        integration.create_app(**fields)
    assert (refused.value.status_code, refused.value.error_code) == (400, "ROMA.13000")
    assert next(iter(fields)) in refused.value.error_msg


def test_unknown_application(integration):
    unknown = "0" * 32
    for call in (integration.show_app, integration.delete_app, integration.secret, integration.reset_secret,
                 integration.update_app):
        assert refusal(call, unknown) == (404, "APIG.3019")


def test_application_groups_assets_and_leaves_them(integration, server):
    caller = KeyCaller(server)
    library = Library(caller)
    image, film = library.create_image(b"picture", name="夏"), library.create_asset(asset_type="VIDEO")
    app = integration.create_app()
    path = f"/v2/{server.project}/instances/{integration.instance_id}/apps/{app.id}/entrepot/digital-assets"
    assert caller.put(path, {"asset_ids": [image, film]}).json() == {"attached": 2, "total": 2}
    found = caller.get(path, query={"limit": 1000}).json()
    assert (found["total"], found["size"]) == (2, 2)
    [shown] = [asset for asset in found["assets"] if asset["asset_id"] == image]
    assert shown.pop("attached_at").endswith("Z")
    assert shown == {"asset_id": image, "asset_name": "夏", "asset_type": "IMAGE", "asset_state": "UNACTIVED"}

    refused = caller.put(path, {"asset_ids": [image, "0" * 32]})
    assert (refused.status, refused.error_code) == (400, "ROMA.19010") and "0" * 32 in refused.error_msg
    assert caller.delete(path, json={"asset_ids": [film]}).json() == {"detached": 1, "total": 1}
    library.delete(image, force=True)
    assert caller.get(path).json() == {"total": 0, "size": 0, "assets": []}

    caller.put(path, {"asset_ids": [film]})
    integration.delete_app(app.id)
    assert caller.get(path).status == 404
    assert library.state(film) == "CREATING"
