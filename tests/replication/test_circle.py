"""Copies between two running regions, as the vendor's unmodified client asks for them, on every pair of databases."""

import base64
import random
import time

import pytest
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from driver import calls
from driver.library import accepted
from driver.regions import vendor_copy
from driver.rows import second_project
from driver.tcpproxy import FILE_BODY
from driver.waiting import until

DATABASES = {"both on SQLite": ("sqlite", "sqlite"), "SQLite to PostgreSQL": ("sqlite", "postgres"),
             "PostgreSQL to SQLite": ("postgres", "sqlite")}
ILLEGAL_STATE, CONFLICT = "MSS.10009001", "MSS.10009015"
KIB = 1024


@pytest.fixture(params=DATABASES)
def pair(request, pairs):
    pair = pairs(*DATABASES[request.param])
    pair.line.reset_counts()
    yield pair
    pair.line.repair()


def some_bytes(size, seed=None):
    return random.Random(seed).randbytes(size)


def make_deck(library, pages=3):
    """A presentation with all kinds of files that one has, tags, properties and services."""
    asset_id = library.create_asset(
        "PPT", "夏天 & <deck> \"'%_\\", asset_description="on the\nbeach", tags=["sea", "沙", "%"], asset_order=17,
        supported_service=["VIDEO_2D", "CHAT_2D"],
        system_properties=[{"action": "ADD", "key": "STYLE_ID", "value": "s 1"},
                           {"action": "ADD", "key": "MATERIAL_IMG", "value": "Yes"}])
    library.upload(asset_id, some_bytes(300 * KIB), file_type="pptx", name="../../夏 deck.pptx")
    library.upload(asset_id, some_bytes(20 * KIB), category="COVER", name="cover.png")
    for page in range(pages):
        library.upload(asset_id, some_bytes(10 * KIB + page), category="PAGE", name=f"page {page}.png")
    library.upload(asset_id, some_bytes(1), category="OTHER", file_type="odd.type", name="one byte")
    given_up, _ = library.declare_file(asset_id, b"never sent", category="OTHER")
    library.complete(given_up, "CANCELLED")
    return asset_id


def make_film(library, size=200 * KIB):
    asset_id = library.create_asset("VIDEO", "a film", tags=["film"], asset_extra_meta={
        "video_meta": {"width": 1920, "height": 1080}})
    library.upload(asset_id, some_bytes(size), file_type="mp4", name="film.mp4")
    library.upload(asset_id, some_bytes(5 * KIB), category="COVER", name="cover.png")
    return asset_id


def test_asset_arrives_as_it_is(pair):
    asset_id = make_deck(pair.a.library)
    before = time.time()
    info = vendor_copy(pair.a, pair.b, asset_id)
    assert info.asset_id == asset_id
    assert info.encryption_info.algorithm == "AES128_GCM"
    assert info.encryption_info.key_id == pair.key_id
    iv, _, sealed = info.asset_info.partition(":")
    assert iv == info.encryption_info.iv and len(base64.b64decode(iv, validate=True)) == 12
    assert len(base64.b64decode(sealed, validate=True)) > 16 and len(info.asset_info) <= 100_000
    assert before + 23 * 3600 < info.expire_time <= time.time() + 24 * 3600 + 1

    copy = pair.b.wait_for_copy(asset_id)
    pair.assert_same(asset_id)
    theirs, ours = (calls.show(region.client, asset_id) for region in (pair.a, pair.b))
    assert ours.asset_id == asset_id and ours.asset_state == "UNACTIVED"
    for field in ("asset_name", "asset_description", "asset_type", "tags", "asset_order", "system_properties"):
        assert getattr(ours, field) == getattr(theirs, field), field
    assert ours.project_id == pair.b.project != theirs.project_id
    size = sum(file.file_size for file in theirs.files if file.state == "CREATED")
    assert copy["bytes_done"] == copy["bytes_total"] == size and copy["bytes_held"] == 0
    assert pair.line.body_bytes() == size


