"""How much memory a server takes while something goes on."""

import re
import threading
from pathlib import Path


class Watch(threading.Thread):
    """The most anonymous memory that a server has had."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.status, self.most, self.over = Path(f"/proc/{server.process.pid}/status"), 0, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        while not self.over.wait(0.02):
            found = re.search(r"RssAnon:\s+(\d+) kB", self.status.read_text())
            self.most = max(self.most, int(found.group(1)) * 1024)
