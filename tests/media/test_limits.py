"""What the work takes, seen from outside: memory, processes, and what is left of it when the server goes."""

import time

import pytest

from driver import studio
from driver.caller import KeyCaller
from driver.media import watch_workers, workers_of
from driver.packages import Packages
from driver.waiting import until

ANALYSIS = {"ppt_meta": {"auto_analysis": True}}
MIB = 1024 * 1024


def photo(path):
    """Twelve megapixels with something to see everywhere."""
    studio.convert("-size", "4000x3000", "plasma:red-blue", "-quality", "90", path)


def test_memory_of_thumbnails_is_small(private, made):
    media = private()
    path = made("photo.jpg", photo)
    with watch_workers(media) as watch:
        for number in range(3):
            media.add("IMAGE", path, f"{number}.jpg")
    assert 0 < watch.most < 150 * MIB, watch.most // MIB


def test_number_of_processes_follows_the_setting(private, made):
    media = private(media_workers="1")
    path, most = made("photo.jpg", photo), 0
    ids = [media.begin("IMAGE", path, f"{number}.jpg") for number in range(4)]
    while any(state in ("QUEUED", "RUNNING") for asset_id in ids for state, _ in media.jobs(asset_id)):
        most = max(most, len(media.workers()))
    assert most == 1
    media.nothing_is_left()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_nothing_is_left_of_work_when_the_server_goes(private, long_deck, end):
    media = private(stop_seconds="2")
    asset_id = media.begin("PPT", long_deck, "deck.pptx", asset_extra_meta=ANALYSIS)
    at_work = until(lambda: len(found := media.workers()) >= 2 and found, what="LibreOffice was not started")
    begin = time.monotonic()
    getattr(media.server, end)()
    ended = time.monotonic()
    until(lambda: not workers_of(media.server.data), 3, f"left: {media.workers()} of {at_work}")
    assert ended - begin < 8
    media.server.start()
    jobs = media.wait(asset_id, 110)
    assert [state for state, _ in jobs] == ["SUCCEEDED"]
    assert media.meta(asset_id)["ppt_analysis_status"] == "SUCCEEDED"
    assert len(media.files(asset_id, "PAGE")) == 50
    media.nothing_is_left()


def test_pictures_and_packages_do_not_wait_for_slides(private, long_deck, made, tmp_path):
    media = private()
    slow = [media.begin("PPT", long_deck, f"{number}.pptx", asset_extra_meta=ANALYSIS) for number in range(2)]
    until(lambda: len(media.workers()) >= 2, what="LibreOffice was not started")
    picture = media.add("IMAGE", made("picture.png", studio.picture), "picture.png")
    packages = Packages(KeyCaller(media.server))
    app = packages.create_app("an application")
    packages.attach(app, [picture])
    packages.download(packages.export([app]), tmp_path)
    states = [state for asset_id in slow for state, _ in media.jobs(asset_id)]
    assert sorted(states) == ["QUEUED", "RUNNING"], "the slides were too quick, or at the same time"
    assert "thumbnail_url" in media.summary(picture)
