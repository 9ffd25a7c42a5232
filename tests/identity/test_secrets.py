"""No secret in what a server says: every farm looks for all that are known; here, where a server says the most."""

import pytest

from driver import iam, secrets, vendor
from driver.caller import KeyCaller, TokenCaller, request_token
from driver.farm import Farm
from driver.iam import allowed, by_temporary, rescope_request, token_answer
from driver.packages import Packages

KEYS = "/v3.0/OS-CREDENTIAL/credentials"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_nothing_secret_is_logged_even_when_everything_is(farm, log_format):
    server = farm.start(environment={"ENTREPOT_LOG": "trace", "ENTREPOT_LOG_FORMAT": log_format})
    admin = iam.Admin(server)
    user = admin.user(policies=[iam.FULL])
    token = user.by_token()
    session = by_temporary(token, policy=iam.allow("*:*:*"))
    made = allowed(user.by_key().post(KEYS, {"credential": {"user_id": user.id}})).json()["credential"]
    packages = Packages(token)
    for caller in (token, session, KeyCaller(server, made["access"], made["secret"])):
        allowed(caller.get("digital-assets"))
    assert packages.secret(packages.create_app("an app"))
    again = token_answer(server, rescope_request(token.token, {"project": {"id": server.project}}))
    assert again.status == 201
    allowed(token.get("/v3/auth/tokens", headers={"X-Subject-Token": again.headers["X-Subject-Token"]}))
    # What is refused is logged, too, and perhaps with more words.
    mistyped = iam.password()
    assert user.token_answer(password=mistyped).status == 401
    assert TokenCaller(server, secrets.register("token", "x" * 40)).get("digital-assets").status == 401
    swapped = KeyCaller(server, made["secret"], made["access"], source="127.7.0.1")
    assert swapped.get("digital-assets").status == 401
    spoiled = KeyCaller(server, session.access_key, session.secret_key, security_token=made["secret"], source="127.7.0.2")
    assert spoiled.get("digital-assets").status == 401
    body = f'{{"auth": {{"identity": {{"methods": ["password"], "password": "{mistyped}"}}}}}}'.encode()
    assert KeyCaller(server).post("/v3/auth/tokens", body=body).status == 400
    assert vendor.metastudio(server).list_assets is not None
    admin("user", "update", user.name, "--new-password")
    # The farm looks when it closes.


def test_farm_that_finds_a_secret_says_what_and_where_and_not_which(tmp_path):
    farm = Farm(tmp_path)
    server = farm.start()
    token = request_token(server).headers["X-Subject-Token"]
    server.kill()
    with open(server.log, "a") as log:
        log.write(f"once upon a time the token {token} was logged\n")
    with pytest.raises(secrets.Leak) as found:
        farm.close()
    said = str(found.value)
    assert "token" in said and str(server.log) in said and "once upon a time the token <the token> was" in said
    assert token not in said
    assert not server.data.exists()


def test_restart_looks_at_the_log_that_it_overwrites(tmp_path):
    farm = Farm(tmp_path)
    server = farm.start()
    server.stop()
    with open(server.log, "a") as log:
        log.write(f"password={server.credentials['password']}")
    with pytest.raises(secrets.Leak, match="password in the log"):
        server.start()
    server.log.write_text("")
    farm.close()


def test_secret_in_a_url_or_in_json_is_the_same_secret():
    secret = secrets.register("password", 'a "secret" / of+mine')
    for text in (f"x{secret}y", "a%20%22secret%22%20%2F%20of%2Bmine", r'{"p": "a \"secret\" / of+mine"}'):
        assert secrets.leaks_in(text.encode()), text
    assert not secrets.leaks_in(b"a secret of mine")
