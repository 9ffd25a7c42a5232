"""The vendor's clients run over both databases."""

import pytest

from driver.integration import Integration
from driver.vendor import iam, metastudio, roma


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def server(request, shared_servers):
    return shared_servers(request.param)


@pytest.fixture
def client(server):
    return metastudio(server)


@pytest.fixture
def iam_client(server):
    return iam(server)


@pytest.fixture
def integration(server):
    """The instance of the first start, by the vendor's ROMA client."""
    return Integration(roma(server), server.credentials["instance_id"])