def test_film_keeps_its_metadata_and_cover(pair):
    asset_id = make_film(pair.a.library)
    vendor_copy(pair.a, pair.b, asset_id)
    pair.b.wait_for_copy(asset_id)
    pair.assert_same(asset_id)
    theirs, ours = (calls.show(region.client, asset_id).asset_extra_meta.video_meta for region in (pair.a, pair.b))
    assert (ours.width, ours.height) == (theirs.width, theirs.height) == (1920, 1080)
    [summary] = pair.b.library.summarys([asset_id])
    assert summary["cover_url"].startswith(pair.b.server.endpoint)
    assert accepted(pair.b.library.get_bytes(summary["cover_url"])).body == pair.a.library.content(asset_id, "COVER")


def test_file_in_parts_arrives_as_it_is(pair):
    library, parts = pair.a.library, [some_bytes(5 * KIB * KIB), some_bytes(77)]
    asset_id = library.create_asset("VIDEO", "in parts")
    file_id, urls = library.declare_large_file(asset_id, len(parts), file_size=sum(map(len, parts)))
    for url, part in zip(urls, parts):
        assert library.put_bytes(url, part, headers={}).status == 200
    library.complete(file_id)
    library.wait_for_state(asset_id, "UNACTIVED")
    pair.copy(asset_id)
    assert pair.b.library.content(asset_id) == b"".join(parts)
    pair.assert_same(asset_id)


@pytest.mark.parametrize("state", ["UNACTIVED", "ACTIVED", "WAITING_DELETE"])
def test_copy_takes_the_state_that_the_asset_has(pair, state):
    asset_id = pair.a.library.create_image(some_bytes(KIB))
    if state != "UNACTIVED":
        pair.a.library.activate(asset_id)
        pair.a.library.update(asset_id, asset_state=state)
    vendor_copy(pair.a, pair.b, asset_id)
    pair.b.wait_for_copy(asset_id)
    assert pair.b.library.state(asset_id) == state
    pair.assert_same(asset_id)
    # It is an asset like any other.
    pair.b.library.update(asset_id, asset_state="UNACTIVED")
    pair.b.library.activate(asset_id)


def test_asset_is_there_in_creating_at_once(pair):
    asset_id = make_film(pair.a.library)
    ticket = pair.a.ticket(asset_id)
    pair.line.refuse()
    pair.b.take(ticket)
    shown = pair.b.library.show(asset_id)
    assert (shown["asset_state"], shown["asset_name"], shown["asset_type"]) == ("CREATING", "a film", "VIDEO")
    assert "download_url" not in str(shown)
    assert pair.b.incoming(asset_id)["state"] in ("WAITING", "COPYING")
    pair.line.accept()
    pair.b.wait_for_copy(asset_id)
    pair.assert_same(asset_id)


def test_both_regions_tell_about_the_copy(pair):
    asset_id = make_film(pair.a.library)
    ticket = pair.a.ticket(asset_id)
    issued = pair.a.outgoing(asset_id)
    assert issued["state"] == "ISSUED" and issued["asset_id"] == asset_id
    assert (issued["from_region"], issued["to_region"]) == ("region-a", "region-b")
    pair.b.take(ticket)
    done = pair.b.wait_for_copy(asset_id)
    assert done["copy_id"] == issued["copy_id"] and done["asset_name"] == "a film"
    assert (done["from_region"], done["to_region"]) == ("region-a", "region-b")
    assert done["version"] == pair.a.library.show(asset_id)["entrepot_version"]
    assert done["attempts"] >= 1 and "error" not in done and done["finished_at"] >= done["created_at"]
    assert not done["by_hand"]
    told = until(lambda: (seen := pair.a.outgoing(asset_id))["state"] == "DONE" and seen, what="A was never told")
    assert told["copy_id"] == issued["copy_id"] and told["bytes_done"] == done["bytes_total"] > 0
    assert pair.a.copies(asset_id)["incoming"] == [] and pair.b.copies(asset_id)["outgoing"] == []
    assert done["copy_id"] in [copy["copy_id"] for copy in pair.b.all_incoming(state="DONE")]
    assert done["copy_id"] not in [copy["copy_id"] for copy in pair.b.all_incoming(state="WAITING,COPYING,FAILED")]


