"""A line between two regions that a test can cut, close, slow down and spoil, at the byte it chooses."""

import contextlib
import re
import socket
import struct
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

BLOCK = 64 * 1024
REQUEST = re.compile(rb"(GET|POST|PUT|HEAD|DELETE) (\S+) HTTP/1\.1\r\n")
FILE_BODY = r"/files/[^/?]+(\?|$)"
MANIFEST = r"/manifest(\?|$)"


@dataclass
class Fault:
    """What happens at a byte: of the body of each answer whose request has `path` in it, or else of the raw line."""

    kind: str  # "cut" or "flip"
    at: int
    path: str | None
    upward: bool
    every: int | None
    times: int | None

    def meets(self, path, upward):
        if self.times == 0 or self.upward != upward or (self.path is None) != (path is None):
            return False
        return path is None or re.search(self.path, path) is not None

    def place(self, begin, end):
        """The first byte in this range of positions that the fault is about."""
        if self.every is None:
            return self.at if begin <= self.at < end else None
        place = self.at + max(0, -(-(begin - self.at) // self.every)) * self.every
        return place if place < end else None

    def happened(self):
        if self.times is not None:
            self.times -= 1


class TcpProxy:
    """Forwards to `target`, an endpoint or a function that answers one, asked anew for each connection."""

    def __init__(self, target):
        self.target = target if callable(target) else lambda: target
        self.rate = None  # bytes a second of all answers together
        self.due = 0.0
        self.faults = []
        self.keeping = self.kept = None
        self.lock = threading.RLock()
        self.lines = set()
        self.over = False
        self.flowing = threading.Event()
        self.flowing.set()
        # The port stays this one's while nobody listens on it.
        self.held = socket.socket()
        self.held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.held.bind(("127.0.0.1", 0))
        self.port = self.held.getsockname()[1]
        self.listener = None
        self.reset_counts()
        self.accept()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def reset_counts(self):
        with self.lock:
            self.connections = 0
            self.upward = 0
            self.downward = 0
            self.requests = []  # (method, target), as they come
            self.raw_requests = []  # the bytes of the same, as far as they came together
            self.bodies = {}  # bytes of answers, by target

    def body_bytes(self, path=FILE_BODY):
        """So many bytes of answers to requests with `path` were handed on."""
        with self.lock:
            return sum(count for target, count in self.bodies.items() if re.search(path, target))

    def asked(self, path):
        with self.lock:
            return [target for _, target in self.requests if re.search(path, target)]

    # What a test does to the line.

    def cut(self, at, *, path=None, upward=False, times=1):
        """Cut before this byte goes through: of an answer's body where a path is given."""
        return self._arm(Fault("cut", at, path, upward, None, times))

    def flip(self, at, *, path=None, upward=False, every=None, times=1):
        """Turn one bit of this byte over, or of every so many."""
        return self._arm(Fault("flip", at, path, upward, every, times))

    def _arm(self, fault):
        with self.lock:
            self.faults.append(fault)
        return fault

    def keep(self, path):
        """Take the next request with this path off the line: it is in `kept`, and its sender sees a cut."""
        self.keeping, self.kept = path, None

    def cut_now(self):
        """Cut whatever is open."""
        with self.lock:
            lines = list(self.lines)
        for line in lines:
            line.reset()

    def refuse(self):
        """Nobody listens any more, and what was open is cut."""
        listener, self.listener = self.listener, None
        if listener:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)  # Wakes the thread that accepts.
            listener.close()
        self.cut_now()

    def accept(self):
        if self.listener:
            return
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(128)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def stall(self):
        """What is open stays so, and not a byte moves."""
        self.flowing.clear()

    def repair(self):
        """A good line again."""
        with self.lock:
            self.faults.clear()
        self.keeping = self.rate = None
        self.flowing.set()
        self.accept()

    def close(self):
        self.over = True
        self.flowing.set()
        self.refuse()
        self.held.close()

    # How it goes through.

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
            threading.Thread(target=self._open, args=(client,), daemon=True).start()

    def _open(self, client):
        parts = urlsplit(self.target())
        try:
            server = socket.create_connection((parts.hostname, parts.port), timeout=20)
        except OSError:
            abort(client)
            return
        server.settimeout(None)
        line = Line(self, client, server)
        with self.lock:
            self.lines.add(line)
        threading.Thread(target=line.pipe, args=(client, server, line.upward), daemon=True).start()
        line.pipe(server, client, line.downward)

    def spoil(self, block, begin, path, upward):
        """The block as it goes on, and whether the line is cut after it."""
        with self.lock:
            for fault in self.faults:
                if not fault.meets(path, upward):
                    continue
                place = fault.place(begin, begin + len(block))
                while place is not None and fault.times != 0:
                    fault.happened()
                    at = place - begin
                    if fault.kind == "cut":
                        return block[:at], True
                    block = block[:at] + bytes([block[at] ^ 0x10]) + block[at + 1:]
                    place = fault.place(place + 1, begin + len(block)) if fault.every else None
        return block, False

    def pace(self, count):
        """Wait for the turn of so many bytes."""
        while not self.flowing.wait(0.2):
            if self.over:
                return
        rate = self.rate
        if rate:
            with self.lock:
                now = time.monotonic()
                self.due = max(self.due, now) + count / rate
                wait = self.due - now
            while wait > 0 and self.rate and not self.over:
                time.sleep(min(wait, 0.05))
                wait -= 0.05


class Line:
    """One connection through the proxy, seen as HTTP/1.1 as far as faults and counts need it."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.sent_up = self.sent_down = 0
        self.finished = 0  # directions that have ended in order
        self.waiting = []  # targets of requests whose answers have not begun
        self.answer = None

    def pipe(self, source, sink, take):
        try:
            while block := source.recv(BLOCK):
                if not take(sink, block):
                    # What went through before the cut arrives; what waits on the other end hears at once.
                    abort(self.server)
                    self.client.shutdown(socket.SHUT_WR)
                    return
            sink.shutdown(socket.SHUT_WR)
            self.finished += 1
            if self.finished == 2:
                self.reset()
        except OSError:
            self.reset()

    def upward(self, sink, block):
        proxy = self.proxy
        with proxy.lock:
            for found in REQUEST.finditer(block):
                method, target = (text.decode() for text in found.groups())
                proxy.requests.append((method, target))
                proxy.raw_requests.append(block[found.start():])
                if proxy.keeping and re.search(proxy.keeping, target):
                    proxy.keeping, proxy.kept = None, block[found.start():]
                    return False
                self.waiting.append(target)
            block, cut = proxy.spoil(block, self.sent_up, None, True)
            proxy.upward += len(block)
            self.sent_up += len(block)
        proxy.pace(0)
        sink.sendall(block)
        return not cut

    def downward(self, sink, block):
        while block:
            if self.answer is None and self.waiting:
                self.answer = Answer(self.waiting.pop(0))
            part, rest, in_body = self.answer.split(block) if self.answer else (block, b"", False)
            if not self._hand_on(sink, part, self.answer if in_body else None):
                return False
            block = rest
            if self.answer and self.answer.ended:
                self.answer = None
        return True

    def _hand_on(self, sink, part, answer):
        proxy, whole = self.proxy, len(part)
        with proxy.lock:
            part, cut = proxy.spoil(part, self.sent_down, None, False)
            if answer and not cut:
                part, cut = proxy.spoil(part, answer.sent, answer.target, False)
        proxy.pace(len(part))
        # Counted before it goes: whoever has it may ask at once.
        with proxy.lock:
            proxy.downward += len(part)
            self.sent_down += whole
            if answer:
                proxy.bodies[answer.target] = proxy.bodies.get(answer.target, 0) + len(part)
                answer.sent += whole
        sink.sendall(part)
        return not cut

    def reset(self):
        with self.proxy.lock:
            self.proxy.lines.discard(self)
        abort(self.client)
        abort(self.server)


class Answer:
    """How far an answer is that goes through a line."""

    def __init__(self, target):
        self.target = target
        self.head = b""
        self.length = None  # of the body, once the head is over
        self.sent = 0  # bytes of the body

    @property
    def ended(self):
        return self.length is not None and self.sent >= self.length

    def split(self, block):
        """The part of the block that comes first, the rest, and whether the part belongs to the body."""
        if self.length is not None:
            left = self.length - self.sent
            return block[:left], block[left:], True
        before = len(self.head)
        self.head += block
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            return block, b"", False
        chunked = re.search(rb"(?i)\r\ntransfer-encoding: *chunked", self.head[:end])
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", self.head[:end])
        # The end of a chunked answer is not looked for: what comes on this line from here on belongs to it.
        self.length = 1 << 62 if chunked else int(length.group(1)) if length else 0
        return block[:end + 4 - before], block[end + 4 - before:], False


def abort(end):
    """End a connection at once, whoever waits on it."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()
