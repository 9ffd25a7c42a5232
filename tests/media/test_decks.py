"""Slides: pages as pictures, in order, with their words; and decks of which none are wanted."""

import time

import pytest

from driver import calls, studio
from driver.command import admin
from driver.library import accepted
from driver.media import Media
from driver.vendor import metastudio

ANALYSIS = {"ppt_meta": {"auto_analysis": True}}
TOOL_MISSING = "MSS.10009037"


def check_pages(media, asset_id, pdf, count, folder):
    """Page by page what Poppler says of the same deck."""
    files = {file["file_id"]: file for file in media.files(asset_id, "PAGE")}
    pages = media.meta(asset_id)["pages"]
    assert [page["page_no"] for page in pages] == list(range(1, count + 1)) and len(files) == count
    for page in pages:
        number = page["page_no"]
        assert f"This is slide {number} of the deck" in " ".join(page["page_content"].split())
        assert files[page["file_id"]]["file_name"] == f"page-{number}.jpg"
    if pdf:
        for page in pages:
            reference = folder / "reference"
            studio.run("pdftoppm", "-r", "60", "-f", page["page_no"], "-l", page["page_no"], "-singlefile", "-png", pdf,
                       reference)
            content = accepted(media.library.get_bytes(files[page["file_id"]]["download_url"])).body
            assert studio.difference(content, reference.with_suffix(".png"), folder) < 0.04
            (folder / "page").write_bytes(content)
            width, height = studio.identify(folder / "page")
            assert max(width, height) <= 1920 and abs(width / height - 28 / 21) < 0.01


@pytest.mark.parametrize("form", ["ppt", "pptx", "pdf"])
def test_pages_are_made_in_order(on_both, decks, tmp_path, form):
    media = on_both
    asset_id = media.add("PPT", decks[form], decks[form].name, asset_extra_meta=ANALYSIS, timeout=100)
    meta = media.meta(asset_id)
    assert (meta["ppt_analysis_status"], meta["page_count"]) == ("SUCCEEDED", 3), meta
    assert meta["auto_analysis"] is True and "error_info" not in meta
    check_pages(media, asset_id, decks["pdf"], 3, tmp_path)
    assert "thumbnail_url" in media.summary(asset_id)


def test_vendors_client_reads_the_pages(on_both, decks):
    asset_id = on_both.add("PPT", decks["pdf"], "deck.pdf", asset_extra_meta=ANALYSIS)
    meta = calls.show(metastudio(on_both.server), asset_id).asset_extra_meta.ppt_meta
    assert (meta.auto_analysis, meta.ppt_analysis_status, meta.page_count) == (True, "SUCCEEDED", 3)
    assert [page.page_no for page in meta.pages] == [1, 2, 3] and all(page.file_id for page in meta.pages)
    assert "slide 2" in meta.pages[1].page_content


def test_states_of_an_analysis(media, decks):
    asset_id = media.library.create_asset("PPT", "states", asset_extra_meta=ANALYSIS)
    assert media.meta(asset_id)["ppt_analysis_status"] == "INITIALIZE"
    media.library.upload(asset_id, decks["pptx"].read_bytes(), file_type="pptx", name="deck.pptx")
    order, seen = ["WAITING", "CONVERTING", "SUCCEEDED"], []
    deadline = time.monotonic() + 60
    while not seen or seen[-1] != "SUCCEEDED":
        status = media.meta(asset_id)["ppt_analysis_status"]
        if not seen or seen[-1] != status:
            seen.append(status)
        assert time.monotonic() < deadline, seen
    assert seen == [status for status in order if status in seen] and "CONVERTING" in seen


def test_only_the_first_fifty_of_sixty_pages_are_shown(media, long_deck):
    asset_id = media.add("PPT", long_deck, "long.pptx", asset_extra_meta=ANALYSIS, timeout=110)
    meta = media.meta(asset_id)
    assert (meta["ppt_analysis_status"], meta["page_count"], len(meta["pages"])) == ("SUCCEEDED", 60, 50)
    check_pages(media, asset_id, None, 50, None)


def test_without_analysis_there_is_a_thumbnail_and_no_page(media, decks):
    asset_id = media.add("PPT", decks["pptx"], "deck.pptx")
    meta = media.meta(asset_id)
    assert "pages" not in meta and meta.get("ppt_analysis_status") in (None, "INITIALIZE")
    assert media.files(asset_id, "PAGE") == [] and "thumbnail_url" in media.summary(asset_id)


def test_analysis_may_be_wanted_later(media, decks, tmp_path):
    asset_id = media.add("PPT", decks["pdf"], "deck.pdf")
    media.library.update(asset_id, asset_extra_meta=ANALYSIS)
    assert media.meta(asset_id)["ppt_analysis_status"] in ("WAITING", "CONVERTING", "SUCCEEDED")
    media.wait(asset_id)
    assert media.meta(asset_id)["ppt_analysis_status"] == "SUCCEEDED"
    check_pages(media, asset_id, decks["pdf"], 3, tmp_path)


def without_office():
    """A wrapper by which a server finds no LibreOffice, in a mount namespace of its own."""
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            'mount -t tmpfs none /usr/lib/libreoffice && exec "$@"', "sh"]


@pytest.fixture
def bare(farm):
    """A server that finds no LibreOffice; stopped and started again, it does."""
    return Media(farm.start(wrapper=without_office()))


def test_without_libreoffice_all_else_works_and_later_the_deck_too(bare, decks, made):
    media = bare
    deck = media.begin("PPT", decks["pptx"], "deck.pptx", asset_extra_meta=ANALYSIS)
    plain = media.begin("PPT", decks["ppt"], "deck.ppt")
    pdf = media.add("PPT", decks["pdf"], "deck.pdf", asset_extra_meta=ANALYSIS)
    picture = media.add("IMAGE", made("picture.png", studio.picture), "picture.png")
    assert media.wait(deck) == media.wait(plain) == [("SUCCEEDED", 1)]
    meta = media.meta(deck)
    assert (meta["ppt_analysis_status"], meta["page_count"]) == ("FAILED", 3)
    assert meta["error_info"]["error_code"] == TOOL_MISSING
    assert "libreoffice-impress-nogui" in meta["error_info"]["error_msg"]
    assert media.meta(plain)["error_info"]["error_code"] == TOOL_MISSING
    assert media.meta(pdf)["ppt_analysis_status"] == "SUCCEEDED"
    assert "thumbnail_url" in media.summary(picture)

    media.server.stop()
    media.server.wrapper = []
    media.server.start()
    outcome = admin(media.server, "reprocess", "--type", "PPT", "--missing")
    assert outcome.json() == {"queued": 2, "waiting": 0, "complete": 1}
    media.wait(deck)
    media.wait(plain)
    meta = media.meta(deck)
    assert (meta["ppt_analysis_status"], len(meta["pages"])) == ("SUCCEEDED", 3) and "error_info" not in meta
    assert "thumbnail_url" in media.summary(plain)
