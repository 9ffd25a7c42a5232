"""Every secret that the tests have made or seen, and where none of them may stand: in logs and metrics of servers.

What makes or sees a secret registers it; a farm looks for all of them when it closes, and a server before it begins a
new log. So every suite watches over every log.
"""

import json
from urllib.parse import quote

import requests

HEAD = 12  # of a secret, by which it is looked up; shorter ones would stand in a log by chance
# What answers and commands call their secrets.
NAMES = {"password": "password", "secret_key": "secret key", "secret": "secret", "securitytoken": "security token",
         "key": "replication key"}

_known = {}  # secret → what kind it is


class Leak(AssertionError):
    """A secret stands where it must not; says which kind and where, and never the secret."""


def register(kind, value):
    """Remember a secret; answers it."""
    if isinstance(value, str) and len(value) >= HEAD:
        # A log may have it as it stands, or as a URL or JSON would have it.
        for form in {value, quote(value, safe=""), json.dumps(value)[1:-1]}:
            _known.setdefault(form.encode(), kind)
    return value


def register_all(found):
    """Remember what goes by the name of a secret anywhere in an answer; answers it."""
    for value in found if isinstance(found, list) else found.values() if isinstance(found, dict) else ():
        register_all(value)
    if isinstance(found, dict):
        for name, value in found.items():
            if name in NAMES:
                register(NAMES[name], value)
    return found


def register_answer(headers, body=None):
    """Remember what an answer hands out: tokens, keys."""
    register("token", headers.get("X-Subject-Token"))
    if body:
        try:
            register_all(json.loads(body))
        except ValueError:
            pass


def leaks_in(text):
    """(kind, secret) of what stands in the text and must not."""
    heads = {text[at:at + HEAD] for at in range(len(text) - HEAD + 1)}
    return [(kind, secret) for secret, kind in _known.items() if secret[:HEAD] in heads and secret in text]


def check(text, where):
    """No known secret stands in the bytes, which were found `where`."""
    found = leaks_in(text)
    if not found:
        return
    lines = [line for line in text.splitlines() if any(secret in line for _, secret in found)]
    for kind, secret in found:
        lines = [line.replace(secret, f"<the {kind}>".encode()) for line in lines]
    shown = "\n".join(line.decode(errors="replace")[:500] for line in lines[:5])
    raise Leak(f"{', '.join(sorted({kind for kind, _ in found}))} in {where}:\n{shown}")


def check_log(path):
    if path.exists():
        check(path.read_bytes(), f"the log {path}")


def check_metrics(endpoint):
    try:
        text = requests.get(f"{endpoint}/metrics", timeout=5).content
    except requests.RequestException:
        return  # Tests stop servers as they like.
    check(text, f"/metrics of {endpoint}")
