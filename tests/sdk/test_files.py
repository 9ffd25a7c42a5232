"""Files by the vendor's client: declare, PUT to the signed URL, complete, read back, delete."""

import hashlib

import pytest
import requests
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from driver import calls
from driver.library import md5_of


def only_file(client, asset_id):
    [file] = calls.show(client, asset_id).files
    return file


def test_uploaded_file_is_described_and_read_back(client):
    content = bytes(range(256)) * 400
    asset_id = calls.create(client, "IMAGE")
    declared = calls.create_file(client, asset_id, content, name="夏天.PNG", file_type="png")
    assert declared.x_request_id
    answer = calls.put(declared.upload_url, content)
    assert answer.headers["ETag"].strip('"') == hashlib.md5(content).hexdigest()
    assert answer.headers["X-Request-Id"]
    assert calls.complete(client, declared.file_id).x_request_id

    asset = calls.show(client, asset_id)
    assert asset.asset_state == "UNACTIVED"
    [file] = asset.files
    assert (file.file_id, file.file_name, file.file_type) == (declared.file_id, "夏天.PNG", "png")
    assert (file.file_md5, file.file_size) == (md5_of(content), len(content))
    assert (file.asset_file_category, file.state) == ("MAIN", "CREATED")
    got = requests.get(file.download_url, timeout=10)
    assert (got.status_code, got.content) == (200, content)


@pytest.mark.parametrize(("asset_type", "file_type"), [
    ("VIDEO", "mp4"), ("VIDEO", "MKV"), ("IMAGE", "JPG"), ("IMAGE", "gif"), ("MUSIC", "mp3"), ("AUDIO", "WAV"),
    ("PPT", "pptx"), ("PPT", "pdf"), ("COMMON_FILE", "zip")])
def test_each_type_takes_its_kinds_of_file(client, asset_type, file_type):
    content = f"{asset_type} {file_type}".encode()
    asset_id = calls.create(client, asset_type)
    calls.upload(client, asset_id, content, "MAIN", file_type, f"file.{file_type}")
    assert requests.get(only_file(client, asset_id).download_url, timeout=10).content == content


def test_upload_reported_as_failed_leaves_the_asset_failed(client):
    asset_id = calls.create(client)
    declared = calls.create_file(client, asset_id, b"never sent")
    calls.complete(client, declared.file_id, "FAILED")
    assert calls.show(client, asset_id).asset_state == "FAILED"
    calls.upload(client, asset_id, b"sent after all")
    assert calls.show(client, asset_id).asset_state == "UNACTIVED"


def test_cancelled_upload_makes_room_for_another(client):
    asset_id = calls.create(client)
    declared = calls.create_file(client, asset_id, b"never sent")
    calls.complete(client, declared.file_id, "CANCELLED")
    assert calls.show(client, asset_id).asset_state == "CREATING"
    calls.upload(client, asset_id, b"another")
    assert calls.show(client, asset_id).asset_state == "UNACTIVED"


def test_complete_may_be_repeated(client):
    asset_id = calls.create(client)
    file_id = calls.upload(client, asset_id, b"once")
    calls.complete(client, file_id)
    assert calls.show(client, asset_id).asset_state == "UNACTIVED"
    with pytest.raises(ClientRequestException) as refused:
        calls.complete(client, file_id, "CANCELLED")
    assert refused.value.error_code == "MSS.10009007"


def test_complete_without_the_bytes_is_refused(client):
    asset_id = calls.create(client)
    declared = calls.create_file(client, asset_id, b"promised")
    with pytest.raises(ClientRequestException) as refused:
        calls.complete(client, declared.file_id)
    assert refused.value.error_code == "MSS.10009008"
    assert calls.show(client, asset_id).asset_state == "CREATING"


def test_deleting_the_main_file_of_an_unactivated_asset_takes_it_back_to_creating(client):
    asset_id = calls.create(client)
    file_id = calls.upload(client, asset_id, b"main")
    url = only_file(client, asset_id).download_url
    assert calls.delete_file(client, file_id).x_request_id
    asset = calls.show(client, asset_id)
    assert (asset.asset_state, asset.files or []) == ("CREATING", [])
    assert requests.get(url, timeout=10).status_code in (403, 404)
    calls.upload(client, asset_id, b"another main")
    assert calls.show(client, asset_id).asset_state == "UNACTIVED"


def test_main_file_of_an_active_asset_is_not_deleted(client):
    asset_id = calls.create(client)
    file_id = calls.upload(client, asset_id, b"main")
    calls.update(client, asset_id, asset_state="ACTIVED")
    with pytest.raises(ClientRequestException) as refused:
        calls.delete_file(client, file_id)
    assert refused.value.error_code == "MSS.10009001"
    assert requests.get(only_file(client, asset_id).download_url, timeout=10).content == b"main"


@pytest.mark.parametrize(("category", "code"), [("MAIN", "MSS.10001008"), ("COVER", "MSS.10001009")])
def test_second_main_or_cover_is_refused(client, category, code):
    asset_id = calls.create(client, "VIDEO")
    file_type = "mp4" if category == "MAIN" else "png"
    calls.upload(client, asset_id, b"first", category, file_type)
    with pytest.raises(ClientRequestException) as refused:
        calls.create_file(client, asset_id, b"second", category, file_type)
    assert refused.value.error_code == code


def test_same_content_in_two_assets_outlives_the_deletion_of_one(client):
    content = b"the same content" * 1000
    first, second = calls.create_image(client, content), calls.create_image(client, content)
    calls.delete(client, first, mode="force")
    assert requests.get(only_file(client, second).download_url, timeout=10).content == content
