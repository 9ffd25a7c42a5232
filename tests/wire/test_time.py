"""What time does to tokens, links and the recycle bin, seen by restarting the server at a later date."""

import pytest

from driver.caller import KeyCaller, TokenCaller, request_token
from driver.clock import LaterCaller, faked, wait_on_server
from driver.folders import sizes
from driver.library import Library, Refused
from driver.waiting import until

CONTENT = b"as old as the library"


@pytest.fixture
def travel(farm):
    """Restart the one server so many hours later; answers its library."""
    server = farm.start(environment={"ENTREPOT_SWEEP_MINUTES": 1, "ENTREPOT_QUARANTINE_MINUTES": 1})

    def later(hours):
        server.stop()
        # Twenty times as fast, so that what comes round every few minutes comes soon.
        server.environment.update(faked(f"+{hours}h x20"))
        server.start()
        return Library(LaterCaller(server))

    later.now = Library(KeyCaller(server))
    later.server = server
    return later


def has(path, content):
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False


def fresh(server, url):
    """The same path and query at the port that the server has now."""
    return server.endpoint + url[url.index("/objects/"):]


def test_links_end_after_their_day(travel):
    library = travel.now
    download = library.file(library.create_image(CONTENT))["download_url"]
    file_id, upload = library.declare_file(library.create_asset(), CONTENT)

    library = travel(23)
    assert library.get_bytes(fresh(travel.server, download)).body == CONTENT
    assert library.put_bytes(fresh(travel.server, upload), CONTENT).status == 200

    library = travel(29)
    for answer in (library.get_bytes(fresh(travel.server, download)),
                   library.put_bytes(fresh(travel.server, upload), CONTENT)):
        assert answer.status == 403 and b"<Code>AccessDenied</Code>" in answer.body, answer


def test_token_ends_after_a_day(travel):
    token = request_token(travel.server).headers["X-Subject-Token"]
    travel(23)
    assert TokenCaller(travel.server, token).get("digital-assets").status == 200
    travel(25)
    answer = TokenCaller(travel.server, token).get("digital-assets")
    assert (answer.status, answer.error_code) == (401, "APIGW.0301")
    assert "token expires, expires_at: " in answer.error_msg


def test_recycle_bin_is_emptied_after_a_week_and_forgotten_after_a_month(travel):
    library = travel.now
    binned, kept = library.create_image(CONTENT), library.create_image(b"kept")
    library.delete(binned)

    library = travel(6 * 24)
    assert library.state(binned) == "DELETING"

    library = travel(7 * 24 + 1)
    library.wait_for_state(binned, "DELETED")
    with pytest.raises(Refused) as refused:
        library.restore(binned)
    assert refused.value.answer.error_code == "MSS.10009001"
    assert library.content(kept) == b"kept"
    assert library.summarys([binned, kept])[0]["asset_state"] == "DELETED"

    library = travel((7 + 31) * 24)
    until(lambda: [summary["asset_id"] for summary in library.summarys([binned, kept])] == [kept])
    with pytest.raises(Refused) as refused:
        library.show(binned)
    assert refused.value.answer.error_code == "MSS.10001001"
    assert library.content(kept) == b"kept"


def test_locked_key_is_free_again_after_five_minutes(farm):
    # The clock runs 60 times as fast: five minutes are five seconds.
    server = farm.start(environment=faked("+0 x60"))
    good, bad = LaterCaller(server), LaterCaller(server, secret_key="wrong")
    assert good.get("digital-assets").status == 200
    for _ in range(5):
        assert bad.get("digital-assets").status == 401
    assert "AK access failed to reach the limit,forbidden" in good.get("digital-assets").error_msg
    wait_on_server(good, minutes=6, timeout=20)
    assert good.get("digital-assets").status == 200


def test_unfinished_upload_is_swept_and_finished_ones_are_not(travel):
    library = travel.now
    kept = library.create_image(CONTENT)
    asset_id = library.create_asset()
    file_id, url = library.declare_file(asset_id, b"never completed")
    assert library.put_bytes(url, b"never completed").status == 200
    stored = set(sizes(travel.server.data))
    assert any(has(path, b"never completed") for path in stored)

    library = travel(30 * 24)
    library.wait_for_state(asset_id, "FAILED")
    with pytest.raises(Refused):
        library.complete(file_id)
    until(lambda: not any(has(path, b"never completed") for path in stored))
    assert library.content(kept) == CONTENT
