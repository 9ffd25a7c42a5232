"""The list by the vendor's client: paging, order, names, tags, types, states, times."""

import time
import uuid

import pytest

from driver import calls


@pytest.fixture
def mark():
    """A word that only the assets of one test have in their names."""
    return uuid.uuid4().hex[:12]


def test_count_is_exact_whatever_the_page(client, mark):
    made = [calls.create(client, name=f"{mark} {number}") for number in range(5)]
    page = calls.list_assets(client, name=mark, limit=2, offset=1)
    assert page.count == 5
    assert [asset.asset_id for asset in page.assets] == made[1:3]
    assert page.x_request_id
    beyond = calls.list_assets(client, name=mark, offset=50)
    assert (beyond.count, beyond.assets) == (5, [])


def test_ten_assets_are_a_page_unless_asked(client, mark):
    for number in range(12):
        calls.create(client, name=f"{mark} {number}")
    page = calls.list_assets(client, name=mark)
    assert (page.count, len(page.assets)) == (12, 10)
    assert len(calls.list_assets(client, name=mark, limit=100).assets) == 12


def test_order_is_by_creation_and_can_be_turned(client, mark):
    made = [calls.create(client, name=f"{mark} {number}") for number in range(4)]
    assert calls.list_ids(client, name=mark) == made
    assert calls.list_ids(client, name=mark, sort_dir="desc") == made[::-1]
    assert calls.list_ids(client, name=mark, sort_key="create_time", sort_dir="desc") == made[::-1]


def test_order_by_update_time_follows_changes(client, mark):
    first, second, third = (calls.create(client, name=f"{mark} {number}") for number in range(3))
    time.sleep(0.01)
    calls.update(client, first, asset_description="changed")
    assert calls.list_ids(client, name=mark, sort_key="update_time") == [second, third, first]


def test_order_by_asset_order(client, mark):
    made = {order: calls.create(client, name=mark, asset_order=order) for order in (5, 32767, 0)}
    ascending = [made[0], made[5], made[32767]]
    assert calls.list_ids(client, name=mark, sort_key="asset_order") == ascending
    assert calls.list_ids(client, name=mark, sort_key="asset_order", sort_dir="desc") == ascending[::-1]


@pytest.mark.parametrize("needle", ["ÄRGER", "ärger", "100%", "a_b", "\\", "'", '"; DROP', "夏天", "rger 1"])
def test_name_is_found_by_any_part_of_it_in_any_case(client, mark, needle):
    wanted = calls.create(client, name=f"{mark} ärger 100% a_b \\ ' \"; DROP TABLE 夏天 rger 1")
    calls.create(client, name=f"{mark} arger 100x acb / plain 夏日")
    assert calls.list_ids(client, name=needle, limit=100).count(wanted) == 1
    assert calls.list_ids(client, name=needle, tag=None, asset_id=[wanted]) == [wanted]


def test_wildcards_in_a_name_are_letters(client, mark):
    calls.create(client, name=f"{mark} abc")
    literal = calls.create(client, name=f"{mark} a%c a_c")
    assert calls.list_ids(client, name="a%c", limit=100).count(literal) == 1
    assert calls.list_assets(client, name=f"{mark}%abc").count == 0
    assert calls.list_assets(client, name=f"{mark}_abc").count == 0


def test_name_can_be_asked_for_exactly(client, mark):
    exact = calls.create(client, name=mark)
    calls.create(client, name=f"{mark} and more")
    assert calls.list_ids(client, name=mark, accurate_query_field=["name"]) == [exact]
    assert calls.list_assets(client, name=mark).count == 2


def test_tags_combine_as_union_or_intersection(client, mark):
    sea, sand = f"{mark}sea", f"{mark}sand"
    both = calls.create(client, tags=[sea, sand])
    one = calls.create(client, tags=[sea])
    other = calls.create(client, tags=[f"{sand}castle"])
    tags = f"{sea},{sand}"
    assert calls.list_ids(client, tag=tags) == [both, one, other]
    assert calls.list_ids(client, tag=tags, tag_combination_type="UNION_SET") == [both, one, other]
    assert calls.list_ids(client, tag=tags, tag_combination_type="INTERSECTION") == [both]
    assert calls.list_ids(client, tag=sand) == [both, other]
    assert calls.list_ids(client, tag=sand, accurate_query_field=["tag"]) == [both]


def test_an_asset_with_two_matching_tags_is_counted_once(client, mark):
    asset_id = calls.create(client, tags=[f"{mark}1", f"{mark}2"])
    page = calls.list_assets(client, tag=mark)
    assert (page.count, [asset.asset_id for asset in page.assets]) == (1, [asset_id])


def test_types_and_states_are_comma_separated(client, mark):
    image = calls.create_image(client, name=mark)
    video = calls.create(client, "VIDEO", name=mark)
    music = calls.create(client, "MUSIC", name=mark)
    assert calls.list_ids(client, name=mark, asset_type="IMAGE,MUSIC") == [image, music]
    assert calls.list_ids(client, name=mark, asset_type="VIDEO") == [video]
    assert calls.list_ids(client, name=mark, asset_state="CREATING") == [video, music]
    assert calls.list_ids(client, name=mark, asset_state="CREATING,UNACTIVED") == [image, video, music]
    assert calls.list_ids(client, name=mark, asset_state="ACTIVED") == []


def test_deleted_assets_are_listed_only_when_asked_by_state(client, mark):
    kept, binned, gone = (calls.create_image(client, name=mark) for _ in range(3))
    calls.delete(client, binned)
    calls.delete(client, gone, mode="force")
    assert calls.list_ids(client, name=mark) == [kept, binned]
    assert calls.list_ids(client, name=mark, asset_state="DELETED") == [gone]
    assert calls.list_ids(client, name=mark, asset_state="DELETING") == [binned]


def test_time_window_includes_both_ends(client, mark):
    asset_id = calls.create(client, name=mark)
    made = calls.show(client, asset_id).create_time
    assert calls.list_ids(client, name=mark, start_time=made, end_time=made) == [asset_id]
    assert calls.list_ids(client, name=mark, start_time=made) == [asset_id]
    assert calls.list_ids(client, name=mark, end_time=made) == [asset_id]
    assert calls.list_ids(client, name=mark, start_time="2099-01-01T00:00:00Z") == []
    assert calls.list_ids(client, name=mark, end_time="2021-01-10T08:43:17Z") == []


def test_everything_belongs_to_the_customer(client, mark):
    asset_id = calls.create(client, name=mark)
    assert calls.list_ids(client, name=mark, asset_source="CUSTOMIZATION") == [asset_id]
    assert calls.list_ids(client, name=mark, asset_source="ALL") == [asset_id]
    assert calls.list_ids(client, name=mark, asset_source="SYSTEM") == []


def test_ids_pick_assets(client):
    first, second, _ = (calls.create(client) for _ in range(3))
    assert calls.list_ids(client, asset_id=[second, first, "0" * 32]) == [first, second]


def test_filters_narrow_each_other(client, mark):
    wanted = calls.create(client, "VIDEO", name=mark, tags=[mark], app_user="me")
    calls.create(client, "IMAGE", name=mark, tags=[mark], app_user="me")
    calls.create(client, "VIDEO", name="other", tags=[mark], app_user="me")
    calls.create(client, "VIDEO", name=mark, tags=[mark], app_user="you")
    assert calls.list_ids(client, name=mark, tag=mark, asset_type="VIDEO", app_user_id="me") == [wanted]
