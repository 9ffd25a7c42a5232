"""Copies between regions that share no network: ticket, manifest and bytes are carried, and held to the same digests."""

import hashlib
import random

import pytest

from driver.caller import token_caller
from driver.library import accepted
from driver.lines import Line, request_bytes
from driver.regions import NeverHalf
from driver.waiting import until

KIB = 1024
UNSIGNED = {"X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD", "Content-Type": "application/octet-stream"}
INVALID, PARAMETER, NO_COPY = "MSS.10009002", "MSS.00000003", "MSS.10009016"


@pytest.fixture
def pair(pairs):
    """Two regions without a line between them."""
    pair = pairs("sqlite", "sqlite")
    pair.line.refuse()
    yield pair
    pair.line.repair()


@pytest.fixture
def carried(pair):
    """A film of two files, as somebody carries it."""
    asset_id = pair.a.library.create_asset("VIDEO", "a film", tags=["far"])
    pair.a.library.upload(asset_id, random.randbytes(300 * KIB), file_type="mp4")
    pair.a.library.upload(asset_id, random.randbytes(20 * KIB), category="COVER", name="cover.png")
    pair.a.library.activate(asset_id)
    return Carried(pair, asset_id)


class Carried:
    def __init__(self, pair, asset_id):
        self.pair, self.asset_id = pair, asset_id
        self.ticket = pair.a.ticket(asset_id)
        self.copy_id = pair.a.outgoing(asset_id)["copy_id"]
        self.manifest = accepted(pair.a.caller.get(f"digital-assets/{asset_id}/entrepot/manifest",
                                                   query={"ticket_id": self.copy_id})).body
        self.contents = {file["file_id"]: accepted(pair.a.library.get_bytes(file["download_url"])).body
                         for file in pair.a.library.show(asset_id)["files"]}

    def begin(self, **changed):
        """POST …/tickets/import, whatever comes."""
        body = {"ticket": self.ticket, "manifest": self.manifest.decode()} | changed
        return self.pair.b.caller.post("entrepot/tickets/import", body)

    def path(self, tail):
        return f"digital-assets/{self.asset_id}/entrepot/copies/{self.copy_id}/{tail}"

    def put(self, file_id, content, offset=0):
        return self.pair.b.caller.put(self.path(f"files/{file_id}"), body=content, query={"offset": offset}, headers=UNSIGNED)

    def wanted(self):
        found = accepted(self.pair.b.caller.get(self.path("files"))).json()
        return {file["file_id"]: (file["offset"], file["size"]) for file in found["files"]}

    def complete(self):
        return self.pair.b.caller.post(self.path("complete"))


def test_copy_that_was_carried_is_as_good_as_any(pair, carried):
    digest = hashlib.sha256(carried.manifest).hexdigest()
    assert pair.b.inspect(carried.ticket)["ticket"]["manifest_digest"] == digest
    with NeverHalf(pair.b, carried.asset_id, pair.a.library.show(carried.asset_id)):
        begun = accepted(carried.begin()).json()
        assert begun["copy_id"] == carried.copy_id and begun["state"] == "WAITING"
        assert pair.b.library.state(carried.asset_id) == "CREATING"
        copy = pair.b.incoming(carried.asset_id)
        assert copy["by_hand"] and copy["state"] == "WAITING" and copy["bytes_total"] == 320 * KIB
        assert carried.wanted() == {file_id: (0, len(content)) for file_id, content in carried.contents.items()}
        for file_id, content in carried.contents.items():
            middle = len(content) // 3
            assert accepted(carried.put(file_id, content[:middle])).json()["offset"] == middle
            assert carried.wanted()[file_id] == (middle, len(content))
            early = carried.complete()
            assert early.status == 400, early
            for wrong in (0, middle - 1, middle + 1, len(content)):
                assert carried.put(file_id, b"x", wrong).status == 409
            accepted(carried.put(file_id, content[middle:], middle))
            assert carried.put(file_id, b"x", len(content)).status in (400, 409)
        accepted(carried.begin())  # Again is harmless.
        accepted(carried.complete())
        done = pair.b.wait_for_copy(carried.asset_id)
    pair.assert_same(carried.asset_id)
    assert done["by_hand"] and done["bytes_done"] == done["bytes_total"]
    before = pair.b.library.show(carried.asset_id)
    accepted(carried.begin())
    assert pair.b.library.show(carried.asset_id) == before and carried.wanted() == {}


