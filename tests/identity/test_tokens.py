"""Tokens by the vendor's IAM client, by keystoneauth1 and by hand: had, used, re-scoped, validated and revoked."""

import re
from datetime import datetime

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkiam import v3 as sdk
from keystoneauth1 import exceptions, session
from keystoneauth1.identity import generic, v3

from driver import iam, vendor
from driver.caller import KeyCaller, TokenCaller, password_request
from driver.exchange import exchange
from driver.iam import allowed, iam_error, known_no_more, rescope_request, soon, token_answer

MICROSECONDS = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
NO_TOKEN = "0" * 40


@pytest.fixture
def iam_client(server):
    return vendor.iam(server)



def validate(caller, token, method="GET", query=()):
    return caller.call(method, "/v3/auth/tokens", headers={"X-Subject-Token": token}, query=query)


def moment(text):
    assert MICROSECONDS.match(text), text
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


# By the vendor's client.

def by_password(user, scope):
    person = sdk.PwdPasswordUser(domain=sdk.PwdPasswordUserDomain(name=user.credentials["domain_name"]), name=user.name,
                                 password=user.password)
    identity = sdk.PwdIdentity(methods=["password"], password=sdk.PwdPassword(user=person))
    body = sdk.KeystoneCreateUserTokenByPasswordRequestBody(auth=sdk.PwdAuth(identity=identity, scope=scope))
    return sdk.KeystoneCreateUserTokenByPasswordRequest(body=body)


def by_token(token, scope):
    identity = sdk.ScopedTokenIdentity(methods=["token"], token=sdk.ScopedToken(id=token))
    body = sdk.KeystoneCreateScopedTokenRequestBody(auth=sdk.ScopedTokenAuth(identity=identity, scope=scope))
    return sdk.KeystoneCreateScopedTokenRequest(body=body)


def test_vendors_client_gets_uses_and_validates_a_token_of_a_user(iam_client, reader, server):
    scope = sdk.AuthScope(project=sdk.AuthScopeProject(id=server.project))
    made = iam_client.keystone_create_user_token_by_password(by_password(reader, scope))
    assert (made.token.user.id, made.token.user.name) == (reader.id, reader.name)
    assert made.token.project.id == server.project and made.token.methods == ["password"]
    life = moment(made.token.expires_at) - moment(made.token.issued_at)
    assert life.total_seconds() == 24 * 3600
    allowed(TokenCaller(server, made.x_subject_token).get("digital-assets"))
    found = iam_client.keystone_validate_token(sdk.KeystoneValidateTokenRequest(x_subject_token=made.x_subject_token))
    assert found.x_subject_token == made.x_subject_token
    assert found.token.user.id == reader.id and found.token.project.id == server.project
    assert (found.token.expires_at, found.token.issued_at) == (made.token.expires_at, made.token.issued_at)
    assert {service.type for service in found.token.catalog} >= {"iam", "metastudio", "roma"}
    bare = iam_client.keystone_validate_token(
        sdk.KeystoneValidateTokenRequest(x_subject_token=made.x_subject_token, nocatalog="true"))
    assert not bare.token.catalog and bare.token.user.id == reader.id


def test_vendors_client_trades_a_domain_token_for_one_of_a_project(iam_client, reader, server):
    scope = sdk.AuthScope(domain=sdk.AuthScopeDomain(name=server.credentials["domain_name"]))
    first = iam_client.keystone_create_user_token_by_password(by_password(reader, scope))
    assert first.token.domain.id == server.credentials["domain_id"] and first.token.project is None
    scope = sdk.TokenSocpeOption(project=sdk.ScopeProjectOption(id=server.project))
    second = iam_client.keystone_create_scoped_token(by_token(first.x_subject_token, scope))
    assert second.token.project.id == server.project and second.token.methods == ["token", "password"]
    assert second.token.expires_at == first.token.expires_at
    allowed(TokenCaller(server, second.x_subject_token).get("digital-assets"))


def test_vendors_client_finds_the_projects_and_the_domain_of_a_user(admin, server):
    there = admin.project()
    user = admin.user(projects=[server.project, there])
    client = vendor.iam(server, access_key=user.key["access_key"], secret_key=user.key["secret_key"])
    found = client.keystone_list_auth_projects(sdk.KeystoneListAuthProjectsRequest())
    assert {project.id for project in found.projects} == {server.project, there}
    found = client.keystone_list_auth_domains(sdk.KeystoneListAuthDomainsRequest())
    assert [domain.id for domain in found.domains] == [server.credentials["domain_id"]]
    with pytest.raises(ClientRequestException) as refused:
        client.keystone_list_projects(sdk.KeystoneListProjectsRequest())
    assert refused.value.status_code == 403 and "iam:projects:list" in refused.value.error_msg


