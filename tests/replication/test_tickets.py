"""Tickets: they open if and only if nothing in them was changed, and for nobody else; a refusal leaves no trace."""

import base64
import copy as copies
import http.client
import json
import shutil

import pytest

from driver.caller import token_caller
from driver.clock import LaterCaller, faked
from driver.command import admin
from driver.exchange import host_of
from driver.folders import contents
from driver.library import md5_of
from driver.regions import COMMAND_SECONDS, Region, problems, share_key
from driver.rows import second_project
from driver.waiting import until

ILLEGAL_STATE, UNFINISHED, BLOCKED = "MSS.10009001", "MSS.10009007", "MSS.10009012"
NOT_FOUND, PARAMETER = "MSS.10001001", "MSS.00000003"
INVALID, EXPIRED, UNKNOWN_KEY, UNREACHABLE, NOT_HERE = (f"MSS.100090{number:02}" for number in (2, 3, 4, 5, 14))
CONTENT = b"what is copied"
PATH = "digital-assets-by-replication-info"


@pytest.fixture
def asset_id(pair):
    return pair.a.library.create_image(CONTENT)


@pytest.fixture
def ticket(pair, asset_id):
    return pair.a.ticket(asset_id)


@pytest.fixture
def refused(pair):
    """Present something that must be refused; in the end B must be as it was, and A must not have been asked."""
    count, before = pair.b.count(), pair.b.all_incoming()
    pair.line.reset_counts()
    with KeptLine(pair.b) as line:
        yield line.refused
    assert line.refusals, "nothing was presented"
    assert (pair.b.count(), pair.b.all_incoming()) == (count, before), "a refused ticket left something behind"
    assert pair.line.connections == 0, "a refused ticket made a connection"


