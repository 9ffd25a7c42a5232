"""upload, download, ls and show against a running server, with the owner's credentials file."""

import os

import pytest

from driver.caller import KeyCaller
from driver.command import client, run
from driver.library import Library

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + os.urandom(500)


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "夏 picture.png"
    path.write_bytes(PNG)
    return path


def uploaded(outcome):
    """The assets that an upload with --json reports."""
    return outcome.json()["assets"]


def test_upload_activates_on_request_and_says_what_it_made(server, library, picture):
    [asset] = uploaded(client(server, "upload", picture, "--type", "IMAGE", "--name", "summer", "--activate", "--json"))
    shown = library.show(asset["asset_id"])
    assert (shown["asset_name"], shown["asset_state"], shown["asset_type"]) == ("summer", "ACTIVED", "IMAGE")
    assert shown["files"][0]["file_name"] == "夏 picture.png"
    assert library.content(asset["asset_id"]) == PNG


def test_type_is_taken_from_the_content_and_the_name_from_the_file(server, library, picture):
    [asset] = uploaded(client(server, "upload", picture, "--json"))
    shown = library.show(asset["asset_id"])
    assert (shown["asset_type"], shown["asset_state"]) == ("IMAGE", "UNACTIVED")
    assert shown["asset_name"] in ("夏 picture", "夏 picture.png")


def test_several_files_become_several_assets(server, library, tmp_path, picture):
    other = tmp_path / "notes.txt"
    other.write_bytes(b"plain text")
    assets = uploaded(client(server, "upload", picture, other, "--json"))
    assert [library.show(asset["asset_id"])["asset_type"] for asset in assets] == ["IMAGE", "COMMON_FILE"]


def test_file_that_is_not_there_is_named_and_the_status_tells(server, tmp_path):
    outcome = client(server, "upload", tmp_path / "missing.png")
    assert outcome.status not in (0, 101)
    assert "missing.png" in outcome.err and "panicked" not in outcome.err


def test_empty_file_is_refused_with_a_reason(server, tmp_path):
    (tmp_path / "empty.png").touch()
    outcome = client(server, "upload", tmp_path / "empty.png", "--type", "IMAGE")
    assert outcome.status not in (0, 101)
    assert "empty" in outcome.err.lower()


def test_download_brings_the_bytes_back_under_the_name(server, library, tmp_path, picture):
    [asset] = uploaded(client(server, "upload", picture, "--json"))
    target = tmp_path / "out"
    outcome = client(server, "download", asset["asset_id"], "--output", target)
    assert outcome.status == 0, outcome
    assert (target / "夏 picture.png").read_bytes() == PNG
    assert [path.name for path in target.iterdir()] == ["夏 picture.png"]


@pytest.mark.parametrize("name", ["../escape.png", "/tmp/escape.png", "..", "a/../../escape.png", "a\\b.png", "."])
def test_name_that_is_a_path_stays_in_the_folder(server, library, tmp_path, name):
    asset_id = library.create_asset("COMMON_FILE")
    library.upload(asset_id, b"harmless", file_type="png", name=name)
    target = tmp_path / "deep" / "out"
    outcome = client(server, "download", asset_id, "--output", target)
    assert outcome.status == 0, outcome
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 1 and files[0].parent == target
    assert files[0].read_bytes() == b"harmless"


def test_download_of_an_unknown_asset_is_explained(server, tmp_path):
    outcome = client(server, "download", "0" * 32, "--output", tmp_path)
    assert outcome.status not in (0, 101)
    assert "0" * 32 in outcome.err or "not found" in outcome.err.lower()


def test_ls_filters_and_show_shows(server, library):
    image = library.create_image(name="listed image", tags=["cli-tag"])
    library.create_asset("VIDEO", name="listed video", tags=["cli-tag"])
    found = client(server, "ls", "--tag", "cli-tag", "--type", "IMAGE", "--json").json()
    assert found["count"] == 1 and [asset["asset_id"] for asset in found["assets"]] == [image]
    assert client(server, "ls", "--tag", "cli-tag", "--limit", "1", "--json").json()["count"] == 2
    assert client(server, "ls", "--tag", "cli-tag", "--state", "CREATING", "--json").json()["count"] == 1
    text = client(server, "ls", "--name", "listed")
    assert text.status == 0 and image in text.out and "listed video" in text.out
    shown = client(server, "show", image, "--json").json()
    assert (shown["asset_id"], shown["asset_name"]) == (image, "listed image")
    assert "listed image" in client(server, "show", image).out


def test_text_with_control_characters_cannot_drive_the_terminal(server, library):
    asset_id = library.create_asset(name="evil \u202e name", tags=["evil-tag"],
                                    asset_description="\x1b[2J\x1b]0;owned\x07")
    for outcome in (client(server, "ls", "--tag", "evil-tag"), client(server, "show", asset_id)):
        assert outcome.status == 0 and asset_id in outcome.out
        assert not set("\x1b\x07\u202e") & set(outcome.out)


def test_credentials_come_from_variables_too(server, library, picture):
    environment = {f"ENTREPOT_{name.upper()}": server.credentials[name]
                   for name in ("endpoint", "access_key", "secret_key", "project_id")}
    outcome = run("upload", picture, "--json", environment=environment)
    assert library.content(uploaded(outcome)[0]["asset_id"]) == PNG


def test_server_that_is_not_there_is_named(tmp_path):
    environment = {"ENTREPOT_ENDPOINT": "http://127.0.0.1:9", "ENTREPOT_ACCESS_KEY": "a", "ENTREPOT_SECRET_KEY": "b",
                   "ENTREPOT_PROJECT_ID": "0" * 32}
    outcome = run("ls", environment=environment)
    assert outcome.status not in (0, 101)
    assert "127.0.0.1:9" in outcome.err


def test_wrong_secret_shows_code_and_request_id(farm):
    server = farm.start()
    environment = {f"ENTREPOT_{name.upper()}": server.credentials[name]
                   for name in ("endpoint", "access_key", "project_id")} | {"ENTREPOT_SECRET_KEY": "wrong"}
    outcome = run("ls", environment=environment)
    assert outcome.status not in (0, 101)
    assert "APIGW.0301" in outcome.err


def test_upload_goes_on_where_a_killed_one_stopped(farm, tmp_path):
    import signal
    import subprocess
    import time

    from driver.server import BINARY, clean_environment
    server = farm.start()
    library = Library(KeyCaller(server))
    content = os.urandom(1024 * 1024) * 150
    film = tmp_path / "film.mp4"
    film.write_bytes(content)
    command = [str(BINARY), "upload", str(film), "--type", "VIDEO", "--credentials",
               str(server.data / "credentials.json"), "--json"]
    cut = subprocess.Popen(command, env=clean_environment(HOME=tmp_path, XDG_STATE_HOME=tmp_path / "state"),
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.4)
    cut.send_signal(signal.SIGKILL)
    cut.wait()
    outcome = run(*command[1:], environment={"HOME": tmp_path, "XDG_STATE_HOME": tmp_path / "state"}, timeout=100)
    [asset] = uploaded(outcome)
    library.wait_for_state(asset["asset_id"], "UNACTIVED", timeout=60)
    assert library.content(asset["asset_id"]) == content
    assert library.list()["count"] == 1, "the second upload made an asset of its own"
