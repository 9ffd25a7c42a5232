"""Two regions as the command line sees them: two servers, two files of credentials."""

from driver.regions import Region, looking, share_key


class Regions:
    """`a` and `b` are the servers, `source` and `target` their libraries; b fetches from a.

    Files are not looked at: what is learned of them is a change that the next copy would bring.
    """

    def __init__(self, farm, *, through=None, **options):
        options = looking(options, False)
        self.a = farm.start(arguments=["--region", "a"], **options)
        endpoint = through(self.a.endpoint) if through else self.a.endpoint
        self.b = farm.start(arguments=["--region", "b", "--peer", f"a={endpoint}"], **options)
        regions = Region(self.a, "a"), Region(self.b, "b")
        self.key_id, _ = share_key(*regions)
        self.source, self.target = (region.library for region in regions)

    @property
    def credentials(self):
        """The flags of a command that has to do with both."""
        return ["--credentials", self.a.data / "credentials.json",
                "--to-credentials", self.b.data / "credentials.json"]
