"""One running entrepot: started as a user starts it, found through the files that it promises."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests

from driver import secrets

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("ENTREPOT_BIN", ROOT / "target/debug/entrepot")).resolve()
SERVING = re.compile(r"serving (http://[0-9.]+:[0-9]+)")


def clean_environment(**extra):
    """The caller's environment without anything that would configure the server."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ENTREPOT_")}
    return kept | {key: str(value) for key, value in extra.items()}


class Server:
    """A data folder and, between start and stop, the process that serves it."""

    def __init__(self, data: Path, *, environment=None, arguments=(), wrapper=()):
        self.data = data
        self.environment = dict(environment or {})
        self.arguments = list(arguments)
        self.wrapper = list(wrapper)
        self.port = 0  # any that is free
        self.log = data.parent / f"{data.name}.log"
        self.process = None
        self.endpoint = None
        self.credentials = {}

    def start(self, *, timeout=20.0):
        self.launch()
        deadline = time.monotonic() + timeout
        self.endpoint = self._wait(deadline, self._endpoint_in_log)
        self._wait(deadline, self._ready)
        self.credentials = json.loads((self.data / "credentials.json").read_text())
        assert self.credentials["endpoint"] == self.endpoint, "credentials.json names another endpoint"
        self._register_secrets()
        return self

    def launch(self):
        """Only begins, without waiting until it serves."""
        # setpriv ends the server with this process, however this process ends.
        command = ["setpriv", "--pdeathsig", "KILL", *self.wrapper, str(BINARY), "serve",
                   "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}", *self.arguments]
        secrets.check_log(self.log)  # It begins anew.
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env=clean_environment(**self.environment))

    def _register_secrets(self):
        secrets.register_all(self.credentials)
        master_key = self.data / "master.key"
        if master_key.exists():
            secrets.register("master key", master_key.read_text().strip())
        secrets.register("master key", self.environment.get("ENTREPOT_MASTER_KEY"))
        secrets.register("password of the database",
                         urlsplit(self.environment.get("ENTREPOT_DATABASE_URL", "")).password)

    def _wait(self, deadline, probe):
        while True:
            found = probe()
            if found:
                return found
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            if time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server is not ready:\n{self.tail()}")
            time.sleep(0.01)

    def _endpoint_in_log(self):
        found = SERVING.search(self.log.read_text(errors="replace"))
        return found and found.group(1)

    def _ready(self):
        try:
            return requests.get(f"{self.endpoint}/readyz", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    def tail(self):
        return self.log.read_text(errors="replace")[-4000:]

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """What a power cut leaves of a process: no chance to tidy up."""
        if self.running:
            self.process.kill()
            self.process.wait()

    def stop(self, *, timeout=15.0):
        """Ask it to stop; the exit status tells whether it did so in order."""
        if not self.running:
            return self.process.returncode
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def restart(self):
        self.stop()
        return self.start()

    @property
    def project(self):
        return self.credentials["project_id"]
