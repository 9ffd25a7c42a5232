"""Who may see a thumbnail, for how long, and what is left of it."""

import os
import time

import pytest

from driver import studio
from driver.command import admin
from driver.library import accepted
from driver.media import JPEG, WEBP, Media
from driver.rows import execute, second_project, stored_files
from driver.waiting import until


@pytest.fixture
def shown(media, made):
    """A picture with a thumbnail."""
    return media.add("IMAGE", made("picture.png", studio.picture), "picture.png")


def error_of(answer):
    return answer.status, answer.body.split(b"<Code>")[-1].split(b"</Code>")[0].decode()


def test_headers_of_a_thumbnail(media, shown):
    webp, jpeg = media.thumbnail(shown), media.thumbnail(shown, JPEG)
    assert webp.headers["ETag"] != jpeg.headers["ETag"]
    for answer in webp, jpeg:
        assert int(answer.headers["Content-Length"]) == len(answer.body) > 0
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize("accept, content_type", [
    ({}, "image/jpeg"), ({"Accept": "*/*"}, "image/jpeg"), ({"Accept": "image/*"}, "image/jpeg"),
    ({"Accept": "image/webp;q=0, image/jpeg"}, "image/jpeg"), ({"Accept": "image/webp;q=0.1"}, "image/webp"),
    ({"Accept": "IMAGE/WEBP"}, "image/webp"), (WEBP, "image/webp")])
def test_form_is_by_what_is_accepted(media, shown, accept, content_type):
    assert media.thumbnail(shown, accept).headers["Content-Type"] == content_type


def test_head_and_unchanged(media, shown):
    whole = media.thumbnail(shown)
    head = media.thumbnail(shown, method="HEAD")
    assert (head.status, head.body) == (200, b"") and head.headers["ETag"] == whole.headers["ETag"]
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]
    again = media.thumbnail(shown, WEBP | {"If-None-Match": whole.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    other_form = media.thumbnail(shown, JPEG | {"If-None-Match": whole.headers["ETag"]})
    assert other_form.status == 200


def test_link_that_was_tampered_with_is_refused(media, shown):
    url = media.summary(shown)["thumbnail_url"]
    begin, _, signature = url.rpartition("Signature=")
    for spoiled in (begin + "Signature=" + ("A" if signature[0] != "A" else "B") + signature[1:],
                    url.replace("Expires=", "Expires=9"), url.replace("/thumbnail/", "/thumbnail/0")):
        assert error_of(media.library.get_bytes(spoiled, WEBP)) == (403, "SignatureDoesNotMatch"), spoiled


def test_link_dies_when_the_asset_is_blocked_or_deleted(media, shown):
    url = media.summary(shown)["thumbnail_url"]
    accepted(media.library.get_bytes(url, WEBP))
    media.library.delete(shown)
    assert media.library.get_bytes(url, WEBP).status == 403
    assert "thumbnail_url" not in media.summary(shown)
    media.library.restore(shown)
    assert media.library.get_bytes(url, WEBP).status == 403, "an old link lives again"
    accepted(media.thumbnail(shown))


def test_blocked_asset_shows_nothing(media, shown):
    url = media.summary(shown)["thumbnail_url"]
    admin(media.server, "asset", "block", shown, "--reason-code", "x", "--reason", "y").json()
    assert media.library.get_bytes(url, WEBP).status == 403
    assert "thumbnail_url" not in media.summary(shown)
    admin(media.server, "asset", "unblock", shown).json()
    assert media.library.get_bytes(url, WEBP).status == 403
    accepted(media.thumbnail(shown))


def test_other_projects_see_nothing_of_it(media, shown):
    other = Media(media.server, second_project(media.server))
    until(lambda: other.library.caller.get("digital-assets").status == 200)  # The owner may go there now.
    assert other.library.summarys([shown]) == []
    path = media.summary(shown)["thumbnail_url"].replace(media.server.project, other.library.caller.project)
    assert error_of(other.library.get_bytes(path, WEBP)) == (403, "SignatureDoesNotMatch")


def test_new_main_file_has_a_thumbnail_of_its_own(media, made, tmp_path):
    asset_id = media.add("IMAGE", made("picture.png", studio.picture), "picture.png")
    url, main = media.summary(asset_id)["thumbnail_url"], media.library.file(asset_id)["file_id"]
    accepted(media.library.caller.delete(f"files/{main}"))
    other = made("tall.jpg", studio.picture, "200x500")
    media.library.upload(asset_id, other.read_bytes(), file_type="jpg", name="tall.jpg")
    until(lambda: media.meta(asset_id).get("width") == 200 and "thumbnail_url" in media.summary(asset_id))
    assert media.library.get_bytes(url, WEBP).status == 403
    assert studio.difference(media.picture(asset_id), other, tmp_path) < 0.06


def test_nothing_is_stored_of_what_is_gone(private, made, decks):
    # So long between two sweeps that each of them lists what is stored.
    media = private(sweep_minutes="100000", quarantine_minutes="0")
    before = media.stored()
    ids = [media.add("IMAGE", made("picture.png", studio.picture), "picture.png"),
           media.add("VIDEO", made("film.mp4", studio.film, studio.FILMS["mp4"]), "film.mp4",
                     is_need_generate_cover=True),
           media.add("PPT", decks["pdf"], "deck.pdf", asset_extra_meta={"ppt_meta": {"auto_analysis": True}})]
    assert media.stored() > before
    for asset_id in ids:
        media.library.delete(asset_id, force=True)
    for table in "previews", "made_files":
        until(lambda: execute(media.server, f"SELECT COUNT(*) FROM {table}") == [["0"]], what=f"{table} is not empty")
    media.server.stop()
    long_ago = time.time() - 30 * 24 * 3600
    for path in stored_files(media.server):
        os.utime(path, (long_ago, long_ago))
    media.server.start()  # It sweeps at the start, too.
    until(lambda: media.stored() == before, 100, f"{media.stored()} objects are left of {before}")
