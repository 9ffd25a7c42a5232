"""Two servers over one database: what is revoked or changed at one counts at the other within two seconds."""

import pytest

from driver import iam
from driver.caller import KeyCaller, TokenCaller
from driver.databases import URL
from driver.iam import allow, allowed, by_temporary, soon


@pytest.fixture(scope="module")
def nodes(module_farm):
    """The administrator of one node, and the other node."""
    if not URL:
        pytest.skip("ENTREPOT_TEST_POSTGRES_URL is not set")
    first = module_farm.start(backend="postgres")
    return iam.Admin(first), module_farm.join(first)


@pytest.fixture
def user(nodes):
    return nodes[0].user(policies=[iam.READ_ONLY])


def at(node, caller):
    """The same caller at another node."""
    if isinstance(caller, TokenCaller):
        return TokenCaller(node, caller.token, caller.project)
    return KeyCaller(node, caller.access_key, caller.secret_key, caller.project, security_token=caller.security_token)


def known_at_both(nodes, caller):
    """The caller at both nodes, each of which has just let it in and remembers it."""
    callers = caller, at(nodes[1], caller)
    for each in callers:
        allowed(each.get("digital-assets"))
    return callers


def refused_at_both(callers, status=401):
    # The other node first: it has not been told by anybody.
    for caller in reversed(callers):
        soon(lambda: caller.get("digital-assets").status == status)


@pytest.mark.parametrize("change", [["delete"], ["update", "--disable"]])
def test_access_key(nodes, user, change):
    callers = known_at_both(nodes, user.by_key())
    nodes[0]("key", *change, user.key["access_key"])
    refused_at_both(callers)


def test_access_key_over_the_api(nodes, user):
    callers = known_at_both(nodes, user.by_key())
    keys = "/v3.0/OS-CREDENTIAL/credentials"
    assert KeyCaller(nodes[0].server).delete(f"{keys}/{user.key['access_key']}").status == 204
    refused_at_both(callers)


def test_token(nodes, user):
    callers = known_at_both(nodes, user.by_token())
    gone = user.by_key().delete("/v3/auth/tokens", headers={"X-Subject-Token": callers[0].token})
    assert gone.status == 204, gone
    refused_at_both(callers)


def test_temporary_credentials_of_a_disabled_user(nodes, user):
    callers = known_at_both(nodes, by_temporary(user.by_token()))
    nodes[0]("user", "update", user.name, "--disable")
    refused_at_both(callers)


@pytest.mark.parametrize("change", ["--disable", "--new-password", "delete"])
def test_tokens_of_a_user(nodes, user, change):
    callers = known_at_both(nodes, user.by_token())
    nodes[0]("user", *([change, user.name] if change == "delete" else ["update", user.name, change]))
    refused_at_both(callers)


def test_policy_detached(nodes, user):
    callers = known_at_both(nodes, user.by_key())
    nodes[0].detach(iam.READ_ONLY, user=user)
    refused_at_both(callers, 403)


def test_policy_changed(nodes):
    admin = nodes[0]
    name = admin.policy(allow("metastudio:*:*"))
    callers = known_at_both(nodes, admin.user(policies=[name]).by_key())
    admin("policy", "update", name, "--file", admin.file(allow("roma:*:*")))
    refused_at_both(callers, 403)


def test_deny_attached_to_a_group(nodes, user):
    admin = nodes[0]
    callers = known_at_both(nodes, user.by_token())
    group = admin.group(None, user)
    admin.attach(iam.deny("metastudio:*:*"), group=group)
    refused_at_both(callers, 403)


def test_membership(nodes, user):
    callers = known_at_both(nodes, user.by_key())
    nodes[0]("user", "update", user.name, "--remove-project", nodes[0].server.project)
    refused_at_both(callers, 400)


def test_what_is_made_at_one_node_is_good_at_the_other_at_once(nodes):
    user = nodes[0].user(policies=[iam.READ_ONLY])
    for caller in (user.by_key(), user.by_token(), by_temporary(user.by_token())):
        allowed(at(nodes[1], caller).get("digital-assets"))
