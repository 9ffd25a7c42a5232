"""Servers for the tests: one shared by all that may share, and private ones that end with their test."""

import shutil

import pytest

from driver.caller import KeyCaller, token_caller
from driver.databases import URL, Database
from driver.library import Library
from driver.server import BINARY, Server


def pytest_sessionstart():
    if not BINARY.exists():
        pytest.exit(f"{BINARY} is missing: build it first, or name another with ENTREPOT_BIN", returncode=2)


class Farm:
    """Starts servers and, at its end, stops them all and removes what they kept."""

    def __init__(self, folder):
        self.folder = folder
        self.servers = []
        self.databases = []

    def prepare(self, *, backend="sqlite", data=None, environment=None, **options):
        """A server that is not started yet."""
        environment = dict(environment or {})
        if backend == "postgres":
            self.databases.append(Database())
            environment["ENTREPOT_DATABASE_URL"] = self.databases[-1].url
        data = data or self.folder / f"library-{len(self.servers)}"
        self.servers.append(Server(data, environment=environment, **options))
        return self.servers[-1]

    def start(self, **options):
        return self.prepare(**options).start()

    def close(self):
        for server in self.servers:
            server.kill()
        for database in self.databases:
            database.drop()
        shutil.rmtree(self.folder, ignore_errors=True)


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
