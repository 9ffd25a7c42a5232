"""Who did what, from where, by which key, and how it ended: a row for each change, each refusal, each download."""

import json
import re
import time

import pytest

from driver import iam
from driver.caller import KeyCaller
from driver.clock import faked
from driver.command import admin as command
from driver.exchange import exchange
from driver.iam import allow, allowed, by_temporary, forbidden, soon, temporary
from driver.library import Library
from driver.packages import Packages
from driver.waiting import until

FIELDS = {"event_id", "at", "request_id", "project_id", "user_id", "user_name", "access_key", "address", "action",
          "resource", "outcome", "detail"}
CONTENT = b"bytes that somebody downloads"
KEYS = "/v3.0/OS-CREDENTIAL/credentials"


def events(caller, **query):
    """All events that the call shows, the newest first."""
    found, query = [], {"limit": 1000} | query
    while True:
        page = allowed(caller.get("entrepot/audit", query=query)).json()
        found += page["events"]
        if not page.get("next_marker"):
            return found
        query["marker"] = page["next_marker"]


def recorded(caller, answer, **expected):
    """The event of the call that was answered so, once it is written."""
    assert answer.request_id
    found = until(lambda: [each for each in events(caller) if each["request_id"] == answer.request_id], 5,
                  f"no event for {answer}")
    fitting = [each for each in found if expected.items() <= each.items()]
    assert len(fitting) == 1, f"not one event with {expected}: {found}"
    return fitting[0]


@pytest.fixture
def person(admin):
    """A user who may everything."""
    return admin.user(policies=[iam.FULL])


