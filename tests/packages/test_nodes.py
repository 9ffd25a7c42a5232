"""Two servers over one database and one folder of bytes: one of two racing callers gets a package, wherever they ask."""

import pytest

from driver.caller import TokenCaller, token_caller
from driver.databases import URL
from driver.lines import Line, request_bytes
from driver.packages import Packages, fill, save
from driver.rows import second_user

from .test_once import BUSY, CONSUMED, LEASED, ended, patiently, refusal
from .test_race import race

PAIRS = 100


@pytest.fixture
def nodes(farm):
    """The packages of one library, as seen by the same user at two nodes."""
    if not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    first = farm.start(backend="postgres")
    second = farm.join(first)
    caller = token_caller(first)
    return Packages(caller), Packages(TokenCaller(second, caller.token))


def test_one_of_two_callers_at_two_nodes_gets_it(nodes):
    here, there = nodes
    wins = race(here, PAIRS, here, there)
    here.delete(tasks=here.tasks().values())
    other = Packages(TokenCaller(there.caller.server, second_user(here.caller.server).token))
    wins += race(here, PAIRS, here, other)
    assert 0 < wins < 2 * PAIRS, "there was no race"


def test_export_made_at_one_node_is_seen_at_the_other(nodes, tmp_path):
    here, there = nodes
    app = fill(here, "made here", size=100_000)
    archive_id = there.export([app])
    assert here.fetch(archive_id, "HEAD").headers["ETag"] == there.fetch(archive_id, "HEAD").headers["ETag"]
    package = here.download(archive_id, tmp_path)
    assert len(package.assets) == 2
    ended(here, archive_id)
    assert refusal(there.fetch(archive_id)) == CONSUMED
    assert there.record(archive_id) == here.record(archive_id)


@pytest.mark.parametrize("by_range", [True, False])
def test_download_cut_at_one_node_goes_on_at_the_other(nodes, tmp_path, by_range):
    here, there = nodes
    archive_id = here.export([fill(here, "cut here", assets=6, files=1, size=4_000_000)])
    head = here.fetch(archive_id, "HEAD")
    line = Line(here.caller.server.endpoint)
    line.send(request_bytes(here.caller, "GET", here.archive(archive_id)))
    assert line.head().status == 200
    begun = line.read(5_000_000)
    stranger = Packages(TokenCaller(there.caller.server, second_user(here.caller.server).token))
    assert refusal(stranger.fetch(archive_id)) == BUSY
    line.reset()
    if by_range:
        rest = patiently(lambda: there.fetch(archive_id, Range="bytes=5000000-", If_Range=head.headers["ETag"]))
        assert rest.status == 206
        whole = begun + rest.body
    else:
        whole = patiently(lambda: there.fetch(archive_id)).body
        assert whole.startswith(begun)
    save(tmp_path / "whole.zip", whole, head.headers)
    ended(here, archive_id)
    assert refusal(here.fetch(archive_id)) == refusal(stranger.fetch(archive_id)) == CONSUMED


def test_holder_of_a_node_that_died_goes_on_at_the_other(nodes, tmp_path):
    here, there = nodes
    archive_id = here.export([fill(here, "died here", assets=6, files=1, size=4_000_000)])
    head = here.fetch(archive_id, "HEAD")
    line = Line(here.caller.server.endpoint)
    line.send(request_bytes(here.caller, "GET", here.archive(archive_id)))
    assert line.head().status == 200
    begun = line.read(5_000_000)
    here.caller.server.kill()
    stranger = Packages(TokenCaller(there.caller.server, second_user(there.caller.server).token))
    assert refusal(stranger.fetch(archive_id)) in (BUSY, LEASED)
    rest = patiently(lambda: there.fetch(archive_id, Range="bytes=5000000-", If_Range=head.headers["ETag"]), timeout=40)
    assert rest.status == 206
    save(tmp_path / "whole.zip", begun + rest.body, head.headers)
    assert refusal(there.fetch(archive_id)) == CONSUMED
