"""`entrepot admin` for projects, users, groups, keys and policies: a promise for scripts, while the library is served."""

import json
import re

import pytest

from driver import iam
from driver.caller import KeyCaller
from driver.command import run
from driver.iam import allow, allowed, soon
from driver.packages import Packages

ID = re.compile(r"^[0-9a-f]{32}$")
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
ABSENT = "there-is-none-of-this-name"


def keys(found):
    return set(found)


def names(found, key="name"):
    return [each[key] for each in found]


# Projects.

def test_project_create_show_update_list_delete(admin):
    name = iam.unique("project")
    made = admin("project", "create", name, "--description", "what it is for")
    assert keys(made) == {"project_id", "project_name", "description"} and ID.match(made["project_id"])
    assert (made["project_name"], made["description"]) == (name, "what it is for")
    for which in (name, made["project_id"]):
        shown = admin("project", "show", which)
        assert made.items() <= shown.items()
    assert name in names(admin("project", "list")["projects"], "project_name")
    renamed = iam.unique("renamed")
    changed = admin("project", "update", made["project_id"], "--name", renamed, "--description", "")
    assert changed == {"project_id": made["project_id"], "project_name": renamed, "description": ""}
    assert changed.items() <= admin("project", "show", renamed).items()
    admin("project", "delete", renamed)
    assert made["project_id"] not in names(admin("project", "list")["projects"], "project_id")
    assert renamed in admin.refused("project", "show", renamed)


def test_project_is_called_in_soon(admin):
    project = admin.project()
    owner = KeyCaller(admin.server, project=project)
    soon(lambda: owner.get("digital-assets").status == 200)
    user = admin.user(projects=[project], policies=[iam.READ_ONLY])
    allowed(user.by_token(project).get("digital-assets"))


