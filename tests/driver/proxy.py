"""A forward proxy that a test can slow down and cut: the bad line between a client and a library."""

import contextlib
import re
import socket
import threading
import time
from urllib.parse import urlsplit

BLOCK = 16 * 1024


class Proxy:
    """Set `rate` (bytes a second, each way and connection) or `cut_after` (bytes of one body) at any time."""

    def __init__(self):
        self.rate = None
        self.cut_after = None
        self.methods = {"PUT", "GET"}  # what rate and cut_after are for,
        self.paths = ("/objects/",)  # where one of these is in the path
        self.requests = []  # (method, path, headers), as they come
        self.answered = []  # (method, path, status), as they are over
        self.received = 0  # bytes of answers that were handed on
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def environment(self):
        return {"HTTP_PROXY": f"http://127.0.0.1:{self.listener.getsockname()[1]}", "http_proxy": "", "NO_PROXY": "",
                "no_proxy": ""}

    def close(self):
        self.listener.close()

    def objects(self, method):
        """The requests for object URLs."""
        return [request for request in self.requests if request[0] == method and request[1].startswith("/objects/")]

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            self._forward(client)
        except OSError:
            pass
        finally:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)  # Also wakes the thread that reads from it.
            client.close()

    def _forward(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            block = client.recv(BLOCK)
            if not block:
                return
            head += block
        head, rest = head.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("iso-8859-1").split("\r\n")
        method, target, version = first.split(" ")
        url = urlsplit(target)
        path = f"{url.path}?{url.query}" if url.query else url.path
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        self.requests.append((method, path, headers))
        with socket.create_connection((url.hostname, url.port)) as server:
            # One request a connection, so that every first line is seen.
            kept = [line for line in lines if not line.lower().startswith(("connection:", "proxy-"))]
            upward = "\r\n".join([f"{method} {path} {version}", *kept, "Connection: close", "", ""])
            server.sendall(upward.encode("iso-8859-1") + rest)
            badly = method in self.methods and any(part in url.path for part in self.paths)
            threading.Thread(target=self._pipe, args=(client, server, badly, len(rest), None), daemon=True).start()
            self._pipe(server, client, badly, 0, (method, path))

    def _pipe(self, source, sink, badly, moved, answering):
        head = b""
        try:
            while block := source.recv(BLOCK):
                if answering and not head:
                    head = block
                moved += len(block)
                if badly and self.cut_after is not None and moved > self.cut_after:
                    self.cut_after = None
                    for end in (source, sink):
                        end.shutdown(socket.SHUT_RDWR)
                    return
                sink.sendall(block)
                if answering:
                    self.received += len(block)
                if badly and self.rate:
                    time.sleep(len(block) / self.rate)
        except OSError:
            return
        if answering:
            status = re.match(rb"HTTP/1.1 ([0-9]{3})", head)
            self.answered.append((*answering, int(status.group(1)) if status else None))