class KeptLine:
    """Many tickets over one connection, by token."""

    def __init__(self, region):
        caller = token_caller(region.server)
        self.path, self.refusals = caller.path(PATH), 0
        self.headers = {"X-Auth-Token": caller.token, "Content-Type": "application/json"}
        self.connection = http.client.HTTPConnection(host_of(region.server.endpoint), timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def refused(self, body, *codes):
        """Present it; it must be refused with one of these codes, in a sentence."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.connection.request("POST", self.path, body=sent, headers=self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 400, f"{answer.status} {text!r} for {sent[:1000]!r}"
        error = json.loads(text)
        assert set(error) == {"error_code", "error_msg"}
        assert error["error_code"] in (codes or (INVALID,)), f"{error} for {sent[:1000]!r}"
        assert 10 < len(error["error_msg"]) <= 256
        assert answer.headers["X-Request-Id"]
        self.refusals += 1
        return error


def decode(text):
    return base64.b64decode(text, validate=True)


def encode(content):
    return base64.b64encode(content).decode()


def flips(content):
    """The content with each of its bits turned over, one at a time."""
    for place in range(len(content)):
        for bit in range(8):
            yield content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1:]


def with_parts(ticket, iv=None, sealed=None, iv_there=None):
    """The ticket with other bytes in these parts."""
    changed = copies.deepcopy(ticket)
    was_iv, _, was_sealed = ticket["asset_info"].partition(":")
    changed["asset_info"] = f"{was_iv if iv is None else encode(iv)}:{was_sealed if sealed is None else encode(sealed)}"
    if iv_there is not None:
        changed["encryption_info"]["iv"] = encode(iv_there)
    return changed


def parts(ticket):
    iv, _, sealed = ticket["asset_info"].partition(":")
    return decode(iv), decode(sealed)


def test_ticket_with_one_bit_changed_does_not_open(pair, ticket, refused):
    iv, sealed = parts(ticket)
    for changed in flips(sealed):
        refused(with_parts(ticket, sealed=changed))
    for changed in flips(iv):
        refused(with_parts(ticket, iv=changed))
        refused(with_parts(ticket, iv_there=changed))
        refused(with_parts(ticket, iv=changed, iv_there=changed))


def test_ticket_with_one_bit_of_its_text_changed_does_not_open(pair, ticket, refused):
    text = ticket["asset_info"].encode()
    colon = text.index(b":")
    # The last characters of each part have bits that stand for nothing, which may not be changed either.
    places = {*range(0, len(text), 9), *range(colon - 4, colon + 5), *range(len(text) - 8, len(text))}
    for place in sorted(places):
        for bit in range(8):
            changed = text[:place] + bytes([text[place] ^ 1 << bit]) + text[place + 1:]
            refused(ticket | {"asset_info": changed.decode("iso-8859-1")}, INVALID, PARAMETER)


def test_ticket_that_was_cut_or_has_more_does_not_open(pair, ticket, refused):
    text = ticket["asset_info"]
    for length in [*range(0, len(text), 5), *range(len(text) - 5, len(text))]:
        refused(ticket | {"asset_info": text[:length]}, INVALID, PARAMETER)
    iv, sealed = parts(ticket)
    for changed in (sealed + b"\0", b"\0" + sealed, sealed[1:], sealed[:16], sealed[-16:], b"", sealed * 2):
        refused(with_parts(ticket, sealed=changed))
    for changed in (iv + b"\0", iv[:-1], b"", iv * 2, bytes(16)):
        refused(with_parts(ticket, iv=changed, iv_there=changed), INVALID, PARAMETER)
    for changed in (text + "=", text + "\n", " " + text, text.replace(":", "::"), text.replace(":", ""),
                    text.replace(":", ";"), text.rstrip("=") + "====", f"{text}:{text}", text.lower()):
        refused(ticket | {"asset_info": changed}, INVALID, PARAMETER)


def test_tickets_with_swapped_parts_do_not_open(pair, ticket, refused):
    other = pair.a.ticket(pair.a.library.create_image(b"another"))
    again = pair.a.ticket(ticket["asset_id"])
    for second in (other, again):
        second_iv, second_sealed = parts(second)
        refused(with_parts(ticket, iv=second_iv))
        refused(with_parts(ticket, iv_there=second_iv))
        refused(with_parts(ticket, iv=second_iv, iv_there=second_iv))
        refused(with_parts(ticket, sealed=second_sealed))
        refused(ticket | {"encryption_info": second["encryption_info"]})
    refused(ticket | {"asset_id": other["asset_id"]})
    refused(ticket | {"asset_id": "0" * 32})
    refused(ticket | {"asset_id": ticket["asset_id"].upper() if ticket["asset_id"] != ticket["asset_id"].upper()
                      else "x"})
    iv, _ = parts(ticket)
    refused(with_parts(ticket, iv_there=iv[::-1]))
    refused(with_parts(ticket, iv=iv[::-1]))


def test_ticket_of_another_key_does_not_open(pair, ticket, refused):
    # A second key of the same two regions, in the rings of both.
    second, _ = share_key(pair.a, pair.b)
    changed = copies.deepcopy(ticket)
    changed["encryption_info"]["key_id"] = second
    until(lambda: UNKNOWN_KEY not in problems(pair.b.inspect(changed)), COMMAND_SECONDS + 1)
    pair.line.reset_counts()  # It is the inspection that asks the peer.
    refused(changed)
    for unknown in ("nobody's", "999999999", "x" * 128, "'", "夏"):
        changed["encryption_info"]["key_id"] = unknown
        refused(changed, UNKNOWN_KEY)
    for bad in ("", "x" * 129, None, -1, 1.5, True, {}, [], 2**70):
        changed["encryption_info"]["key_id"] = bad
        refused(changed, UNKNOWN_KEY, INVALID, PARAMETER, "MSS.00000002")
    del changed["encryption_info"]["key_id"]
    refused(changed, INVALID, PARAMETER)
    # Both keys are good for new tickets all the while.
    assert not problems(pair.b.inspect(ticket))
    pair.line.reset_counts()


@pytest.mark.parametrize("kind", [str, int])
def test_key_id_is_taken_as_a_string_and_as_a_number(pair, asset_id, kind):
    ticket = pair.a.ticket(asset_id)
    assert isinstance(ticket["encryption_info"]["key_id"], str)
    ticket["encryption_info"]["key_id"] = kind(ticket["encryption_info"]["key_id"])
    pair.b.take(ticket)
    pair.b.wait_for_copy(asset_id)
    pair.assert_same(asset_id)


def test_other_algorithm_is_refused(ticket, refused):
    for algorithm in ("AES256_GCM", "AES128_CBC", "aes128_gcm", "AES128_GCM ", "NONE", "", "x" * 65, "x" * 10_000):
        changed = copies.deepcopy(ticket)
        changed["encryption_info"]["algorithm"] = algorithm
        refused(changed, INVALID, PARAMETER)


def test_expire_time_may_be_left_out_but_not_changed(pair, ticket, refused):
    expires = ticket["expire_time"]
    for other in (expires - 1, expires + 1, expires + 10**6, 0, -1, 2**63 - 1, -2**63):
        refused(ticket | {"expire_time": other}, INVALID, PARAMETER, EXPIRED)
    for bad in (2**63, 10**30, 1.5, str(expires), True, [], {}):
        refused(ticket | {"expire_time": bad}, INVALID, PARAMETER, "MSS.00000002", "MSS.10000002")


@pytest.mark.parametrize("left_out", ["absent", "null"])
def test_ticket_without_expire_time_is_taken(pair, ticket, left_out):
    if left_out == "null":
        ticket["expire_time"] = None
    else:
        del ticket["expire_time"]
    pair.b.take(ticket)
    pair.b.wait_for_copy(ticket["asset_id"])
    pair.assert_same(ticket["asset_id"])


def bad_bodies(ticket):
    """Whatever is not a ticket at all."""
    for name in ("asset_id", "asset_info", "encryption_info"):
        yield {key: value for key, value in ticket.items() if key != name}
        for bad in (None, 1, True, [], {}, "", "x", [ticket[name]]):
            yield ticket | {name: bad}
    for name in ("algorithm", "iv"):
        yield ticket | {"encryption_info": {key: value for key, value in ticket["encryption_info"].items() if key != name}}
        for bad in (None, 1, True, [], {}, "", "x"):
            yield ticket | {"encryption_info": ticket["encryption_info"] | {name: bad}}
    for size in (100_000, 100_001, 1_500_000):
        yield ticket | {"asset_info": "A" * size}
        yield ticket | {"asset_info": f"{ticket['encryption_info']['iv']}:{'A' * (size - 17)}"}
    for size in (129, 1_000_000):
        yield ticket | {"encryption_info": ticket["encryption_info"] | {"iv": "A" * size}}
        yield ticket | {"asset_id": "a" * size}
    for text in (b"", b"{", b"null", b"[]", b"{}", b'"x"', b"1", b"\xff\xfe", b"[" * 100_000, b'{"asset_id":' * 1000):
        yield text
    yield [ticket]
    yield {"replication_info": ticket}
    yield json.dumps(ticket).encode()[:-1]
    yield json.dumps(ticket).encode() + b"x"


def test_what_is_no_ticket_is_refused(ticket, refused):
    for body in bad_bodies(ticket):
        refused(body, INVALID, UNKNOWN_KEY, PARAMETER, NOT_FOUND, "MSS.00000002", "MSS.10000002", "MSS.10000003")


def test_ticket_needs_a_caller(pair, ticket):
    before = pair.b.count()
    connection = http.client.HTTPConnection(host_of(pair.b.server.endpoint), timeout=20)
    connection.request("POST", pair.b.caller.path(PATH), body=json.dumps(ticket).encode(),
                       headers={"Content-Type": "application/json"})
    assert connection.getresponse().status == 401
    connection.close()
    elsewhere = pair.b.caller.post(f"/v1/{'0' * 32}/{PATH}", ticket)
    assert elsewhere.status in (400, 401, 403), elsewhere
    assert pair.b.count() == before


def test_ticket_is_good_for_a_day(make_pair):
    pair = make_pair()
    early, late = (pair.a.library.create_image(content) for content in (b"early", b"late"))
    tickets = {asset_id: pair.a.ticket(asset_id) for asset_id in (early, late)}

    def later(hours):
        for region in (pair.a, pair.b):
            region.server.stop()
            region.server.environment.update(faked(f"+{hours}h"))
            region.server.start()
            region.caller_type = LaterCaller

    later(23)
    pair.b.take(tickets[early])
    pair.b.wait_for_copy(early)
    pair.assert_same(early)
    later(25)
    before = pair.b.count()
    answer = pair.b.present(tickets[late])
    assert (answer.status, answer.error_code) == (400, EXPIRED), answer
    assert problems(pair.b.inspect(tickets[late])) == {EXPIRED}
    assert pair.b.count() == before
    until(lambda: pair.a.outgoing(late)["state"] == "EXPIRED", what="A does not tell that it has expired")
    # A replay of what was taken in time stays harmless, and a new ticket is good.
    assert pair.b.present(tickets[early]).status in (200, 400)
    pair.assert_same(early)
    pair.copy(late)
    pair.assert_same(late)


def test_hours_of_a_ticket_are_a_setting(make_pair):
    pair = make_pair(source={"environment": {"ENTREPOT_TICKET_HOURS": 1}})
    asset_id = pair.a.library.create_image(CONTENT)
    ticket = pair.a.ticket(asset_id)
    pair.b.server.stop()
    pair.b.server.environment.update(faked("+61m"))
    pair.b.server.start()
    pair.b.caller_type = LaterCaller
    answer = pair.b.present(ticket)
    assert (answer.status, answer.error_code) == (400, EXPIRED), answer
    assert pair.b.count() == 0


def test_ticket_for_another_project_is_refused(pair, asset_id, refused):
    there = pair.b.in_project(second_project(pair.b.server))
    until(lambda: there.caller.get("digital-assets").status == 200, timeout=5)
    refused(pair.a.ticket(asset_id, to_project_id=there.project), NOT_HERE)
    refused(pair.a.ticket(asset_id, to_region="region-b", to_project_id=there.project), NOT_HERE)
    refused(pair.a.ticket(asset_id, to_project_id="0" * 32), NOT_HERE)
    assert there.count() == 0


def test_ticket_for_a_project_is_good_there(pair, asset_id):
    there = pair.b.in_project(second_project(pair.b.server))
    until(lambda: there.caller.get("digital-assets").status == 200, timeout=5)
    ticket = pair.a.ticket(asset_id, to_project_id=there.project)
    assert problems(there.inspect(ticket)) == set()
    there.take(ticket)
    there.wait_for_copy(asset_id)
    assert there.portrait(asset_id) == pair.a.portrait(asset_id)
    answer = pair.b.caller.get(f"digital-assets/{asset_id}")
    assert (answer.status, answer.error_code) == (400, NOT_FOUND), answer


def test_ticket_for_another_region_is_refused(pair, asset_id, refused):
    made = admin(pair.a.server, "replication-key", "create", "--peer", "region-c").json()
    for_c = until(lambda: (answer := pair.a.info(asset_id, to_region="region-c")).status == 200 and answer.json(), 3)
    refused(for_c, UNKNOWN_KEY, NOT_HERE)
    # Two regions to choose from now.
    answer = pair.a.info(asset_id)
    assert answer.status == 400 and "region-b" in answer.error_msg and "region-c" in answer.error_msg, answer
    assert "to_region" in answer.error_msg
    refused_by_a = pair.a.info(asset_id, to_region="region-d")
    assert refused_by_a.status == 400 and "region-d" in refused_by_a.error_msg, refused_by_a
    # Nor is it good in B where somebody has put the key into the wrong ring.
    admin(pair.b.server, "replication-key", "add", made["key_id"], "--peer", "region-a", given=made["key"]).json()
    until(lambda: UNKNOWN_KEY not in problems(pair.b.inspect(for_c)), 3)
    pair.line.reset_counts()
    refused(for_c, NOT_HERE)
    for region in (pair.a, pair.b):
        admin(region.server, "replication-key", "retire", made["key_id"]).json()
    until(lambda: pair.a.info(asset_id).status == 200, 3, "a key that was retired is still to choose from")


def test_ticket_of_a_region_that_is_not_configured_makes_no_connection(make_pair, farm, tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    trace = tmp_path / "trace"
    pair = make_pair(target={"wrapper": ["strace", "-D", "-f", "-e", "trace=connect", "-o", str(trace)]})
    stranger = Region(farm.start(arguments=["--region", "region-x"]), "region-x")
    share_key(stranger, pair.b)
    asset_id = stranger.library.create_image(CONTENT)
    ticket = until(lambda: (answer := stranger.info(asset_id)).status == 200 and answer.json(), 3)
    until(lambda: UNKNOWN_KEY not in problems(pair.b.inspect(ticket)), 3)

    def connects():
        return [line for line in trace.read_text(errors="replace").splitlines() if "connect(" in line and "AF_INET" in line]

    pair.copy(pair.a.library.create_image(b"from one that is"))
    before = len(connects())
    assert before and any(f"htons({pair.line.port})" in line for line in connects()), "the trace sees nothing"
    for _ in range(3):
        answer = pair.b.present(ticket)
        assert (answer.status, answer.error_code) == (400, NOT_HERE), answer
        assert "region-x" in answer.error_msg
        report = pair.b.inspect(ticket)
        assert not report["works"] and problems(report) == {NOT_HERE}
    # What comes after it is in the trace, so what it might have done would be, too.
    pair.copy(pair.a.library.create_image(b"another from one that is"))
    strange = [line for line in connects() if f"htons({pair.line.port})" not in line]
    assert strange == [], "B connected to somebody whom nobody named"
    assert pair.b.count() == 2


def test_retired_key_opens_nothing_and_seals_nothing(make_pair):
    pair = make_pair()
    first, second = (pair.a.library.create_image(content) for content in (b"1", b"2"))
    old = pair.a.ticket(first)
    new_key, _ = share_key(pair.a, pair.b)
    listed = admin(pair.b.server, "replication-key", "list").json()
    assert {pair.key_id, new_key} <= {key["key_id"] for key in listed["keys"]}
    assert pair.key not in str(listed)
    # Several keys are valid at once.
    pair.b.take(old)
    pair.b.wait_for_copy(first)
    old = pair.a.ticket(first)
    assert admin(pair.a.server, "replication-key", "retire", pair.key_id).json()["key_id"] == pair.key_id
    until(lambda: pair.a.ticket(second)["encryption_info"]["key_id"] == new_key, COMMAND_SECONDS + 1)
    pair.copy(second)
    pair.assert_same(second)
    admin(pair.b.server, "replication-key", "retire", pair.key_id).json()
    until(lambda: problems(pair.b.inspect(old)) == {UNKNOWN_KEY} or old["encryption_info"]["key_id"] != pair.key_id,
          COMMAND_SECONDS + 1)
    if old["encryption_info"]["key_id"] == pair.key_id:
        answer = pair.b.present(old)
        assert (answer.status, answer.error_code) == (400, UNKNOWN_KEY), answer


def test_bad_replication_keys_are_refused(pair):
    server = pair.b.server
    key_id = "4711"
    for entered in ("", "\n", "not base64!\n", "AAAA\n", "A" * 43 + "=x\n", base64.b64encode(bytes(15)).decode()):
        outcome = admin(server, "replication-key", "add", key_id, "--peer", "region-a", given=entered)
        assert outcome.status != 0 and outcome.err, (entered, outcome)
    taken = admin(server, "replication-key", "add", pair.key_id, "--peer", "region-a",
                  given=base64.b64encode(bytes(range(len(decode(pair.key))))).decode())
    assert taken.status != 0 and pair.key_id in taken.err, taken
    assert admin(server, "replication-key", "retire", "4712").status != 0
    assert key_id not in {key["key_id"] for key in admin(server, "replication-key", "list").json()["keys"]}


def test_replication_keys_are_not_stored_as_they_are(pair, ticket):
    for region in (pair.a, pair.b):
        for path, content in contents(region.server.data):
            assert pair.key.encode() not in content and decode(pair.key) not in content, path
        assert pair.key not in region.server.tail() and ticket["asset_info"] not in region.server.tail()


def blocked(pair):
    asset_id = pair.a.library.create_image(CONTENT)
    admin(pair.a.server, "asset", "block", asset_id, "--reason-code", "C1", "--reason", "complaint").json()
    return asset_id


def deleting(pair):
    asset_id = pair.a.library.create_image(CONTENT)
    pair.a.library.delete(asset_id)
    return asset_id


def deleted(pair):
    asset_id = pair.a.library.create_image(CONTENT)
    pair.a.library.delete(asset_id, force=True)
    return asset_id


def creating(pair):
    return pair.a.library.create_asset()


def failed(pair):
    asset_id = pair.a.library.create_asset()
    file_id, _ = pair.a.library.declare_file(asset_id, CONTENT)
    pair.a.library.complete(file_id, "FAILED")
    return asset_id


def with_unfinished_file(pair):
    asset_id = pair.a.library.create_asset("COMMON_FILE")
    pair.a.library.upload(asset_id, CONTENT, file_type="bin")
    pair.a.library.declare_file(asset_id, b"still to come", category="OTHER")
    return asset_id


def without_any(pair):
    return "0" * 32


STATES = {"BLOCK": (blocked, BLOCKED), "DELETING": (deleting, ILLEGAL_STATE), "CREATING": (creating, ILLEGAL_STATE),
          "FAILED": (failed, ILLEGAL_STATE), "DELETED": (deleted, ILLEGAL_STATE, NOT_FOUND),
          "an unfinished file": (with_unfinished_file, UNFINISHED), "not there": (without_any, NOT_FOUND)}


@pytest.mark.parametrize("state", STATES)
def test_asset_that_cannot_be_copied_gets_no_ticket(pair, state):
    make, *codes = STATES[state]
    asset_id = make(pair)
    if state == "BLOCK":
        until(lambda: pair.a.library.state(asset_id) == "BLOCK", COMMAND_SECONDS)
    answer = pair.a.info(asset_id)
    assert answer.status == 400 and answer.error_code in codes, answer
    assert len(answer.error_msg) > 10
    if state != "not there":
        assert pair.a.copies(asset_id)["outgoing"] == []


def test_asset_of_another_project_gets_no_ticket(pair, asset_id):
    there = pair.a.in_project(second_project(pair.a.server))
    until(lambda: there.caller.get("digital-assets").status == 200, timeout=5)
    answer = there.info(asset_id)
    assert (answer.status, answer.error_code) == (400, NOT_FOUND), answer


@pytest.mark.parametrize("query", [{"to_region": ""}, {"to_region": "x" * 65}, {"to_project_id": ""},
                                   {"to_project_id": "x" * 65}])
def test_bad_queries_get_no_ticket(pair, asset_id, query):
    answer = pair.a.info(asset_id, **query)
    assert answer.status == 400 and answer.error_code in (PARAMETER, UNKNOWN_KEY), answer
    assert pair.a.copies(asset_id)["outgoing"] == []


def test_ticket_of_an_asset_that_has_changed_its_state_since_is_refused_by_the_source(pair):
    asset_id = pair.a.library.create_image(CONTENT)
    ticket = pair.a.ticket(asset_id)
    pair.a.library.delete(asset_id)
    pair.b.take(ticket)
    copy = pair.b.wait_for_copy(asset_id, "FAILED")
    assert copy["error_code"] and copy["error"]
    shown = pair.b.library.show(asset_id)
    assert shown["asset_state"] == "FAILED" and len(shown["reason"]) > 10
    # Back from the recycle bin, it can be gone on with.
    pair.a.library.restore(asset_id)
    pair.b.take(pair.a.ticket(asset_id))
    pair.b.library.wait_for_state(asset_id, "UNACTIVED")
    pair.assert_same(asset_id)


def test_inspection_tells_what_a_ticket_is_and_changes_nothing(pair, ticket):
    before = pair.b.count(), pair.b.all_incoming()
    report = pair.b.inspect(ticket)
    assert report["works"] and report["problems"] == [] and report["effect"] == "CREATE"
    inside = report["ticket"]
    assert (inside["region"], inside["asset_id"], inside["asset_type"]) == ("region-a", ticket["asset_id"], "IMAGE")
    assert inside["version"] == pair.a.library.show(ticket["asset_id"])["entrepot_version"]
    assert len(inside["manifest_digest"]) == 64
    assert inside["ticket_id"] == pair.a.outgoing(ticket["asset_id"])["copy_id"]
    assert report["peer"]["reachable"] and report["peer"]["region"] == "region-a"
    assert abs(report["peer"]["clock_skew_seconds"]) <= 1
    assert report["peer"]["endpoint"] == pair.line.endpoint
    assert (pair.b.count(), pair.b.all_incoming()) == before
    pair.b.take(ticket)
    pair.b.wait_for_copy(ticket["asset_id"])
    assert pair.b.inspect(ticket)["effect"] == "NOTHING"
    pair.a.library.update(ticket["asset_id"], asset_name="newer")
    newer = pair.a.ticket(ticket["asset_id"])
    assert pair.b.inspect(newer)["effect"] == "UPDATE"


def test_inspection_tells_why_a_ticket_does_not_work(pair, ticket):
    iv, sealed = parts(ticket)
    changed = with_parts(ticket, sealed=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    unknown = copies.deepcopy(ticket)
    unknown["encryption_info"]["key_id"] = "31337"
    other_project = pair.a.ticket(ticket["asset_id"], to_project_id="0" * 32)
    for bad, code in ((changed, INVALID), (unknown, UNKNOWN_KEY), (other_project, NOT_HERE)):
        report = pair.b.inspect(bad)
        assert not report["works"] and code in problems(report), (code, report)
        assert all(problem["error_msg"] for problem in report["problems"])
        assert "effect" not in report
    pair.line.refuse()
    report = pair.b.inspect(ticket)
    assert not report["works"] and problems(report) == {UNREACHABLE}, report
    assert not report["peer"]["reachable"] and report["peer"]["error"]
    pair.line.accept()
    assert pair.b.inspect(ticket)["works"]


def test_inspection_tells_how_far_the_clocks_are_apart(make_pair):
    pair = make_pair()
    ticket = pair.a.ticket(pair.a.library.create_image(CONTENT))
    pair.a.server.stop()
    pair.a.server.environment.update(faked("+100s"))
    pair.a.server.start()
    skew = pair.b.inspect(ticket)["peer"]["clock_skew_seconds"]
    assert 97 <= skew <= 103, skew


def test_ticket_with_its_fields_in_another_order_is_the_same(pair, ticket):
    ticket = dict(reversed(ticket.items()))
    ticket["encryption_info"] = dict(reversed(ticket["encryption_info"].items()))
    pair.b.take(ticket | {"x_request_id": "somebody adds this"})
    pair.b.wait_for_copy(ticket["asset_id"])
    assert md5_of(pair.b.library.content(ticket["asset_id"])) == md5_of(CONTENT)
