"""A client's end of a line, cut where a test wants it: its TCP acknowledges so many bytes and not one more."""

import ctypes
import re
import socket
import struct

import pytest

from driver.exchange import host_of

TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
RECEIVE_QUEUE, REPAIR_OFF_QUIETLY = 1, -1
SO_ATTACH_FILTER = 26
TAKE_ALL, TAKE_NOTHING = 0xFFFFFFFF, 0


def request_bytes(caller, method, path, headers=()):
    """A request by token, as it goes over the line."""
    pairs = {"Host": host_of(caller.server.endpoint), "X-Auth-Token": caller.token, **dict(headers)}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in pairs.items()), "", ""]
    return "\r\n".join(lines).encode()


class Line:
    """One connection; `first` is the sequence number of the first byte that the server sends."""

    def __init__(self, endpoint, *, timeout=20.0):
        host, _, port = host_of(endpoint).partition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data)

    def take_only(self, count):
        """Let the kernel take `count` bytes of what the server sends, and drop the rest as if it was lost."""
        try:
            self.socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        except PermissionError as refused:
            pytest.skip(f"reading a connection's sequence number needs CAP_NET_ADMIN: {refused}")
        self.socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, RECEIVE_QUEUE)
        first = self.socket.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ) & 0xFFFFFFFF
        self.socket.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, REPAIR_OFF_QUIETLY)
        program = b"".join(struct.pack("HBBI", *step) for step in trimming(first, count))
        held = ctypes.create_string_buffer(program, len(program))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                               struct.pack("HL", len(program) // 8, ctypes.addressof(held)))

    def head(self):
        """Status line and headers of an answer."""
        while b"\r\n\r\n" not in self.buffer:
            block = self.socket.recv(1 << 16)
            if not block:
                raise ConnectionError(f"the line ended after {self.buffer!r}")
            self.buffer += block
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return Head(head)

    def read(self, count):
        """Exactly so many bytes of a body, or what came before the line ended."""
        while len(self.buffer) < count:
            block = self.socket.recv(1 << 18)
            if not block:
                break
            self.buffer += block
        found, self.buffer = self.buffer[:count], self.buffer[count:]
        return found

    def answer(self):
        """A whole answer: its head and its body."""
        head = self.head()
        return head, self.read(head.length)

    def reset(self):
        """End the line at once: RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def finish(self):
        """End the line in order: FIN, unless there are bytes that nobody read."""
        self.socket.close()


class Head:
    def __init__(self, text):
        self.bytes = len(text) + 4
        first, *lines = text.decode("iso-8859-1").split("\r\n")
        self.status = int(re.match(r"HTTP/1.1 ([0-9]{3})", first).group(1))
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def length(self):
        return int(self.headers["content-length"])


def trimming(first, count):
    """A classic BPF program for the packets of a connection: (code, if true skip, if false skip, constant)."""
    load_byte, load, load_constant, load_length = 0x30, 0x20, 0x00, 0x80
    get, get_other, put = 0x60, 0x61, 0x02
    subtract, subtract_other, add_other, right, left = 0x14, 0x1C, 0x0C, 0x74, 0x64
    if_equal, if_greater, if_at_least, skip, answer, answer_found = 0x15, 0x25, 0x35, 0x05, 0x06, 0x16
    header, payload, at = 0, 1, 2
    return [
        # The header's length, the payload's, and where in the stream that begins.
        (load_byte, 0, 0, 12), (right, 0, 0, 4), (left, 0, 0, 2), (put, 0, 0, header),
        (get_other, 0, 0, header), (load_length, 0, 0, 0), (subtract_other, 0, 0, 0), (put, 0, 0, payload),
        (load, 0, 0, 4), (subtract, 0, 0, first), (put, 0, 0, at),
        # Packets without bytes, and those that end in time, are taken.
        (get, 0, 0, payload), (if_equal, 6, 0, 0), (get_other, 0, 0, at), (add_other, 0, 0, 0),
        (if_greater, 0, 3, count), (get, 0, 0, at), (if_at_least, 2, 0, count), (skip, 0, 0, 2),
        (answer, 0, 0, TAKE_ALL), (answer, 0, 0, TAKE_NOTHING),
        # One that ends too late is cut short.
        (load_constant, 0, 0, count), (get_other, 0, 0, at), (subtract_other, 0, 0, 0),
        (get_other, 0, 0, header), (add_other, 0, 0, 0), (answer_found, 0, 0, 0)]
