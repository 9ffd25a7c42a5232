"""`entrepot admin reprocess`, while the server runs."""

import pytest

from driver import studio
from driver.command import admin
from driver.rows import execute, second_project
from driver.waiting import until


@pytest.fixture
def late(private):
    """A library whose server has begun to look at files only now; three pictures are from before."""
    media = private(media="false")
    picture = studio.convert("-size", "40x30", "xc:red", "png:-")
    ids = [media.begin("IMAGE", picture, f"{n}.png") for n in range(3)]
    media.server.stop()
    media.server.environment = {}
    media.server.start()
    return media, ids


def test_what_is_missing_is_made(late):
    media, ids = late
    first = admin(media.server, "reprocess", "--type", "IMAGE", "--missing").json()
    assert first == {"queued": 3, "waiting": 0, "complete": 0}
    for asset_id in ids:
        media.wait(asset_id)
        assert "thumbnail_url" in media.summary(asset_id) and media.meta(asset_id)["width"] == 40
    again = admin(media.server, "reprocess", "--type", "IMAGE", "--missing").json()
    assert again == {"queued": 0, "waiting": 0, "complete": 3}
    assert {row[0] for row in execute(media.server, "SELECT resource FROM audit WHERE action = "
                                                    "'entrepot:admin:reprocess'")} == {f"asset/{each}" for each in ids}


def test_all_are_made_anew_in_place_of_what_was_there(late):
    media, ids = late
    admin(media.server, "reprocess", "--type", "IMAGE").json()
    for asset_id in ids:
        media.wait(asset_id)
    stored, before = media.stored(), [media.summary(asset_id)["thumbnail_url"] for asset_id in ids]
    assert admin(media.server, "reprocess", "--type", "IMAGE").json()["queued"] == 3
    for asset_id in ids:
        media.wait(asset_id)
    until(lambda: media.stored() == stored, what="a thumbnail that nobody shows any more is still stored")
    for asset_id, url in zip(ids, before):
        assert media.summary(asset_id)["thumbnail_url"] != url
        assert media.library.get_bytes(url).status == 403


def test_other_types_and_projects_are_left_alone(late):
    media, _ = late
    assert admin(media.server, "reprocess", "--type", "VIDEO").json() == {"queued": 0, "waiting": 0, "complete": 0}
    other = second_project(media.server)
    assert admin(media.server, "reprocess", "--type", "IMAGE", "--project", other).json()["queued"] == 0
    assert admin(media.server, "reprocess", "--type", "IMAGE", "--project", media.server.project).json()["queued"] == 3


@pytest.mark.parametrize("arguments", [["--type", "SCENE"], ["--type", "NOTHING"], [],
                                       ["--type", "IMAGE", "--project", "no such project"]])
def test_what_cannot_be_meant_is_said(late, arguments):
    media, ids = late
    outcome = admin(media.server, "reprocess", *arguments)
    assert outcome.status != 0 and outcome.err and not outcome.out
    assert all(media.jobs(asset_id) == [] for asset_id in ids)
