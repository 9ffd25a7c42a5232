"""How much memory a server, or its children, take while something goes on."""

import threading


class Watch(threading.Thread):
    """The most anonymous memory that a server has had, or that all `processes`, which answers pids, had together."""

    def __init__(self, server, processes=None):
        super().__init__(daemon=True)
        self.processes = processes or (lambda: [server.process.pid])
        self.most, self.over = 0, threading.Event()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        while not self.over.wait(0.01):
            self.most = max(self.most, sum(anonymous(pid) for pid in self.processes()))


def anonymous(pid):
    """Bytes; none of a process that has ended."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return sum(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))
    except OSError:
        return 0
