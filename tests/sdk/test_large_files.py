"""Large files by the vendor's client: parts in any order, joined at once, hashed by a job."""

import random
import time

import pytest
import requests
from huaweicloudsdkcore.exceptions.exceptions import ClientRequestException

from driver import calls
from driver.library import md5_of


def put_part(url, content):
    answer = requests.put(url, data=content, timeout=60)
    assert answer.status_code == 200, answer.text


def wait_until_unactived(client, asset_id, timeout=30):
    deadline = time.monotonic() + timeout
    while (asset := calls.show(client, asset_id)).asset_state == "CREATING":
        assert time.monotonic() < deadline, f"still {asset.asset_state}"
        time.sleep(0.05)
    assert asset.asset_state == "UNACTIVED"
    return asset


@pytest.mark.parametrize("declares_size", [True, False])
def test_parts_in_any_order_become_one_file(client, declares_size):
    chance = random.Random(7)
    parts = [chance.randbytes(size) for size in (1, 300_000, 70_000, 5)]
    content = b"".join(parts)
    asset_id = calls.create(client, "VIDEO")
    declared = calls.create_large_file(client, asset_id, len(parts), size=len(content) if declares_size else None)
    assert len(declared.upload_urls) == len(parts)
    for number in (2, 0, 3, 1):
        put_part(declared.upload_urls[number], parts[number])
    calls.complete(client, declared.file_id)

    [file] = wait_until_unactived(client, asset_id).files
    assert (file.state, file.file_size, file.file_md5) == ("CREATED", len(content), md5_of(content))
    assert requests.get(file.download_url, timeout=10).content == content


def test_part_may_be_sent_again_until_complete_and_not_afterwards(client):
    asset_id = calls.create(client, "VIDEO")
    declared = calls.create_large_file(client, asset_id, 2)
    put_part(declared.upload_urls[0], b"a first try")
    put_part(declared.upload_urls[1], b" end")
    put_part(declared.upload_urls[0], b"start")
    calls.complete(client, declared.file_id)
    late = requests.put(declared.upload_urls[0], data=b"too late", timeout=10)
    assert late.status_code == 403 and "AccessDenied" in late.text
    [file] = wait_until_unactived(client, asset_id).files
    assert requests.get(file.download_url, timeout=10).content == b"start end"


def test_complete_needs_every_part(client):
    asset_id = calls.create(client, "VIDEO")
    declared = calls.create_large_file(client, asset_id, 3)
    put_part(declared.upload_urls[0], b"one")
    put_part(declared.upload_urls[2], b"three")
    with pytest.raises(ClientRequestException) as refused:
        calls.complete(client, declared.file_id)
    assert refused.value.error_code == "MSS.10009008"
    put_part(declared.upload_urls[1], b"two")
    calls.complete(client, declared.file_id)
    wait_until_unactived(client, asset_id)


def test_sum_of_the_parts_must_be_the_declared_size(client):
    asset_id = calls.create(client, "VIDEO")
    declared = calls.create_large_file(client, asset_id, 2, size=10)
    put_part(declared.upload_urls[0], b"12345")
    put_part(declared.upload_urls[1], b"6789")
    with pytest.raises(ClientRequestException) as refused:
        calls.complete(client, declared.file_id)
    assert refused.value.error_code == "MSS.10009008"
    put_part(declared.upload_urls[1], b"67890")
    calls.complete(client, declared.file_id)
    assert wait_until_unactived(client, asset_id).files[0].file_size == 10


def test_hundred_parts_is_the_limit(client):
    asset_id = calls.create(client, "COMMON_FILE")
    assert len(calls.create_large_file(client, asset_id, 100, category="OTHER").upload_urls) == 100
    with pytest.raises(ClientRequestException) as refused:
        calls.create_large_file(client, asset_id, 101, category="OTHER")
    assert refused.value.error_code == "MSS.00000003"


def test_same_content_in_parts_and_in_one_piece_reads_the_same(client):
    content = b"0123456789" * 1000
    small, large = calls.create(client, "VIDEO"), calls.create(client, "VIDEO")
    calls.upload(client, small, content, "MAIN", "mp4", "film.mp4")
    declared = calls.create_large_file(client, large, 2)
    put_part(declared.upload_urls[0], content[:4321])
    put_part(declared.upload_urls[1], content[4321:])
    calls.complete(client, declared.file_id)
    wait_until_unactived(client, large)
    for asset_id in (small, large):
        [file] = calls.show(client, asset_id).files
        assert file.file_md5 == md5_of(content)
        assert requests.get(file.download_url, timeout=10).content == content
