"""Servers that believe in another time, through Debian's libfaketime."""

import time
from datetime import timedelta, timezone
from email.utils import parsedate_to_datetime
from glob import glob

from driver.caller import KeyCaller
from driver.exchange import exchange

COMPACT = "%Y%m%dT%H%M%SZ"


def faked(specification):
    """The environment of a process whose clock follows the specification of faketime(1)."""
    [preloaded] = glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    return {"LD_PRELOAD": preloaded, "FAKETIME": specification, "FAKETIME_DONT_RESET": "1"}


class LaterCaller(KeyCaller):
    """Signs with the date that its server believes in."""

    def send(self, method, path, query, headers, body):
        date = self.server_time().strftime(COMPACT)
        return super().send(method, path, query, headers | {"X-Sdk-Date": date}, body)

    def server_time(self):
        told = exchange(self.server.endpoint, "GET", "/healthz").headers["Date"]
        return parsedate_to_datetime(told).astimezone(timezone.utc)


def wait_on_server(caller, minutes, *, timeout):
    """Wait until so many minutes have passed by the server's own clock."""
    until = caller.server_time() + timedelta(minutes=minutes)
    deadline = time.monotonic() + timeout
    while caller.server_time() < until:
        assert time.monotonic() < deadline, "the server's clock does not run as it should"
        time.sleep(0.1)


class FastClock:
    """A clock that runs so many times as fast, and goes on where it was when its server starts again."""

    def __init__(self, factor):
        self.factor = factor
        self.began = time.monotonic()

    def environment(self):
        ahead = (self.factor - 1) * (time.monotonic() - self.began)
        return faked(f"+{ahead:.0f} x{self.factor}")
