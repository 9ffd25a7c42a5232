"""Two regions that know each other, with a line between them that a test can spoil: made as an administrator makes them."""

import hashlib
import http.client
import threading
import time

from huaweicloudsdkmetastudio import v1 as sdk

from driver import vendor
from driver.caller import KeyCaller
from driver.command import admin
from driver.library import Library, accepted
from driver.tcpproxy import TcpProxy
from driver.waiting import until

COMMAND_SECONDS = 2  # within which an admin command takes effect
UNKNOWN_KEY = "MSS.10009004"
ENDED = ("DONE", "FAILED", "CANCELLED", "REPLACED")
# What a copy has of its own region.
OWN = ("project_id", "update_time", "download_url", "entrepot_version")


class Region:
    """One running server as a region: its owner's calls that have to do with copies."""

    def __init__(self, server, name, project=None):
        self.server, self.name = server, name
        self.own_project = project
        self.caller_type = KeyCaller

    @property
    def project(self):
        return self.own_project or self.server.project

    @property
    def caller(self):
        return self.caller_type(self.server, project=self.project)

    @property
    def library(self):
        return Library(self.caller)

    @property
    def client(self):
        return vendor.metastudio(self.server, project=self.project)

    def in_project(self, project):
        return Region(self.server, self.name, project)

    # The two published calls.

    def info(self, asset_id, **query):
        return self.caller.get(f"digital-assets/{asset_id}/replication-info", query=query)

    def ticket(self, asset_id, **query):
        return accepted(self.info(asset_id, **query)).json()

    def present(self, ticket):
        """POST it, whatever comes."""
        return self.caller.post("digital-assets-by-replication-info", ticket)

    def take(self, ticket):
        """POST it; answers the asset's id."""
        answer = accepted(self.present(ticket))
        assert answer.body == b"", answer
        return ticket["asset_id"]

    # What people need around them.

    def inspect(self, ticket):
        return accepted(self.caller.post("entrepot/tickets/inspect", ticket)).json()

    def copies(self, asset_id):
        return accepted(self.caller.get(f"digital-assets/{asset_id}/entrepot/copies")).json()

    def incoming(self, asset_id):
        """The newest copy to this asset."""
        return self.copies(asset_id)["incoming"][0]

    def outgoing(self, asset_id):
        """The newest ticket of this asset."""
        return self.copies(asset_id)["outgoing"][0]

    def all_incoming(self, **query):
        found, query = [], {"limit": 1000} | query
        while True:
            page = accepted(self.caller.get("entrepot/copies", query=query)).json()
            found += page["copies"]
            if "next_marker" not in page:
                return found
            query["marker"] = page["next_marker"]

    def cancel(self, asset_id, copy_id):
        return self.caller.post(f"digital-assets/{asset_id}/entrepot/copies/{copy_id}/cancel")

    def retry(self, asset_id, copy_id):
        return self.caller.post(f"digital-assets/{asset_id}/entrepot/copies/{copy_id}/retry")

    def wait_for_copy(self, asset_id, state="DONE", timeout=30.0):
        """The newest copy to the asset, once it has ended; it must have ended like this."""
        deadline = time.monotonic() + timeout
        while (copy := self.incoming(asset_id))["state"] not in ENDED:
            assert time.monotonic() < deadline, f"the copy has not ended: {copy}\n{self.told()}"
            time.sleep(0.03)
        assert copy["state"] == state, f"{copy}\n{self.told()}"
        return copy

    def wait_until(self, asset_id, condition, timeout=30.0):
        """The newest copy to the asset, once the condition holds."""
        deadline = time.monotonic() + timeout
        while not condition(copy := self.incoming(asset_id)):
            assert time.monotonic() < deadline, f"still {copy}\n{self.told()}"
            time.sleep(0.03)
        return copy

    def told(self):
        """The last lines of the server's log."""
        return "\n".join(self.server.tail().splitlines()[-5:])

    def count(self):
        """How many assets there are, in whatever state but DELETED."""
        return self.library.list(limit=1)["count"]

    def portrait(self, asset_id):
        """All of an asset that is the same in every region, the digests of the bytes that it serves included."""
        shown = self.library.show(asset_id)
        files = []
        for file in shown.pop("files"):
            if file["state"] == "CREATED":
                kept = {key: value for key, value in file.items() if key not in OWN}
                if "download_url" in file:
                    content = accepted(self.library.get_bytes(file["download_url"])).body
                    kept |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                    assert kept["sha256"] == file["entrepot_sha256"]
                files.append(kept)
        return {key: value for key, value in shown.items() if key not in OWN} | {"files": files}


def share_key(source, target):
    """One new key in the rings of both; answers its id and the key in base64."""
    made = admin(source.server, "replication-key", "create", "--peer", target.name).json()
    added = admin(target.server, "replication-key", "add", made["key_id"], "--peer", source.name,
                  given=made["key"] + "\n").json()
    assert (added["key_id"], added["peer"]) == (made["key_id"], source.name) and made["key"] not in str(added), added
    return made["key_id"], made["key"]


