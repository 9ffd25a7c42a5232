"""Servers for the tests: one shared by all that may share, and private ones that end with their test."""

import pytest

from driver.caller import KeyCaller, token_caller
from driver.databases import URL
from driver.farm import Farm
from driver.library import Library
from driver.server import BINARY


def pytest_sessionstart():
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: build it first, or name another with ENTREPOT_BIN", returncode=2)


@pytest.fixture
def farm(tmp_path):
    """Private servers: farm.start(), farm.prepare()."""
    farm = Farm(tmp_path)
    yield farm
    farm.close()


@pytest.fixture(scope="session")
def shared_servers(tmp_path_factory):
    """One server a backend, started when it is first asked for."""
    farm = Farm(tmp_path_factory.mktemp("shared"))
    started = {}

    def get(backend):
        if backend == "postgres" and not URL:
            pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
        if backend not in started:
            started[backend] = farm.start(backend=backend)
        return started[backend]

    yield get
    farm.close()


@pytest.fixture(scope="session")
def server(shared_servers):
    """A server that every test may use and none may stop or lock."""
    return shared_servers("sqlite")


@pytest.fixture
def owner(server):
    """The owner of the shared library, by access key."""
    return KeyCaller(server)


@pytest.fixture
def token_owner(server):
    """The same owner, by token."""
    return token_caller(server)


@pytest.fixture
def library(owner):
    return Library(owner)
