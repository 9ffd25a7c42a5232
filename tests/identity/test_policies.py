"""What policies allow and deny, end to end, and how soon a change counts."""

import pytest

from driver import iam
from driver.caller import KeyCaller
from driver.iam import allow, allowed, deny, forbidden, known_no_more, policy, soon, statement
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


# Confined to the assets of one user of the caller's own platform.

@pytest.fixture(scope="session")
def confinement(admin, server):
    """Assets of three users of a platform, made by the owner: (admin, their names, the ids of each)."""
    library = Library(KeyCaller(server))
    names = {who: iam.unique(who) for who in ("ann", "anna", "bob")}
    made = {}
    for who, count in (("ann", 7), ("anna", 3), ("bob", 5)):
        answers = [library.caller.post("digital-assets", {"asset_name": f"of {who} {n}", "asset_type": "IMAGE"},
                                       headers={"X-App-UserId": names[who]}) for n in range(count)]
        made[who] = [allowed(answer).json()["asset_id"] for answer in answers]
    return admin, names, made


def confined(admin, operator, *values):
    given = {operator: {"metastudio:AppUserId": list(values)}}
    return Library(admin.user(policies=[allow("metastudio:*:*", condition=given)]).by_key())


def pages(library, **query):
    """All ids, by pages of two; the count is the same on each."""
    found, counts = [], set()
    while True:
        page = library.list(limit=2, offset=len(found), **query)
        counts.add(page["count"])
        found += [asset["asset_id"] for asset in page["assets"]]
        if len(page["assets"]) < 2:
            assert counts == {len(found)}
            return found


def test_confined_user_sees_these_assets_in_lists(confinement):
    admin, names, made = confinement
    library = confined(admin, "StringEquals", names["ann"])
    assert pages(library) == made["ann"]
    assert library.list(limit=3)["count"] == 7
    assert library.list(name="of bob")["count"] == 0
    assert library.list(app_user_id=names["bob"])["count"] == 0
    assert library.list(app_user_id=names["ann"])["count"] == 7
    assert pages(library, sort_dir="desc") == made["ann"][::-1]
    shown = library.summarys(made["ann"][:2] + made["bob"] + made["anna"])
    assert [asset["asset_id"] for asset in shown] == made["ann"][:2]


def test_several_values_and_patterns(confinement):
    admin, names, made = confinement
    both = confined(admin, "StringEquals", names["ann"], names["bob"])
    assert set(pages(both)) == {*made["ann"], *made["bob"]} and both.list(limit=1)["count"] == 12
    assert pages(confined(admin, "StringLike", f"{names['bob'][:-1]}?")) == made["bob"]
    anns = pages(confined(admin, "StringLike", f"{names['ann']}*", f"{names['anna'][:-3]}*"))
    assert set(anns) == {*made["ann"], *made["anna"]}
    assert pages(confined(admin, "StringEquals", f"{names['bob'][:-1]}*")) == []
    assert pages(confined(admin, "StringLike", names["bob"].upper())) == []


def test_deny_of_one_app_user_takes_only_theirs_from_lists(confinement):
    admin, names, made = confinement
    given = {"StringEquals": {"metastudio:AppUserId": [names["bob"]]}}
    library = Library(admin.user(policies=[iam.FULL, deny("metastudio:*:*", condition=given)]).by_key())
    for who, count in (("ann", 7), ("anna", 3), ("bob", 0)):
        assert library.list(app_user_id=names[who])["count"] == count
    forbidden(library.caller.get(f"digital-assets/{made['bob'][0]}"))
    # What belongs to no app user is not bob's.
    assert library.show(library.create_asset())


def test_confined_user_touches_nothing_else(confinement):
    admin, names, made = confinement
    library, owners = confined(admin, "StringEquals", names["ann"]), Library(KeyCaller(admin.server))
    theirs = owners.caller.post("digital-assets", {"asset_name": "x", "asset_type": "IMAGE"},
                                headers={"X-App-UserId": names["bob"]}).json()["asset_id"]
    owners.upload(theirs, CONTENT)
    nobodys = owners.create_image(CONTENT)
    for asset_id in (theirs, nobodys):
        file_id = owners.file(asset_id)["file_id"]
        call = library.caller
        forbidden(call.get(f"digital-assets/{asset_id}"))
        is_refused(library.update, asset_id, asset_name="mine")
        is_refused(library.delete, asset_id)
        is_refused(library.restore, asset_id)
        is_refused(library.declare_file, asset_id, b"x", category="COVER")
        is_refused(library.declare_large_file, asset_id, 2, category="OTHER")
        is_refused(library.complete, file_id)
        forbidden(call.delete(f"files/{file_id}"))
        forbidden(call.post(f"entrepot/files/{file_id}/part-urls"))
        forbidden(call.get(f"digital-assets/{asset_id}/replication-info"))
        forbidden(call.get(f"digital-assets/{asset_id}/entrepot/copies"))
        refused_in_batch(call, asset_id)
        # Saying that one is somebody else helps nobody.
        forbidden(call.get(f"digital-assets/{asset_id}", headers={"X-App-UserId": names["ann"]}))
        assert owners.show(asset_id)["asset_state"] == "UNACTIVED"


def refused_in_batch(caller, asset_id):
    answer = caller.post("digital-assets/batch-action", {"action": "DELETE", "asset_ids": [asset_id]})
    if not iam.is_forbidden(answer):
        [result] = allowed(answer).json()["results"]
        assert "MSS.00024001" in str(result), answer


def test_confined_user_works_with_their_own(confinement):
    admin, names, _ = confinement
    name = iam.unique("carla")
    library = confined(admin, "StringEquals", name)
    body = {"asset_name": "x", "asset_type": "IMAGE"}
    forbidden(library.caller.post("digital-assets", body))
    forbidden(library.caller.post("digital-assets", body, headers={"X-App-UserId": names["bob"]}))
    asset_id = allowed(library.caller.post("digital-assets", body, headers={"X-App-UserId": name})).json()["asset_id"]
    library.upload(asset_id, CONTENT)
    assert library.content(asset_id) == CONTENT
    assert library.show(asset_id)["app_user_id"] == name
    library.activate(asset_id)
    library.delete(asset_id)
    library.restore(asset_id)
    assert pages(library) == [asset_id]
    library.delete(asset_id, force=True)


# How soon a change counts.

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


def test_links_that_are_out_work_for_whoever_has_them(admin, owners):
    """A signed URL is the permission: it was given by somebody who had it."""
    library = Library(admin.user(policies=[iam.UPLOADER]).by_key())
    asset_id = library.create_asset()
    _, url = library.declare_file(asset_id, CONTENT)
    assert owners.put_bytes(url, CONTENT, headers=upload_headers(CONTENT, "png")).status == 200