def test_every_change_of_assets_and_files_is_recorded(owner, person):
    library, caller = Library(person.by_key()), person.by_key()
    done = {"outcome": "DONE", "user_id": person.id, "user_name": person.name, "access_key": caller.access_key,
            "address": "127.0.0.1", "project_id": caller.project}

    def change(action, answer, resource=None):
        event = recorded(owner, allowed(answer), action=action, **done)
        assert set(event) >= FIELDS and re.match(r"^\d{4}-\d\d-\d\dT", event["at"])
        assert resource is None or event["resource"] == resource, event
        return answer

    made = change("metastudio:asset:create", caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"}))
    asset_id = made.json()["asset_id"]
    asset = f"asset/{asset_id}"
    [event] = events(owner, resource=asset)
    assert (event["request_id"], event["action"]) == (made.request_id, "metastudio:asset:create")
    body = {"file_name": "a.png", "file_md5": "1B2M2Y8AsgTpgAmY7PhCfg==", "file_size": 1, "file_type": "png",
            "asset_id": asset_id, "asset_file_category": "MAIN"}
    file_id = change("metastudio:file:create", caller.post("files", body)).json()["file_id"]
    change("metastudio:file:delete", caller.delete(f"files/{file_id}"))
    main = library.upload(asset_id, CONTENT)
    large = {"file_name": "a.bin", "file_type": "mp4", "asset_id": library.create_asset("VIDEO"),
             "asset_file_category": "MAIN", "file_multipart_count": 2}
    change("metastudio:file:create", caller.post("large-files", large))
    change("metastudio:file:confirm", caller.post(f"files/{main}/complete", {"state": "CREATED"}))
    change("metastudio:asset:update", caller.put(f"digital-assets/{asset_id}", {"asset_state": "ACTIVED"}), asset)
    change("metastudio:asset:delete", caller.delete(f"digital-assets/{asset_id}"), asset)
    change("metastudio:asset:restore", caller.post(f"digital-assets/{asset_id}/restore"), asset)
    batch = caller.post("digital-assets/batch-action", {"action": "DELETE", "asset_ids": [asset_id]})
    change("metastudio:asset:delete", batch, asset)
    change("metastudio:asset:delete", caller.delete(f"digital-assets/{asset_id}", query={"mode": "force"}), asset)
    assert {each["action"] for each in events(owner, resource=asset)} >= {
        f"metastudio:asset:{verb}" for verb in ("create", "update", "delete", "restore")}


def test_every_change_of_applications_tasks_and_packages_is_recorded(owner, person):
    caller = person.by_key()
    packages = Packages(caller)
    done = {"outcome": "DONE", "user_name": person.name, "access_key": caller.access_key}

    def change(action, answer, name=""):
        event = recorded(owner, allowed(answer), action=action, **done)
        assert name in event["resource"], event
        return answer.json() if answer.body else {}

    app_id = change("roma:applications:create", packages.post("apps", {"name": iam.unique("app")}))["id"]
    asset_id = packages.library.create_image(CONTENT)
    app = packages.path(f"apps/{app_id}")
    change("roma:applications:update", caller.put(app, {"remark": "x"}), app_id)
    change("roma:applications:update", caller.put(f"{app}/secret", {}), app_id)
    change("roma:applications:update", caller.put(f"{app}/entrepot/digital-assets", {"asset_ids": [asset_id]}), app_id)
    # The secret opens the application: who was told it is of interest.
    change("roma:applications:update", caller.get(f"{app}/secret"), app_id)
    tasks = packages.path("tasks", "fdi/instances")
    task = {"task": {"task_name": iam.unique("task"), "task_type": "TIMING", "source_datasource_id": "s",
                     "target_datasource_id": "t"}, "task_detail": "{}"}
    task_id = change("roma:tasks:create", caller.post(tasks, task))["task"]["task_id"]
    change("roma:tasks:update", caller.put(f"{tasks}/{task_id}", task), task_id)
    change("roma:tasks:delete", caller.delete(f"{tasks}/{task_id}"), task_id)
    job_id = change("roma:assets:export", packages.post("assets/export", {"apps": [app_id]}))["job_id"]
    archive_id = packages.succeed(job_id)["archive_id"]
    downloaded = packages.fetch(archive_id)
    recorded(owner, allowed(downloaded), action="roma:assets:get", **done)
    job_id = change("roma:assets:delete", packages.post("assets/delete", {"apps": [app_id]}))["job_id"]
    packages.succeed(job_id)
    imported = packages.send_package(downloaded.body)
    packages.succeed(change("roma:assets:import", imported)["job_id"])
    app_id = packages.create_app(iam.unique("app"))
    change("roma:applications:delete", caller.delete(packages.path(f"apps/{app_id}")), app_id)


def test_tokens_and_keys_are_recorded(admin, person):
    caller = person.by_token()

    def admins(answer, **expected):
        found = until(lambda: [each for each in admin.audit("--limit", 200) if each["request_id"] == answer.request_id], 5,
                      f"no event for {answer}")
        assert [each for each in found if expected.items() <= each.items()], found

    made = person.token_answer()
    admins(made, outcome="DONE", user_name=person.name, address="127.0.0.1")
    token = made.headers["X-Subject-Token"]
    admins(caller.delete("/v3/auth/tokens", headers={"X-Subject-Token": token}), action="iam:tokens:delete", outcome="DONE")
    created = caller.post(KEYS, {"credential": {"user_id": person.id}})
    admins(created, action="iam:credentials:create", outcome="DONE", user_name=person.name)
    key = created.json()["credential"]["access"]
    admins(caller.put(f"{KEYS}/{key}", {"credential": {"status": "inactive"}}), action="iam:credentials:update")
    admins(caller.delete(f"{KEYS}/{key}"), action="iam:credentials:delete")
    admins(temporary(caller), action="iam:securitytokens:create", outcome="DONE")


def test_refused_changes_are_recorded(owner, reader):
    caller, asset_id = reader.by_key(), Library(owner).create_asset()
    for action, answer in (
            ("metastudio:asset:delete", caller.delete(f"digital-assets/{asset_id}")),
            ("metastudio:asset:create", caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"})),
            ("roma:applications:create", Packages(caller).post("apps", {"name": "an app"}))):
        forbidden(answer)
        recorded(owner, answer, action=action, outcome="REFUSED", user_name=reader.name, access_key=caller.access_key)


def test_who_could_not_say_who_they_are_leaves_no_row(admin, owner, reader):
    """A stranger could fill the disk with them."""
    wrong = KeyCaller(reader.server, reader.key["access_key"], "wrong", source="127.6.0.1")
    unknown = KeyCaller(reader.server, "NOBODY", "nothing", source="127.6.0.1")
    body = {"asset_name": "x", "asset_type": "IMAGE"}
    answers = [caller.post("digital-assets", body) for caller in (wrong, unknown)]
    answers.append(reader.token_answer(password="a wrong password"))
    assert {answer.status for answer in answers} == {401}
    recorded(owner, reader.by_key().post("digital-assets", body), outcome="REFUSED")
    ids = {answer.request_id for answer in answers}
    assert not [each for each in admin.audit("--limit", 1000) if each["request_id"] in ids]


def test_attempt_in_a_foreign_project_is_no_event_of_that_project(admin, owner):
    stranger = admin.user(projects=[admin.project()], policies=[iam.FULL])
    answer = stranger.by_key(owner.project).post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"})
    assert answer.error_code == "MSS.00010009"
    found = until(lambda: admin.audit("--user-name", stranger.name, "--outcome", "REFUSED"), 5, "it is not recorded")
    assert [(each["request_id"], each["project_id"]) for each in found] == [(answer.request_id, None)]
    assert events(owner, user_name=stranger.name) == []


def test_changes_that_fail_are_recorded(owner, person):
    caller = person.by_key()
    asset_id = Library(caller).create_asset()
    answer = caller.post(f"digital-assets/{asset_id}/restore")
    assert answer.error_code == "MSS.10009001"
    event = recorded(owner, answer, action="metastudio:asset:restore", outcome="FAILED", user_name=person.name)
    assert "MSS.10009001" in json.dumps(event["detail"]) or event["detail"], event


def test_bytes_that_are_handed_out_are_recorded(owner, person):
    library = Library(person.by_key())
    asset_id = library.create_image(CONTENT)
    [file] = library.show(asset_id)["files"]
    got = library.get_bytes(file["download_url"])
    assert got.body == CONTENT
    event = recorded(owner, got, action="entrepot:object:get", outcome="DONE", address="127.0.0.1")
    assert file["file_id"] in json.dumps(event) and asset_id in json.dumps(event)
    ranged = library.get_bytes(file["download_url"], {"Range": "bytes=0-3"})
    assert ranged.status == 206
    recorded(owner, ranged, outcome="DONE")
    refused = library.get_bytes(file["download_url"].replace("Signature=", "Signature=x"))
    assert refused.status == 403


def test_token_and_session_are_told_from_a_key(owner, person):
    by_token = person.by_token()
    body = {"asset_name": "x", "asset_type": "IMAGE"}
    event = recorded(owner, by_token.post("digital-assets", body), action="metastudio:asset:create")
    assert (event["user_name"], event["access_key"]) == (person.name, None)
    session = by_temporary(by_token)
    event = recorded(owner, session.post("digital-assets", body), action="metastudio:asset:create")
    assert (event["user_name"], event["access_key"]) == (person.name, session.access_key)


def test_reading_leaves_no_row(owner, person):
    caller = person.by_key()
    Library(caller).create_asset()
    answers = [caller.get(tail) for tail in ("digital-assets", "entrepot/copies", f"/v2/{caller.project}/instances")]
    recorded(owner, caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"}))
    time.sleep(1)
    ids = {answer.request_id for answer in answers}
    assert not [each for each in events(owner, user_name=person.name) if each["request_id"] in ids]


ADMIN_CHANGES = ["project-create", "project-update", "project-delete", "user-create", "user-update", "user-password",
                 "user-delete", "group-create", "group-update", "group-add-user", "group-remove-user", "group-delete", "key-create",
                 "key-update", "key-delete", "policy-create", "policy-update", "policy-attach", "policy-detach",
                 "policy-delete"]


def test_every_admin_command_that_changes_something_is_recorded(private):
    admin, server = private, private.server
    project = admin("project", "create", "p")["project_id"]
    admin("project", "update", project, "--description", "d")
    user = admin.user("u", projects=[server.project])
    admin("user", "update", "u", "--add-project", project)
    admin("user", "update", "u", "--new-password")
    admin("group", "create", "g")
    admin("group", "update", "g", "--description", "d")
    admin("group", "add-user", "g", "--user", "u")
    admin("policy", "create", "q", "--file", admin.file(allow("*:*:*")))
    admin("policy", "update", "q", "--file", admin.file(allow("metastudio:*:*")))
    admin.attach("q", user="u")
    admin.attach("q", group="g")
    admin.detach("q", group="g")
    key = admin.key("u")["access_key"]
    admin("key", "update", key, "--disable")
    admin("key", "delete", key)
    admin("group", "remove-user", "g", "--user", "u")
    admin("group", "delete", "g")
    admin("user", "delete", "u")
    admin("policy", "delete", "q", "--force")
    admin("project", "delete", project)
    found = admin.audit("--action", "entrepot:admin")
    assert {each["action"] for each in found} == {f"entrepot:admin:{change}" for change in ADMIN_CHANGES}
    for event in found:
        assert event["user_name"] is None and event["outcome"] == "DONE" and event["request_id"] is None, event
    of_user = [each["action"] for each in admin.audit("--resource", f"user/{user.id}")]
    assert of_user[-1] == "entrepot:admin:user-create" and of_user[0] == "entrepot:admin:user-delete"
    before = len(admin.audit())
    for arguments in (["user", "list"], ["policy", "list"], ["key", "list"], ["project", "show", server.project]):
        admin(*arguments)
    assert len(admin.audit()) == before, "looking was recorded"


def test_filters(admin, owner, person):
    caller, other = person.by_key(), admin.user(policies=[iam.FULL])
    body = {"asset_name": "x", "asset_type": "IMAGE"}
    mine = [caller.post("digital-assets", body) for _ in range(3)]
    theirs = other.by_key().post("digital-assets", body)
    asset_id = mine[0].json()["asset_id"]
    deleted = caller.delete(f"digital-assets/{asset_id}")
    failed = caller.post(f"digital-assets/{iam.unique('none')}/restore")
    for answer in (*mine, theirs, deleted, failed):
        recorded(owner, answer)

    def ids(**query):
        return {each["request_id"] for each in events(owner, **query)}

    made = {answer.request_id for answer in mine}
    assert ids(user_name=person.name) == ids(user_id=person.id) == made | {deleted.request_id, failed.request_id}
    assert ids(access_key=caller.access_key) == ids(user_id=person.id)
    assert ids(user_id=person.id, action="metastudio:asset:create") == made
    assert ids(user_id=person.id, action="metastudio:asset") == ids(user_id=person.id)
    assert ids(user_id=person.id, action="metastudio:asset:creat") == set()
    assert ids(resource=f"asset/{asset_id}") == {mine[0].request_id, deleted.request_id}
    assert ids(user_id=person.id, outcome="FAILED") == {failed.request_id}
    assert ids(user_id=person.id, outcome="REFUSED") == set()
    found = events(owner, user_id=person.id)
    assert found == sorted(found, key=lambda each: (each["at"], each["event_id"]), reverse=True)
    first, last = found[-1]["at"], found[0]["at"]
    assert ids(user_id=person.id, since=first) == ids(user_id=person.id)
    assert ids(user_id=person.id, since="2100-01-01T00:00:00Z") == set()
    assert ids(user_id=person.id, until="2001-01-01T00:00:00Z") == set()
    assert ids(user_id=person.id, until="2100-01-01T00:00:00Z") == ids(user_id=person.id)
    assert last >= first


def test_pages(owner, person):
    caller = person.by_key()
    for _ in range(7):
        answer = caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"})
    recorded(owner, answer)
    whole = events(owner, user_id=person.id)
    assert len(whole) == 7
    query, found, sizes = {"limit": 3, "user_id": person.id}, [], []
    while True:
        page = allowed(owner.get("entrepot/audit", query=query)).json()
        found += page["events"]
        sizes.append(len(page["events"]))
        if not page.get("next_marker"):
            break
        query["marker"] = page["next_marker"]
    assert found == whole and sizes in ([3, 3, 1], [3, 3, 1, 0])


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"limit": "x"}, {"outcome": "MAYBE"}, {"since": "yesterday"},
                                   {"until": "x"}, {"marker": "x" * 65}, {"surprise": 1}])
