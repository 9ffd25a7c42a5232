"""What policies allow and deny, end to end, and which documents are none."""

import pytest

from driver import iam
from driver.caller import KeyCaller
from driver.iam import allow, allowed, deny, forbidden, policy, soon, statement
from driver.library import Library, Refused, upload_headers
from driver.packages import Packages, fill

CONTENT = b"the bytes of an image"


@pytest.fixture
def owners(library):
    return library


def asset_of(asset_id):
    return f"metastudio:*:*:asset:{asset_id}"


def is_refused(call, *arguments, **options):
    with pytest.raises(Refused) as refused:
        call(*arguments, **options)
    return forbidden(refused.value.answer)


# The built-in policies.

def test_full_access_may_everything_of_a_media_library(admin):
    user = admin.user(policies=[iam.FULL])
    library = Library(user.by_key())
    asset_id = library.create_image(CONTENT)
    assert library.content(asset_id) == CONTENT
    library.activate(asset_id)
    library.delete(asset_id)
    library.restore(asset_id)
    library.delete(asset_id, force=True)
    packages = Packages(user.by_token())
    app_id = packages.create_app(iam.unique("app"))
    assert packages.secret(app_id)
    packages.delete(apps=[app_id])
    allowed(user.by_key().get("entrepot/audit"))


def test_read_only_reads_and_downloads_and_changes_nothing(admin, owners):
    user = admin.user(policies=[iam.READ_ONLY])
    library, asset_id = Library(user.by_key()), owners.create_image(CONTENT)
    assert library.content(asset_id) == CONTENT
    assert library.summarys([asset_id]) and library.list(asset_id=asset_id)["count"] == 1
    is_refused(library.create_asset)
    is_refused(library.update, asset_id, asset_name="mine")
    is_refused(library.delete, asset_id)
    is_refused(library.declare_file, asset_id, b"x", category="COVER")
    is_refused(library.complete, owners.file(asset_id)["file_id"])
    packages = Packages(user.by_key())
    assert packages.apps() is not None and packages.tasks() is not None
    is_refused(packages.create_app, "an app")
    is_refused(packages.create_task, "a task")
    for verb in ("export", "delete"):
        forbidden(packages.post(f"assets/{verb}", {"apps": [iam.unique("a")]}))
    forbidden(packages.send_package(b"PK"))
    assert owners.show(asset_id)["asset_name"] == "an asset"


def test_read_only_sees_no_secret_and_takes_no_package(admin, server, token_owner):
    """The bytes of a package can be had once, and its secret opens an application: neither is reading."""
    user = admin.user(policies=[iam.READ_ONLY])
    app_id = Packages(token_owner).create_app(iam.unique("app"))
    forbidden(Packages(user.by_key()).get(f"apps/{app_id}/secret"))


def test_uploader_uploads_and_deletes_nothing(admin, owners):
    library = Library(admin.user(policies=[iam.UPLOADER]).by_key())
    asset_id = library.create_image(CONTENT)
    assert library.content(asset_id) == CONTENT
    large = library.create_asset("VIDEO", "a film")
    file_id, urls = library.declare_large_file(large, 2)
    for url in urls:
        assert library.put_bytes(url, b"a part", headers={}).status == 200
    library.complete(file_id)
    is_refused(library.delete, asset_id)
    is_refused(library.delete, asset_id, force=True)
    forbidden(library.caller.delete(f"files/{library.file(asset_id)['file_id']}"))
    forbidden(library.caller.post("digital-assets/batch-action", {"action": "DELETE", "asset_ids": [asset_id]}))
    forbidden(library.caller.get(f"digital-assets/{asset_id}/replication-info"))
    is_refused(Packages(library.caller).create_app, "an app")
    assert owners.state(asset_id) == "UNACTIVED"


def test_packager_exports_and_downloads(admin, token_owner, tmp_path):
    user = admin.user(policies=[iam.PACKAGER])
    owners, packages = Packages(token_owner), Packages(user.by_token())
    app_id = fill(owners, iam.unique("app"))
    package = packages.download(packages.export([app_id]), tmp_path)
    assert len(package.assets) == 2
    is_refused(packages.library.delete, package.assets[0]["asset_id"])
    is_refused(packages.library.create_asset)
    assert app_id in {app["id"] for app in owners.apps().values()}


# Deny, no match, groups, projects.

