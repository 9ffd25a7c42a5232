"""Instances by the command line, on both databases, while the library is served."""

import pytest

from driver.caller import KeyCaller
from driver.command import admin, run
from driver.integration import unique


@pytest.fixture(params=["sqlite", "postgres"])
def server(request, shared_servers):
    return shared_servers(request.param)


def test_created_instance_works_at_once(server):
    name = unique("second")
    made = admin(server, "instance", "create", name, "--description", "of 夏").json()
    assert made == {"instance_id": made["instance_id"], "name": name, "project_id": server.project,
                    "description": "of 夏"}
    caller = KeyCaller(server)
    path = f"/v2/{server.project}/instances"
    listed = caller.get(path, query={"limit": 1000}).json()["instances"]
    assert made["instance_id"] in [instance["id"] for instance in listed]
    app = caller.post(f"{path}/{made['instance_id']}/apps", {"name": "an app"})
    assert app.status == 201, app
    # names stand once in an instance, not in a project
    assert caller.post(f"{path}/{server.credentials['instance_id']}/apps", {"name": unique("an app")}).status == 201


def test_list_shows_all(server):
    made = admin(server, "instance", "create", unique("listed"), "--project", server.project).json()
    found = admin(server, "instance", "list").json()["instances"]
    assert made in found
    assert server.credentials["instance_id"] in [instance["instance_id"] for instance in found]


def test_output_for_people_has_the_id_first(server):
    name = unique("for people")
    made = run("admin", "--data", server.data, "instance", "create", name, environment=server.environment)
    assert made.status == 0, made
    found = run("admin", "--data", server.data, "instance", "list", environment=server.environment)
    assert f"{made.out.strip()}  {name}" in found.out.splitlines()


@pytest.mark.parametrize("arguments", [
    ("create", "default"), ("create", "x" * 65), ("create", ""), ("create",), ("create", "x", "--project", "0" * 32),
    ("create", "x", "--description", "y" * 256), ("explode",)])
def test_command_that_cannot_be_done_is_explained(server, arguments):
    outcome = admin(server, "instance", *arguments)
    assert outcome.status not in (0, 101)
    assert outcome.err and "panicked" not in outcome.err
