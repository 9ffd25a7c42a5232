"""Every endpoint and every kind of caller: who gets in, and how exactly the others are refused."""

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from driver import iam
from driver.caller import Caller, KeyCaller, TokenCaller, request_token
from driver.clock import faked
from driver.exchange import exchange
from driver.farm import Farm

from .endpoints import BATCH, ENDPOINTS, LINK, NOBODY, NOTHING, PEER

GATEWAY = {"no proof": "x-auth-token not found", "bad token": "decrypt token fail",
           "expired token": "token expires, expires_at: ", "bad signature": "verify aksk signature fail",
           "unknown key": "ak not exist", "locked key": "AK access failed to reach the limit,forbidden"}
ALLOWED = ("owner", "owner's token", "permitted")
STRANGERS = ("other project", "other project's token")
CALLERS = (*ALLOWED, "unpermitted", "unpermitted's token", "denied", *STRANGERS, *GATEWAY)
METHODS = ("get", "put", "post", "delete", "patch", "head")
WITHOUT_PERMISSION = {"MSS": (403, "MSS.00024001"), "ROMA": (403, "ROMA.1006"), "IAM": (403, None)}
OTHER_PROJECT = {"MSS": (400, "MSS.00010009"), "ROMA": (403, "ROMA.1006")}
BATCH_ACTION = "metastudio:asset:delete"
ACTIONS = sorted({row.action for row in ENDPOINTS if row.action} | {BATCH_ACTION})


class Nobody(Caller):
    def send(self, method, path, query, headers, body):
        target = f"{path}?{urlencode(query)}" if query else path
        return exchange(self.server.endpoint, method, target, headers, body)


class World:
    """One server, and everybody who calls."""

    def __init__(self, farm):
        # A day and more ago, by the server's clock, somebody got a token.
        self.server = farm.start(environment=faked("-25h"))
        old = token_of(self.server)
        self.server.stop()
        self.server.environment.clear()
        self.server.start()
        admin = self.admin = iam.Admin(self.server)
        self.target = admin.user()
        self.unpermitted = admin.user()
        with ThreadPoolExecutor(3) as pool:
            self.only = dict(zip(ACTIONS, pool.map(self._only, ACTIONS)))
            self.but = dict(zip(ACTIONS, pool.map(self._but, ACTIONS)))
        elsewhere = admin.project()
        stranger = admin.user(projects=[elsewhere], policies=[iam.FULL])
        foreign_token = stranger.by_token(elsewhere).token
        self.callers = {
            "owner": KeyCaller(self.server), "owner's token": TokenCaller(self.server, token_of(self.server)),
            "unpermitted": self.unpermitted.by_key(), "unpermitted's token": self.unpermitted.by_token(),
            "other project": stranger.by_key(), "other project's token": TokenCaller(self.server, foreign_token),
            "no proof": Nobody(self.server), "bad token": TokenCaller(self.server, "MIIE" + uuid.uuid4().hex),
            "expired token": TokenCaller(self.server, old),
        }
        self.to_lock = admin.key(self.server.credentials["user_name"])
        # Each failure comes from another address, so that none of them locks the key.
        self.sources = (f"127.1.{third}.{fourth}" for third in range(256) for fourth in range(1, 255))
        self.spare = None

    def _only(self, action):
        user = self.admin.user(policies=[iam.allow(action)])
        return user if user.key else None

    def _but(self, action):
        user = self.admin.user(policies=[iam.policy(iam.statement("*:*:*"), iam.statement(action, effect="Deny"))])
        return user if user.key else None

    def _locked(self, source):
        """The right key, from an address whence it has just failed too often: a lock ends after five minutes."""
        key = self.to_lock
        for _ in range(5):
            KeyCaller(self.server, key["access_key"], "wrong", source=source).get("digital-assets")
        return KeyCaller(self.server, key["access_key"], key["secret_key"], source=source)

    def caller(self, who, row):
        if who == "bad signature":
            return KeyCaller(self.server, secret_key="wrong", source=next(self.sources))
        if who == "locked key":
            return self._locked(next(self.sources))
        if who == "unknown key":
            return KeyCaller(self.server, uuid.uuid4().hex[:20].upper(), "nothing")
        if who not in ("permitted", "denied"):
            by_token = row.by == "token" and f"{who}'s token" in self.callers
            return self.callers[f"{who}'s token" if by_token else who]
        users = self.only if who == "permitted" else self.but
        user = users.get(BATCH_ACTION if row.needs == BATCH else row.action, self.unpermitted)
        return user.by_token() if row.by == "token" else user.by_key()

    def send(self, who, row):
        """The row's request, as this caller sends it."""
        values = {"project_id": self.server.project, "instance_id": self.server.credentials["instance_id"],
                  "user_id": self.target.id, "unique": uuid.uuid4().hex}
        if "{access_key}" in row.path:
            values["access_key"] = self.spare_key(anew=who in ALLOWED)
        if "X-Subject-Token" in row.headers:
            values["token"] = self.target.by_token().token

        def filled(text):
            return re.sub(r"\{([a-z_]+)}", lambda found: values.get(found.group(1), NOBODY), text)

        def filled_in(found):
            return json.loads(filled(json.dumps(found)))

        return self.caller(who, row).call(row.method, filled(row.path), query=filled_in(row.query), body=row.body,
                                          json=row.json and filled_in(row.json), headers=filled_in(row.headers))

    def spare_key(self, anew):
        """A key of somebody else; who may, deletes it."""
        if anew:
            return self.admin.user().key["access_key"]
        if self.spare is None:
            self.spare = self.admin.user().key["access_key"]
        return self.spare


