"""Users who are confined to the assets of some users of the caller's own platform, by X-App-UserId."""

import pytest

from driver import iam
from driver.caller import KeyCaller
from driver.iam import allow, allowed, deny, forbidden
from driver.library import Library, Refused

CONTENT = b"the bytes of an image"


def is_refused(call, *arguments, **options):
    with pytest.raises(Refused) as refused:
        call(*arguments, **options)
    forbidden(refused.value.answer)


@pytest.fixture(scope="session")
def confinement(admin, server):
    """Assets of three users of a platform, made by the owner: (admin, their names, the ids of each)."""
    library = Library(KeyCaller(server))
    names = {who: iam.unique(who) for who in ("ann", "anna", "bob")}
    made = {}
    for who, count in (("ann", 7), ("anna", 3), ("bob", 5)):
        answers = [library.caller.post("digital-assets", {"asset_name": f"of {who} {n}", "asset_type": "IMAGE"},
                                       headers={"X-App-UserId": names[who]}) for n in range(count)]
        made[who] = [allowed(answer).json()["asset_id"] for answer in answers]
    return admin, names, made


def confined(admin, operator, *values):
    given = {operator: {"metastudio:AppUserId": list(values)}}
    return Library(admin.user(policies=[allow("metastudio:*:*", condition=given)]).by_key())


def pages(library, **query):
    """All ids, by pages of two; the count is the same on each."""
    found, counts = [], set()
    while True:
        page = library.list(limit=2, offset=len(found), **query)
        counts.add(page["count"])
        found += [asset["asset_id"] for asset in page["assets"]]
        if len(page["assets"]) < 2:
            assert counts == {len(found)}
            return found


def test_confined_user_sees_these_assets_in_lists(confinement):
    admin, names, made = confinement
    library = confined(admin, "StringEquals", names["ann"])
    assert pages(library) == made["ann"]
    assert library.list(limit=3)["count"] == 7
    assert library.list(name="of bob")["count"] == 0
    assert library.list(app_user_id=names["bob"])["count"] == 0
    assert library.list(app_user_id=names["ann"])["count"] == 7
    assert pages(library, sort_dir="desc") == made["ann"][::-1]
    shown = library.summarys(made["ann"][:2] + made["bob"] + made["anna"])
    assert [asset["asset_id"] for asset in shown] == made["ann"][:2]


def test_several_values_and_patterns(confinement):
    admin, names, made = confinement
    both = confined(admin, "StringEquals", names["ann"], names["bob"])
    assert set(pages(both)) == {*made["ann"], *made["bob"]} and both.list(limit=1)["count"] == 12
    assert pages(confined(admin, "StringLike", f"{names['bob'][:-1]}?")) == made["bob"]
    anns = pages(confined(admin, "StringLike", f"{names['ann']}*", f"{names['anna'][:-3]}*"))
    assert set(anns) == {*made["ann"], *made["anna"]}
    assert pages(confined(admin, "StringEquals", f"{names['bob'][:-1]}*")) == []
    assert pages(confined(admin, "StringLike", names["bob"].upper())) == []


def test_deny_of_one_app_user_takes_only_theirs_from_lists(confinement):
    admin, names, made = confinement
    given = {"StringEquals": {"metastudio:AppUserId": [names["bob"]]}}
    library = Library(admin.user(policies=[iam.FULL, deny("metastudio:*:*", condition=given)]).by_key())
    for who, count in (("ann", 7), ("anna", 3), ("bob", 0)):
        assert library.list(app_user_id=names[who])["count"] == count
    forbidden(library.caller.get(f"digital-assets/{made['bob'][0]}"))
    # What belongs to no app user is not bob's.
    assert library.show(library.create_asset())


def test_confined_user_touches_nothing_else(confinement):
    admin, names, made = confinement
    library, owners = confined(admin, "StringEquals", names["ann"]), Library(KeyCaller(admin.server))
    theirs = owners.caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"},
                                headers={"X-App-UserId": names["bob"]}).json()["asset_id"]
    owners.upload(theirs, CONTENT)
    nobodys = owners.create_image(CONTENT)
    for asset_id in (theirs, nobodys):
        file_id = owners.file(asset_id)["file_id"]
        call = library.caller
        forbidden(call.get(f"digital-assets/{asset_id}"))
        is_refused(library.update, asset_id, asset_name="mine")
        is_refused(library.delete, asset_id)
        is_refused(library.restore, asset_id)
        is_refused(library.declare_file, asset_id, b"x", category="COVER")
        is_refused(library.declare_large_file, asset_id, 2, category="OTHER")
        is_refused(library.complete, file_id)
        forbidden(call.delete(f"files/{file_id}"))
        forbidden(call.post(f"entrepot/files/{file_id}/part-urls"))
        forbidden(call.get(f"digital-assets/{asset_id}/replication-info"))
        forbidden(call.get(f"digital-assets/{asset_id}/entrepot/copies"))
        refused_in_batch(call, asset_id)
        # Saying that one is somebody else helps nobody.
        forbidden(call.get(f"digital-assets/{asset_id}", headers={"X-App-UserId": names["ann"]}))
        assert owners.show(asset_id)["asset_state"] == "UNACTIVED"


def refused_in_batch(caller, asset_id):
    answer = caller.post("digital-assets/batch-action", {"action": "DELETE", "asset_ids": [asset_id]})
    if not iam.is_forbidden(answer):
        [result] = allowed(answer).json()["results"]
        assert "MSS.00024001" in str(result), answer


def test_confined_user_works_with_their_own(confinement):
    admin, names, _ = confinement
    name = iam.unique("carla")
    library = confined(admin, "StringEquals", name)
    body = {"asset_name": "x", "asset_type": "IMAGE"}
    forbidden(library.caller.post("digital-assets", body))
    forbidden(library.caller.post("digital-assets", body, headers={"X-App-UserId": names["bob"]}))
    asset_id = allowed(library.caller.post("digital-assets", body, headers={"X-App-UserId": name})).json()["asset_id"]
    library.upload(asset_id, CONTENT)
    assert library.content(asset_id) == CONTENT
    assert library.show(asset_id)["app_user_id"] == name
    library.activate(asset_id)
    library.delete(asset_id)
    library.restore(asset_id)
    assert pages(library) == [asset_id]
    library.delete(asset_id, force=True)
