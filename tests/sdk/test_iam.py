"""The vendor's IAM client, and the look-ups that its other clients do by themselves."""

import re

import pytest
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException
from huaweicloudsdkcore.region.region import Region
from huaweicloudsdkiam import v3 as iam
from huaweicloudsdkmetastudio.v1 import MetaStudioClient

from driver import calls
from driver.caller import TokenCaller

MICROSECONDS = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")


def token_request(credentials, password=None, scope=None):
    user = iam.PwdPasswordUser(domain=iam.PwdPasswordUserDomain(name=credentials["domain_name"]),
                               name=credentials["user_name"], password=password or credentials["password"])
    identity = iam.PwdIdentity(methods=["password"], password=iam.PwdPassword(user=user))
    scope = scope or iam.AuthScope(project=iam.AuthScopeProject(name=credentials["project_name"]))
    body = iam.KeystoneCreateUserTokenByPasswordRequestBody(auth=iam.PwdAuth(identity=identity, scope=scope))
    return iam.KeystoneCreateUserTokenByPasswordRequest(body=body)


def test_password_buys_a_token_for_the_project(iam_client, server):
    credentials = server.credentials
    answer = iam_client.keystone_create_user_token_by_password(token_request(credentials))
    token = answer.token
    assert MICROSECONDS.match(token.issued_at) and MICROSECONDS.match(token.expires_at)
    assert token.methods == ["password"]
    assert (token.project.id, token.project.name) == (credentials["project_id"], credentials["project_name"])
    assert (token.user.id, token.user.name) == (credentials["user_id"], credentials["user_name"])
    assert token.user.domain.id == credentials["domain_id"]
    assert TokenCaller(server, answer.x_subject_token).get("digital-assets").status == 200


def test_project_may_be_named_by_id(iam_client, server):
    scope = iam.AuthScope(project=iam.AuthScopeProject(id=server.project))
    answer = iam_client.keystone_create_user_token_by_password(token_request(server.credentials, scope=scope))
    assert answer.token.project.id == server.project


def test_token_may_be_for_the_domain(iam_client, server):
    scope = iam.AuthScope(domain=iam.AuthScopeDomain(name=server.credentials["domain_name"]))
    answer = iam_client.keystone_create_user_token_by_password(token_request(server.credentials, scope=scope))
    assert answer.token.domain.id == server.credentials["domain_id"]
    assert answer.x_subject_token


def test_a_second_token_leaves_the_first_alone(iam_client, server):
    first = iam_client.keystone_create_user_token_by_password(token_request(server.credentials)).x_subject_token
    second = iam_client.keystone_create_user_token_by_password(token_request(server.credentials)).x_subject_token
    assert first != second
    assert TokenCaller(server, first).get("digital-assets").status == 200


def test_wrong_password_is_told_in_the_form_of_iam(iam_client, server):
    with pytest.raises(ClientRequestException) as refused:
        iam_client.keystone_create_user_token_by_password(token_request(server.credentials, password="wrong"))
    assert refused.value.status_code == 401
    assert str(refused.value.error_code) == "401"
    assert refused.value.error_msg == "The username or password is wrong."
    assert refused.value.request_id


def test_projects_are_found_by_name(iam_client, server):
    found = iam_client.keystone_list_projects(
        iam.KeystoneListProjectsRequest(name=server.credentials["project_name"]))
    assert [project.id for project in found.projects] == [server.project]
    assert iam_client.keystone_list_projects(iam.KeystoneListProjectsRequest(name="elsewhere")).projects == []


def test_domain_of_the_caller_is_listed(iam_client, server):
    found = iam_client.keystone_list_auth_domains(iam.KeystoneListAuthDomainsRequest())
    assert [domain.id for domain in found.domains] == [server.credentials["domain_id"]]


def test_client_of_a_region_finds_its_project_by_itself(server):
    key = server.credentials["access_key"], server.credentials["secret_key"]
    credentials = BasicCredentials(*key).with_iam_endpoint(server.endpoint)
    # The vendor's client keeps what it found for the process, by key and region.
    region = Region(server.credentials["region"], server.endpoint)
    client = MetaStudioClient.new_builder().with_credentials(credentials).with_region(region).build()
    asset_id = calls.create(client)
    assert calls.show(client, asset_id).project_id == server.project


def test_global_client_finds_its_domain_by_itself(server):
    key = server.credentials["access_key"], server.credentials["secret_key"]
    credentials = GlobalCredentials(*key).with_iam_endpoint(server.endpoint)
    region = Region(server.credentials["region"], server.endpoint)
    client = iam.IamClient.new_builder().with_credentials(credentials).with_region(region).build()
    found = client.keystone_list_auth_domains(iam.KeystoneListAuthDomainsRequest())
    assert [domain.id for domain in found.domains] == [server.credentials["domain_id"]]
