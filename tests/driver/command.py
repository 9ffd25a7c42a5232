"""The command line as a person types it: arguments in, exit status, standard output and error out."""

import json
import subprocess
from dataclasses import dataclass

from driver import secrets
from driver.server import BINARY, clean_environment


@dataclass
class Outcome:
    status: int
    out: str
    err: str

    def json(self):
        """The one JSON object that --json promises."""
        assert self.status == 0, self
        found = json.loads(self.out)
        assert isinstance(found, dict), self.out
        return found


def run(*arguments, environment=None, timeout=60, cwd=None, given=""):
    """`given` is what stands on standard input."""
    finished = subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True, timeout=timeout,
                              input=given, env=clean_environment(**(environment or {})), cwd=cwd)
    return Outcome(finished.returncode, finished.stdout, finished.stderr)


def client(server, command, *arguments, **options):
    """A client command with the credentials of the owner."""
    return run(command, *arguments, "--credentials", server.data / "credentials.json", **options)


def admin(server, *arguments, **options):
    """An admin command on the data folder of a server, with the settings that the server has."""
    secrets.register("secret given to a command", options.get("given", "").strip())
    outcome = run("admin", "--data", server.data, *arguments, "--json", environment=server.environment, **options)
    if outcome.status == 0:
        secrets.register_all(json.loads(outcome.out))
    secrets.check(outcome.err.encode(), f"what the command {arguments} says on standard error")
    return outcome
