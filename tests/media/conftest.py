"""Files that all tests look at, made once; a server that all tests share, and servers with settings of their own."""

import pytest

from driver import studio
from driver.databases import URL
from driver.media import Media


@pytest.fixture(scope="session")
def studio_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("studio")


@pytest.fixture(scope="session")
def made(studio_folder):
    """made(name, maker, …): a file that is made once in a session."""
    def make(name, maker, *arguments, **options):
        path = studio_folder / name
        if not path.exists():
            maker(path, *arguments, **options)
        return path
    return make


@pytest.fixture(scope="session")
def decks(studio_folder):
    """A deck of three slides in each form."""
    return studio.decks(studio_folder / "decks", 3, "pptx", "ppt", "pdf")


@pytest.fixture(scope="session")
def long_deck(studio_folder):
    return studio.decks(studio_folder / "decks", 60, "pptx")["pptx"]


@pytest.fixture
def media(server):
    return Media(server)


@pytest.fixture
def private(farm):
    """private(settings…): a library of the test's own."""
    def start(**settings):
        environment = {f"ENTREPOT_{name.upper()}": value for name, value in settings.items()}
        return Media(farm.start(environment=environment))
    return start


@pytest.fixture(params=["sqlite", "postgres"])
def on_both(request, shared_servers):
    if request.param == "postgres" and not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    return Media(shared_servers(request.param))
