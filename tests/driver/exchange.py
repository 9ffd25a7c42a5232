"""One HTTP request and its answer, byte for byte as given: nothing is normalised on the way."""

import http.client
import json as json_module
from dataclasses import dataclass
from urllib.parse import urlsplit

from driver import secrets


WITH_SECRETS = "/v3.0/"  # Calls whose answers have secrets in their bodies.


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self):
        return json_module.loads(self.body)

    @property
    def error_code(self):
        """The code of whichever error family answered, or None."""
        try:
            found = self.json()
        except ValueError:
            return None
        return found.get("error_code") if isinstance(found, dict) else None

    @property
    def error_msg(self):
        return self.json()["error_msg"]

    @property
    def request_id(self):
        return self.headers["X-Request-Id"]

    def __str__(self):
        return f"{self.status} {self.body[:1000]!r}"


def host_of(endpoint):
    return urlsplit(endpoint).netloc


def target_of(url):
    """Path and query of a URL, exactly as written."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def exchange(endpoint, method, target, headers=(), body=b"", *, timeout=30.0, source=None):
    """Send one request on a connection of its own, from the local address `source` if given.

    Headers may be a mapping or pairs.
    """
    address = (source, 0) if source else None
    connection = http.client.HTTPConnection(host_of(endpoint), timeout=timeout, source_address=address)
    pairs = list(headers.items() if hasattr(headers, "items") else headers)
    names = {name.lower() for name, _ in pairs}
    try:
        connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in pairs:
            connection.putheader(name, value.encode("utf-8") if isinstance(value, str) else value)
        has_length = names & {"content-length", "transfer-encoding"}
        if not has_length and (body or method in ("POST", "PUT", "PATCH")):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders()
        try:
            connection.send(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # The server answered before it had read everything; its answer is what counts.
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read())
        secrets.register_answer(answer.headers, answer.body if target.startswith(WITH_SECRETS) else None)
        return answer
    finally:
        connection.close()