def test_list_of_copies_has_pages(pair):
    made = [pair.a.library.create_image(some_bytes(50)) for _ in range(5)]
    for asset_id in made:
        pair.copy(asset_id)
    whole = pair.b.all_incoming()
    assert [copy["asset_id"] for copy in whole[:5]] == made[::-1], "the newest comes first"
    assert pair.b.all_incoming(limit=2) == whole
    for bad in ({"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"state": "NONE"}):
        answer = pair.b.caller.get("entrepot/copies", query=bad)
        assert answer.status == 400, (bad, answer)


def test_replay_changes_nothing(pair):
    asset_id = make_film(pair.a.library)
    ticket = pair.a.ticket(asset_id)
    for _ in range(3):
        pair.b.take(ticket)
    pair.b.wait_for_copy(asset_id)
    pair.assert_same(asset_id)
    before = pair.b.library.show(asset_id), pair.b.copies(asset_id), pair.b.count()
    pair.line.reset_counts()
    for _ in range(3):
        pair.b.take(ticket)
    time.sleep(0.3)  # Time enough for a job that should not be there.
    assert (pair.b.library.show(asset_id), pair.b.copies(asset_id), pair.b.count()) == before
    assert len(before[1]["incoming"]) == 1 and pair.line.asked(FILE_BODY) == []


def add_a_file(library, asset_id):
    library.upload(asset_id, some_bytes(7 * KIB), category="PAGE", name="one more.png")


def add_a_file_in_parts(library, asset_id):
    file_id, urls = library.declare_large_file(asset_id, 2, category="OTHER", file_type="bin", name="parts.bin")
    for url, size in zip(urls, (5 * KIB * KIB, 9)):
        assert library.put_bytes(url, some_bytes(size), headers={}).status == 200
    library.complete(file_id)
    until(lambda: file_id in [file["file_id"] for file in library.show(asset_id)["files"] if file["state"] == "CREATED"])


def delete_a_file(library, asset_id):
    assert library.caller.delete(f"files/{library.file(asset_id, 'PAGE')['file_id']}").status == 200


def replace_the_main_file(library, asset_id):
    assert library.caller.delete(f"files/{library.file(asset_id)['file_id']}").status == 200
    library.upload(asset_id, some_bytes(100 * KIB), file_type="pdf", name="another.pdf")


def change_state(library, asset_id):
    library.activate(asset_id)


def change_fields(library, asset_id):
    library.update(asset_id, asset_name="renamed", tags=["other"], asset_order=3, asset_description="",
                   system_properties=[{"action": "DELETE", "key": "STYLE_ID", "value": "s 1"}])


def change_all(library, asset_id):
    for change in (add_a_file, delete_a_file, replace_the_main_file, change_fields, change_state):
        change(library, asset_id)


@pytest.mark.parametrize("change", [add_a_file, add_a_file_in_parts, delete_a_file, replace_the_main_file,
                                    change_state, change_fields, change_all])
def test_newer_ticket_brings_the_newer_version(pair, change):
    asset_id = make_deck(pair.a.library)
    older = pair.a.ticket(asset_id)
    pair.b.take(older)
    first = pair.b.wait_for_copy(asset_id)
    before = {file["file_id"] for file in pair.a.portrait(asset_id)["files"]}
    pair.line.reset_counts()
    change(pair.a.library, asset_id)
    vendor_copy(pair.a, pair.b, asset_id)
    second = pair.b.wait_for_copy(asset_id)
    pair.assert_same(asset_id)
    assert second["version"] > first["version"] and second["copy_id"] != first["copy_id"]
    # Only what is new comes over the line.
    new = [file for file in pair.a.portrait(asset_id)["files"] if file["file_id"] not in before]
    assert pair.line.body_bytes() == sum(file["bytes"] for file in new)
    # The older ticket does not bring the older version back.
    there = pair.b.library.show(asset_id)
    pair.b.take(older)
    time.sleep(0.3)
    assert pair.b.library.show(asset_id) == there
    pair.assert_same(asset_id)


def test_older_ticket_that_comes_later_changes_nothing(pair):
    asset_id = make_deck(pair.a.library)
    older = pair.a.ticket(asset_id)
    change_all(pair.a.library, asset_id)
    pair.copy(asset_id)
    there = pair.b.library.show(asset_id)
    pair.b.take(older)
    time.sleep(0.3)
    assert pair.b.library.show(asset_id) == there
    pair.assert_same(asset_id)


def test_newer_ticket_while_the_older_is_on_its_way(pair):
    asset_id = make_deck(pair.a.library)
    older = pair.a.ticket(asset_id)
    pair.line.refuse()
    pair.b.take(older)
    change_all(pair.a.library, asset_id)
    pair.b.take(pair.a.ticket(asset_id))
    pair.line.accept()
    pair.b.wait_for_copy(asset_id)
    pair.assert_same(asset_id)
    states = [copy["state"] for copy in pair.b.copies(asset_id)["incoming"]]
    assert states == ["DONE", "REPLACED"]


@pytest.mark.parametrize("change", [lambda library, asset_id: library.update(asset_id, asset_name="mine"),
                                    lambda library, asset_id: library.upload(asset_id, b"mine", category="OTHER"),
                                    delete_a_file], ids=["renamed", "file added", "file deleted"])
def test_copy_that_was_changed_here_is_not_written_over(pair, change):
    asset_id = make_deck(pair.a.library)
    ticket = pair.a.ticket(asset_id)
    pair.b.take(ticket)
    pair.b.wait_for_copy(asset_id)
    change(pair.b.library, asset_id)
    changed = pair.b.portrait(asset_id)
    pair.a.library.update(asset_id, asset_name="theirs")
    newer = pair.a.ticket(asset_id)
    assert CONFLICT in {problem["error_code"] for problem in pair.b.inspect(newer)["problems"]}
    with pytest.raises(ClientRequestException) as refused:
        vendor_copy(pair.a, pair.b, asset_id)
    assert (refused.value.status_code, refused.value.error_code) == (400, CONFLICT)
    assert asset_id in refused.value.error_msg or "changed" in refused.value.error_msg
    pair.b.take(ticket)  # A replay is harmless all the same.
    assert pair.b.portrait(asset_id) == changed


def test_id_that_another_project_has_is_not_taken_from_it(pair):
    asset_id = make_film(pair.a.library)
    pair.copy(asset_id)
    there = pair.b.in_project(second_project(pair.b.server))
    until(lambda: there.caller.get("digital-assets").status == 200, timeout=5)
    answer = there.present(pair.a.ticket(asset_id))
    assert (answer.status, answer.error_code) == (400, CONFLICT), answer
    assert pair.b.project not in answer.error_msg
    assert there.count() == 0 and there.all_incoming() == []
    pair.assert_same(asset_id)


def test_copy_in_the_recycle_bin_is_left_there(pair):
    asset_id = make_film(pair.a.library)
    pair.copy(asset_id)
    pair.b.library.delete(asset_id)
    pair.a.library.update(asset_id, asset_name="newer")
    answer = pair.b.present(pair.a.ticket(asset_id))
    assert (answer.status, answer.error_code) == (400, ILLEGAL_STATE), answer
    assert pair.b.library.state(asset_id) == "DELETING"
    pair.b.library.restore(asset_id)
    assert pair.b.library.show(asset_id)["asset_name"] == "a film"


@pytest.mark.parametrize("same", [True, False], ids=["same ticket", "new ticket"])
def test_copy_that_was_purged_may_come_again(pair, same):
    asset_id = make_film(pair.a.library)
    ticket = pair.a.ticket(asset_id)
    pair.b.take(ticket)
    pair.b.wait_for_copy(asset_id)
    pair.b.library.delete(asset_id, force=True)
    assert pair.b.library.state(asset_id) == "DELETED"
    pair.b.take(ticket if same else pair.a.ticket(asset_id))
    pair.b.library.wait_for_state(asset_id, "UNACTIVED")
    pair.assert_same(asset_id)


def test_copy_outlives_its_original(pair):
    asset_id = make_film(pair.a.library)
    pair.copy(asset_id)
    before = pair.b.portrait(asset_id)
    pair.a.library.delete(asset_id, force=True)
    assert pair.b.portrait(asset_id) == before


def test_content_that_the_project_has_is_not_transferred(pair):
    contents = [some_bytes(100 * KIB) for _ in range(3)]
    for content in contents[:2]:
        pair.b.library.create_image(content)
    asset_id = pair.a.library.create_asset("COMMON_FILE", "two of three are there")
    pair.a.library.upload(asset_id, contents[0], file_type="bin", name="main.bin")
    for content in contents[1:]:
        pair.a.library.upload(asset_id, content, category="OTHER", file_type="bin", name="other.bin")
    copy = pair.copy(asset_id)
    pair.assert_same(asset_id)
    assert copy["bytes_held"] == 200 * KIB and copy["bytes_done"] == copy["bytes_total"] == 300 * KIB
    assert pair.line.body_bytes() == 100 * KIB
    pair.line.reset_counts()
    second = pair.a.library.create_image(contents[2])
    assert pair.copy(second)["bytes_held"] == 100 * KIB
    pair.assert_same(second)
    assert pair.line.body_bytes() == 0 and pair.line.asked(FILE_BODY) == []
    # Not even by what a file needs beside its bytes.
    assert pair.line.downward < 20 * KIB


def test_content_that_only_another_project_has_is_transferred(pair):
    content = some_bytes(100 * KIB)
    other = pair.b.in_project(second_project(pair.b.server))
    until(lambda: other.caller.get("digital-assets").status == 200, timeout=5)
    other.library.create_image(content)
    asset_id = pair.a.library.create_image(content)
    copy = pair.copy(asset_id)
    pair.assert_same(asset_id)
    assert copy["bytes_held"] == 0 and pair.line.body_bytes() == len(content)


def test_tickets_are_all_different(pair):
    asset_id = make_film(pair.a.library)
    tickets = [pair.a.ticket(asset_id) for _ in range(30)]
    assert len({ticket["encryption_info"]["iv"] for ticket in tickets}) == 30
    assert len({ticket["asset_info"] for ticket in tickets}) == 30
    for ticket in tickets[:3]:
        text = base64.b64decode(ticket["asset_info"].partition(":")[2])
        for secret in (asset_id, "region-a", "a film", "film.mp4"):
            assert secret.encode() not in text, "a ticket tells what is in it"
    outgoing = pair.a.copies(asset_id)["outgoing"]
    assert len({copy["copy_id"] for copy in outgoing}) == 30
    # Each is as good as the others, and all together make one asset.
    count = pair.b.count()
    for ticket in tickets[10:13]:
        pair.b.take(ticket)
    pair.b.library.wait_for_state(asset_id, "UNACTIVED")
    pair.assert_same(asset_id)
    assert pair.b.count() == count + 1


def test_ticket_is_small_whatever_the_asset(pair):
    library = pair.a.library
    small, large = library.create_image(b"x"), library.create_asset("COMMON_FILE", "n" * 100)
    library.upload(large, b"main", file_type="bin", name="m" * 100)
    for number in range(60):
        library.upload(large, b"%d" % number, category="OTHER", file_type="bin", name=f"{number}")
    sizes = [len(pair.a.ticket(asset_id)["asset_info"]) for asset_id in (small, large)]
    assert sizes[1] < sizes[0] + 300 < 1500, sizes
    pair.copy(large)
    pair.assert_same(large)
