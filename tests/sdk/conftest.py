"""The vendor's clients run over both databases."""

import pytest

from driver.vendor import iam, metastudio


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def server(request, shared_servers):
    return shared_servers(request.param)


@pytest.fixture
def client(server):
    return metastudio(server)


@pytest.fixture
def iam_client(server):
    return iam(server)
