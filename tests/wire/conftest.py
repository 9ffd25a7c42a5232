"""Signed requests that can be altered between the signature and the wire."""

from dataclasses import dataclass, field

import pytest

from driver.caller import KeyCaller
from driver.exchange import exchange
from driver.farm import Farm


SOURCES = (f"127.0.{third}.{fourth}" for third in range(1, 255) for fourth in range(1, 255))


@dataclass
class Signed:
    """A request as signed; change any part of it, then send."""

    endpoint: str
    method: str
    target: str
    headers: dict
    body: bytes = b""
    source: str = "127.0.0.1"
    removed: set = field(default_factory=set)

    def send(self):
        headers = {name: value.encode("iso-8859-1") for name, value in self.headers.items() if name not in self.removed}
        return exchange(self.endpoint, self.method, self.target, headers, self.body, source=self.source)


class SigningCaller(KeyCaller):
    source = "127.0.0.1"

    def sign(self, method, tail, *, query=(), body=b"", headers=None):
        path = tail if tail.startswith("/") else self.path(tail)
        request = self.signed(method, path, list(query), {"Content-Type": "application/json"} | (headers or {}), body)
        return Signed(self.server.endpoint, method, request.uri, dict(request.header_params), request.body, self.source)


@pytest.fixture(scope="module")
def lockable(tmp_path_factory):
    """A server whose access keys may be locked by the tests of one module."""
    farm = Farm(tmp_path_factory.mktemp("lockable"))
    yield farm.start()
    farm.close()


@pytest.fixture
def signer(lockable):
    """The owner of that server, from a local address of its own: failures lock a key for where they come from."""
    caller = SigningCaller(lockable)
    caller.source = next(SOURCES)
    return caller