def test_parameter_that_is_none(owner, query):
    answer = owner.get("entrepot/audit", query=query)
    assert (answer.status, answer.error_code) == (400, "MSS.00000003"), answer
    assert next(iter(query)) in answer.error_msg


def test_command_and_call_agree(admin, owner, person):
    caller = person.by_key()
    for _ in range(3):
        answer = caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"})
    recorded(owner, answer)
    forbidden_one = admin.user().by_key().post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"})
    recorded(owner, forbidden_one)
    for flags, query in ((["--user", person.name], {"user_name": person.name}), (["--access-key", caller.access_key],
                         {"access_key": caller.access_key}), (["--outcome", "REFUSED"], {"outcome": "REFUSED"}),
                         (["--action", "metastudio:asset"], {"action": "metastudio:asset"})):
        printed = [each for each in admin.audit("--limit", 10000, *flags) if each["project_id"] == owner.project]
        called = events(owner, **query)
        assert printed and printed == called, flags


def test_events_of_a_project_are_shown_in_no_other(admin, person, server):
    there = admin.project()
    auditor = admin.user(projects=[there], policies=[allow("entrepot:audit:list")])
    Library(person.by_key()).create_asset()
    owner = KeyCaller(server, project=there)
    soon(lambda: owner.get("digital-assets").status == 200)
    made = owner.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"})
    recorded(auditor.by_key(there), made, action="metastudio:asset:create")
    assert {each["project_id"] for each in events(auditor.by_key(there))} == {there}
    assert auditor.by_key().get("entrepot/audit").error_code == "MSS.00010009"


