"""Users who make, fill, change and delete assets, and remember exactly what they were promised."""

import http.client
import random
import threading
from dataclasses import dataclass, field

from driver.library import Library, Refused

# Some contents that many assets share, and more that few have, so that bytes lose their last asset, are about to
# be removed, and are stored again, all the time.
SHARED = [random.Random(seed).randbytes(size) for seed, size in enumerate((1, 4096, 70_000, 300_000, 1_200_000))]
RARE = [random.Random(seed).randbytes(seed) for seed in range(2000, 2100)]
GONE = ("DELETED",)
TRY_AGAIN = "MSS.10009013"


class Interrupted(Exception):
    """No answer came: what was asked may or may not have happened."""


@dataclass
class Promise:
    """What the server acknowledged about one asset, and what was under way when it died."""

    name: str
    state: str = "CREATING"
    content: bytes | None = None
    file_id: str | None = None
    pending: dict = field(default_factory=dict)

    def possible(self, key):
        return {getattr(self, key), self.pending.get(key, getattr(self, key))}


class User(threading.Thread):
    """One client working on assets of its own until the server is gone or it is told to stop."""

    def __init__(self, caller, seed, promises, stop):
        super().__init__(daemon=True)
        self.library = Library(caller)
        self.chance = random.Random(seed)
        self.promises = promises
        self.stop_asked = stop
        self.acknowledged = 0
        self.failure = None

    def run(self):
        try:
            while not self.stop_asked.is_set():
                self.step()
        except Interrupted:
            pass
        except BaseException as failure:  # Reported by the main thread; a thread's own trace is lost.
            self.failure = failure

    def ask(self, call, *arguments, **options):
        """One call; a server that is gone shows as Interrupted."""
        while True:
            try:
                answer = call(*arguments, **options)
            except (OSError, http.client.HTTPException) as failure:
                raise Interrupted from failure
            except Refused as refused:
                # Under a fast clock the server's pauses between its own tries are too short.
                if refused.answer.error_code != TRY_AGAIN:
                    raise
                continue
            self.acknowledged += 1
            return answer

    def change(self, promise, call, *arguments, **outcome):
        """One call that changes what was promised, once it is acknowledged."""
        promise.pending = outcome
        self.ask(call, *arguments)
        for key, value in outcome.items():
            setattr(promise, key, value)
        promise.pending = {}

    def step(self):
        mine = [(asset_id, promise) for asset_id, promise in self.promises.items() if promise.state not in GONE]
        if len(mine) < 3 or self.chance.random() < 0.3:
            self.make()
        else:
            self.alter(*self.chance.choice(mine))

    def make(self):
        name = f"asset {self.chance.getrandbits(64):x}"
        asset_id = self.ask(self.library.create_asset, "COMMON_FILE", name)
        self.promises[asset_id] = promise = Promise(name)
        self.fill(asset_id, promise)

    def fill(self, asset_id, promise):
        content = self.chance.choice(self.chance.choice((SHARED, RARE, RARE)))
        promise.file_id, url = self.ask(self.library.declare_file, asset_id, content, file_type="bin")
        for _ in range(self.chance.choice((1, 1, 2))):
            put = self.ask(self.library.put_bytes, url, content, "bin")
            if put.status != 200:
                raise Refused(put)
        self.change(promise, self.library.complete, promise.file_id, state="UNACTIVED", content=content)

    def alter(self, asset_id, promise):
        library, chance = self.library, self.chance
        if promise.state == "DELETING":
            if chance.random() < 0.5:
                self.change(promise, library.restore, asset_id, state="UNACTIVED")
            else:
                self.change(promise, library.delete, asset_id, True, state="DELETED", content=None)
        elif promise.state == "ACTIVED":
            self.change(promise, lambda: library.update(asset_id, asset_state="UNACTIVED"), state="UNACTIVED")
        elif promise.state == "UNACTIVED":
            action = chance.choice(("activate", "rename", "bin", "force", "refill"))
            if action == "activate":
                self.change(promise, library.activate, asset_id, state="ACTIVED")
            elif action == "rename":
                name = f"{promise.name[:100]}'"
                self.change(promise, lambda: library.update(asset_id, asset_name=name), name=name)
            elif action == "bin":
                self.change(promise, library.delete, asset_id, state="DELETING")
            elif action == "force":
                self.change(promise, library.delete, asset_id, True, state="DELETED", content=None)
            else:
                delete = lambda: self.delete_file(promise.file_id)
                self.change(promise, delete, state="CREATING", content=None)
                self.fill(asset_id, promise)
        else:
            self.change(promise, library.delete, asset_id, True, state="DELETED", content=None)

    def delete_file(self, file_id):
        answer = self.library.caller.delete(f"files/{file_id}")
        if answer.status != 200:
            raise Refused(answer)