def test_content_that_the_project_has_need_not_be_carried(pair, carried):
    main, cover = carried.contents.values()
    pair.b.library.upload(pair.b.library.create_asset("COMMON_FILE"), main, file_type="bin")
    begun = accepted(carried.begin()).json()
    assert [file["size"] for file in begun["files"]] == [len(cover)]
    [file_id] = carried.wanted()
    accepted(carried.put(file_id, cover))
    accepted(carried.complete())
    done = pair.b.wait_for_copy(carried.asset_id)
    assert done["bytes_held"] == len(main)
    pair.assert_same(carried.asset_id)


def test_manifest_that_was_changed_is_refused(pair, carried):
    before = pair.b.count()
    text = carried.manifest.decode()
    for changed in (text + " ", text[:-1], "", "{}", "null", text.replace("a film", "a fame"), text.replace("1", "2", 1)):
        answer = carried.begin(manifest=changed)
        assert answer.status == 400 and answer.error_code in (INVALID, PARAMETER), (changed[:50], answer)
    for bad in ({"ticket": None}, {"ticket": {}}, {"ticket": 1}, {"manifest": None}, {"manifest": 1}):
        assert carried.begin(**bad).status == 400, bad
    assert pair.b.count() == before
    assert carried.copy_id not in [copy["copy_id"] for copy in pair.b.all_incoming()]


def test_wrong_bytes_never_become_an_asset(pair, carried):
    accepted(carried.begin())
    with NeverHalf(pair.b, carried.asset_id, pair.a.library.show(carried.asset_id)):
        for file_id, content in carried.contents.items():
            accepted(carried.put(file_id, content[:-1] + bytes([content[-1] ^ 1])))
        answer = carried.complete()
        if answer.status == 200:
            copy = pair.b.wait_until(carried.asset_id, lambda copy: copy.get("error"))
            assert copy["state"] in ("WAITING", "FAILED"), copy
        assert pair.b.library.state(carried.asset_id) in ("CREATING", "FAILED")
        if pair.b.incoming(carried.asset_id)["state"] == "FAILED":
            accepted(pair.b.retry(carried.asset_id, carried.copy_id))
        # The right ones are taken all the same.
        assert carried.wanted() == {file_id: (0, len(content)) for file_id, content in carried.contents.items()}
        for file_id, content in carried.contents.items():
            accepted(carried.put(file_id, content))
        accepted(carried.complete())
        pair.b.wait_for_copy(carried.asset_id)
    pair.assert_same(carried.asset_id)


def test_upload_that_was_cut_goes_on_where_it_was(pair, carried):
    accepted(carried.begin())
    [(file_id, content)] = [each for each in carried.contents.items() if len(each[1]) > 100 * KIB]
    caller = token_caller(pair.b.server)
    line = Line(pair.b.server.endpoint)
    line.send(request_bytes(caller, "PUT", caller.path(carried.path(f"files/{file_id}")) + "?offset=0",
                            {"Content-Length": len(content), "Content-Type": "application/octet-stream"}))
    line.send(content[:150 * KIB])
    line.finish()
    # What went out before the line ended in order arrives, and is written down.
    offset = until(lambda: carried.wanted()[file_id][0])
    assert offset == 150 * KIB
    for each, whole in carried.contents.items():
        at = carried.wanted()[each][0]
        accepted(carried.put(each, whole[at:], at))
    accepted(carried.complete())
    pair.b.wait_for_copy(carried.asset_id)
    pair.assert_same(carried.asset_id)


def test_what_is_not_wanted_is_refused(pair, carried):
    accepted(carried.begin())
    for bad in ("0" * 32, "x", pair.a.library.create_asset()):
        answer = carried.put(bad, b"x")
        assert answer.status in (400, 404), answer
    carried_copy, carried.copy_id = carried.copy_id, "0" * 32
    for answer in (carried.put(next(iter(carried.contents)), b"x"), carried.complete()):
        assert (answer.status, answer.error_code) == (400, NO_COPY), answer
    carried.copy_id = carried_copy
    accepted(pair.b.cancel(carried.asset_id, carried.copy_id))
    assert carried.put(next(iter(carried.contents)), b"x").status == 400
    assert carried.complete().status == 400


def test_manifest_is_for_those_who_may_copy(pair, carried):
    for query in ({"ticket_id": "0" * 32}, {"ticket_id": ""}, {}):
        answer = pair.a.caller.get(f"digital-assets/{carried.asset_id}/entrepot/manifest", query=query)
        assert answer.status == 400, (query, answer)
    other = pair.a.library.create_image(b"other")
    answer = pair.a.caller.get(f"digital-assets/{other}/entrepot/manifest", query={"ticket_id": carried.copy_id})
    assert answer.status == 400, answer
    pair.a.library.delete(carried.asset_id)
    answer = pair.a.caller.get(f"digital-assets/{carried.asset_id}/entrepot/manifest", query={"ticket_id": carried.copy_id})
    assert answer.status == 400, answer
