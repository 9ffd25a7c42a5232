"""Tickets made by somebody who has the key: what is in them is believed as far as the source bears it out."""

import hashlib
import json
import re
import socket
import time

import pytest

from driver.regions import problems
from driver.seal import open_ticket, seal_ticket
from driver.waiting import until

INVALID, EXPIRED, NOT_HERE, NOT_ISSUED = "MSS.10009002", "MSS.10009003", "MSS.10009014", "MSS.10009018"
CONTENT = b"what is copied"
PATHS = r"^/entrepot/peer/v1/(hello|reports|tickets/[0-9A-Za-z_-]{1,64}/(manifest|files/[0-9A-Za-z_-]{1,64}(/digest)?))(\?|$)"


@pytest.fixture
def asset_id(pair):
    return pair.a.library.create_image(CONTENT)


@pytest.fixture
def real(pair, asset_id):
    return pair.a.ticket(asset_id)


@pytest.fixture
def contents(pair, real):
    """What is in a real ticket."""
    return open_ticket(pair.key, real)


@pytest.fixture
def seal(pair):
    return lambda contents, **more: seal_ticket(pair.key_id, pair.key, contents, **more)


@pytest.fixture
def listener():
    """Somebody who would like to be called."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener
        with pytest.raises(BlockingIOError):
            listener.accept()


def new_id():
    return hashlib.sha256(str(time.time_ns()).encode()).hexdigest()[:32]


def refused(pair, ticket, *codes):
    before, connections = (pair.b.count(), pair.b.all_incoming()), pair.line.connections
    answer = pair.b.present(ticket)
    assert answer.status == 400 and (not codes or answer.error_code in codes), answer
    assert (pair.b.count(), pair.b.all_incoming()) == before, "a refused ticket left something behind"
    assert pair.line.connections == connections, "a refused ticket made a connection"


def fails(pair, ticket, *codes):
    """It is taken, and comes to nothing."""
    pair.b.take(ticket)
    copy = pair.b.wait_for_copy(ticket["asset_id"], "FAILED", timeout=60)
    assert copy["error"] and (not codes or copy["error_code"] in codes), copy
    shown = pair.b.library.show(ticket["asset_id"])
    assert shown["asset_state"] == "FAILED" and shown["reason"], shown
    assert "download_url" not in str(shown)
    return copy


def test_the_test_seals_as_the_server_does(pair, real, contents, seal):
    assert contents["asset_id"] == real["asset_id"] and contents["region"] == "region-a"
    again = seal(contents)
    assert pair.b.inspect(again)["ticket"] == pair.b.inspect(real)["ticket"]
    assert problems(pair.b.inspect(again)) == set()
    pair.b.take(again)
    pair.b.wait_for_copy(real["asset_id"])
    pair.b.take(real)
    assert len(pair.b.copies(real["asset_id"])["incoming"]) == 1


def test_ticket_that_was_never_issued_brings_nothing(pair, contents, seal):
    fails(pair, seal(contents | {"ticket_id": new_id()}), NOT_ISSUED)


def test_address_in_a_ticket_is_not_followed(pair, contents, seal, listener):
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    for region in (address, f"http://{address}", f"http://{address}/", f"//{address}", f"region-a@{address}", "", "region-x"):
        refused(pair, seal(contents | {"region": region}), NOT_HERE, INVALID)
    more = {name: f"http://{address}" for name in ("endpoint", "url", "peer", "address", "host", "source")}
    ticket = seal(contents | {"ticket_id": new_id()} | more)
    answer = pair.b.present(ticket)
    if answer.status == 200:
        pair.b.wait_for_copy(ticket["asset_id"], "FAILED")


def test_what_a_ticket_says_of_itself_counts(pair, contents, seal):
    refused(pair, seal(contents | {"to_region": "region-c"}), NOT_HERE)
    refused(pair, seal(contents | {"to_project": "0" * 32}), NOT_HERE)
    refused(pair, seal(contents | {"expires": int(time.time()) - 1}), EXPIRED)
    refused(pair, seal(contents, asset_id="0" * 32), INVALID)
    refused(pair, seal(contents) | {"expire_time": contents["expires"] + 1}, INVALID)


def test_content_that_is_no_ticket_is_refused(pair, contents, seal):
    for content in (b"\0", b"{}", b"null", b"[]", b"\xff", b'"x"', b"[" * 10_000, json.dumps([contents]).encode(),
                    json.dumps(contents).encode()[:-1], json.dumps(contents).encode() + b"x"):
        refused(pair, seal(contents, content=content), INVALID)
    for name in ("ticket_id", "region", "asset_id", "version", "manifest", "expires"):
        refused(pair, seal({key: value for key, value in contents.items() if key != name}, asset_id=contents["asset_id"]))
        for bad in (None, True, [], {}, "" if name not in ("version", "expires") else "1"):
            refused(pair, seal(contents | {name: bad}, asset_id=contents["asset_id"]) | {"expire_time": None})


@pytest.mark.parametrize("name, bad", [
    ("asset_name", ""), ("asset_name", "n" * 10_000), ("asset_name", "a\0b"), ("asset_type", "NO_SUCH"), ("asset_type", ""),
    ("version", -1), ("version", 0), ("manifest", "x"), ("manifest", "0" * 63), ("ticket_id", "x" * 10_000)])
def test_odd_values_do_no_harm(pair, contents, seal, name, bad):
    before = pair.b.count()
    ticket = seal(contents | {"ticket_id": new_id()} | {name: bad})
    answer = pair.b.present(ticket)
    assert answer.status in (200, 400), answer
    if answer.status == 200:
        pair.b.wait_for_copy(ticket["asset_id"], "FAILED", timeout=60)
    else:
        assert pair.b.count() == before
    pair.copy(pair.a.library.create_image(b"all is well " + name.encode()))


def test_id_of_another_copy_is_not_taken_over(pair, contents, seal, real):
    pair.b.take(real)
    done = pair.b.wait_for_copy(real["asset_id"])
    refused(pair, seal(contents | {"asset_id": new_id()}), INVALID)
    assert pair.b.incoming(real["asset_id"]) == done
    pair.assert_same(real["asset_id"])


@pytest.mark.parametrize("ticket_id", ["../hello?", "../../../../v1/x", "a/b", "a b", "%2e%2e", "a\r\nX: y", "?x=", "#", "."])
def test_ticket_id_is_no_path(pair, contents, seal, ticket_id):
    pair.line.reset_counts()
    refused(pair, seal(contents | {"ticket_id": ticket_id}), INVALID)
    strange = [target for _, target in pair.line.requests if not re.search(PATHS, target)]
    assert strange == [], "a ticket led B to a path of its choice"


def test_version_and_digest_are_those_of_the_manifest(pair, contents, seal):
    """Otherwise the next real ticket would count as an older one."""
    pair.b.take(seal(contents | {"version": contents["version"] + 1000}))
    never_done(pair, contents["asset_id"])


def test_other_digest_than_the_manifests_brings_nothing(pair, contents, seal):
    pair.b.take(seal(contents | {"manifest": hashlib.sha256(b"another").hexdigest()}))
    never_done(pair, contents["asset_id"])


def test_manifest_of_one_asset_makes_no_other(pair, contents, seal):
    elsewhere = new_id()
    pair.b.take(seal(contents | {"asset_id": elsewhere}))
    never_done(pair, elsewhere)


def never_done(pair, asset_id):
    copy = pair.b.wait_until(asset_id, lambda copy: copy["state"] in ("FAILED", "DONE") or copy["attempts"] >= 2)
    assert copy["state"] != "DONE" and copy["error"], copy
    assert pair.b.library.state(asset_id) in ("CREATING", "FAILED")
    if copy["state"] != "FAILED":
        pair.b.cancel(asset_id, copy["copy_id"])
    until(lambda: pair.b.incoming(asset_id)["state"] in ("FAILED", "CANCELLED"))
