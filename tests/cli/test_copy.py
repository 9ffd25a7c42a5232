"""entrepot copy, and ticket export, import and inspect, between two regions."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from driver.caller import KeyCaller
from driver.clock import faked
from driver.command import client, run
from driver.farm import Farm
from driver.library import Library
from driver.proxy import Proxy
from driver.both import Regions
from driver.server import BINARY, clean_environment

MIB = 1024 * 1024
UNKNOWN = "0" * 32


@pytest.fixture(scope="module")
def regions(tmp_path_factory):
    farm = Farm(tmp_path_factory.mktemp("regions"))
    yield Regions(farm)
    farm.close()


@pytest.fixture
def proxy():
    proxy = Proxy()
    proxy.paths = ("/objects/", "/files/")
    yield proxy
    proxy.close()


def copy(regions, *words, **options):
    """The outcome of a copy from A to B, with the object that it printed."""
    outcome = run("copy", *words, "--to", "b", *regions.credentials, "--json", **options)
    return outcome, json.loads(outcome.out)


def image(library, content=None, **fields):
    return library.create_image(content or os.urandom(5000), **fields)


def ids(copies):
    return sorted(copy["asset_id"] for copy in copies)


def test_asset_is_there_with_its_bytes_and_its_state(regions):
    content = os.urandom(3 * MIB)
    asset_id = image(regions.source, content, name="夏 picture", tags=["x"])
    regions.source.activate(asset_id)
    outcome, told = copy(regions, asset_id)
    assert outcome.status == 0, outcome
    [copied] = told["copies"]
    assert told["failed"] == [] and copied["asset_id"] == asset_id and copied["asset_name"] == "夏 picture"
    assert (copied["state"], copied["bytes_done"], copied["was_there"]) == ("DONE", len(content), False)
    assert regions.target.state(asset_id) == "ACTIVED" and regions.target.content(asset_id) == content
    assert regions.target.file(asset_id)["file_id"] == regions.source.file(asset_id)["file_id"]


def test_second_run_finds_everything_there(regions):
    assets = [image(regions.source, name=f"twice {n}") for n in range(3)]
    copy(regions, *assets)
    outcome, told = copy(regions, *assets)
    assert outcome.status == 0 and ids(told["copies"]) == sorted(assets)
    assert [copied["was_there"] for copied in told["copies"]] == [True] * 3
    for asset_id in assets:
        assert len(incoming(regions, asset_id)) == 1


def test_change_in_the_source_comes_along_with_the_next_run(regions):
    asset_id = image(regions.source, name="before")
    copy(regions, asset_id)
    regions.source.update(asset_id, asset_name="after")
    outcome, told = copy(regions, asset_id)
    assert outcome.status == 0 and not told["copies"][0]["was_there"]
    assert regions.target.show(asset_id)["asset_name"] == "after"


def test_content_that_the_project_has_costs_no_bytes(regions):
    content = os.urandom(40_000)
    first, second = (image(regions.source, content, name=name) for name in ("one", "same"))
    copy(regions, first)
    [copied] = copy(regions, second)[1]["copies"]
    assert copied["bytes_held"] == copied["bytes_done"] == len(content)


def test_filter_copies_what_fits_and_can_be_copied(regions):
    fits = [image(regions.source, name=f"filtered {n}", tags=["wanted", "more"]) for n in range(12)]
    image(regions.source, name="other", tags=["unwanted"])
    regions.source.create_asset("IMAGE", name="no file yet", tags=["wanted"])
    video = regions.source.create_asset("VIDEO", name="a video", tags=["wanted"])
    regions.source.upload(video, os.urandom(2000), file_type="mp4", name="film.mp4")
    outcome, told = copy(regions, "--filter", "tag=wanted", "--filter", "type=image", "--parallel", "3")
    assert outcome.status == 0 and ids(told["copies"]) == sorted(fits)
    outcome, told = copy(regions, "--filter", "tag=wanted")
    assert ids(told["copies"]) == sorted([*fits, video])
    assert [copied["asset_id"] for copied in told["copies"] if not copied["was_there"]] == [video]


@pytest.mark.timeout(300)
def test_whole_library_goes_page_by_page(farm):
    regions = Regions(farm)
    assets = [image(regions.source, b"the same", name=f"n{n}") for n in range(230)]
    outcome, told = copy(regions, "--all", "--parallel", "32", timeout=200)
    assert outcome.status == 0, outcome.err
    assert ids(told["copies"]) == sorted(assets)
    assert regions.target.list(asset_state="UNACTIVED")["count"] == 230


def test_asset_that_fails_is_named_and_the_others_are_copied(regions):
    good, bad = image(regions.source), regions.source.create_asset("IMAGE", name="no file yet")
    outcome, told = copy(regions, bad, good, UNKNOWN)
    assert outcome.status == 1 and "2 assets not copied" in outcome.err
    assert ids(told["copies"]) == [good]
    failed = {failed["asset_id"]: failed for failed in told["failed"]}
    assert failed[bad]["error_code"] == "MSS.10009001"
    assert failed[UNKNOWN]["error_code"] == "MSS.10001001"
    assert all(failed["error"].startswith("MSS.") for failed in told["failed"])


def test_copy_that_was_changed_there_is_not_overwritten(regions):
    asset_id = image(regions.source, name="ours")
    copy(regions, asset_id)
    regions.target.update(asset_id, asset_name="theirs")
    regions.source.update(asset_id, asset_name="ours anew")
    outcome, told = copy(regions, asset_id)
    assert outcome.status == 1 and told["failed"][0]["error_code"] == "MSS.10009015"
    assert regions.target.show(asset_id)["asset_name"] == "theirs"


def test_lines_for_people_have_a_summary(regions):
    assets = [image(regions.source, name=f"line {n}") for n in range(2)]
    copy(regions, assets[0])
    outcome = run("copy", *assets, UNKNOWN, "--to", "b", *regions.credentials)
    assert outcome.status == 1 and outcome.out.count("DONE") == 2 and "(was there)" in outcome.out
    assert "1 copied, 1 already there, 1 failed" in outcome.err
    assert outcome.err.count(UNKNOWN) >= 2, "the reason stands where it happened, and in the summary"


def test_tickets_can_be_handed_over_without_waiting(regions):
    asset_id = image(regions.source)
    outcome, told = copy(regions, asset_id, "--no-wait")
    assert outcome.status == 0 and told["copies"][0]["state"] in ("WAITING", "COPYING", "DONE")
    regions.target.wait_for_state(asset_id, "UNACTIVED")


def test_copy_goes_on_after_its_command_was_killed(regions):
    asset_id = image(regions.source, os.urandom(30 * MIB))
    words = ["copy", asset_id, "--to", "b", *map(str, regions.credentials), "--json"]
    killed = subprocess.Popen([str(BINARY), *words], env=clean_environment(), stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    time.sleep(0.15)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    outcome, told = copy(regions, asset_id)
    assert outcome.status == 0 and told["copies"][0]["bytes_done"] == 30 * MIB
    assert [copy["state"] for copy in incoming(regions, asset_id)] == ["DONE"]


def test_source_that_does_not_answer_is_waited_for(farm):
    regions = Regions(farm)
    asset_id = image(regions.source)
    regions.a.port = int(regions.a.endpoint.rpartition(":")[2])
    ticket = regions.source.caller.get(f"digital-assets/{asset_id}/replication-info").json()
    regions.a.stop()
    assert regions.target.caller.post("digital-assets-by-replication-info", ticket).status == 200
    time.sleep(1)
    regions.a.start()
    outcome, told = copy(regions, asset_id)
    assert outcome.status == 0 and regions.target.state(asset_id) == "UNACTIVED"


def test_copy_that_ends_badly_is_told_and_begun_again_by_the_next_run(farm):
    regions = Regions(farm, through=lambda endpoint: "http://127.0.0.1:9")
    asset_id = image(regions.source)
    words = ["copy", asset_id, "--to", "b", *map(str, regions.credentials), "--json"]
    running = subprocess.Popen([str(BINARY), *words], env=clean_environment(), stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    path = f"digital-assets/{asset_id}/entrepot/copies"
    told = running.stderr.readline()
    assert "it is tried again" in told and "127.0.0.1:9" in told
    copy_id = incoming(regions, asset_id)[0]["copy_id"]
    assert regions.target.caller.post(f"{path}/{copy_id}/cancel").status == 200
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 1 and json.loads(out)["failed"][0]["asset_id"] == asset_id

    regions.b.arguments[-1] = f"a={regions.a.endpoint}"
    regions.b.restart()
    regions.target = Library(KeyCaller(regions.b))
    outcome, told = copy(regions, asset_id)
    assert outcome.status == 0 and regions.target.state(asset_id) == "UNACTIVED"


def test_credentials_of_the_region_come_from_the_configuration(regions, tmp_path):
    asset_id = image(regions.source)
    words = ["copy", asset_id, "--to", "b", "--credentials", regions.a.data / "credentials.json"]
    environment = {"HOME": tmp_path, "XDG_CONFIG_HOME": tmp_path / "config"}
    missing = run(*words, environment=environment)
    assert missing.status == 2 and "config/entrepot/regions/b.json" in missing.err
    kept = tmp_path / "config/entrepot/regions"
    kept.mkdir(parents=True)
    shutil.copy(regions.b.data / "credentials.json", kept / "b.json")
    assert run(*words, environment=environment).status == 0
    named = {"ENTREPOT_TO_CREDENTIALS": regions.b.data / "credentials.json", "HOME": tmp_path}
    assert run(*words, environment=named).status == 0


def test_ids_and_a_filter_together_mean_nothing(regions):
    for words in ([], [UNKNOWN, "--all"], [UNKNOWN, "--filter", "tag=x"], ["--filter", "colour=red"]):
        assert run("copy", *words, "--to", "b", *regions.credentials).status == 2


def incoming(regions, asset_id):
    answer = regions.target.caller.get(f"digital-assets/{asset_id}/entrepot/copies")
    return answer.json()["incoming"] if answer.status == 200 else []


def export(regions, target, *words, **options):
    return client(regions.a, "ticket", "export", *words, "--to", "b", "--output", target, "--json", **options)


def bring_in(regions, target, **options):
    return client(regions.b, "ticket", "import", target, "--json", **options)


def test_ticket_and_bytes_travel_as_files(regions, tmp_path):
    content, cover = os.urandom(2 * MIB), os.urandom(3000)
    asset_id = regions.source.create_asset("VIDEO", name="by hand")
    regions.source.upload(asset_id, content, file_type="mp4", name="film.mp4")
    regions.source.upload(asset_id, cover, category="COVER", name="../cover.png")
    regions.source.activate(asset_id)
    other = image(regions.source, name="other by hand")
    told = export(regions, tmp_path / "out", asset_id, other).json()
    assert told["failed"] == [] and ids(told["tickets"]) == sorted([asset_id, other])
    exported = next(ticket for ticket in told["tickets"] if ticket["asset_id"] == asset_id)
    assert (exported["files"], exported["bytes"]) == (2, len(content) + len(cover))

    folder = tmp_path / "out" / asset_id
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    files = sorted(f"files/{file['file_id']}" for file in regions.source.show(asset_id)["files"])
    assert names == [*files, "manifest.json", "ticket.json"]
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["asset"]["files"]:
        assert hashlib.sha256((folder / "files" / file["file_id"]).read_bytes()).hexdigest() == file["sha256"]

    told = bring_in(regions, tmp_path / "out").json()
    assert told["failed"] == [] and ids(told["copies"]) == sorted([asset_id, other])
    assert regions.target.state(asset_id) == "ACTIVED" and regions.target.content(asset_id) == content
    assert regions.target.content(asset_id, "COVER") == cover
    again = bring_in(regions, tmp_path / "out").json()
    assert [copied["was_there"] for copied in again["copies"]] == [True, True]


def test_damaged_file_is_refused_and_the_right_one_goes_on(regions, tmp_path):
    asset_id = image(regions.source, os.urandom(MIB))
    export(regions, tmp_path, asset_id).json()
    [file] = (tmp_path / asset_id / "files").iterdir()
    right = file.read_bytes()
    for wrong in (right[:-1], right[:5000] + b"x" + right[5001:], None):
        file.unlink()
        if wrong is not None:
            file.write_bytes(wrong)
        outcome = bring_in(regions, tmp_path)
        assert outcome.status == 1 and file.name in outcome.err
        [failed] = json.loads(outcome.out)["failed"]
        assert failed["asset_id"] == asset_id
        assert regions.target.state(asset_id) == "CREATING"
    file.write_bytes(right)
    told = bring_in(regions, tmp_path / asset_id).json()
    assert ids(told["copies"]) == [asset_id] and regions.target.content(asset_id) == right


def test_import_begun_in_time_goes_on_after_the_ticket_expired(farm, tmp_path):
    regions = Regions(farm)
    begun, late = image(regions.source), image(regions.source)
    export(regions, tmp_path, begun, late).json()
    [file] = (tmp_path / begun / "files").iterdir()
    right = file.read_bytes()
    file.write_bytes(b"wrong")
    assert bring_in(regions, tmp_path / begun).status == 1
    file.write_bytes(right)
    regions.b.stop()
    regions.b.environment |= faked("+30h")
    regions.b.start()
    outcome = bring_in(regions, tmp_path, environment=faked("+30h"))
    told = json.loads(outcome.out)
    assert outcome.status == 1 and ids(told["copies"]) == [begun]
    assert [failed["error_code"] for failed in told["failed"]] == ["MSS.10009003"]


def test_link_in_the_place_of_a_file_is_not_followed(regions, tmp_path):
    asset_id = image(regions.source)
    export(regions, tmp_path / "out", asset_id).json()
    [file] = (tmp_path / "out" / asset_id / "files").iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert bring_in(regions, tmp_path / "out").status == 1


@pytest.mark.parametrize("change", ["name", "digest", "space"])
def test_changed_manifest_is_refused(regions, tmp_path, change):
    asset_id = image(regions.source)
    export(regions, tmp_path, asset_id).json()
    path = tmp_path / asset_id / "manifest.json"
    manifest = json.loads(path.read_text())
    if change == "name":
        manifest["asset"]["name"] = "another"
    elif change == "digest":
        manifest["asset"]["files"][0]["sha256"] = "0" * 64
    path.write_text(path.read_text() + " " if change == "space" else json.dumps(manifest))
    outcome = bring_in(regions, tmp_path)
    assert outcome.status == 1
    [failed] = json.loads(outcome.out)["failed"]
    assert failed["error_code"] == "MSS.10009002"
    assert regions.target.list(asset_id=asset_id)["count"] == 0


def test_manifest_that_names_paths_touches_nothing(regions, tmp_path):
    asset_id = image(regions.source)
    export(regions, tmp_path / "out", asset_id).json()
    path = tmp_path / "out" / asset_id / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["asset"]["files"][0]["file_id"] = "../../secret"
    path.write_text(json.dumps(manifest))
    outcome = bring_in(regions, tmp_path / "out")
    assert outcome.status == 1 and "damaged" in outcome.err


def test_export_keeps_what_is_right_and_replaces_what_is_not(regions, tmp_path):
    asset_id = image(regions.source, os.urandom(MIB))
    export(regions, tmp_path, asset_id).json()
    [file] = (tmp_path / asset_id / "files").iterdir()
    right = file.read_bytes()
    [again] = export(regions, tmp_path, asset_id).json()["tickets"]
    assert again["bytes_kept"] == MIB
    file.write_bytes(os.urandom(MIB))
    [again] = export(regions, tmp_path, asset_id).json()["tickets"]
    assert again["bytes_kept"] == 0 and file.read_bytes() == right


def test_cut_lines_are_taken_up_again_on_both_sides(regions, proxy, tmp_path):
    content = os.urandom(3 * MIB)
    asset_id = image(regions.source, content)
    proxy.cut_after = 2 * MIB
    assert export(regions, tmp_path, asset_id, environment=proxy.environment).status == 0
    assert [("range" in headers) for _, _, headers in proxy.objects("GET")] == [False, True]
    proxy.cut_after = 2 * MIB
    assert bring_in(regions, tmp_path, environment=proxy.environment).status == 0
    sent = [path for method, path, _ in proxy.requests if method == "PUT"]
    # A server that still writes down what came is asked once more.
    assert len(sent) >= 2 and sent[0].endswith("offset=0") and not sent[-1].endswith("offset=0")
    assert regions.target.content(asset_id) == content


def test_asset_that_can_not_be_exported_leaves_no_ticket(regions, tmp_path):
    asset_id = regions.source.create_asset("IMAGE")
    outcome = export(regions, tmp_path, asset_id, "../evil")
    assert outcome.status == 1
    failed = {failed["asset_id"]: failed for failed in json.loads(outcome.out)["failed"]}
    assert failed[asset_id]["error_code"] == "MSS.10009001" and "../evil" in failed
    assert not list(tmp_path.rglob("ticket.json"))


def test_folder_without_tickets_is_told(regions, tmp_path):
    outcome = bring_in(regions, tmp_path)
    assert outcome.status == 1 and "no tickets" in outcome.err
    (tmp_path / UNKNOWN / "files").mkdir(parents=True)
    outcome = bring_in(regions, tmp_path)
    assert outcome.status == 1 and "export it again" in outcome.err


def test_project_of_a_ticket_is_kept_to(regions, tmp_path):
    asset_id = image(regions.source)
    export(regions, tmp_path, asset_id, "--to-project", UNKNOWN).json()
    outcome = bring_in(regions, tmp_path)
    assert outcome.status == 1 and json.loads(outcome.out)["failed"][0]["error_code"] == "MSS.10009014"
    export(regions, tmp_path, asset_id, "--to-project", regions.b.project).json()
    assert bring_in(regions, tmp_path).status == 0


def test_inspect_tells_what_a_ticket_is_and_whether_it_works(regions, tmp_path):
    asset_id = image(regions.source, name="looked at")
    export(regions, tmp_path, asset_id).json()
    path = tmp_path / asset_id / "ticket.json"
    report = client(regions.b, "ticket", "inspect", path, "--json").json()
    assert report["works"] and report["ticket"]["asset_id"] == asset_id and report["effect"] == "CREATE"
    text = client(regions.b, "ticket", "inspect", "-", given=path.read_text())
    assert text.status == 0 and "looked at" in text.out and asset_id in text.out

    ticket = json.loads(path.read_text())
    ticket["expire_time"] += 1
    wrong = client(regions.b, "ticket", "inspect", "-", "--json", given=json.dumps(ticket))
    assert wrong.status == 1 and json.loads(wrong.out)["problems"][0]["error_code"] == "MSS.10009002"
    assert "MSS.10009002" in client(regions.b, "ticket", "inspect", "-", given=json.dumps(ticket)).out
    assert client(regions.b, "ticket", "inspect", "-", given="no ticket").status == 1