def test_secrets_never_stand_in_it(private):
    server = private.server
    user = private.user(policies=[iam.FULL])
    token = user.by_token()
    session = by_temporary(token)
    made = token.post(KEYS, {"credential": {"user_id": user.id}}).json()["credential"]
    new = private("user", "update", user.name, "--new-password")["password"]
    packages = Packages(user.by_key())
    secret = packages.secret(packages.create_app("an app"))
    user.token_answer(password="a wrong password that was typed")
    time.sleep(1)
    told = json.dumps(private.audit("--limit", 10000))
    for each in (user.password, new, token.token, session.secret_key, session.security_token, made["secret"], secret,
                 user.key["secret_key"], server.credentials["secret_key"], "a wrong password that was typed"):
        assert json.dumps(each)[1:-1] not in told


def test_downloads_are_left_out_when_that_is_set(farm):
    server = farm.start(environment={"ENTREPOT_AUDIT_DOWNLOADS": "false"})
    owner = KeyCaller(server)
    library = Library(owner)
    asset_id = library.create_image(CONTENT)
    got = library.get_bytes(library.file(asset_id)["download_url"])
    assert got.body == CONTENT
    recorded(owner, owner.delete(f"digital-assets/{asset_id}"))
    time.sleep(1)
    assert got.request_id not in {each["request_id"] for each in events(owner)}


