"""Users, keys, groups, policies and projects, made by the administrator's commands while a server runs."""

import json
import secrets as random
import uuid

from driver import command, secrets
from driver.caller import KeyCaller, TokenCaller, password_request
from driver.exchange import exchange
from driver.regions import COMMAND_SECONDS
from driver.waiting import until

FULL, READ_ONLY, UPLOADER, PACKAGER = BUILT_IN = ("full-access", "read-only", "uploader", "packager")


def unique(name):
    """Names stand once in a domain, and tests share one."""
    return f"{name}-{uuid.uuid4().hex[:12]}"


def password():
    return secrets.register("password", f"Pass word {random.token_urlsafe(18)}!")


def statement(*actions, effect="Allow", resource=None, condition=None):
    found = {"Effect": effect, "Action": list(actions)}
    if resource is not None:
        found["Resource"] = [resource] if isinstance(resource, str) else list(resource)
    if condition is not None:
        found["Condition"] = condition
    return found


def policy(*statements):
    """A document of these statements."""
    return {"Version": "1.1", "Statement": list(statements)}


def allow(*actions, **options):
    return policy(statement(*actions, **options))


def deny(*actions, **options):
    return policy(statement(*actions, effect="Deny", **options))


class Admin:
    """`entrepot admin …` on the data folder of a server; what goes wrong raises."""

    def __init__(self, server):
        self.server = server

    def run(self, *arguments, **options):
        """The outcome, whatever it is."""
        return command.admin(self.server, *arguments, **options)

    def __call__(self, *arguments, **options):
        """The one JSON object that a command prints."""
        return self.run(*arguments, **options).json()

    def refused(self, *arguments, status=1, **options):
        """What a command that must fail says on standard error."""
        outcome = self.run(*arguments, **options)
        assert (outcome.status, outcome.out) == (status, ""), outcome
        assert outcome.err.strip() and "panicked" not in outcome.err, outcome
        return outcome.err

    def project(self, name=None, **options):
        """A new project; answers its id."""
        return self("project", "create", name or unique("project"), **options)["project_id"]

    def user(self, name=None, *, projects=None, policies=(), project=None, groups=()):
        """A new user, in the server's first project unless others are given, with policies attached."""
        chosen = [self.server.project] if projects is None else projects
        flags = [flag for project_id in chosen for flag in ("--project", project_id)]
        made = User(self.server, self("user", "create", name or unique("user"), *flags))
        for group in groups:
            self("group", "add-user", group, "--user", made.name)
        for each in policies:
            self.attach(each, user=made.name, project=project)
        return made

    def key(self, user, **options):
        """A new access key of a user, as printed."""
        return self("key", "create", "--user", getattr(user, "name", user), **options)

    def group(self, name=None, *members):
        """A new group; answers its name."""
        name = name or unique("group")
        self("group", "create", name)
        for member in members:
            self("group", "add-user", name, "--user", getattr(member, "name", member))
        return name

    def file(self, document, name=None):
        """A policy (or any text) as a file."""
        folder = self.server.data.parent / "policies"
        folder.mkdir(exist_ok=True)
        path = folder / f"{name or unique('policy')}.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    def policy(self, document, name=None):
        """A stored policy; answers its name."""
        name = name or unique("policy")
        self("policy", "create", name, "--file", self.file(document))
        return name

    def attach(self, policy, *, user=None, group=None, project=None):
        """Attach a policy: a name, or a document, which is stored."""
        return self(*self._attachment("attach", policy, user, group, project))

    def detach(self, policy, *, user=None, group=None, project=None):
        return self(*self._attachment("detach", policy, user, group, project))

    def _attachment(self, verb, policy, user, group, project):
        holder = ["--user", getattr(user, "name", user)] if user else ["--group", group]
        named = self.file(policy) if isinstance(policy, dict) else policy
        return ["policy", verb, *holder, "--policy", named, *(["--project", project] if project else [])]

    def audit(self, *arguments):
        return self("audit", *arguments)["events"]


class User:
    """A user as `user create` printed it."""

    def __init__(self, server, made):
        self.server, self.made = server, made
        self.id, self.name, self.password = made["user_id"], made["user_name"], made.get("password")
        self._key = None

    @property
    def credentials(self):
        """As those of the owner, in credentials.json."""
        return self.server.credentials | {"user_name": self.name, "user_id": self.id, "password": self.password}

    @property
    def key(self):
        """A first access key, made when it is asked for."""
        if self._key is None:
            self._key = Admin(self.server).key(self)
        return self._key

    def by_key(self, project=None, **options):
        return KeyCaller(self.server, self.key["access_key"], self.key["secret_key"], project, **options)

    def token_answer(self, **options):
        return token_answer(self.server, password_request(self.credentials, **options))

    def by_token(self, project=None, **options):
        """By a token of the project."""
        answer = self.token_answer(scope={"project": {"id": project or self.server.project}})
        assert answer.status == 201, answer
        return TokenCaller(self.server, answer.headers["X-Subject-Token"], project, **options)


def token_answer(server, body, query="", **options):
    return exchange(server.endpoint, "POST", f"/v3/auth/tokens{query}", {"Content-Type": "application/json"},
                    json.dumps(body).encode(), **options)


def rescope_request(token, scope=None):
    """The body that asks for a token by a token."""
    auth = {"identity": {"methods": ["token"], "token": {"id": token}}}
    return {"auth": auth | ({"scope": scope} if scope else {})}


def temporary(caller, *, seconds=None, policy=None, token=None):
    """The answer of the call for temporary credentials."""
    given = {} if token is None else {"id": token}
    if seconds is not None:
        given["duration_seconds"] = seconds
    identity = {"methods": ["token"], "token": given} | ({} if policy is None else {"policy": policy})
    return caller.post("/v3.0/OS-CREDENTIAL/securitytokens", {"auth": {"identity": identity}})


def by_temporary(caller, project=None, **options):
    """A caller with temporary credentials that another one asked for."""
    answer = temporary(caller, **options)
    assert answer.status == 201, answer
    made = answer.json()["credential"]
    return KeyCaller(caller.server, made["access"], made["secret"], project or caller.project,
                     security_token=made["securitytoken"])


# How each family of calls refuses.

def iam_error(answer, status):
    """The message of an error in IAM's form."""
    assert answer.status == status, answer
    error = answer.json()["error"]
    assert error["code"] == status and error["message"] and error["title"], answer
    assert answer.request_id, answer
    return error["message"]


def is_forbidden(answer):
    """Whether the caller lacked the permission, in whichever family."""
    if answer.status != 403:
        return False
    found = answer.json() if answer.body[:1] == b"{" else {}
    return found.get("error_code") in ("MSS.00024001", "ROMA.1006") or found.get("error", {}).get("code") == 403


def allowed(answer):
    """The call did what it should."""
    assert answer.status in (200, 201, 204), answer
    return answer


def forbidden(answer):
    """The caller lacks the permission, and is told which; answers the message."""
    assert is_forbidden(answer), answer
    assert answer.request_id, answer
    found = answer.json()
    return found["error"]["message"] if "error" in found else found["error_msg"]


def known_no_more(answer):
    """The credential is good for nothing."""
    assert (answer.status, answer.error_code) == (401, "APIGW.0301"), answer
    assert answer.error_msg.startswith("Incorrect IAM authentication information"), answer
    return answer.error_msg


def soon(condition, what="the change had no effect"):
    """Wait until the condition holds, as long as a command may take to have its effect."""
    return until(condition, COMMAND_SECONDS, f"{what} within {COMMAND_SECONDS} s")
