"""Assets that the server looks at: uploading files, waiting for what comes of them, reading thumbnails."""

import os
import time
from pathlib import Path

from driver.caller import KeyCaller
from driver.library import Library, accepted
from driver.memory import Watch
from driver.rows import execute, stored_files
from driver.waiting import until

META = {"IMAGE": "image_meta", "VIDEO": "video_meta", "AUDIO": "audio_meta", "MUSIC": "audio_meta", "PPT": "ppt_meta"}
WEBP = {"Accept": "image/avif,image/webp,*/*;q=0.8"}
JPEG = {"Accept": "image/jpeg,*/*;q=0.5"}


class Media:
    """The owner's library of one server, and the work that goes on in it."""

    def __init__(self, server, project=None):
        self.server, self.project = server, project

    @property
    def library(self):
        return Library(KeyCaller(self.server, project=self.project))

    def begin(self, asset_type, content, name="file.bin", **fields):
        """An asset whose main file has just arrived."""
        content = content if isinstance(content, bytes) else Path(content).read_bytes()
        asset_id = self.library.create_asset(asset_type, name, **fields)
        self.library.upload(asset_id, content, file_type=name.rpartition(".")[2], name=name)
        return asset_id

    def add(self, asset_type, content, name="file.bin", *, timeout=60.0, **fields):
        """The same, once it was looked at."""
        asset_id = self.begin(asset_type, content, name, **fields)
        self.wait(asset_id, timeout)
        return asset_id

    def jobs(self, asset_id):
        """(state, attempt) of all work on the asset's main files, the newest last."""
        rows = execute(self.server, "SELECT state, attempt FROM jobs WHERE kind LIKE 'process-%' AND subject IN "
                                    f"(SELECT file_id FROM files WHERE asset_id = '{asset_id}') ORDER BY created_at")
        return [(state, int(attempt)) for state, attempt in rows]

    def wait(self, asset_id, timeout=60.0):
        deadline = time.monotonic() + timeout
        while not (jobs := self.jobs(asset_id)) or any(state in ("QUEUED", "RUNNING") for state, _ in jobs):
            assert time.monotonic() < deadline, f"{asset_id} is still being looked at: {jobs}\n{self.server.tail()}"
            time.sleep(0.03)
        return jobs

    def meta(self, asset_id):
        """What is told of the main file."""
        shown = self.library.show(asset_id)
        return shown.get("asset_extra_meta", {}).get(META[shown["asset_type"]], {})

    def summary(self, asset_id):
        [summary] = self.library.summarys([asset_id])
        return summary

    def thumbnail(self, asset_id, headers=None, method="GET"):
        """The answer to a request for it."""
        url = self.summary(asset_id)["thumbnail_url"]
        return self.library.get_bytes(url, WEBP if headers is None else headers, method)

    def picture(self, asset_id, headers=None):
        return accepted(self.thumbnail(asset_id, headers)).body

    def files(self, asset_id, category):
        return [file for file in self.library.show(asset_id)["files"]
                if file["asset_file_category"] == category and file["state"] == "CREATED"]

    def refusal(self, asset_id):
        """Code and sentence of 'no preview, and why', which is not tried again."""
        assert self.jobs(asset_id) == [("SUCCEEDED", 1)]
        assert "thumbnail_url" not in self.summary(asset_id)
        error = self.meta(asset_id)["error_info"]
        assert 0 < len(error["error_msg"]) <= 256 and "/" not in error["error_msg"], error
        return error["error_code"]

    # What is left of work.

    def scratch(self):
        folder = self.server.data / "scratch"
        return [path.name for path in folder.iterdir()] if folder.exists() else []

    def workers(self):
        """Processes that look at files, and all that they started, by what belongs to this library."""
        return workers_of(self.server.data)

    def nothing_is_left(self):
        """The server runs, and no file and no process of the work is there any more, or will be at once."""
        assert self.server.running
        until(lambda: self.scratch() == [] and self.workers() == {}, 3, f"left: {self.scratch()} {self.workers()}")

    def stored(self):
        return len(stored_files(self.server))


def workers_of(data):
    """Processes whose working folder is in the library's scratch folder: pid → name."""
    found, place = {}, str(Path(data).resolve() / "scratch")
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if os.readlink(process / "cwd").startswith(place):
                found[int(process.name)] = (process / "comm").read_text().strip()
        except OSError:
            continue  # It has ended, or is another user's.
    return found


def watch_workers(media):
    """The most memory of all processes at work."""
    return Watch(media.server, lambda: workers_of(media.server.data))
