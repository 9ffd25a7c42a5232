"""Requests from one region's server to another's, signed by the test itself: what an attacker with or without a key sends."""

import hashlib
import hmac
import secrets
import socket
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from driver.exchange import exchange
from driver.seal import hkdf

SCHEME = "ENTREPOT-PEER-HMAC-SHA256"
PREFIX = "/entrepot/peer/v1"


@dataclass
class PeerRequest:
    """What is signed, and by whom; `sent` is what goes over the line where that is something else."""

    endpoint: str
    key_id: str
    secret: str
    path: str
    method: str = "GET"
    source: str = "region-b"
    target: str = "region-a"
    range: str = ""
    body: bytes = b""
    time: int | None = None  # Unix milliseconds
    nonce: str | None = None

    def proof(self):
        """The header, for now and never used before unless it is said."""
        now = str(int(time.time() * 1000) if self.time is None else self.time)
        nonce = secrets.token_hex(16) if self.nonce is None else self.nonce
        mac = hmac.new(hkdf(self.secret, b"entrepot peer requests v1", 32), digestmod="sha256")
        for part in (SCHEME, self.key_id, self.source, self.target, self.method, self.path, self.range, now, nonce,
                     hashlib.sha256(self.body).hexdigest()):
            mac.update(len(part.encode()).to_bytes(8, "big") + part.encode())
        return (f"{SCHEME} Key={coded(self.key_id)}, From={coded(self.source)}, Time={now}, Nonce={nonce}, "
                f"Signature={mac.hexdigest()}")

    def send(self, *, proof=None, **sent):
        """Send it, or something else under the same proof."""
        proof = self.proof() if proof is None else proof
        what = replace(self, **sent)
        headers = {"Authorization": proof} if proof else {}
        if what.range:
            headers["Range"] = what.range
        if what.body:
            headers["Content-Type"] = "application/json"
        return exchange(self.endpoint, what.method, what.path, headers, what.body)


def coded(text):
    """Percent-encoded, but for letters and digits."""
    return "".join(chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"%{byte:02X}" for byte in text.encode())


def send_raw(endpoint, request):
    """Bytes of a request as they were seen on the line; answers the status of what comes back."""
    parts = urlsplit(endpoint)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as line:
        line.sendall(request)
        head = b""
        while b"\r\n" not in head:
            block = line.recv(4096)
            assert block, "no answer came"
            head += block
    return int(head.split(b" ")[1])
