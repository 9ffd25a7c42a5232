"""Access keys over IAM's calls, permanent and temporary, by the vendor's client and by hand."""

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkiam import v3 as sdk

from driver import calls, iam, vendor
from driver.caller import KeyCaller
from driver.clock import LaterCaller, faked, wait_on_server
from driver.folders import contents
from driver.iam import allow, allowed, by_temporary, forbidden, iam_error, known_no_more, rescope_request, soon
from driver.iam import temporary, token_answer
from driver.library import Library
from driver.packages import Packages, fill

KEYS = "/v3.0/OS-CREDENTIAL/credentials"
SHOWN = {"user_id", "access", "status", "create_time", "description"}


@pytest.fixture
def iam_client(server):
    return vendor.iam(server)


def client_of(user):
    return vendor.iam(user.server, access_key=user.key["access_key"], secret_key=user.key["secret_key"])


def create(caller, user_id, **fields):
    return caller.post(KEYS, {"credential": {"user_id": user_id, **fields}})


# Permanent keys.

def test_vendors_client_makes_lists_shows_changes_and_deletes_a_key(iam_client, reader, server):
    option = sdk.CreateCredentialOption(user_id=reader.id, description="of the camera")
    made = iam_client.create_permanent_access_key(sdk.CreatePermanentAccessKeyRequest(
        body=sdk.CreatePermanentAccessKeyRequestBody(credential=option))).credential
    assert (made.user_id, made.status, made.description) == (reader.id, "active", "of the camera")
    assert made.access and made.secret and made.create_time
    caller = KeyCaller(server, made.access, made.secret)
    allowed(caller.get("digital-assets"))

    listed = iam_client.list_permanent_access_keys(sdk.ListPermanentAccessKeysRequest(user_id=reader.id)).credentials
    assert [(key.access, key.status, key.description, key.user_id) for key in listed] == [
        (made.access, "active", "of the camera", reader.id)]

    def shown():
        return iam_client.show_permanent_access_key(sdk.ShowPermanentAccessKeyRequest(access_key=made.access)).credential

    assert (shown().access, shown().user_id, shown().create_time) == (made.access, reader.id, made.create_time)
    soon(lambda: shown().last_use_time)

    change = sdk.UpdateCredentialOption(status="inactive", description="lost")
    iam_client.update_permanent_access_key(sdk.UpdatePermanentAccessKeyRequest(
        access_key=made.access, body=sdk.UpdatePermanentAccessKeyRequestBody(credential=change)))
    assert (shown().status, shown().description) == ("inactive", "lost")
    soon(lambda: caller.get("digital-assets").status == 401)

    iam_client.delete_permanent_access_key(sdk.DeletePermanentAccessKeyRequest(access_key=made.access))
    with pytest.raises(ClientRequestException) as refused:
        shown()
    assert refused.value.status_code == 404


def test_answers_have_the_fields_that_are_published(owner, reader):
    answer = create(owner, reader.id, description="d")
    assert answer.status == 201, answer
    made = answer.json()["credential"]
    assert set(made) == SHOWN | {"secret"}
    assert set(owner.get(KEYS, query={"user_id": reader.id}).json()["credentials"][0]) == SHOWN
    shown = owner.get(f"{KEYS}/{made['access']}").json()["credential"]
    assert SHOWN <= set(shown) <= SHOWN | {"last_use_time"}
    changed = owner.put(f"{KEYS}/{made['access']}", {"credential": {"status": "inactive"}})
    assert changed.status == 200 and changed.json()["credential"]["status"] == "inactive"
    assert changed.json()["credential"]["description"] == "d" and "secret" not in str(changed.json())
    assert owner.delete(f"{KEYS}/{made['access']}").status == 204
    for method in ("GET", "DELETE"):
        iam_error(owner.call(method, f"{KEYS}/{made['access']}"), 404)