def test_project_that_holds_something_is_not_deleted(admin):
    project = admin.project()
    owner = KeyCaller(admin.server, project=project)
    soon(lambda: owner.get("digital-assets").status == 200)
    asset_id = allowed(owner.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"})).json()["asset_id"]
    said = admin.refused("project", "delete", project)
    assert "asset" in said
    allowed(owner.delete(f"digital-assets/{asset_id}"))
    assert "asset" in admin.refused("project", "delete", project)
    other = admin.project()
    instance = admin("instance", "create", "an instance", "--project", other)["instance_id"]
    owner = KeyCaller(admin.server, project=other)
    soon(lambda: owner.get("digital-assets").status == 200)
    Packages(owner, instance).create_app("an app")
    assert "application" in admin.refused("project", "delete", other)
    assert admin("project", "show", project)["project_id"] == project


def test_project_that_is_deleted_takes_memberships_along(admin, server):
    project = admin.project()
    user = admin.user(projects=[server.project, project], policies=[iam.READ_ONLY])
    caller = user.by_key(project)
    allowed(caller.get("digital-assets"))
    admin("project", "delete", project)
    soon(lambda: caller.get("digital-assets").error_code == "MSS.00010009")
    assert admin("user", "show", user.name)["projects"] == [server.project]


@pytest.mark.parametrize("arguments", [
    ["project", "create", ""], ["project", "create", "x" * 65], ["project", "create", "line\nend"],
    ["project", "create", "x", "--description", "x" * 256], ["user", "create", ""], ["user", "create", "x" * 65],
    ["user", "create", "line\nend"], ["group", "create", ""], ["group", "create", "x" * 129],
    ["policy", "create", "", "--file", "FILE"], ["policy", "create", "x" * 129, "--file", "FILE"]])
def test_names_have_limits(admin, arguments):
    filled = [admin.file(allow("*:*:*")) if each == "FILE" else each for each in arguments]
    outcome = admin.run(*filled)
    assert outcome.status in (1, 2) and outcome.out == "" and outcome.err.strip(), outcome


@pytest.mark.parametrize("kind", ["project", "user", "group", "policy"])
def test_name_stands_once(admin, kind):
    name = iam.unique("taken")
    more = ["--file", admin.file(allow("*:*:*"))] if kind == "policy" else []
    admin(kind, "create", name, *more)
    assert name in admin.refused(kind, "create", name, *more)
    if kind != "policy":
        other = iam.unique("other")
        admin(kind, "create", other)
        assert name in admin.refused(kind, "update", other, "--name", name)


@pytest.mark.parametrize("arguments", [
    ["project", "show"], ["project", "update", "--description", "x"], ["project", "delete"], ["user", "show"],
    ["user", "update", "--disable"], ["user", "delete"], ["group", "show"], ["group", "delete"],
    ["group", "update", "--description", "x"], ["key", "show"], ["key", "update", "--disable"], ["key", "delete"],
    ["policy", "show"], ["policy", "delete"]])
def test_what_is_not_there_is_said_so(admin, arguments):
    kind, verb, *flags = arguments
    assert ABSENT in admin.refused(kind, verb, ABSENT, *flags)


@pytest.mark.parametrize("arguments", [
    ["key", "create", "--user", ABSENT], ["key", "list", "--user", ABSENT], ["user", "create", "a user", "--project", ABSENT],
    ["policy", "attach", "--user", ABSENT, "--policy", iam.FULL], ["policy", "attach", "--group", ABSENT, "--policy", iam.FULL],
    ["policy", "attach", "--user", "owner", "--policy", ABSENT], ["policy", "attach", "--user", "owner", "--policy", f"{ABSENT}.json"],
    ["policy", "attach", "--user", "owner", "--policy", iam.FULL, "--project", ABSENT],
    ["policy", "create", "a policy", "--file", f"{ABSENT}.json"], ["group", "add-user", ABSENT, "--user", "owner"]])
def test_reference_to_what_is_not_there_is_said_so(admin, arguments):
    assert ABSENT in admin.refused(*arguments)


@pytest.mark.parametrize("arguments", [
    ["user"], ["user", "create"], ["user", "update", "owner", "--enable", "--disable"], ["key", "create"],
    ["user", "update", "owner", "--new-password", "--password-stdin"],
    ["policy", "attach", "--policy", iam.FULL], ["policy", "attach", "--user", "a", "--group", "b", "--policy", iam.FULL],
    ["policy", "attach", "--user", "owner"], ["user", "create", "x", "--password", "as an argument"], ["key", "rotate"]])
def test_command_that_cannot_be_meant_so(admin, arguments):
    outcome = admin.run(*arguments)
    assert (outcome.status, outcome.out) == (2, "") and "Usage" in outcome.err, outcome


# Users.

def test_user_create_prints_a_password_that_works(admin, server):
    name, project = iam.unique("user"), admin.project()
    made = admin("user", "create", name, "--project", server.project, "--project", project, "--description", "a person")
    assert keys(made) == {"user_id", "user_name", "password", "domain_name", "projects"}
    assert ID.match(made["user_id"]) and len(made["password"]) >= 16
    assert (made["user_name"], made["domain_name"]) == (name, server.credentials["domain_name"])
    assert sorted(made["projects"]) == sorted([server.project, project])
    user = iam.User(server, made)
    assert user.token_answer().status == 201
    assert user.by_token(project)


def test_projects_are_named_by_name_too(admin, server):
    made = admin("user", "create", iam.unique("user"), "--project", server.credentials["project_name"])
    assert made["projects"] == [server.project]


def test_password_on_standard_input(admin, server):
    password = iam.password()
    made = admin("user", "create", iam.unique("user"), "--project", server.project, "--password-stdin", given=password + "\n")
    assert keys(made) == {"user_id", "user_name", "domain_name", "projects"}
    user = iam.User(server, made | {"password": password})
    assert user.token_answer().status == 201
    assert user.token_answer(password=password + "\n").status == 401


@pytest.mark.parametrize("given", ["", "\n", "short", "x" * 200, "two\nlines of words"])
def test_password_that_is_none(admin, given):
    name = iam.unique("user")
    outcome = admin.run("user", "create", name, "--password-stdin", given=given)
    assert outcome.status == 1 and outcome.out == "" and "password" in outcome.err.lower(), outcome
    assert name not in names(admin("user", "list")["users"], "user_name")


def test_user_of_no_project_is_hinted_at_unless_there_is_just_one(private):
    made = private.run("user", "create", "first")
    assert made.json()["projects"] == [private.server.project]
    private.project()
    made = private.run("user", "create", "second")
    assert made.json()["projects"] == [] and "project" in made.err, made


def test_user_show_list_update_delete(admin, server):
    user, group = admin.user(policies=[iam.READ_ONLY]), admin.group()
    admin("group", "add-user", group, "--user", user.name)
    for which in (user.name, user.id):
        shown = admin("user", "show", which)
        assert (shown["user_id"], shown["user_name"], shown["enabled"]) == (user.id, user.name, True)
        assert shown["projects"] == [server.project] and shown["description"] == ""
        assert group in str(shown) and iam.READ_ONLY in str(shown)
        assert "password" not in str(shown)
    assert user.name in names(admin("user", "list")["users"], "user_name")
    renamed, there = iam.unique("renamed"), admin.project()
    changed = admin("user", "update", user.name, "--name", renamed, "--description", "d", "--disable", "--add-project", there,
                    "--remove-project", server.project)
    assert (changed["user_id"], changed["user_name"], changed["enabled"]) == (user.id, renamed, False)
    assert changed["projects"] == [there] and changed["description"] == "d"
    assert admin("user", "show", user.id)["user_name"] == renamed
    admin("user", "delete", renamed)
    assert user.id not in names(admin("user", "list")["users"], "user_id")


def test_changes_that_are_made_already_are_fine(admin, server):
    user, group = admin.user(), admin.group()
    for _ in range(2):
        admin("user", "update", user.name, "--disable", "--add-project", server.project)
    for _ in range(2):
        admin("user", "update", user.name, "--enable", "--remove-project", server.project)
    for _ in range(2):
        admin("group", "add-user", group, "--user", user.name)
    admin("group", "remove-user", group, "--user", user.name)
    assert group in admin.refused("group", "remove-user", group, "--user", user.name)
    for _ in range(2):
        admin("key", "update", user.key["access_key"], "--disable")


def test_name_that_a_deleted_user_had_is_free_and_inherits_nothing(admin):
    first = admin.user(policies=[iam.READ_ONLY])
    allowed(first.by_key().get("digital-assets"))
    admin("user", "delete", first.name)
    second = admin.user(first.name)
    assert second.id != first.id
    iam.forbidden(second.by_key().get("digital-assets"))
    assert admin("key", "list", "--user", second.name)["keys"][0]["access_key"] == second.key["access_key"]


@pytest.mark.parametrize("arguments", [["delete"], ["update", "--disable"]])
def test_owner_stays(admin, server, arguments):
    name = server.credentials["user_name"]
    assert "owner" in admin.refused("user", arguments[0], name, *arguments[1:])
    allowed(KeyCaller(server).get("digital-assets"))


# Groups.

def test_group_create_show_list_update_delete(admin):
    name, user = iam.unique("group"), admin.user()
    made = admin("group", "create", name, "--description", "what for")
    assert {"group_id", "group_name", "description"} <= keys(made) and ID.match(made["group_id"])
    admin("group", "add-user", name, "--user", user.name)
    admin("policy", "attach", "--group", name, "--policy", iam.UPLOADER)
    shown = admin("group", "show", name)
    assert (shown["group_id"], shown["group_name"]) == (made["group_id"], name)
    assert user.name in str(shown) and iam.UPLOADER in str(shown)
    assert name in names(admin("group", "list")["groups"], "group_name")
    renamed = iam.unique("renamed")
    assert admin("group", "update", name, "--name", renamed)["group_name"] == renamed
    admin("group", "remove-user", renamed, "--user", user.name)
    assert user.name not in str(admin("group", "show", renamed))
    admin("group", "delete", renamed)
    assert renamed not in names(admin("group", "list")["groups"], "group_name")
    assert admin("user", "show", user.name)["user_name"] == user.name


# Keys.

def test_key_create_prints_a_key_that_works_and_never_again(admin, server):
    user = admin.user(policies=[iam.READ_ONLY])
    made = admin("key", "create", "--user", user.name, "--description", "of the camera")
    assert keys(made) == {"access_key", "secret_key", "user_id", "user_name"}
    assert (made["user_id"], made["user_name"]) == (user.id, user.name)
    assert re.match(r"^[A-Z0-9]{20}$", made["access_key"]) and len(made["secret_key"]) >= 40
    allowed(KeyCaller(server, made["access_key"], made["secret_key"]).get("digital-assets"))
    told = [admin.run(*arguments).out for arguments in (
        ["key", "list"], ["key", "list", "--user", user.name], ["key", "show", made["access_key"]], ["user", "show", user.name])]
    assert all(made["access_key"] in out and made["secret_key"] not in out for out in told[:3])
    assert made["secret_key"] not in told[3]


def test_key_show_list_update_delete(admin):
    user = admin.user()
    first, second = admin.key(user), admin.key(user)
    listed = admin("key", "list", "--user", user.name)["keys"]
    assert names(listed, "access_key") == [first["access_key"], second["access_key"]]
    assert {first["access_key"], second["access_key"]} <= set(names(admin("key", "list")["keys"], "access_key"))
    shown = admin("key", "show", first["access_key"])
    assert (shown["access_key"], shown["user_name"], shown["user_id"]) == (first["access_key"], user.name, user.id)
    assert shown["enabled"] is True or shown["status"] == "active"
    changed = admin("key", "update", first["access_key"], "--disable", "--description", "old")
    assert changed["description"] == "old" and (changed.get("enabled") is False or changed.get("status") == "inactive")
    admin("key", "delete", first["access_key"])
    assert names(admin("key", "list", "--user", user.name)["keys"], "access_key") == [second["access_key"]]


def test_twenty_keys_are_the_limit(admin):
    user = admin.user()
    made = [admin.key(user) for _ in range(20)]
    assert "20" in admin.refused("key", "create", "--user", user.name)
    admin("key", "delete", made[0]["access_key"])
    assert admin.key(user)


def test_last_use_of_a_key_is_told(admin):
    user = admin.user(policies=[iam.READ_ONLY])
    key = user.key["access_key"]
    assert not any(TIME.match(str(value)) for name, value in admin("key", "show", key).items() if "last" in name)
    allowed(user.by_key().get("digital-assets"))
    soon(lambda: any(TIME.match(str(value)) for name, value in admin("key", "show", key).items() if "last" in name))


# Policies.

def test_policy_create_show_list_update_delete(admin):
    name, document = iam.unique("policy"), allow("metastudio:asset:list")
    made = admin("policy", "create", name, "--file", admin.file(document), "--description", "for lists")
    assert {"policy_id", "policy_name", "description"} <= keys(made) and made["policy_name"] == name
    shown = admin("policy", "show", name)
    document_of = shown["document"] if isinstance(shown["document"], dict) else json.loads(shown["document"])
    assert document_of == document and shown["description"] == "for lists"
    changed = allow("metastudio:asset:get")
    admin("policy", "update", name, "--file", admin.file(changed))
    assert "asset:get" in json.dumps(admin("policy", "show", name)["document"])
    assert name in names(admin("policy", "list")["policies"], "policy_name")
    admin("policy", "delete", name)
    assert name not in names(admin("policy", "list")["policies"], "policy_name")


def test_built_in_policies_are_listed_shown_and_left_alone(admin):
    listed = names(admin("policy", "list")["policies"], "policy_name")
    for name in iam.BUILT_IN:
        assert name in listed
        shown = admin("policy", "show", name)
        assert shown["policy_id"] == shown["policy_name"] == name and shown["description"]
        assert "Statement" in json.dumps(shown["document"])
        file = admin.file(allow("*:*:*"))
        for arguments in (["update", name, "--file", file], ["delete", name], ["create", name, "--file", file]):
            assert name in admin.refused("policy", *arguments)


def test_attach_prints_what_and_to_whom(admin, server):
    user, group = admin.user(), admin.group()
    attached = admin("policy", "attach", "--user", user.name, "--policy", iam.READ_ONLY)
    assert attached == {"policy_id": iam.READ_ONLY, "policy_name": iam.READ_ONLY, "user_id": user.id, "project_id": None}
    attached = admin("policy", "attach", "--group", group, "--policy", iam.UPLOADER, "--project", server.project)
    assert keys(attached) == {"policy_id", "policy_name", "group_id", "project_id"}
    assert attached["project_id"] == server.project and ID.match(attached["group_id"])


def test_file_is_attached_under_its_name_and_digest_and_found_again(admin):
    user, other = admin.user(), admin.user()
    name = iam.unique("camera")
    file = admin.file(allow("metastudio:file:*"), name)
    first = admin("policy", "attach", "--user", user.name, "--policy", file)
    assert re.match(rf"^{name}-[0-9a-f]{{8}}$", first["policy_name"])
    again = admin("policy", "attach", "--user", user.name, "--policy", file)
    assert again == first
    same = admin("policy", "attach", "--user", other.name, "--policy", file)
    assert same["policy_id"] == first["policy_id"]
    admin.file(allow("metastudio:asset:*"), name)
    changed = admin("policy", "attach", "--user", user.name, "--policy", file)
    assert changed["policy_name"] != first["policy_name"] and changed["policy_name"].startswith(f"{name}-")
    stored = [each for each in names(admin("policy", "list")["policies"], "policy_name") if each.startswith(name)]
    assert sorted(stored) == sorted([first["policy_name"], changed["policy_name"]])


def test_attaching_twice_is_fine_and_detaching_twice_is_told(admin):
    user = admin.user()
    assert admin.attach(iam.READ_ONLY, user=user) == admin.attach(iam.READ_ONLY, user=user)
    allowed(user.by_key().get("digital-assets"))
    admin.detach(iam.READ_ONLY, user=user)
    soon(lambda: iam.is_forbidden(user.by_key().get("digital-assets")))
    said = admin.refused("policy", "detach", "--user", user.name, "--policy", iam.READ_ONLY)
    assert user.name in said and iam.READ_ONLY in said


def test_detaching_a_file_detaches_what_it_was_stored_as(admin):
    user, document = admin.user(), allow("metastudio:asset:list")
    file = admin.file(document)
    admin("policy", "attach", "--user", user.name, "--policy", file)
    allowed(user.by_key().get("digital-assets"))
    admin("policy", "detach", "--user", user.name, "--policy", file)
    soon(lambda: iam.is_forbidden(user.by_key().get("digital-assets")))


def test_attached_policy_is_deleted_by_force_only(admin):
    user, group, name = admin.user(), admin.group(), admin.policy(allow("metastudio:asset:list"))
    admin.attach(name, user=user)
    admin.attach(name, group=group)
    said = admin.refused("policy", "delete", name)
    assert user.name in said and group in said
    allowed(user.by_key().get("digital-assets"))
    admin("policy", "delete", name, "--force")
    soon(lambda: iam.is_forbidden(user.by_key().get("digital-assets")))


# All of them.

def test_people_get_words_and_scripts_get_json(admin):
    def told(*arguments):
        return run("admin", "--data", admin.server.data, *arguments, environment=admin.server.environment)

    name = iam.unique("person")
    made = told("user", "create", name, "--project", admin.server.project)
    assert made.status == 0 and name in made.out and not made.out.startswith("{"), made
    for arguments in (["user", "list"], ["user", "show", name], ["project", "list"], ["group", "list"], ["policy", "list"],
                      ["policy", "show", iam.FULL], ["key", "list"]):
        listed = told(*arguments)
        assert listed.status == 0 and listed.out.strip(), (arguments, listed)


def test_commands_work_on_a_library_that_is_not_served(farm):
    server = farm.start()
    server.stop()
    admin = iam.Admin(server)
    user = admin.user(policies=[iam.READ_ONLY])
    assert user.key
    server.start()
    allowed(user.by_key().get("digital-assets"))


def test_help_names_every_command():
    for kind, verbs in {"project": "create list show update delete", "key": "create list show update delete",
                        "user": "create list show update delete", "group": "create list show update delete add-user remove-user",
                        "policy": "create list show update delete attach detach"}.items():
        told = run("admin", "--data", ".", kind, "--help")
        assert told.status == 0 and all(verb in told.out for verb in verbs.split()), told