def test_no_match_is_deny(admin):
    caller = admin.user(policies=[allow("metastudio:asset:list", "metastudio:file:*", "roma:*:*")]).by_key()
    allowed(caller.get("digital-assets"))
    assert "metastudio:asset:create" in forbidden(caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"}))
    forbidden(caller.get("/v3/projects"))


@pytest.mark.parametrize("action", ["metastudio:asset:list", "metastudio:asset:l*", "metastudio:*:list", "*:*:*",
                                    "metastudio:a*t:*s*"])
def test_star_stands_for_anything_within_a_part(admin, action):
    allowed(admin.user(policies=[allow(action)]).by_key().get("digital-assets"))


@pytest.mark.parametrize("action", ["metastudio:asset:l", "metastudio:*:create", "roma:*:*", "metastudio:files:*"])
def test_what_does_not_match_does_not_allow(admin, action):
    forbidden(admin.user(policies=[allow(action)]).by_key().get("digital-assets"))


@pytest.mark.parametrize("where", ["one policy", "two policies", "its group", "the group allows"])
def test_deny_beats_allow(admin, where):
    permit, prohibit = statement("metastudio:*:*"), statement("metastudio:asset:delete", effect="Deny")
    if where == "one policy":
        user = admin.user(policies=[policy(permit, prohibit)])
    elif where == "two policies":
        user = admin.user(policies=[policy(prohibit), policy(permit)])
    else:
        group = admin.group()
        of_group, of_user = (prohibit, permit) if where == "its group" else (permit, prohibit)
        admin.attach(policy(of_group), group=group)
        user = admin.user(policies=[policy(of_user)], groups=[group])
    library = Library(user.by_key())
    asset_id = library.create_image(CONTENT)
    assert library.content(asset_id) == CONTENT
    assert "metastudio:asset:delete" in is_refused(library.delete, asset_id)


def test_owner_cannot_be_denied_anything(private):
    outcome = private.run("policy", "attach", "--user", "owner", "--policy", private.file(deny("*:*:*")))
    if outcome.status == 0:
        witness = private.user(policies=[iam.READ_ONLY])
        private.attach(deny("*:*:*"), user=witness)
        soon(lambda: iam.is_forbidden(witness.by_key().get("digital-assets")))
    allowed(KeyCaller(private.server).get("digital-assets"))


def test_policy_counts_in_the_project_it_is_attached_for(admin, server):
    there = admin.project()
    user = admin.user(projects=[server.project, there], policies=[allow("metastudio:*:*")], project=there)
    forbidden(user.by_key().get("digital-assets"))
    allowed(user.by_key(there).get("digital-assets"))
    forbidden(user.by_token().get("digital-assets"))
    allowed(user.by_token(there).get("digital-assets"))


def test_policy_for_all_projects_counts_where_the_user_is_a_member(admin, server):
    there, elsewhere = admin.project(), admin.project()
    user = admin.user(projects=[server.project, there], policies=[iam.READ_ONLY])
    for project in (server.project, there):
        allowed(user.by_key(project).get("digital-assets"))
    answer = user.by_key(elsewhere).get("digital-assets")
    assert (answer.status, answer.error_code) == (400, "MSS.00010009"), answer
    answer = user.by_key(elsewhere).get(f"/v2/{elsewhere}/instances")
    assert (answer.status, answer.error_code) == (403, "ROMA.1006"), answer


def test_deny_for_one_project_leaves_the_other_alone(admin, server):
    there = admin.project()
    user = admin.user(projects=[server.project, there], policies=[iam.FULL])
    admin.attach(deny("metastudio:asset:list"), user=user, project=there)
    allowed(user.by_key().get("digital-assets"))
    forbidden(user.by_key(there).get("digital-assets"))


def test_policy_of_a_group_counts_for_its_members(admin):
    group = admin.group()
    member, stranger = admin.user(groups=[group]), admin.user()
    admin.attach(allow("metastudio:asset:list"), group=group)
    allowed(member.by_key().get("digital-assets"))
    forbidden(stranger.by_key().get("digital-assets"))


# Resources and conditions.

def test_pattern_for_one_asset(admin, owners):
    mine, other = owners.create_image(CONTENT), owners.create_image(CONTENT)
    library = Library(admin.user(policies=[allow("metastudio:*:*", resource=asset_of(mine))]).by_key())
    assert library.content(mine) == CONTENT
    library.update(mine, asset_name="changed")
    forbidden(library.caller.get(f"digital-assets/{other}"))
    is_refused(library.update, other, asset_name="changed")
    is_refused(library.delete, other)
    is_refused(library.declare_file, other, b"x", category="COVER")
    is_refused(library.restore, other)
    forbidden(library.caller.get(f"digital-assets/{other}/replication-info"))
    forbidden(library.caller.get(f"digital-assets/{iam.unique('none')}"))
    file_id = owners.file(other)["file_id"]
    forbidden(library.caller.delete(f"files/{file_id}"))
    is_refused(library.complete, file_id)
    assert owners.show(other)["asset_name"] == "an asset"


@pytest.mark.parametrize("pattern", ["metastudio:*:*:asset:{}", "metastudio:*:{domain}:asset:{}", "*:*:*:asset:{}",
                                     "metastudio:*:*:*:{}", "metastudio:{region}:*:asset:{}", "metastudio:*:*:asset:{part}*",
                                     "metastudio:*:*:asset:{but_one}?", "*"])
def test_parts_of_a_resource_pattern(admin, owners, server, pattern):
    asset_id = owners.create_asset()
    pattern = pattern.format(asset_id, domain=server.credentials["domain_id"], region=server.credentials["region"],
                             part=asset_id[:20], but_one=asset_id[:-1])
    caller = admin.user(policies=[allow("metastudio:asset:get", resource=pattern)]).by_key()
    allowed(caller.get(f"digital-assets/{asset_id}"))


def test_denied_asset_among_allowed_ones(admin, owners):
    secret, others = owners.create_asset(), owners.create_asset()
    user = admin.user(policies=[iam.FULL, deny("metastudio:*:*", resource=asset_of(secret))])
    allowed(user.by_key().get(f"digital-assets/{others}"))
    forbidden(user.by_key().get(f"digital-assets/{secret}"))


def test_pattern_for_one_instance(admin, server, owner):
    created = admin("instance", "create", iam.unique("instance"))["instance_id"]
    mine = f"roma:*:*:instance:{created}"
    user = admin.user(policies=[allow("roma:*:*", resource=mine)])
    there, default = Packages(user.by_key(), created), Packages(user.by_key())
    app_id = there.create_app(iam.unique("app"))
    assert there.secret(app_id)
    there.create_task(iam.unique("task"))
    is_refused(default.create_app, "an app")
    is_refused(default.create_task, "a task")
    forbidden(default.get("apps"))
    forbidden(default.post("assets/export", {"apps": [app_id]}))
    assert there.delete(apps=[app_id])


def test_condition_on_the_address(admin):
    def caller(*networks, source):
        given = {"IpAddress": {"g:SourceIp": list(networks)}}
        return admin.user(policies=[allow("metastudio:*:*", condition=given)]).by_key(source=source)

    allowed(caller("127.0.0.1", source="127.0.0.1").get("digital-assets"))
    allowed(caller("10.0.0.0/8", "127.0.7.0/24", source="127.0.7.9").get("digital-assets"))
    forbidden(caller("127.0.7.0/24", source="127.0.8.9").get("digital-assets"))
    forbidden(caller("::1/128", "10.0.0.0/8", source="127.0.0.1").get("digital-assets"))


def test_deny_from_an_address(admin):
    prohibit = deny("*:*:*", condition={"IpAddress": {"g:SourceIp": ["127.0.9.0/24"]}})
    user = admin.user(policies=[iam.FULL, prohibit])
    allowed(user.by_key(source="127.0.8.1").get("digital-assets"))
    forbidden(user.by_key(source="127.0.9.1").get("digital-assets"))


@pytest.mark.parametrize(("key", "value"), [
    ("g:UserName", "{name}"), ("g:UserId", "{id}"), ("g:DomainName", "{domain_name}"), ("g:DomainId", "{domain_id}"),
    ("g:ProjectId", "{project_id}"), ("g:ProjectName", "{project_name}")])
def test_condition_on_who_calls(admin, server, key, value):
    user = admin.user()
    value = value.format(name=user.name, id=user.id, **server.credentials)
    other = admin.user()
    for each in (user, other):
        admin.attach(allow("metastudio:asset:list", condition={"StringEquals": {key: [value]}}), user=each)
        admin.attach(allow("metastudio:asset:get", condition={"StringEquals": {key: [f"{value}x", value[:-1]]}}),
                     user=each)
    asset_id = Library(KeyCaller(admin.server)).create_asset()
    allowed(user.by_key().get("digital-assets"))
    forbidden(user.by_key().get(f"digital-assets/{asset_id}"))
    (forbidden if key.startswith("g:User") else allowed)(other.by_key().get("digital-assets"))


def test_several_conditions_must_all_hold(admin):
    user = admin.user()

    def given(name, network):
        return {"StringLike": {"g:UserName": [name]}, "IpAddress": {"g:SourceIp": [network]}}

    admin.attach(allow("metastudio:asset:list", condition=given("nobody*", "127.0.0.0/8")), user=user)
    admin.attach(allow("metastudio:asset:list", condition=given("user-*", "10.0.0.0/8")), user=user)
    forbidden(user.by_key().get("digital-assets"))
    other = admin.user(policies=[allow("metastudio:asset:list", condition=given("user-????????????", "127.0.0.0/8"))])
    allowed(other.by_key().get("digital-assets"))


# Documents that are refused when they are stored.

def bad(**fields):
    return {"Version": "1.1", "Statement": [{"Effect": "Allow", "Action": ["metastudio:*:*"]} | fields]}


@pytest.mark.parametrize(("document", "words"), [
    (bad(Condition={"StringMatch": {"g:UserName": ["x"]}}), ["StringMatch"]),
    (bad(Condition={"StringEqualsIfExists": {"g:UserName": ["x"]}}), ["StringEqualsIfExists"]),
    (bad(Condition={"Bool": {"g:MFAPresent": ["true"]}}), ["Bool"]),
    (bad(Condition={"stringequals": {"g:UserName": ["x"]}}), ["stringequals"]),
    (bad(Condition={"StringEquals": {"g:Colour": ["x"]}}), ["g:Colour"]),
    (bad(Condition={"IpAddress": {"g:SourceIp": ["10.0.0.0/33"]}}), ["10.0.0.0/33"]),
    (bad(Condition={"IpAddress": {"g:SourceIp": ["home"]}}), ["home"]),
    (bad(Condition={"IpAddress": {"g:UserName": ["10.0.0.0/8"]}}), ["g:UserName"]),
    (bad(Condition={"StringEquals": {"g:SourceIp": ["10.0.0.1"]}}), ["g:SourceIp"]),
    (bad(Condition={"StringEquals": {"g:UserName": []}}), ["g:UserName"]),
    (bad(Effect="Maybe"), ["Effect"]), (bad(Effect="allow"), ["Effect"]), (bad(Action=[]), ["Action"]),
    (bad(Action=["metastudio:asset"]), ["metastudio:asset"]), (bad(Action=["*"]), ["action"]),
    (bad(Action=["metastudio:asset:get:more"]), ["metastudio:asset:get:more"]), (bad(Action="metastudio:*:*"), []),
    (bad(Action=["metastudio:asset:lis?"]), ["lis?"]), (bad(Action=[":asset:list"]), [":asset:list"]),
    (bad(NotAction=["metastudio:*:*"]), ["NotAction"]), (bad(Principal="*"), ["Principal"]),
    (bad(Resource=["metastudio:asset:1"]), ["metastudio:asset:1"]), (bad(Resource=[]), ["Resource"]),
    ({"Version": "1.0", "Statement": bad()["Statement"]}, ["Version"]),
    ({"Version": "2.0", "Statement": bad()["Statement"]}, ["Version"]),
    ({"Statement": bad()["Statement"]}, ["Version"]), ({"Version": "1.1"}, ["Statement"]),
    ({"Version": "1.1", "Statement": []}, ["Statement"]), ({"Version": "1.1", "Statement": bad()["Statement"][0]}, []),
    (bad() | {"Depends": []}, ["Depends"]), ("{", []), ("", []), ("[]", []), ("null", [])])
def test_document_that_is_no_policy_is_refused_when_stored(admin, document, words):
    name, user = iam.unique("bad"), admin.user()
    for arguments in (["create", name, "--file"], ["attach", "--user", user.name, "--policy"]):
        said = admin.refused("policy", *arguments, admin.file(document))
        assert all(word in said for word in words), said
    assert name not in [each["policy_name"] for each in admin("policy", "list")["policies"]]
    forbidden(user.by_key().get("digital-assets"))


def test_action_that_matches_nothing_is_warned_of(admin):
    outcome = admin.run("policy", "create", iam.unique("odd"), "--file", admin.file(allow("metastudio:assets:list")))
    assert outcome.status == 0 and "metastudio:assets:list" in outcome.err, outcome


def test_links_that_are_out_work_for_whoever_has_them(admin, owners):
    """A signed URL is the permission: it was given by somebody who had it."""
    library = Library(admin.user(policies=[iam.UPLOADER]).by_key())
    asset_id = library.create_asset()
    _, url = library.declare_file(asset_id, CONTENT)
    assert owners.put_bytes(url, CONTENT, headers=upload_headers(CONTENT, "png")).status == 200
