"""How soon a change counts while the server runs: within two seconds."""

import pytest

from driver import iam
from driver.caller import KeyCaller
from driver.iam import allow, allowed, forbidden, known_no_more, soon


def test_attached_and_detached_policies_count_soon(admin):
    user = admin.user()
    for caller in (user.by_key(), user.by_token()):
        forbidden(caller.get("digital-assets"))
        admin.attach(iam.READ_ONLY, user=user)
        soon(lambda: caller.get("digital-assets").status == 200)
        admin.detach(iam.READ_ONLY, user=user)
        soon(lambda: iam.is_forbidden(caller.get("digital-assets")))


def test_changed_policy_and_membership_count_soon(admin):
    name, group = admin.policy(allow("metastudio:asset:get")), admin.group()
    admin.attach(name, group=group)
    user = admin.user(groups=[group])
    caller = user.by_key()
    forbidden(caller.get("digital-assets"))
    admin("policy", "update", name, "--file", admin.file(allow("metastudio:asset:list")))
    soon(lambda: caller.get("digital-assets").status == 200)
    admin("group", "remove-user", group, "--user", user.name)
    soon(lambda: iam.is_forbidden(caller.get("digital-assets")))
    admin("group", "add-user", group, "--user", user.name)
    soon(lambda: caller.get("digital-assets").status == 200)
    admin("group", "delete", group)
    soon(lambda: iam.is_forbidden(caller.get("digital-assets")))


def test_membership_of_a_project_counts_soon(admin):
    there = admin.project()
    user = admin.user(policies=[iam.READ_ONLY])
    caller = user.by_key(there)
    assert caller.get("digital-assets").error_code == "MSS.00010009"
    admin("user", "update", user.name, "--add-project", there)
    soon(lambda: caller.get("digital-assets").status == 200)
    token = user.by_token(there)
    allowed(token.get("digital-assets"))
    admin("user", "update", user.name, "--remove-project", there)
    soon(lambda: caller.get("digital-assets").error_code == "MSS.00010009")
    soon(lambda: token.get("digital-assets").status != 200)


def test_disabled_user_is_out_soon_and_comes_back_without_old_tokens(admin):
    user = admin.user(policies=[iam.READ_ONLY])
    by_key, by_token = user.by_key(), user.by_token()
    for caller in (by_key, by_token):
        allowed(caller.get("digital-assets"))
    admin("user", "update", user.name, "--disable")
    for caller in (by_key, by_token):
        soon(lambda: caller.get("digital-assets").status == 401)
        known_no_more(caller.get("digital-assets"))
    iam.iam_error(user.token_answer(), 401)
    admin("user", "update", user.name, "--enable")
    soon(lambda: by_key.get("digital-assets").status == 200)
    known_no_more(by_token.get("digital-assets"))
    allowed(user.by_token().get("digital-assets"))


def test_deleted_user_is_out_soon(admin):
    user = admin.user(policies=[iam.READ_ONLY])
    callers = user.by_key(), user.by_token()
    for caller in callers:
        allowed(caller.get("digital-assets"))
    admin("user", "delete", user.name)
    for caller in callers:
        soon(lambda: caller.get("digital-assets").status == 401)
    iam.iam_error(user.token_answer(), 401)


@pytest.mark.parametrize("change", ["delete", "disable"])
def test_key_that_is_taken_away_is_out_soon(admin, change):
    user = admin.user(policies=[iam.READ_ONLY])
    caller, other = user.by_key(), admin.key(user)
    allowed(caller.get("digital-assets"))
    admin("key", *(["delete"] if change == "delete" else ["update", "--disable"]), caller.access_key)
    soon(lambda: caller.get("digital-assets").status == 401)
    assert "ak not exist" in known_no_more(caller.get("digital-assets"))
    allowed(KeyCaller(admin.server, other["access_key"], other["secret_key"]).get("digital-assets"))
    if change == "disable":
        admin("key", "update", "--enable", caller.access_key)
        soon(lambda: caller.get("digital-assets").status == 200)


@pytest.mark.parametrize("given", [True, False])
def test_new_password_ends_the_tokens_of_the_old_one(admin, given):
    user = admin.user(policies=[iam.READ_ONLY])
    token, key = user.by_token(), user.by_key()
    allowed(token.get("digital-assets"))
    if given:
        new = iam.password()
        made = admin("user", "update", user.name, "--password-stdin", given=new + "\n")
        assert "password" not in made
    else:
        new = admin("user", "update", user.name, "--new-password")["password"]
    soon(lambda: token.get("digital-assets").status == 401)
    iam.iam_error(user.token_answer(), 401)
    user.password = new
    allowed(user.by_token().get("digital-assets"))
    allowed(key.get("digital-assets"))
