"""Private servers, each with a data folder and a database of its own, and their end."""

import shutil

from driver import secrets
from driver.databases import Database
from driver.server import Server


class Farm:
    """Starts servers and, at its end, stops them all and removes what they kept."""

    def __init__(self, folder):
        self.folder = folder
        self.servers = []
        self.databases = []

    def prepare(self, *, backend="sqlite", data=None, environment=None, **options):
        """A server that is not started yet."""
        environment = dict(environment or {})
        if backend == "postgres":
            self.databases.append(Database())
            environment["ENTREPOT_DATABASE_URL"] = self.databases[-1].url
        data = data or self.folder / f"library-{len(self.servers)}"
        self.servers.append(Server(data, environment=environment, **options))
        return self.servers[-1]

    def start(self, **options):
        return self.prepare(**options).start()

    def join(self, first):
        """Another node over the database and the bytes of a server."""
        second = self.prepare(environment=first.environment, arguments=first.arguments)
        second.data.mkdir()
        (second.data / "blobs").symlink_to(first.data / "blobs")
        for name in ("master.key", "credentials.json"):
            shutil.copy(first.data / name, second.data / name)
        return second.start()

    def close(self):
        try:
            self._look_for_secrets()
        finally:
            for server in self.servers:
                server.kill()
            for database in self.databases:
                database.drop()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _look_for_secrets(self):
        for server in self.servers:
            if server.running and server.endpoint:
                secrets.check_metrics(server.endpoint)
        for server in self.servers:
            server.kill()
            secrets.check_log(server.log)
