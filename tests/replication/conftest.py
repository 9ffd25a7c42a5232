"""Pairs of regions: one for all tests of a module that only use it, and private ones."""

import pytest

from driver.databases import URL
from driver.farm import Farm
from driver.regions import Pair


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """A pair for each two databases, started when it is first asked for."""
    farm = Farm(tmp_path_factory.mktemp("regions"))
    made = {}

    def get(*backends):
        if "postgres" in backends and not URL:
            pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
        if backends not in made:
            made[backends] = Pair(farm, backends=backends)
        return made[backends]

    yield get
    for pair in made.values():
        pair.close()
    farm.close()


@pytest.fixture
def pair(pairs):
    """Two regions on SQLite that a test may use, and whose line it may spoil, but that it may not stop."""
    pair = pairs("sqlite", "sqlite")
    pair.line.reset_counts()
    yield pair
    pair.line.repair()


@pytest.fixture
def make_pair(farm):
    """Private pairs."""
    made = []

    def make(**options):
        made.append(Pair(farm, **options))
        return made[-1]

    yield make
    for pair in made:
        pair.close()
