"""Any sequence of steps, against a model of what the states allow: the library and the model never disagree."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from driver.caller import token_caller
from driver.library import Library, md5_of

CONTENT = b"the bytes of a model asset"
LIVE = ("CREATING", "FAILED", "UNACTIVED", "ACTIVED", "WAITING_DELETE")
USABLE = ("UNACTIVED", "ACTIVED", "WAITING_DELETE")
ILLEGAL, SECOND_MAIN = "MSS.10009001", "MSS.10001008"


@dataclass
class File:
    file_id: str
    url: str
    state: str = "CREATING"
    has_bytes: bool = False
    # Deleting an asset kills its links for good, restored or not.
    url_is_good: bool = True


@dataclass
class Asset:
    asset_id: str
    state: str = "CREATING"
    before: str | None = None
    main: File | None = None

    @property
    def has_main(self):
        return self.main is not None and self.main.state in ("CREATING", "CREATED")


class Machine(RuleBasedStateMachine):
    """One user's assets; every rule asks the library and the model, and compares."""

    library = None
    assets = Bundle("assets")

    def __init__(self):
        super().__init__()
        self.known = []

    @property
    def caller(self):
        return self.library.caller

    def expect(self, answer, allowed, *codes):
        if allowed:
            assert answer.status == 200, answer
        else:
            assert answer.status == 400 and answer.error_code in codes, answer

    @rule(target=assets)
    def create(self):
        self.known.append(Asset(self.library.create_asset()))
        return self.known[-1]

    @rule(asset=assets)
    def declare_main(self, asset):
        answer = self.caller.post("files", {
            "file_name": "a.png", "file_md5": md5_of(CONTENT), "file_size": len(CONTENT), "file_type": "png",
            "asset_id": asset.asset_id, "asset_file_category": "MAIN"})
        allowed = asset.state in LIVE and not asset.has_main
        self.expect(answer, allowed, ILLEGAL, SECOND_MAIN)
        if allowed:
            asset.main = File(answer.json()["file_id"], answer.json()["upload_url"])
            asset.state = "CREATING"

    @rule(asset=assets, whole=st.booleans())
    def put(self, asset, whole):
        if asset.main is None:
            return
        content = CONTENT if whole else CONTENT[::-1]
        headers = {"Content-MD5": md5_of(CONTENT), "Content-Type": "image/png"}
        answer = self.library.put_bytes(asset.main.url, content, headers=headers)
        if asset.main.state != "CREATING" or asset.state not in LIVE or not asset.main.url_is_good:
            assert answer.status == 403, answer
        elif whole:
            assert answer.status == 200, answer
            asset.main.has_bytes = True
        else:
            assert answer.status == 400, answer

    @rule(asset=assets, state=st.sampled_from(["CREATED", "CREATED", "FAILED", "CANCELLED"]))
    def complete(self, asset, state):
        file = asset.main
        if file is None:
            return
        answer = self.caller.post(f"files/{file.file_id}/complete", {"state": state})
        if asset.state not in LIVE or file.state == "DELETED":
            assert answer.status == 400 or file.state == state, answer
        elif file.state != "CREATING":
            self.expect(answer, file.state == state, "MSS.10009007")
        elif state == "CREATED" and not file.has_bytes:
            self.expect(answer, False, "MSS.10009008")
        else:
            self.expect(answer, True)
            file.state = state
            asset.state = {"CREATED": "UNACTIVED", "FAILED": "FAILED", "CANCELLED": asset.state}[state]

    @rule(asset=assets, state=st.sampled_from(USABLE))
    def set_state(self, asset, state):
        answer = self.caller.put(f"digital-assets/{asset.asset_id}", {"asset_state": state})
        self.expect(answer, asset.state in USABLE, ILLEGAL)
        if asset.state in USABLE:
            asset.state = state

    @rule(asset=assets, force=st.sampled_from([False, False, True]), by_batch=st.booleans())
    def delete(self, asset, force, by_batch):
        allowed = asset.state in LIVE or (force and asset.state == "DELETING")
        if by_batch:
            body = {"action": "DELETE_FORCE" if force else "DELETE", "asset_ids": [asset.asset_id]}
            [result] = self.caller.post("digital-assets/batch-action", body).json()["results"]
            assert result["ret_status"] == ("SUCCESS" if allowed else "FAILED")
        else:
            query = {"mode": "force"} if force else {}
            self.expect(self.caller.delete(f"digital-assets/{asset.asset_id}", query=query), allowed, ILLEGAL)
        if allowed and asset.main:
            asset.main.url_is_good = False
        if allowed and force:
            asset.state = "DELETED"
        elif allowed:
            asset.before, asset.state = asset.state, "DELETING"

    @rule(asset=assets)
    def restore(self, asset):
        answer = self.caller.post(f"digital-assets/{asset.asset_id}/restore")
        self.expect(answer, asset.state == "DELETING", ILLEGAL)
        if asset.state == "DELETING":
            asset.state, asset.before = asset.before, None

    @rule(asset=assets)
    def delete_main(self, asset):
        if not asset.has_main:
            return
        answer = self.caller.delete(f"files/{asset.main.file_id}")
        allowed = asset.state in ("CREATING", "FAILED", "UNACTIVED")
        if asset.state == "DELETED":
            assert answer.status == 400, answer
            return
        self.expect(answer, allowed, ILLEGAL)
        if allowed:
            asset.main.state = "DELETED"
            asset.state = "CREATING" if asset.state == "UNACTIVED" else asset.state

    @invariant()
    def library_and_model_agree(self):
        if not self.known:
            return
        summaries = self.library.summarys([asset.asset_id for asset in self.known])
        found = {summary["asset_id"]: summary for summary in summaries}
        for asset in self.known:
            summary = found[asset.asset_id]
            assert summary["asset_state"] == asset.state
            assert ("cover_url" in summary) == (asset.state in USABLE)

    def teardown(self):
        for asset in self.known:
            if asset.state in USABLE:
                assert self.library.content(asset.asset_id) == CONTENT


@pytest.mark.parametrize("backend", ["sqlite", "postgres"])
def test_any_sequence_of_steps(shared_servers, backend):
    Machine.library = Library(token_caller(shared_servers(backend)))
    run_state_machine_as_test(Machine, settings=settings(
        max_examples=10, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)))
