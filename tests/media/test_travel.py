"""What travels with an asset to another region and in packages, and what is made anew there."""

import pytest

from driver import studio
from driver.caller import KeyCaller
from driver.farm import Farm
from driver.media import Media
from driver.packages import Packages
from driver.regions import Pair
from driver.waiting import until

ANALYSIS = {"ppt_meta": {"auto_analysis": True}}
SAME = 0.06


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    farm = Farm(tmp_path_factory.mktemp("travel"))
    pair = Pair(farm, media=True)
    yield pair
    pair.close()
    farm.close()


@pytest.fixture
def sides(pair):
    return Media(pair.a.server), Media(pair.b.server)


def has_thumbnail(media, asset_id):
    return until(lambda: media.summary(asset_id).get("thumbnail_url"), 60, f"no thumbnail of {asset_id}")


def without_ids(meta):
    return meta | {"pages": [{key: value for key, value in page.items() if key != "file_id"}
                             for page in meta.get("pages", [])]}


def page_files(media, asset_id):
    """Number of the page → name of the file that it names, which is there."""
    names = {file["file_id"]: file["file_name"] for file in media.files(asset_id, "PAGE")}
    return {page["page_no"]: names[page["file_id"]] for page in media.meta(asset_id)["pages"]}


def test_copied_film_brings_metadata_and_cover_and_gets_a_thumbnail(pair, sides, made, tmp_path):
    here, there = sides
    asset_id = here.add("VIDEO", made("film.mp4", studio.film, studio.FILMS["mp4"]), "film.mp4",
                        is_need_generate_cover=True)
    pair.copy(asset_id)
    has_thumbnail(there, asset_id)
    pair.assert_same(asset_id)
    assert there.meta(asset_id) == here.meta(asset_id) and len(there.files(asset_id, "COVER")) == 1
    assert studio.difference(there.picture(asset_id), here.picture(asset_id), tmp_path) < SAME
    assert there.summary(asset_id)["cover_url"].startswith(pair.b.server.endpoint)


def test_copied_deck_brings_its_pages(pair, sides, decks):
    here, there = sides
    asset_id = here.add("PPT", decks["pdf"], "deck.pdf", asset_extra_meta=ANALYSIS)
    pair.copy(asset_id)
    has_thumbnail(there, asset_id)
    pair.assert_same(asset_id)
    assert page_files(there, asset_id) == {1: "page-1.jpg", 2: "page-2.jpg", 3: "page-3.jpg"}
    assert len(there.files(asset_id, "PAGE")) == 3, "pages were made again"


def test_thumbnail_of_a_copy_does_not_stand_in_the_way_of_the_next_one(pair, sides, made):
    here, there = sides
    asset_id = here.add("IMAGE", made("picture.png", studio.picture), "picture.png")
    pair.copy(asset_id)
    first = has_thumbnail(there, asset_id)
    here.library.update(asset_id, asset_name="another name")
    pair.copy(asset_id)
    pair.assert_same(asset_id)
    assert there.library.show(asset_id)["asset_name"] == "another name"
    assert has_thumbnail(there, asset_id).split("?")[0] == first.split("?")[0], "it was made again for nothing"


@pytest.mark.parametrize("into", ["another region", "the same library"])
def test_package_brings_everything_and_thumbnails_are_made_anew(sides, made, decks, tmp_path, into):
    here, there = sides[0], sides[1 if into == "another region" else 0]
    film = here.add("VIDEO", made("film.mp4", studio.film, studio.FILMS["mp4"]), "packed film.mp4",
                    is_need_generate_cover=True)
    deck = here.add("PPT", decks["pdf"], "packed deck.pdf", asset_extra_meta=ANALYSIS)
    source, target = Packages(KeyCaller(here.server)), Packages(KeyCaller(there.server))
    app = source.create_app(f"an application for {into}")
    source.attach(app, [film, deck])
    package = source.fetch(source.export([app])).body
    source.delete([app])  # Its name is free again; the assets stay.
    before = ids_of(there)
    target.import_(package)
    came = ids_of(there) - before
    imported = {there.library.show(asset_id)["asset_type"]: asset_id for asset_id in came}
    assert len(came) == 2
    for original, copy in (film, imported["VIDEO"]), (deck, imported["PPT"]):
        has_thumbnail(there, copy)
        assert without_ids(there.meta(copy)) == without_ids(here.meta(original))
        assert studio.difference(there.picture(copy), here.picture(original), tmp_path) < SAME
    assert page_files(there, imported["PPT"]) == {1: "page-1.jpg", 2: "page-2.jpg", 3: "page-3.jpg"}
    assert len(there.files(imported["PPT"], "PAGE")) == 3 and len(there.files(imported["VIDEO"], "COVER")) == 1


def ids_of(media):
    return {asset["asset_id"] for asset in media.library.list(limit=100)["assets"]}
