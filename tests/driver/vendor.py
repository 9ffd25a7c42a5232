"""The vendor's unmodified clients, pointed at one server."""

import os

from huaweicloudsdkcore.auth.credentials import BasicCredentials, GlobalCredentials
from huaweicloudsdkiam.v3 import IamClient
from huaweicloudsdkmetastudio.v1 import MetaStudioClient
from huaweicloudsdkroma.v2 import RomaClient

# The clients ask for proxies as every program does; nothing here leaves this machine.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def metastudio(server, *, access_key=None, secret_key=None, project=None):
    credentials = BasicCredentials(
        access_key or server.credentials["access_key"], secret_key or server.credentials["secret_key"],
        project or server.project)
    return MetaStudioClient.new_builder().with_credentials(credentials).with_endpoint(server.endpoint).build()


def roma(server, *, access_key=None, secret_key=None, project=None):
    credentials = BasicCredentials(
        access_key or server.credentials["access_key"], secret_key or server.credentials["secret_key"],
        project or server.project)
    return RomaClient.new_builder().with_credentials(credentials).with_endpoint(server.endpoint).build()


def iam(server, *, domain_id=None):
    credentials = GlobalCredentials(
        server.credentials["access_key"], server.credentials["secret_key"],
        domain_id or server.credentials["domain_id"])
    return IamClient.new_builder().with_credentials(credentials).with_endpoint(server.endpoint).build()
