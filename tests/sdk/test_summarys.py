"""Summaries by id: what is shown, in which order, and what stays hidden."""

import requests

from driver import calls


def test_summary_shows_name_state_type_and_the_cover_of_an_image(client):
    asset_id = calls.create_image(client, content=b"cover of itself", name="a picture")
    [summary] = calls.summarys(client, [asset_id])
    assert (summary.asset_id, summary.asset_name) == (asset_id, "a picture")
    assert (summary.asset_state, summary.asset_type) == ("UNACTIVED", "IMAGE")
    assert requests.get(summary.cover_url, timeout=10).content == b"cover of itself"


def test_cover_url_of_a_video_is_its_cover_file(client):
    asset_id = calls.create(client, "VIDEO")
    calls.upload(client, asset_id, b"moving", "MAIN", "mp4", "film.mp4")
    assert calls.summarys(client, [asset_id])[0].cover_url is None
    calls.upload(client, asset_id, b"still", "COVER", "png", "cover.png")
    cover_url = calls.summarys(client, [asset_id])[0].cover_url
    assert requests.get(cover_url, timeout=10).content == b"still"


def test_order_is_that_of_the_request_and_a_repeated_id_is_answered_once(client):
    first, second, third = (calls.create(client) for _ in range(3))
    found = calls.summarys(client, [third, first, third, second, first])
    assert [summary.asset_id for summary in found] == [third, first, second]


def test_unknown_ids_are_left_out(client):
    asset_id = calls.create(client)
    found = calls.summarys(client, ["0" * 32, asset_id, "no such asset"])
    assert [summary.asset_id for summary in found] == [asset_id]
    assert calls.summarys(client, ["0" * 32]) == []


def test_only_usable_assets_have_urls(client):
    asset_id = calls.create_image(client)
    assert calls.summarys(client, [asset_id])[0].cover_url
    calls.delete(client, asset_id)
    [summary] = calls.summarys(client, [asset_id])
    assert (summary.asset_state, summary.cover_url, summary.thumbnail_url) == ("DELETING", None, None)
    calls.delete(client, asset_id, mode="force")
    [summary] = calls.summarys(client, [asset_id])
    assert (summary.asset_state, summary.cover_url, summary.thumbnail_url) == ("DELETED", None, None)


def test_a_thousand_ids_are_answered_at_once(client):
    known = [calls.create(client, name=f"asset {number}") for number in range(20)]
    unknown = [f"{number:032x}" for number in range(980)]
    found = calls.summarys(client, unknown[:500] + known + unknown[500:])
    assert [summary.asset_id for summary in found] == known
