"""What a user does with a library, in a few words: make assets, upload files, look things up."""

import base64
import hashlib
import time

from driver.exchange import exchange, target_of

CONTENT_TYPES = {"gif": "image/gif", "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png",
                 "mp4": "video/mp4", "mp3": "audio/mp3", "wav": "audio/wav"}


def md5_of(content):
    """As the wire has it: base64 of the digest."""
    return base64.b64encode(hashlib.md5(content).digest()).decode()


def content_type(file_type):
    return CONTENT_TYPES.get(file_type.lower(), "application/octet-stream")


def upload_headers(content, file_type):
    return {"Content-MD5": md5_of(content), "Content-Type": content_type(file_type)}


class Refused(AssertionError):
    """A call that the test took for granted was answered with an error."""

    def __init__(self, answer):
        super().__init__(str(answer))
        self.answer = answer


def accepted(answer):
    if answer.status != 200:
        raise Refused(answer)
    return answer


class Library:
    """The calls of one caller; whatever is not 200 raises Refused."""

    def __init__(self, caller):
        self.caller = caller
        self.endpoint = caller.server.endpoint

    def create_asset(self, asset_type="IMAGE", name="an asset", **fields):
        body = {"asset_name": name, "asset_type": asset_type, **fields}
        return accepted(self.caller.post("digital-assets", body)).json()["asset_id"]

    def show(self, asset_id):
        return accepted(self.caller.get(f"digital-assets/{asset_id}")).json()

    def state(self, asset_id):
        return self.show(asset_id)["asset_state"]

    def update(self, asset_id, **fields):
        return accepted(self.caller.put(f"digital-assets/{asset_id}", fields)).json()

    def activate(self, asset_id):
        return self.update(asset_id, asset_state="ACTIVED")

    def delete(self, asset_id, force=False):
        query = {"mode": "force"} if force else {}
        accepted(self.caller.delete(f"digital-assets/{asset_id}", query=query))

    def restore(self, asset_id):
        accepted(self.caller.post(f"digital-assets/{asset_id}/restore"))

    def summarys(self, asset_ids):
        answer = accepted(self.caller.post("digital-assets/summarys", {"asset_ids": asset_ids}))
        return answer.json()["asset_list"]

    def list(self, **query):
        return accepted(self.caller.get("digital-assets", query=query)).json()

    def declare_file(self, asset_id, content, *, category="MAIN", file_type="png", name="file.png", **fields):
        """Create a file and answer (file_id, upload_url)."""
        body = {"file_name": name, "file_md5": md5_of(content), "file_size": len(content),
                "file_type": file_type, "asset_id": asset_id, "asset_file_category": category, **fields}
        answer = accepted(self.caller.post("files", body)).json()
        return answer["file_id"], answer["upload_url"]

    def declare_large_file(self, asset_id, parts, *, category="MAIN", file_type="mp4", name="film.mp4", **fields):
        """Create a file of several parts and answer (file_id, upload_urls)."""
        body = {"file_name": name, "file_type": file_type, "asset_id": asset_id,
                "asset_file_category": category, "file_multipart_count": parts, **fields}
        answer = accepted(self.caller.post("large-files", body)).json()
        return answer["file_id"], answer["upload_urls"]

    def put_bytes(self, url, content, file_type="png", headers=None):
        sent = upload_headers(content, file_type) if headers is None else headers
        return exchange(self.endpoint, "PUT", target_of(url), sent, content)

    def get_bytes(self, url, headers=(), method="GET"):
        return exchange(self.endpoint, method, target_of(url), headers)

    def complete(self, file_id, state="CREATED"):
        accepted(self.caller.post(f"files/{file_id}/complete", {"state": state}))

    def upload(self, asset_id, content, *, file_type="png", **options):
        """Declare, send and complete one file; answers its id."""
        file_id, url = self.declare_file(asset_id, content, file_type=file_type, **options)
        accepted(self.put_bytes(url, content, file_type))
        self.complete(file_id)
        return file_id

    def create_image(self, content=b"the bytes of an image", **fields):
        """An asset of type IMAGE with its main file, ready to be activated."""
        asset_id = self.create_asset("IMAGE", **fields)
        self.upload(asset_id, content)
        return asset_id

    def file(self, asset_id, category="MAIN"):
        return next(file for file in self.show(asset_id)["files"] if file["asset_file_category"] == category)

    def content(self, asset_id, category="MAIN"):
        return accepted(self.get_bytes(self.file(asset_id, category)["download_url"])).body

    def wait_for_state(self, asset_id, state, timeout=30.0):
        deadline = time.monotonic() + timeout
        while (found := self.state(asset_id)) != state:
            assert time.monotonic() < deadline, f"{asset_id} is still {found}, not {state}"
            time.sleep(0.05)