def looking(options, media):
    """Options of a server with the setting `media`."""
    environment = {"ENTREPOT_MEDIA": str(media).lower(), **(options.get("environment") or {})}
    return {**options, "environment": environment}


class Pair:
    """Region `a`, from which is copied, region `b`, and the line by which b reaches a.

    `reach` answers the arguments by which b knows a, if that is not by the line. Files are looked at only where
    `media` says so: what is learned of them changes assets while tests compare them.
    """

    def __init__(self, farm, *, backends=("sqlite", "sqlite"), source=None, target=None, reach=None,
                 caller=KeyCaller, media=False):
        options = {"backend": backends[0], **with_arguments(source, "--region", "region-a")}
        self.a = Region(farm.start(**looking(options, media)), "region-a")
        self.line = TcpProxy(lambda: self.a.server.endpoint)
        options = {"backend": backends[1],
                   **with_arguments(target, "--region", "region-b", *(reach or self._by_the_line)(self))}
        self.b = Region(farm.start(**looking(options, media)), "region-b")
        self.a.caller_type = self.b.caller_type = caller
        self.key_id, self.key = share_key(self.a, self.b)
        self._settle()

    @staticmethod
    def _by_the_line(pair):
        return ["--peer", f"region-a={pair.line.endpoint}"]

    def _settle(self):
        """Wait until the key has come into effect on both sides."""
        probe = self.a.library.create_image(b"is the key there yet?", name="probe")
        ticket = until(lambda: (answer := self.a.info(probe)).status == 200 and answer.json(), COMMAND_SECONDS,
                       "replication-key create had no effect")
        until(lambda: UNKNOWN_KEY not in problems(self.b.inspect(ticket)), COMMAND_SECONDS,
              "replication-key add had no effect")
        self.a.library.delete(probe, force=True)
        self.line.reset_counts()

    def copy(self, asset_id, *, timeout=30.0, **query):
        """From ticket to DONE; answers the copy in b."""
        self.b.take(self.a.ticket(asset_id, **query))
        return self.b.wait_for_copy(asset_id, timeout=timeout)

    def assert_same(self, asset_id, *, but=()):
        theirs, ours = self.a.portrait(asset_id), self.b.portrait(asset_id)
        assert ours["files"], "there was nothing to compare"
        differ = {key: (theirs.get(key), ours.get(key)) for key in theirs.keys() | ours.keys()
                  if theirs.get(key) != ours.get(key) and key not in but}
        assert not differ, f"{asset_id} is not the same (there, here): {differ}"

    def close(self):
        self.line.close()


class NeverHalf(threading.Thread):
    """Looks at an asset in a region all the time: it is whole whenever it may be used, however the server fares.

    `expected` are (file id, size, SHA-256) of the files of each version that there may be.
    """

    USABLE = ("UNACTIVED", "ACTIVED", "WAITING_DELETE")

    def __init__(self, region, asset_id, *versions):
        super().__init__(daemon=True)
        self.region, self.asset_id = region, asset_id
        self.versions = [files_of(version) for version in versions]
        self.over, self.looks, self.failure = threading.Event(), 0, None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, kind, *_):
        self.over.set()
        self.join(30)
        if self.failure:
            raise self.failure
        assert kind or self.looks, "nobody looked at it"

    def run(self):
        while not self.over.wait(0.02):
            try:
                answer = self.region.caller.get(f"digital-assets/{self.asset_id}")
            except (OSError, http.client.HTTPException):
                continue  # The server is gone for the moment.
            if answer.status != 200:
                continue
            shown = answer.json()
            self.looks += 1
            if shown["asset_state"] in self.USABLE and files_of(shown) not in self.versions:
                self.failure = AssertionError(f"half of it is {shown['asset_state']}: {shown}")
                return
            if shown["asset_state"] not in self.USABLE and "download_url" in str(shown):
                self.failure = AssertionError(f"bytes of it are shown too early: {shown}")
                return


def files_of(shown):
    return {(file["file_id"], file["file_size"], file["entrepot_sha256"])
            for file in shown["files"] if file["state"] == "CREATED"}


def with_arguments(options, *arguments):
    options = dict(options or {})
    return options | {"arguments": [*arguments, *options.get("arguments", ())]}


def problems(report):
    return {problem["error_code"] for problem in report["problems"]}


def vendor_copy(source, target, asset_id):
    """The published walk-through with the vendor's client: the answer of one call is the body of the other."""
    info = source.client.show_asset_replication_info(sdk.ShowAssetReplicationInfoRequest(asset_id=asset_id))
    body = sdk.ReplicationAssetInfo(asset_id=info.asset_id, asset_info=info.asset_info,
                                    encryption_info=info.encryption_info, expire_time=info.expire_time)
    answer = target.client.create_asset_by_replication_info(sdk.CreateAssetByReplicationInfoRequest(body=body))
    assert answer.status_code == 200
    return info