def test_user_without_policies_has_their_own_keys_in_hand(admin):
    user, other = admin.user(), admin.user()
    caller = user.by_key()
    made = create(caller, user.id).json()["credential"]
    assert {key["access"] for key in caller.get(KEYS).json()["credentials"]} == {user.key["access_key"], made["access"]}
    assert caller.get(KEYS, query={"user_id": user.id}).status == 200
    assert caller.put(f"{KEYS}/{made['access']}", {"credential": {"description": "x"}}).status == 200
    assert caller.delete(f"{KEYS}/{made['access']}").status == 204
    iam_error(create(caller, other.id), 403)
    iam_error(caller.get(KEYS, query={"user_id": other.id}), 403)
    for method, body in (("GET", None), ("PUT", {"credential": {"status": "inactive"}}), ("DELETE", None)):
        iam_error(caller.call(method, f"{KEYS}/{other.key['access_key']}", json=body), 403)
    assert admin("key", "show", other.key["access_key"])["access_key"] == other.key["access_key"]


def test_stranger_learns_of_no_key_and_no_user(admin):
    """Whether it is there, is told to those who may look."""
    user, other = admin.user(), admin.user()
    caller = user.by_key()
    for method, body in (("GET", None), ("PUT", {"credential": {"status": "inactive"}}), ("DELETE", None)):
        theirs, none = (caller.call(method, f"{KEYS}/{key}", json=body) for key in (other.key["access_key"], "A" * 20))
        assert theirs.status == none.status, (theirs, none)
    for theirs, none in ((create(caller, other.id), create(caller, "0" * 32)),
                         [caller.get(KEYS, query={"user_id": each}) for each in (other.id, "0" * 32)]):
        assert theirs.status == none.status, (theirs, none)


def test_denied_user_loses_what_everybody_may(admin):
    user = admin.user(policies=[iam.deny("iam:credentials:*", "iam:securitytokens:*")])
    for caller in (user.by_key(), user.by_token()):
        iam_error(create(caller, user.id), 403)
        iam_error(caller.get(KEYS), 403)
        for method, body in (("GET", None), ("PUT", {"credential": {"description": "x"}}), ("DELETE", None)):
            iam_error(caller.call(method, f"{KEYS}/{user.key['access_key']}", json=body), 403)
    iam_error(temporary(user.by_token()), 403)


def test_permission_for_one_user_is_for_no_other(admin):
    mine, other = admin.user(), admin.user()
    manager = admin.user(policies=[allow("iam:credentials:*", resource=f"iam:*:*:user:{mine.id}")]).by_key()
    assert create(manager, mine.id).status == 201
    iam_error(create(manager, other.id), 403)
    iam_error(manager.get(KEYS, query={"user_id": other.id}), 403)


def test_twenty_keys_are_the_limit(admin):
    user = admin.user()
    caller = user.by_key()
    for _ in range(19):
        assert create(caller, user.id).status == 201
    answer = create(caller, user.id)
    assert answer.status in (400, 403, 409), answer
    assert "20" in iam_error(answer, answer.status)
    assert len(caller.get(KEYS).json()["credentials"]) == 20


@pytest.mark.parametrize("body", [None, [], {}, {"credential": {"user_id": 7}},
                                  {"credential": {"user_id": "{own}", "description": "x" * 256}}])
def test_key_that_is_not_understood(reader, body):
    filled = {"credential": body["credential"] | {"user_id": reader.id}} if "{own}" in str(body) else body
    iam_error(reader.by_key().post(KEYS, filled, body=b"{" if body is None else None), 400)


def test_key_for_a_user_who_is_not_there(owner):
    iam_error(create(owner, "0" * 32), 404)
    iam_error(owner.get(KEYS, query={"user_id": "0" * 32}), 404)


@pytest.mark.parametrize("change", [{"status": "asleep"}, {"status": "ACTIVE "}, {"description": "x" * 256}, {"status": 1}])
def test_change_that_is_none(reader, change):
    iam_error(reader.by_key().put(f"{KEYS}/{reader.key['access_key']}", {"credential": change}), 400)


# Temporary keys.

