"""Files as they are declared: limits, types, categories and names of every kind."""

from urllib.parse import urlsplit

import pytest

from driver.folders import sizes
from driver.library import md5_of, upload_headers

CONTENT = b"some bytes"


def declaration(asset, **fields):
    return {"file_name": "a.png", "file_md5": md5_of(CONTENT), "file_size": len(CONTENT), "file_type": "png",
            "asset_id": asset, "asset_file_category": "MAIN"} | fields


def large_declaration(asset_id, **fields):
    return {"file_name": "a.mp4", "file_type": "mp4", "asset_id": asset_id, "asset_file_category": "MAIN"} | fields


def refused(answer, *codes):
    assert answer.status == 400 and answer.error_code in codes, answer
    assert answer.request_id
    return answer.error_msg


@pytest.mark.parametrize("field", ["file_name", "file_md5", "file_size", "file_type", "asset_id",
                                   "asset_file_category"])
def test_every_field_is_required(owner, library, field):
    body = declaration(library.create_asset())
    del body[field]
    assert field in refused(owner.post("files", body), "MSS.00000002")


@pytest.mark.parametrize(("field", "value"), [
    ("file_name", ""), ("file_name", "x" * 257), ("file_name", "a\nb.png"), ("file_name", "a\x00b.png"),
    ("file_name", "a\x7fb.png"), ("file_md5", "x" * 23), ("file_md5", "A" * 25), ("file_md5", "!" * 24),
    ("file_md5", "d41d8cd98f00b204e9800998ecf8427e"), ("file_size", 0), ("file_size", -1),
    ("file_size", 5368709121), ("file_type", "x" * 65), ("asset_id", "x" * 65),
    ("asset_file_category", "FRONT"), ("asset_file_category", "main")])
def test_field_beyond_its_limit_is_named(owner, library, field, value):
    body = declaration(library.create_asset("COMMON_FILE"), **{field: value})
    assert field in refused(owner.post("files", body), "MSS.00000003")


@pytest.mark.parametrize(("field", "value"), [
    ("file_name", 5), ("file_size", "10"), ("file_size", 1.5), ("file_md5", None), ("asset_id", [])])
def test_field_of_the_wrong_type(owner, library, field, value):
    refused(owner.post("files", declaration(library.create_asset(), **{field: value})), "MSS.00000002")


def test_empty_type_has_a_code_of_its_own(owner, library):
    refused(owner.post("files", declaration(library.create_asset(), file_type="")), "MSS.10001003")


@pytest.mark.parametrize(("field", "value"), [
    ("file_multipart_count", 0), ("file_multipart_count", 101), ("file_size", 0), ("file_size", 536870912001),
    ("file_name", "x" * 257), ("asset_file_category", "FRONT")])
def test_large_file_beyond_its_limit_is_named(owner, library, field, value):
    body = large_declaration(library.create_asset("VIDEO"), **{field: value})
    assert field in refused(owner.post("large-files", body), "MSS.00000003")


@pytest.mark.parametrize("category", ["COVER", "PAGE", "SAMPLE", "TEMPORARY"])
def test_large_file_is_main_other_or_package(owner, library, category):
    body = large_declaration(library.create_asset("VIDEO"), asset_file_category=category)
    refused(owner.post("large-files", body), "MSS.00000003", "MSS.10009009")


def test_large_file_of_500_gigabytes_can_be_declared(owner, library):
    body = large_declaration(library.create_asset("COMMON_FILE"), file_size=536870912000, file_multipart_count=100)
    assert len(owner.post("large-files", body).json()["upload_urls"]) == 100


def test_one_part_is_the_default_of_a_large_file(owner, library):
    answer = owner.post("large-files", large_declaration(library.create_asset("VIDEO"))).json()
    assert len(answer["upload_urls"]) == 1


@pytest.mark.parametrize(("asset_type", "file_type"), [
    ("IMAGE", "mp4"), ("VIDEO", "png"), ("MUSIC", "ogg"), ("PPT", "docx"), ("IMAGE", "exe")])