def test_vendors_client_is_told_of_a_token_that_is_none(iam_client):
    with pytest.raises(ClientRequestException) as refused:
        iam_client.keystone_validate_token(sdk.KeystoneValidateTokenRequest(x_subject_token=NO_TOKEN))
    assert refused.value.status_code == 404 and str(refused.value.error_code) == "404"


# By keystoneauth1.

def watched(auth):
    return session.Session(auth=auth, session=vendor.watched_session())


def password_plugin(kind, server, user, **scope):
    return kind(auth_url=f"{server.endpoint}/v3", username=user.name, password=user.password,
                user_domain_name=server.credentials["domain_name"], **scope)


@pytest.mark.parametrize("kind", [v3.Password, generic.Password])
@pytest.mark.parametrize("by", ["id", "name"])
def test_keystoneauth1_signs_in_and_finds_services_in_the_catalog(reader, server, kind, by):
    scope = {"project_id": server.project} if by == "id" else {
        "project_name": server.credentials["project_name"], "project_domain_name": server.credentials["domain_name"]}
    keystone = watched(password_plugin(kind, server, reader, **scope))
    assert keystone.get_project_id() == server.project and keystone.get_user_id() == reader.id
    media = {"service_type": "metastudio", "interface": "public", "region_name": server.credentials["region"]}
    assert keystone.get_endpoint(**media) == f"{server.endpoint}/v1/{server.project}"
    assert keystone.get("/digital-assets", endpoint_filter=media).json()["count"] >= 0
    packages = {"service_type": "roma", "interface": "public"}
    assert keystone.get("/instances", endpoint_filter=packages).status_code == 200
    with pytest.raises(exceptions.Forbidden):
        keystone.delete(f"/digital-assets/{NO_TOKEN}", endpoint_filter=media)


def test_keystoneauth1_discovers_by_the_root_of_identity(reader, server):
    keystone = watched(password_plugin(generic.Password, server, reader, project_id=server.project))
    found = keystone.auth.get_discovery(keystone, url=f"{server.endpoint}/v3", authenticated=False)
    assert [version["version"][0] for version in found.version_data()] == [3]
    identity = {"service_type": "iam", "interface": "public"}
    assert keystone.get("/auth/projects", endpoint_filter=identity).json()["projects"][0]["id"] == server.project


def test_keystoneauth1_re_scopes_a_token(admin, server):
    there = admin.project()
    user = admin.user(projects=[server.project, there], policies=[iam.READ_ONLY])
    first = watched(password_plugin(v3.Password, server, user, project_id=server.project))
    second = watched(v3.Token(auth_url=f"{server.endpoint}/v3", token=first.get_token(), project_id=there))
    assert second.get_project_id() == there
    media = {"service_type": "metastudio", "interface": "public"}
    assert second.get_endpoint(**media) == f"{server.endpoint}/v1/{there}"
    assert second.get("/digital-assets", endpoint_filter=media).status_code == 200
    generic_one = watched(generic.Token(auth_url=f"{server.endpoint}/v3", token=first.get_token(), project_id=there))
    assert generic_one.get_project_id() == there


def test_keystoneauth1_signs_in_without_a_project(reader, server):
    for scope in ({"domain_name": server.credentials["domain_name"]}, {"domain_id": server.credentials["domain_id"]}, {}):
        keystone = watched(password_plugin(v3.Password, server, reader, **scope))
        assert keystone.get_user_id() == reader.id and keystone.get_project_id() is None
        identity = {"service_type": "iam", "interface": "public"}
        assert keystone.get("/auth/domains", endpoint_filter=identity).status_code == 200
        with pytest.raises(exceptions.EndpointNotFound):
            keystone.get_endpoint(service_type="metastudio", interface="public")


def test_keystoneauth1_is_told_of_a_wrong_password(reader, server):
    auth = v3.Password(auth_url=f"{server.endpoint}/v3", username=reader.name, password="wrong",
                       user_domain_name=server.credentials["domain_name"], project_id=server.project)
    with pytest.raises(exceptions.Unauthorized, match="The username or password is wrong"):
        watched(auth).get_token()


def test_keystoneauth1_gets_a_new_token_when_the_old_one_was_revoked(reader, server):
    keystone = watched(password_plugin(v3.Password, server, reader, project_id=server.project))
    media = {"service_type": "metastudio", "interface": "public"}
    old = keystone.get_token()
    assert keystone.get("/digital-assets", endpoint_filter=media).status_code == 200
    identity = {"service_type": "iam", "interface": "public"}
    gone = keystone.delete("/auth/tokens", endpoint_filter=identity, headers={"X-Subject-Token": old})
    assert gone.status_code == 204
    soon(lambda: TokenCaller(server, old).get("digital-assets").status == 401)
    assert keystone.get("/digital-assets", endpoint_filter=media).status_code == 200
    assert keystone.get_token() != old