def test_vendors_clients_work_with_temporary_credentials(admin, server):
    user = admin.user(policies=[iam.UPLOADER])
    identity = sdk.TokenAuthIdentity(methods=["token"], token=sdk.IdentityToken(id=user.by_token().token,
                                                                               duration_seconds=900))
    body = sdk.CreateTemporaryAccessKeyByTokenRequestBody(auth=sdk.TokenAuth(identity=identity))
    made = client_of(user).create_temporary_access_key_by_token(
        sdk.CreateTemporaryAccessKeyByTokenRequest(body=body)).credential
    assert made.access and made.secret and made.securitytoken and made.expires_at.endswith("Z")
    key = {"access_key": made.access, "secret_key": made.secret, "security_token": made.securitytoken}
    client = vendor.metastudio(server, **key)
    asset_id = calls.create_image(client, b"by temporary credentials")
    assert calls.show(client, asset_id).asset_id == asset_id
    with pytest.raises(ClientRequestException) as refused:
        calls.delete(client, asset_id)
    assert (refused.value.status_code, refused.value.error_code) == (403, "MSS.00024001")
    with pytest.raises(ClientRequestException) as refused:
        calls.show(vendor.metastudio(server, **(key | {"security_token": None})), asset_id)
    assert (refused.value.status_code, refused.value.error_code) == (401, "APIGW.0301")


def test_temporary_credentials_by_the_callers_token(reader, server):
    answer = temporary(reader.by_token())
    assert answer.status == 201, answer
    assert set(answer.json()["credential"]) == {"access", "secret", "securitytoken", "expires_at"}
    allowed(by_temporary(reader.by_token()).get("digital-assets"))


def test_security_token_that_is_missing_or_another(reader):
    caller, other = by_temporary(reader.by_token()), by_temporary(reader.by_token())
    for token in (None, "x", other.security_token, caller.security_token[:-1], caller.security_token + "x"):
        spoiled = KeyCaller(caller.server, caller.access_key, caller.secret_key, security_token=token,
                            source=f"127.3.0.{len(str(token)) % 250 + 1}")
        assert "verify aksk signature fail" in known_no_more(spoiled.get("digital-assets"))
    allowed(caller.get("digital-assets"))


@pytest.mark.parametrize(("seconds", "status"), [(899, 400), (900, 201), (86400, 201), (86401, 400), (-1, 400), ("x", 400)])
def test_life_of_temporary_credentials(reader, seconds, status):
    answer = temporary(reader.by_token(), seconds=seconds)
    assert answer.status == status, answer
    if status == 400:
        iam_error(answer, 400)


def test_temporary_credentials_end_after_their_time(farm):
    # A minute passes in a second.
    server = farm.start(environment=faked("+0 x60"))
    user = iam.Admin(server).user(policies=[iam.READ_ONLY])
    token = user.by_token()
    made = temporary(token, seconds=900).json()["credential"]
    caller = LaterCaller(server, made["access"], made["secret"], security_token=made["securitytoken"])
    allowed(caller.get("digital-assets"))
    wait_on_server(caller, minutes=11, timeout=25)
    allowed(caller.get("digital-assets"))
    wait_on_server(caller, minutes=5, timeout=15)
    assert "token expires, expires_at: " in known_no_more(caller.get("digital-assets"))
    allowed(token.get("digital-assets"))


