"""Signed URLs: what they contain, and that nothing about them can be changed."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from driver.library import md5_of, upload_headers

CONTENT = b"bytes behind a link"


def xml_error(answer, status, code):
    assert answer.status == status, answer
    assert f"<Code>{code}</Code>".encode() in answer.body, answer
    assert answer.body.lstrip().startswith((b"<?xml", b"<Error>"))
    assert answer.headers.get_content_type() in ("application/xml", "text/xml")
    assert answer.request_id


@pytest.fixture
def declared(library):
    """An asset and a file of it that waits for its bytes: (asset_id, file_id, upload_url)."""
    asset_id = library.create_asset()
    return asset_id, *library.declare_file(asset_id, CONTENT)


@pytest.fixture
def download_url(library):
    return library.file(library.create_image(CONTENT))["download_url"]


def test_url_has_the_query_form_of_the_object_store(server, declared):
    asset_id, file_id, url = declared
    parts, query = urlsplit(url), parse_qs(urlsplit(url).query, strict_parsing=True)
    assert f"{parts.scheme}://{parts.netloc}" == server.endpoint
    assert parts.path == f"/objects/{server.project}/{asset_id}/{file_id}.png"
    assert sorted(query) == ["AccessKeyId", "Expires", "Signature"]
    assert abs(int(query["Expires"][0]) - time.time() - 86400) < 60
    assert query["AccessKeyId"][0] != server.credentials["access_key"]
    assert len(url) <= 2048


def test_download_url_lasts_a_day_at_least_and_is_the_same_when_asked_again(library):
    asset_id = library.create_image(CONTENT)
    url = library.file(asset_id)["download_url"]
    left = int(parse_qs(urlsplit(url).query)["Expires"][0]) - time.time()
    assert 24 * 3600 - 60 < left <= 28 * 3600
    assert library.file(asset_id)["download_url"] == url


def test_part_urls_name_their_part_and_upload(library):
    _, urls = library.declare_large_file(library.create_asset("VIDEO"), 3)
    queries = [parse_qs(urlsplit(url).query) for url in urls]
    assert [query["partNumber"] for query in queries] == [["1"], ["2"], ["3"]]
    assert len({query["uploadId"][0] for query in queries}) == 1


@pytest.mark.parametrize("change", [
    ("Signature=", "Signature=x"), ("Expires=", "Expires=9"), (".png?", ".jpg?"), ("AccessKeyId=", "AccessKeyId=x"),
    ("/objects/", "/objects/0"), ("Signature=", "signature="), ("Expires=", "expires=")])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_changed_url_is_refused(library, declared, download_url, method, change):
    if method == "GET":
        answer = library.get_bytes(download_url.replace(*change, 1))
    else:
        answer = library.put_bytes(declared[2].replace(*change, 1), CONTENT)
    assert answer.status in (403, 404), answer
    assert answer.request_id and CONTENT not in answer.body


def test_url_without_a_signature_is_refused(library, download_url):
    answer = library.get_bytes(download_url.partition("?")[0])
    assert answer.status == 403 and b"AccessDenied" in answer.body, answer


def test_url_of_one_object_does_not_open_another(library, download_url):
    other = library.file(library.create_image(b"another"))["download_url"]
    mixed = urlsplit(other)._replace(query=urlsplit(download_url).query).geturl()
    xml_error(library.get_bytes(mixed), 403, "SignatureDoesNotMatch")


def test_download_url_is_not_for_uploads_nor_the_other_way_round(library, declared, download_url):
    assert library.put_bytes(download_url, CONTENT).status == 403
    assert library.get_bytes(declared[2]).status == 403
    assert library.get_bytes(download_url, method="DELETE").status in (403, 405)
    assert library.get_bytes(download_url, method="POST").status in (403, 405)
    assert library.get_bytes(download_url).body == CONTENT


def test_expiry_that_was_pushed_back_is_refused(library, download_url):
    later = re.sub(r"Expires=(\d+)", lambda found: f"Expires={int(found[1]) + 1}", download_url)
    xml_error(library.get_bytes(later), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("expires", ["", "x", "-1", "99999999999999999999999", "1e9", "0x1"])
def test_expiry_that_is_no_time_is_refused(library, download_url, expires):
    answer = library.get_bytes(re.sub(r"Expires=\d+", f"Expires={expires}", download_url))
    assert answer.status == 403, answer


@pytest.mark.parametrize("change", [
    {"Content-MD5": md5_of(b"other")}, {"Content-Type": "image/jpeg"}, {"Content-Type": ""},
    {"Content-MD5": "not base64"}, {"x-obs-acl": "public-read"}])
def test_header_other_than_declared_is_a_wrong_signature(library, declared, change):
    headers = upload_headers(CONTENT, "png") | change
    xml_error(library.put_bytes(declared[2], CONTENT, headers=headers), 403, "SignatureDoesNotMatch")


@pytest.mark.parametrize("missing", ["Content-MD5", "Content-Type"])
def test_declared_header_left_out_is_a_wrong_signature(library, declared, missing):
    headers = upload_headers(CONTENT, "png")
    del headers[missing]
    xml_error(library.put_bytes(declared[2], CONTENT, headers=headers), 403, "SignatureDoesNotMatch")


def test_put_after_complete_is_refused(library, declared):
    asset_id, file_id, url = declared
    assert library.put_bytes(url, CONTENT).status == 200
    library.complete(file_id)
    xml_error(library.put_bytes(url, CONTENT), 403, "AccessDenied")
    assert library.content(asset_id) == CONTENT


def test_deleting_the_asset_kills_its_links_and_restoring_revives_none_by_guess(library):
    asset_id = library.create_image(CONTENT)
    url = library.file(asset_id)["download_url"]
    library.delete(asset_id)
    xml_error(library.get_bytes(url), 403, "AccessDenied")
    assert "download_url" not in (library.show(asset_id).get("files") or [{}])[0]
    library.restore(asset_id)
    assert library.content(asset_id) == CONTENT


def test_host_of_a_url_is_never_the_one_of_the_request(owner, server):
    from driver.library import Library
    body = {"file_name": "a", "file_md5": md5_of(CONTENT), "file_size": len(CONTENT), "file_type": "png",
            "asset_id": Library(owner).create_asset(), "asset_file_category": "MAIN"}
    answer = owner.post("files", body, headers={"Host": "evil.example"})
    assert answer.json()["upload_url"].startswith(server.endpoint)
