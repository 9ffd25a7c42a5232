"""kill -9 at random moments of an export, a download and an import; what had begun goes on, and comes out right.

ENTREPOT_CRASH_SECONDS sets how long it goes on (default 30), ENTREPOT_CRASH_SEED repeats a run.
"""

import http.client
import os
import random
import threading
import time

import pytest

from driver.bags import Package
from driver.caller import token_caller
from driver.clock import FastClock, LaterCaller, faked
from driver.databases import URL
from driver.library import Refused
from driver.packages import Packages, fill
from driver.rows import execute, second_user, stored_files
from driver.waiting import until

SECONDS = float(os.environ.get("ENTREPOT_CRASH_SECONDS", "30")) / 3
ASSETS, FILES, SIZE = 4, 3, 700_000


class Doomed:
    """A library that is killed while something is done with it, and started again."""

    def __init__(self, server, chance):
        self.server, self.chance = server, chance

    def packages(self):
        return Packages(token_caller(self.server))

    def kill_during(self, work, longest):
        """Let the work run for a moment, kill the server under it, start it again; answers what came back, or None."""
        found = []

        def run():
            try:
                found.append(work())
            except (OSError, http.client.HTTPException):
                pass  # That is what a server that is gone looks like.
            except Refused as refused:
                found.append(refused)

        worker = threading.Thread(target=run, daemon=True)
        worker.start()
        time.sleep(self.chance.uniform(0, longest))
        self.server.kill()
        worker.join(30)
        assert not worker.is_alive()
        self.server.start()
        return found[0] if found else None


def free(packages, timeout=20):
    """Wait until no job of the user is running; nobody is locked out."""
    running = "SELECT job_id FROM asset_jobs WHERE status = 'RUNNING'"
    until(lambda: not execute(packages.caller.server, running), timeout, "a job runs for ever")


def killed_export(doomed, app):
    packages = doomed.packages()
    job_id = doomed.kill_during(lambda: packages.begin("export", [app]), 0.15)
    packages = doomed.packages()
    if job_id:
        assert packages.succeed(job_id)["archive_id"]
    free(packages)
    return packages.export([app])


def killed_download(doomed, archive_id, folder):
    """The holder tries until the package is whole, with the server killed under some of the tries."""
    packages, whole = doomed.packages(), b""
    size = packages.record(archive_id)["size"]
    assert packages.fetch(archive_id, Range="bytes=0-0").status == 206
    for kills in range(20):
        answer = doomed.kill_during(lambda: packages.fetch(archive_id), 0.3) if kills < 3 else packages.fetch(archive_id)
        packages = doomed.packages() if kills < 3 else packages
        stranger = Packages(second_user(doomed.server))
        assert stranger.fetch(archive_id).status == 403, "somebody else got a byte of it"
        if answer and answer.status == 200 and len(answer.body) == size:
            whole = answer.body
            break
        assert answer is None or answer.error_code == "ROMA.19003", answer
        time.sleep(0.2 if kills >= 3 else 0)
    assert len(whole) == size, "the holder never got it whole"
    path = folder / f"{archive_id}.zip"
    path.write_bytes(whole)
    package = Package(path).check()
    assert package.digest() == packages.record(archive_id)["digest"]
    # A crash between the last acknowledgement and its record errs towards the holder.
    deadline = time.monotonic() + 20
    while (again := packages.fetch(archive_id)).error_code != "ROMA.19002":
        assert again.status == 200 and again.body == whole or again.error_code == "ROMA.19003", again
        assert time.monotonic() < deadline
    assert packages.record(archive_id)["state"] == "CONSUMED"
    return whole


def killed_import(doomed, whole, name, number):
    packages, prefix = doomed.packages(), f"import-{number}-"
    job = doomed.kill_during(lambda: packages.send_package(whole, prefix=prefix), 0.6)
    packages = doomed.packages()
    free(packages)
    apps = packages.apps()
    if job is not None and job.status == 200:
        assert packages.job(job.json()["job_id"])["status"] == "SUCCEEDED"
        assert prefix + name in apps
    if prefix + name not in apps:
        return 0
    library = packages.library
    made = packages.attached(apps[prefix + name]["id"])
    assert len(made) == ASSETS
    for asset_id in made:
        files = [file for file in library.show(asset_id)["files"] if file["state"] == "CREATED"]
        assert len(files) == FILES
        assert all(len(library.get_bytes(file["download_url"]).body) == SIZE for file in files)
    return 1


def nothing_is_left(server, assets):
    """Days later: every object is claimed by a row, and every row of assets is counted."""
    server.stop()
    # such a sweep looks through the whole storage at any time of the day
    server.environment.update(faked("+12d x20"), ENTREPOT_SWEEP_MINUTES="400")
    server.start()
    packages = Packages(LaterCaller(server))
    deadline = time.monotonic() + 40
    while True:
        claimed = int(execute(server, "SELECT count(*) FROM segments")[0][0])
        stored = len(stored_files(server))
        if stored == claimed:
            break
        assert time.monotonic() < deadline, f"{stored} objects, {claimed} claimed"
        time.sleep(0.2)
    assert packages.library.list(limit=1)["count"] == assets
    for table in ("package_entries", "archive_pins"):
        assert execute(server, f"SELECT count(*) FROM {table}") == [["0"]], table


@pytest.mark.timeout(180)
def test_whatever_is_killed_comes_out_whole(farm, tmp_path):
    seed = int(os.environ.get("ENTREPOT_CRASH_SEED", time.time_ns() % 10**9))
    print(f"ENTREPOT_CRASH_SEED={seed}")
    chance = random.Random(seed)
    server = farm.start(environment={"ENTREPOT_SWEEP_MINUTES": 1, "ENTREPOT_QUARANTINE_MINUTES": 0})
    doomed, name = Doomed(server, chance), "killed"
    app = fill(doomed.packages(), name, assets=ASSETS, files=FILES, size=SIZE)
    deadline = time.monotonic() + SECONDS
    rounds = imported = 0
    while time.monotonic() < deadline or rounds < 2:
        archive_id = killed_export(doomed, app)
        whole = killed_download(doomed, archive_id, tmp_path)
        imported += killed_import(doomed, whole, name, rounds)
        rounds += 1
    print(f"{rounds} rounds, {imported} imports came through")
    nothing_is_left(server, ASSETS * (1 + imported))


@pytest.mark.parametrize("verb", ["export", "import", "delete"])
def test_job_of_a_node_that_died_goes_on_when_its_lease_has_lapsed(farm, verb):
    if not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    # Other nodes may share this database, so nobody takes the job before; 20 times as fast, that is soon.
    clock = FastClock(20)
    server = farm.start(backend="postgres", environment=clock.environment())
    packages = Packages(token_caller(server))
    app = fill(packages, "left behind")
    if verb == "import":
        whole = packages.fetch(packages.export([app])).body
        job_id = packages.send_package(whole, prefix="again-").json()["job_id"]
    else:
        job_id = packages.begin(verb, [app])
    server.kill()
    server.environment.update(clock.environment())
    server.start()
    packages = Packages(token_caller(server))
    packages.succeed(job_id)
    assert packages.apps().keys() == {"export": {"left behind"}, "import": {"left behind", "again-left behind"},
                                      "delete": set()}[verb]
    packages.begin("export", tasks=[packages.create_task("nobody is locked out")])
