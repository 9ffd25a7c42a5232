"""Libraries with users beside the owner."""

import pytest

from driver.farm import Farm
from driver.iam import READ_ONLY, Admin


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def server(request, shared_servers):
    return shared_servers(request.param)


@pytest.fixture(scope="session")
def admin(server):
    """The administrator of the shared library: makes users, keys and policies, and changes none but those."""
    return Admin(server)


@pytest.fixture
def reader(admin):
    """A new user who may read."""
    return admin.user(policies=[READ_ONLY])


@pytest.fixture
def private(farm):
    """The administrator of a library of the test's own."""
    return Admin(farm.start())


@pytest.fixture(scope="module")
def module_farm(tmp_path_factory):
    """Servers for all tests of a module."""
    farm = Farm(tmp_path_factory.mktemp("module"))
    yield farm
    farm.close()
