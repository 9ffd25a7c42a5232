"""The same content exported twice by the same clock is the same package, byte for byte."""

from driver.caller import KeyCaller
from driver.clock import LaterCaller, faked
from driver.packages import Packages, fill


def same_second(server):
    """The server under a clock that stands still; what waits goes on."""
    server.stop()
    server.environment.update(faked("2030-05-06 07:08:09") | {"FAKETIME_DONT_FAKE_MONOTONIC": "1"})
    server.start()
    return Packages(LaterCaller(server))


def test_same_clock_same_bytes(farm):
    server = farm.start()
    packages = Packages(KeyCaller(server))
    apps = [fill(packages, "one"), fill(packages, "two")]
    tasks = [packages.create_task("first", "[1, 2]"), packages.create_task("second")]
    packages = same_second(server)
    first = packages.fetch(packages.export(apps, tasks))
    # Neither another process nor another order of what is asked for makes a difference.
    packages = same_second(server)
    second = packages.fetch(packages.export(apps[::-1], tasks[::-1]))
    assert first.status == second.status == 200
    assert first.body == second.body and first.headers["ETag"] == second.headers["ETag"]


def test_other_time_shows_in_the_time_alone(packages, tmp_path):
    app = fill(packages, "exported again later")
    first, second = (packages.download(packages.export([app]), tmp_path) for _ in range(2))
    assert first.names == second.names
    differ = [name for name in first.names if first.read(name) != second.read(name)]
    assert set(differ) <= {"bag-info.txt", "data/package.json", "manifest-sha256.txt", "tagmanifest-sha256.txt"}
    assert first.json() | {"created_at": ""} == second.json() | {"created_at": ""}
