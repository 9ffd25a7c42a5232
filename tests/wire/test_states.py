"""Every step of an asset's life from every state: taken where it is allowed, else refused and nothing changed."""

import pytest

from driver.farm import Farm
from driver.library import md5_of

CONTENT = b"content"
ILLEGAL = "MSS.10009001"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One that does not look at files: what it learns of them would change assets while they are compared."""
    farm = Farm(tmp_path_factory.mktemp("states"))
    yield farm.start(environment={"ENTREPOT_MEDIA": "false"})
    farm.close()


def creating(library):
    return library.create_asset()


def failed(library):
    asset_id = library.create_asset()
    file_id, _ = library.declare_file(asset_id, CONTENT)
    library.complete(file_id, "FAILED")
    return asset_id


def unactived(library):
    return library.create_image(CONTENT)


def actived(library):
    asset_id = library.create_image(CONTENT)
    library.activate(asset_id)
    return asset_id


def waiting_delete(library):
    asset_id = actived(library)
    library.update(asset_id, asset_state="WAITING_DELETE")
    return asset_id


def deleting(library):
    asset_id = library.create_image(CONTENT)
    library.delete(asset_id)
    return asset_id


def deleted(library):
    asset_id = library.create_image(CONTENT)
    library.delete(asset_id, force=True)
    return asset_id


STATES = {"CREATING": creating, "FAILED": failed, "UNACTIVED": unactived, "ACTIVED": actived,
          "WAITING_DELETE": waiting_delete, "DELETING": deleting, "DELETED": deleted}
LIVE = ("CREATING", "FAILED", "UNACTIVED", "ACTIVED", "WAITING_DELETE")
USABLE = ("UNACTIVED", "ACTIVED", "WAITING_DELETE")

# What is done, from which states it may be done, and the state it leads to (None: the same).
STEPS = {
    "activate": (lambda owner, asset_id: owner.put(f"digital-assets/{asset_id}", {"asset_state": "ACTIVED"}),
                 USABLE, "ACTIVED"),
    "deactivate": (lambda owner, asset_id: owner.put(f"digital-assets/{asset_id}", {"asset_state": "UNACTIVED"}),
                   USABLE, "UNACTIVED"),
    "take offline": (lambda owner, asset_id: owner.put(f"digital-assets/{asset_id}", {"asset_state": "WAITING_DELETE"}),
                     USABLE, "WAITING_DELETE"),
    "rename": (lambda owner, asset_id: owner.put(f"digital-assets/{asset_id}", {"asset_name": "renamed"}),
               LIVE, None),
    "delete": (lambda owner, asset_id: owner.delete(f"digital-assets/{asset_id}"), LIVE, "DELETING"),
    "force": (lambda owner, asset_id: owner.delete(f"digital-assets/{asset_id}", query={"mode": "force"}),
              (*LIVE, "DELETING"), "DELETED"),
    "restore": (lambda owner, asset_id: owner.post(f"digital-assets/{asset_id}/restore"), ("DELETING",), "UNACTIVED"),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", STEPS)
def test_step(owner, library, step, state):
    act, allowed, target = STEPS[step]
    asset_id = STATES[state](library)
    before = library.show(asset_id)
    assert before["asset_state"] == state
    answer = act(owner, asset_id)
    after = library.show(asset_id)
    if state in allowed:
        assert answer.status == 200, answer
        assert after["asset_state"] == (target or state)
    else:
        assert (answer.status, answer.error_code) == (400, ILLEGAL), answer
        assert after == before


def test_type_changes_only_while_there_are_no_files(owner, library):
    empty, full = library.create_asset(), library.create_image(CONTENT)
    assert library.update(empty, asset_type="VIDEO")["asset_type"] == "VIDEO"
    answer = owner.put(f"digital-assets/{full}", {"asset_type": "VIDEO"})
    assert answer.status == 400, answer
    assert library.show(full)["asset_type"] == "IMAGE"


def test_main_file_declared_for_a_failed_asset_starts_it_anew(library):
    asset_id = failed(library)
    library.declare_file(asset_id, CONTENT)
    assert library.state(asset_id) == "CREATING"


@pytest.mark.parametrize("first", ["CREATED", "FAILED", "CANCELLED"])
@pytest.mark.parametrize("second", ["CREATED", "FAILED", "CANCELLED"])
def test_a_file_is_completed_one_way_only(owner, library, first, second):
    asset_id = library.create_asset()
    file_id, url = library.declare_file(asset_id, CONTENT)
    assert library.put_bytes(url, CONTENT).status == 200
    library.complete(file_id, first)
    before = library.show(asset_id)
    answer = owner.post(f"files/{file_id}/complete", {"state": second})
    if first == second:
        assert answer.status == 200, answer
    else:
        assert (answer.status, answer.error_code) == (400, "MSS.10009007"), answer
    assert library.show(asset_id)["asset_state"] == before["asset_state"]


def test_two_main_files_cannot_both_be_declared(owner, library):
    asset_id = library.create_asset()
    library.declare_file(asset_id, CONTENT)
    body = {"file_name": "b.png", "file_md5": md5_of(CONTENT), "file_size": len(CONTENT), "file_type": "png",
            "asset_id": asset_id, "asset_file_category": "MAIN"}
    answer = owner.post("files", body)
    assert (answer.status, answer.error_code) == (400, "MSS.10001008")
