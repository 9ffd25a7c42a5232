"""The vendor's unmodified clients, pointed at one server."""

import os

import requests
from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkcore.http.http_handler import HttpHandler
from huaweicloudsdkiam.v3 import IamClient
from huaweicloudsdkmetastudio.v1 import MetaStudioClient
from huaweicloudsdkroma.v2 import RomaClient

from driver import secrets

# The clients ask for proxies as every program does; nothing here leaves this machine.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def metastudio(server, **credentials):
    return built(MetaStudioClient, server, basic(server, **credentials))


def roma(server, **credentials):
    return built(RomaClient, server, basic(server, **credentials))


def iam(server, *, access_key=None, secret_key=None, security_token=None, domain_id=None):
    credentials = GlobalCredentials(
        access_key or server.credentials["access_key"], secret_key or server.credentials["secret_key"],
        domain_id or server.credentials["domain_id"])
    return built(IamClient, server, with_token(credentials, security_token))


def basic(server, *, access_key=None, secret_key=None, security_token=None, project=None):
    credentials = BasicCredentials(
        access_key or server.credentials["access_key"], secret_key or server.credentials["secret_key"],
        project or server.project)
    return with_token(credentials, security_token)


def with_token(credentials, security_token):
    return credentials.with_security_token(security_token) if security_token else credentials


def built(client, server, credentials):
    handler = HttpHandler().add_response_handler(look_for_secrets)
    return client.new_builder().with_credentials(credentials).with_endpoint(server.endpoint) \
        .with_http_handler(handler).build()


def look_for_secrets(response, **_):
    is_iam = "/v3" in response.request.path_url
    secrets.register_answer(response.headers, response.content if is_iam else None)


def watched_session():
    """What keystoneauth1 and the like send with, so that the secrets that they are given are known."""
    session = requests.Session()
    session.hooks["response"].append(lambda response, **_: look_for_secrets(response))
    return session