# By hand: what the clients do not ask.

def test_catalog_has_one_public_endpoint_a_service(reader, server):
    token = reader.token_answer(scope={"project": {"id": server.project}}).json()["token"]
    services = {service["type"]: service for service in token["catalog"]}
    assert set(services) == {"iam", "metastudio", "roma"}
    for kind, tail in (("iam", "v3"), ("metastudio", f"v1/{server.project}"), ("roma", f"v2/{server.project}")):
        service = services[kind]
        [endpoint] = service["endpoints"]
        assert endpoint["url"] == f"{server.endpoint}/{tail}" and endpoint["interface"] == "public"
        assert endpoint["region"] == endpoint["region_id"] == server.credentials["region"]
        assert service["id"] and service["name"] and endpoint["id"]
    token = reader.token_answer(scope={"domain": {"id": server.credentials["domain_id"]}}).json()["token"]
    assert [service["type"] for service in token["catalog"]] == ["iam"]


@pytest.mark.parametrize(("query", "has_catalog"), [("", True), ("?nocatalog=true", False), ("?nocatalog=x", False)])
def test_nocatalog(reader, query, has_catalog):
    answer = token_answer(reader.server, password_request(reader.credentials), query)
    assert answer.status == 201, answer
    assert bool(answer.json()["token"].get("catalog")) == has_catalog
    found = validate(KeyCaller(reader.server), answer.headers["X-Subject-Token"],
                     query=[("nocatalog", "x")] if query else [])
    assert bool(found.json()["token"].get("catalog")) == has_catalog


def test_scope_by_default_is_the_domain(reader, server):
    body = password_request(reader.credentials)
    del body["auth"]["scope"]
    answer = token_answer(server, body)
    assert answer.status == 201, answer
    assert answer.json()["token"]["domain"]["id"] == server.credentials["domain_id"]


@pytest.mark.parametrize("scope", [
    {"project": {"id": "{elsewhere}"}}, {"project": {"id": NO_TOKEN}}, {"project": {"name": "nowhere"}},
    {"domain": {"id": NO_TOKEN}}, {"domain": {"name": "nowhere"}}, {"project": {}}, {"project": "x"},
    {"project": {"id": "{project}"}, "domain": {"id": "{domain}"}}])
def test_scope_that_is_not_the_users(admin, reader, server, scope):
    """Another's project is answered as one that is not there."""
    filled = {kind: {name: value.format(elsewhere=admin.project(), project=server.project,
                                        domain=server.credentials["domain_id"]) for name, value in given.items()}
              if isinstance(given, dict) else given for kind, given in scope.items()}
    answer = reader.token_answer(scope=filled)
    assert answer.status in (400, 401, 403), answer
    iam_error(answer, answer.status)
    assert "X-Subject-Token" not in answer.headers
    first = reader.by_token().token
    again = token_answer(server, rescope_request(first, filled))
    assert again.status in (400, 401, 403), again
    iam_error(again, again.status)


def test_foreign_and_absent_projects_are_not_told_apart(admin, reader):
    foreign = iam_error(reader.token_answer(scope={"project": {"id": admin.project()}}), 400)
    absent = iam_error(reader.token_answer(scope={"project": {"id": NO_TOKEN}}), 400)
    assert re.sub("[0-9a-f]{32,}", "", foreign) == re.sub("[0-9a-f]{32,}", "", absent)


@pytest.mark.parametrize("token", ["", NO_TOKEN, "x" * 20000])
def test_token_by_a_token_that_is_none(server, token):
    answer = token_answer(server, rescope_request(token, {"project": {"id": server.project}}))
    assert answer.status in (400, 401), answer
    assert "X-Subject-Token" not in answer.headers


def test_chain_of_tokens_ends_with_the_first(reader, server):
    token = reader.by_token().token
    ends = validate(KeyCaller(server), token).json()["token"]["expires_at"]
    for _ in range(3):
        answer = token_answer(server, rescope_request(token, {"project": {"id": server.project}}))
        assert answer.status == 201, answer
        assert answer.json()["token"]["expires_at"] == ends
        assert answer.json()["token"]["methods"] == ["token", "password"]
        token = answer.headers["X-Subject-Token"]


@pytest.mark.parametrize("by", ["key", "token"])
def test_get_and_head_of_a_token(reader, server, by):
    caller = reader.by_key() if by == "key" else reader.by_token()
    answer = reader.token_answer(scope={"project": {"id": server.project}})
    token = answer.headers["X-Subject-Token"]
    found = validate(caller, token)
    assert (found.status, found.headers["X-Subject-Token"]) == (200, token)
    assert found.json() == answer.json()
    head = validate(caller, token, "HEAD")
    assert (head.status, head.body, head.headers["X-Subject-Token"]) == (200, b"", token)
    for method in ("GET", "HEAD"):
        assert validate(caller, token + "x", method).status == 404
    # A token may ask about itself.
    assert validate(TokenCaller(server, token), token).status == 200


