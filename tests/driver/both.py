"""Two regions that share a key: servers A and B, of which B fetches from A."""

from driver.caller import KeyCaller
from driver.command import admin
from driver.library import Library


def share_key(here, there):
    """Makes a key in one region and puts it into the other's ring; answers its id."""
    here_name, there_name = region_of(here), region_of(there)
    made = admin(here, "replication-key", "create", "--peer", there_name).json()
    added = admin(there, "replication-key", "add", made["key_id"], "--peer", here_name, given=made["key"])
    assert added.json()["key_id"] == made["key_id"]
    return made["key_id"]


def region_of(server):
    return server.arguments[server.arguments.index("--region") + 1]


class Regions:
    """`a` and `b` are the servers, `source` and `target` their libraries."""

    def __init__(self, farm, *, through=None, **options):
        self.a = farm.start(arguments=["--region", "a"], **options)
        endpoint = through(self.a.endpoint) if through else self.a.endpoint
        self.b = farm.start(arguments=["--region", "b", "--peer", f"a={endpoint}"], **options)
        self.key_id = share_key(self.a, self.b)
        self.source = Library(KeyCaller(self.a))
        self.target = Library(KeyCaller(self.b))

    @property
    def credentials(self):
        """The flags of a command that has to do with both."""
        return ["--credentials", self.a.data / "credentials.json",
                "--to-credentials", self.b.data / "credentials.json"]