def test_kind_of_file_that_the_type_does_not_take(owner, library, asset_type, file_type):
    body = declaration(library.create_asset(asset_type), file_type=file_type)
    refused(owner.post("files", body), "MSS.10009010")


@pytest.mark.parametrize(("asset_type", "category"), [
    ("IMAGE", "COVER"), ("IMAGE", "OTHER"), ("VIDEO", "PAGE"), ("VOICE_MODEL", "COVER"),
    ("BUSINESS_CARD_TEMPLET", "OTHER"), ("HUMAN_MODEL_2D", "PAGE"), ("PPT", "SAMPLE")])
def test_category_that_the_type_does_not_take(owner, library, asset_type, category):
    body = declaration(library.create_asset(asset_type), asset_file_category=category)
    refused(owner.post("files", body), "MSS.10009009")


@pytest.mark.parametrize(("asset_type", "file_type", "limit"), [
    ("IMAGE", "png", 50 * 1024**2), ("MUSIC", "mp3", 100 * 1024**2), ("PPT", "pdf", 100 * 1024**2),
    ("VIDEO", "mp4", 5 * 1024**3)])
def test_main_file_has_the_size_limit_of_its_type(owner, library, asset_type, file_type, limit):
    asset_id = library.create_asset(asset_type)
    too_large = owner.post("files", declaration(asset_id, file_type=file_type, file_size=limit + 1))
    refused(too_large, "MSS.10001007", "MSS.00000003")
    assert owner.post("files", declaration(asset_id, file_type=file_type, file_size=limit)).status == 200


NAMES = ["../../../etc/passwd", "..", ".", "/etc/passwd", "..\\..\\boot.ini", "C:\\con", "a/b/c.png", "%2e%2e%2f",
         "'; DROP TABLE files; --", '"quoted".png', "semi;colon=x.png", "夏天の海 🏖.png", "  spaces  ", "x" * 256,
         "🏖" * 256, "\u202egnp.exe", "a\u0301.png", "<script>alert(1)</script>.png", "$(reboot).png", "-rf", "~"]


@pytest.mark.parametrize("name", NAMES)
def test_name_of_every_kind_is_a_harmless_label(library, server, name):
    asset_id = library.create_asset("COMMON_FILE")
    library.upload(asset_id, CONTENT, name=name)
    file = library.file(asset_id)
    assert file["file_name"] == name
    assert urlsplit(file["download_url"]).path.endswith(f"/{asset_id}/{file['file_id']}.png")
    answer = library.get_bytes(file["download_url"])
    assert (answer.status, answer.body) == (200, CONTENT)
    disposition = answer.headers["Content-Disposition"]
    assert all(32 <= ord(letter) < 127 for letter in disposition)
    assert not any(path.name.startswith("passwd") for path in sizes(server.data))


def test_type_of_a_file_never_becomes_a_path(owner, library, server):
    asset_id = library.create_asset("COMMON_FILE")
    for file_type in ("../../x", "a/b", "..", "a?b#c"):
        answer = owner.post("files", declaration(asset_id, file_type=file_type, asset_file_category="OTHER"))
        if answer.status == 200:
            put = library.put_bytes(answer.json()["upload_url"], CONTENT, headers=upload_headers(CONTENT, "x"))
            assert put.status in (200, 403), put
        else:
            assert answer.error_code in ("MSS.00000003", "MSS.10009010")
    assert all(server.data in path.parents for path in sizes(server.data.parent) if path.suffix == ".x")


def test_file_of_an_asset_in_the_recycle_bin_is_refused(owner, library):
    asset_id = library.create_asset()
    library.delete(asset_id)
    refused(owner.post("files", declaration(asset_id)), "MSS.10009001")


@pytest.mark.parametrize("state", ["UPLOADED", "created", "", "DELETED", 5, None])
def test_complete_takes_three_states_only(owner, library, state):
    file_id, _ = library.declare_file(library.create_asset(), CONTENT)
    refused(owner.post(f"files/{file_id}/complete", {"state": state}), "MSS.00000002", "MSS.00000003")