def test_session_may_no_more_than_its_policy_and_no_more_than_its_user(admin):
    user = admin.user(policies=[allow("metastudio:asset:list", "metastudio:asset:get")])
    session = allow("metastudio:asset:list", "metastudio:asset:create")
    caller = by_temporary(user.by_token(), policy=session)
    allowed(caller.get("digital-assets"))
    asset_id = Library(KeyCaller(admin.server)).create_asset()
    forbidden(caller.get(f"digital-assets/{asset_id}"))
    forbidden(caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"}))
    allowed(by_temporary(user.by_token()).get(f"digital-assets/{asset_id}"))


def test_session_policy_narrows_the_owner_too(server, token_owner):
    caller = by_temporary(token_owner, policy=allow("metastudio:asset:list"))
    allowed(caller.get("digital-assets"))
    forbidden(caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"}))
    forbidden(caller.get(f"/v2/{server.project}/instances"))


def test_session_of_one_app_user(token_owner):
    library = Library(token_owner)
    name = iam.unique("dora")
    made = token_owner.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"}, headers={"X-App-UserId": name})
    asset_id, other = made.json()["asset_id"], library.create_asset()
    own = {"StringEquals": {"metastudio:AppUserId": [name]}}
    caller = by_temporary(token_owner, policy=allow("metastudio:*:*", condition=own))
    assert allowed(caller.get("digital-assets")).json()["count"] == 1
    allowed(caller.get(f"digital-assets/{asset_id}"))
    forbidden(caller.get(f"digital-assets/{other}"))


@pytest.mark.parametrize("policy", [{"Version": "1.1"}, allow("metastudio"), allow("*:*:*", condition={"Bool": {"x": ["y"]}}),
                                    "allow", []])
def test_session_policy_that_is_none(reader, policy):
    iam_error(temporary(reader.by_token(), policy=policy), 400)


def test_session_is_of_its_tokens_project(admin, server):
    there = admin.project()
    user = admin.user(projects=[server.project, there], policies=[iam.READ_ONLY])
    caller = by_temporary(user.by_token(there))
    allowed(caller.get("digital-assets"))
    caller.project = server.project
    assert caller.get("digital-assets").error_code == "MSS.00010009"


def test_session_makes_no_permanent_key(admin):
    user = admin.user(policies=[iam.FULL])
    caller = by_temporary(user.by_token())
    answer = create(caller, user.id)
    assert answer.status in (400, 403), answer
    iam_error(answer, answer.status)
    assert [key["access_key"] for key in admin("key", "list", "--user", user.name)["keys"]] == []


def test_session_prolongs_itself_by_nothing(reader):
    """Neither a token nor another session outlives the one that asked for it."""
    answer = temporary(reader.by_token(), seconds=900)
    ends = answer.json()["credential"]["expires_at"]
    made = answer.json()["credential"]
    caller = KeyCaller(reader.server, made["access"], made["secret"], security_token=made["securitytoken"])
    again = temporary(caller, seconds=86400)
    if again.status == 201:
        assert again.json()["credential"]["expires_at"] <= ends
    else:
        iam_error(again, again.status)


def test_session_ends_with_its_user(admin):
    user = admin.user(policies=[iam.READ_ONLY])
    caller = by_temporary(user.by_token())
    allowed(caller.get("digital-assets"))
    admin("user", "update", user.name, "--disable")
    soon(lambda: caller.get("digital-assets").status == 401)


def test_assumed_roles_are_not_there(reader):
    body = {"auth": {"identity": {"methods": ["assume_role"], "assume_role": {"agency_name": "a", "domain_name": "d"}}}}
    answer = reader.by_token().post("/v3.0/OS-CREDENTIAL/securitytokens", body)
    assert "agenc" in iam_error(answer, 400)


@pytest.mark.parametrize("body", [{}, {"auth": {}}, {"auth": {"identity": {"methods": []}}},
                                  {"auth": {"identity": {"methods": ["password"]}}}])
def test_request_for_temporary_credentials_that_is_none(reader, body):
    iam_error(reader.by_token().post("/v3.0/OS-CREDENTIAL/securitytokens", body), 400)


def test_token_that_a_session_is_asked_for_by(reader, admin):
    theirs = admin.user().by_token().token
    for token in ("0" * 32, theirs):
        answer = temporary(reader.by_key(), token=token)
        assert answer.status in (400, 401, 403, 404), answer
    assert temporary(reader.by_key(), token=reader.by_token().token).status == 201


def test_package_is_downloaded_by_a_session(admin, token_owner, tmp_path):
    user = admin.user(policies=[iam.PACKAGER])
    app_id = fill(Packages(token_owner), iam.unique("app"))
    packages = Packages(by_temporary(user.by_token()))
    assert len(packages.download(packages.export([app_id]), tmp_path).assets) == 2


def test_secrets_of_all_kinds_are_stored_sealed_or_hashed(farm):
    server = farm.start()
    user = iam.Admin(server).user(policies=[iam.FULL])
    token, session = user.by_token(), by_temporary(user.by_token())
    for caller in (token, session, user.by_key()):
        allowed(caller.get("digital-assets"))
    secrets = {"token": token.token, "temporary secret": session.secret_key, "security token": session.security_token,
               "secret key": user.key["secret_key"], "password": user.password}
    server.stop()
    for path, content in contents(server.data):
        if path.name != "credentials.json":
            for kind, secret in secrets.items():
                assert secret.encode() not in content, f"a {kind} stands in {path}"


def test_security_token_buys_no_token(reader):
    made = temporary(reader.by_token()).json()["credential"]
    answer = token_answer(reader.server, rescope_request(made["securitytoken"], {"project": {"id": reader.server.project}}))
    assert answer.status in (400, 401), answer