def test_token_of_somebody_else_takes_permission(admin, reader, server):
    theirs = reader.by_token().token
    other, allowed_one = admin.user(), admin.user(policies=[iam.allow("iam:tokens:*")])
    for caller in (other.by_key(), other.by_token()):
        answer = validate(caller, theirs)
        assert answer.status in (403, 404), answer
        iam_error(answer, answer.status)
        assert validate(caller, theirs, "DELETE").status == answer.status
    assert validate(allowed_one.by_key(), theirs).status == 200
    assert validate(KeyCaller(server), theirs).status == 200
    allowed(TokenCaller(server, theirs).get("digital-assets"))
    assert validate(allowed_one.by_key(), theirs, "DELETE").status == 204
    soon(lambda: TokenCaller(server, theirs).get("digital-assets").status == 401)


def test_token_that_is_missing_in_the_request(reader):
    answer = reader.by_key().get("/v3/auth/tokens")
    assert answer.status in (400, 404), answer
    iam_error(answer, answer.status)


def test_revoked_token_is_gone_and_its_siblings_are_not(reader, server):
    first, second = reader.by_token(), reader.by_token()
    for caller in (first, second):
        allowed(caller.get("digital-assets"))
    assert validate(second, first.token, "DELETE").status == 204
    soon(lambda: first.get("digital-assets").status == 401)
    assert "decrypt token fail" in known_no_more(first.get("digital-assets"))
    iam_error(validate(second, first.token), 404)
    iam_error(validate(second, first.token, "DELETE"), 404)
    allowed(second.get("digital-assets"))
    # A token can end itself.
    assert validate(second, second.token, "DELETE").status == 204
    soon(lambda: second.get("digital-assets").status == 401)


def test_denied_user_does_not_even_see_their_own(admin):
    user = admin.user(policies=[iam.deny("iam:*:*")])
    caller = user.by_token()
    for path in ("/v3/auth/tokens", "/v3/auth/projects", "/v3/auth/domains"):
        iam_error(caller.get(path, headers={"X-Subject-Token": caller.token}), 403)


def test_domain_token_is_good_for_every_project_of_the_user(admin, server):
    there, elsewhere = admin.project(), admin.project()
    user = admin.user(projects=[server.project, there], policies=[iam.READ_ONLY])
    answer = user.token_answer(scope={"domain": {"id": server.credentials["domain_id"]}})
    token = answer.headers["X-Subject-Token"]
    for project in (server.project, there):
        allowed(TokenCaller(server, token, project).get("digital-assets"))
    assert TokenCaller(server, token, elsewhere).get("digital-assets").error_code == "MSS.00010009"


def test_token_of_one_project_is_good_for_no_other(admin, server):
    there = admin.project()
    user = admin.user(projects=[server.project, there], policies=[iam.READ_ONLY])
    token = user.by_token(there).token
    answer = TokenCaller(server, token).get("digital-assets")
    assert (answer.status, answer.error_code) == (400, "MSS.00010009"), answer
    answer = TokenCaller(server, token).get(f"/v2/{server.project}/instances")
    assert (answer.status, answer.error_code) == (403, "ROMA.1006"), answer


def test_user_by_id_instead_of_name(reader, server):
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": reader.id, "password": reader.password}}},
                     "scope": {"project": {"id": server.project}}}}
    assert token_answer(server, body).status == 201


def test_version_document(server):
    found = exchange(server.endpoint, "GET", "/v3").json()["version"]
    assert found["id"].startswith("v3") and found["status"] == "stable"
    assert [link["href"].rstrip("/") for link in found["links"] if link["rel"] == "self"] == [f"{server.endpoint}/v3"]


# Wrong passwords.

def test_five_wrong_passwords_lock_the_user_for_that_address(farm):
    server = farm.start()
    admin = iam.Admin(server)
    user, other = admin.user(), admin.user()

    def ask(who, password, source=None):
        body = password_request(who.credentials, password=password)
        return token_answer(server, body, source=source)

    for _ in range(3):
        for _ in range(4):
            iam_error(ask(user, "wrong"), 401)
        assert ask(user, user.password).status == 201
    for _ in range(5):
        iam_error(ask(user, "wrong"), 401)
    assert "X-Subject-Token" not in ask(user, user.password).headers
    iam_error(ask(user, user.password), 401)
    assert ask(user, user.password, "127.0.0.77").status == 201
    assert ask(other, other.password).status == 201