def token_of(server):
    answer = request_token(server)
    assert answer.status == 201, answer
    return answer.headers["X-Subject-Token"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    farm = Farm(tmp_path_factory.mktemp("matrix"))
    yield World(farm)
    farm.close()


def expected(row, who):
    """Statuses and codes that the caller may get."""
    if row.needs in (NOTHING, LINK, PEER):
        return [row.answer]
    if who in GATEWAY:
        return [(401, "APIGW.0301")]
    if who in STRANGERS:
        return [OTHER_PROJECT[row.family]]
    if who in ALLOWED or row.own and who != "denied":
        return [row.answer, *([(400, "ROMA.10012")] if row.busy else [])]
    return [WITHOUT_PERMISSION[row.family]]


CASES = [(row, who) for row in ENDPOINTS for who in CALLERS if not (row.family == "IAM" and who in STRANGERS)]


@pytest.mark.parametrize(("row", "who"), CASES, ids=[f"{row.name}-{who}" for row, who in CASES])
def test_matrix(world, row, who):
    answer = world.send(who, row)
    assert (answer.status, answer.error_code) in expected(row, who), answer
    assert answer.request_id, answer
    if row.needs == LINK:
        assert b"<Code>AccessDenied</Code>" in answer.body, answer
    elif answer.error_code == "APIGW.0301":
        assert GATEWAY[who] in answer.error_msg, answer
        assert answer.json()["request_id"] == answer.request_id
    elif iam.is_forbidden(answer) and who not in STRANGERS:
        action = BATCH_ACTION if row.needs == BATCH else row.action
        assert action in iam.forbidden(answer), f"the missing action is not named: {answer}"


def test_matrix_has_every_endpoint(world):
    description = exchange(world.server.endpoint, "GET", "/openapi.json").json()
    described = {(method.upper(), path): operation for path, operations in description["paths"].items()
                 for method, operation in operations.items() if method in METHODS}
    ours = {(row.method, row.path): row for row in ENDPOINTS}
    assert described.keys() == ours.keys()
    differ = [row.name for which, row in ours.items() if row.action not in (None, *words_of(described[which]))]
    assert not differ, f"the description names another action: {differ}"


def words_of(operation):
    return re.split(r"[^a-zA-Z:]+", json.dumps([value for name, value in operation.items() if name.startswith("x-")]))


@pytest.mark.parametrize("who", ["owner", "unpermitted", "other project", "bad token"])
def test_head_needs_what_get_needs(world, who):
    [row] = [row for row in ENDPOINTS if row.method == "GET" and row.path.endswith("/archives/{archive_id}")]
    wanted = world.send(who, row)
    answer = world.send(who, replace(row, method="HEAD"))
    assert (answer.status, answer.body) == (wanted.status, b""), answer