def test_rows_are_forgotten_after_their_days(farm):
    server = farm.start(environment={"ENTREPOT_AUDIT_DAYS": 30, "ENTREPOT_SWEEP_MINUTES": 1})
    made = Library(KeyCaller(server)).create_asset()
    resource = f"asset/{made}"
    settings = dict(server.environment)
    for days, left in ((29, True), (31, False)):
        server.stop()
        server.environment = settings | faked(f"+{days}d x20")
        server.start()
        if left:
            time.sleep(7)
            assert command(server, "audit", "--resource", resource).json()["events"]
        else:
            until(lambda: not command(server, "audit", "--resource", resource).json()["events"], 20,
                  "the row is still there")


def test_rows_are_written_before_the_server_stops(farm):
    server = farm.start()
    admin = iam.Admin(server)
    reader = admin.user(policies=[iam.READ_ONLY])
    answers = [reader.by_key().post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"}) for _ in range(20)]
    server.stop()
    found = {each["request_id"] for each in admin.audit("--outcome", "REFUSED")}
    assert {answer.request_id for answer in answers} <= found


def test_nobody_changes_what_is_recorded(owner):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = owner.call(method, "entrepot/audit", json={})
        assert answer.status in (400, 404, 405) and answer.error_code != "MSS.00000003", answer
    assert exchange(owner.server.endpoint, "GET", owner.path("entrepot/audit")).status == 401
