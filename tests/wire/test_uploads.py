"""Uploads that go wrong on the way: nothing of them is kept, and the URL works afterwards."""

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest

from driver.exchange import exchange, host_of, target_of
from driver.library import Refused, upload_headers

CONTENT = bytes(range(256)) * 2000


@pytest.fixture
def declared(library):
    asset_id = library.create_asset()
    return asset_id, *library.declare_file(asset_id, CONTENT)


def refused(answer, status, code):
    assert answer.status == status and f"<Code>{code}</Code>".encode() in answer.body, answer
    assert answer.request_id


def raw_put(url, sent, headers):
    """Send a PUT by hand and cut the connection after what was sent."""
    host, _, port = urlsplit(url).netloc.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        lines = [f"PUT {target_of(url)} HTTP/1.1", f"Host: {host_of(url)}",
                 *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        connection.sendall("\r\n".join(lines).encode() + sent)
        time.sleep(0.05)


def nothing_is_kept(library, declared):
    """The file has no bytes, and a proper upload to the same URL still goes through."""
    asset_id, file_id, url = declared
    with pytest.raises(Refused) as refusal:
        library.complete(file_id)
    assert refusal.value.answer.error_code == "MSS.10009008"
    assert library.state(asset_id) == "CREATING"
    assert library.put_bytes(url, CONTENT).status == 200
    library.complete(file_id)
    assert library.content(asset_id) == CONTENT


def test_wrong_bytes_of_the_right_length(library, declared):
    answer = library.put_bytes(declared[2], CONTENT[::-1], headers=upload_headers(CONTENT, "png"))
    refused(answer, 400, "BadDigest")
    nothing_is_kept(library, declared)


def test_one_byte_too_many(library, declared):
    answer = library.put_bytes(declared[2], CONTENT + b"x", headers=upload_headers(CONTENT, "png"))
    refused(answer, 400, "EntityTooLarge")
    nothing_is_kept(library, declared)


def test_one_byte_too_few(library, declared):
    answer = library.put_bytes(declared[2], CONTENT[:-1], headers=upload_headers(CONTENT, "png"))
    refused(answer, 400, "EntityTooSmall")
    nothing_is_kept(library, declared)


def test_over_long_length_is_refused_before_a_byte_is_sent(library, declared):
    headers = upload_headers(CONTENT, "png") | {"Content-Length": str(10**12)}
    answer = exchange(library.endpoint, "PUT", target_of(declared[2]), headers, b"", timeout=5)
    refused(answer, 400, "EntityTooLarge")


def test_no_length_at_all(library, declared):
    headers = upload_headers(CONTENT, "png") | {"Transfer-Encoding": "chunked"}
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(CONTENT), CONTENT)
    answer = exchange(library.endpoint, "PUT", target_of(declared[2]), headers, chunk)
    refused(answer, 411, "MissingContentLength")
    nothing_is_kept(library, declared)


@pytest.mark.parametrize("part", [0, 1, 1000, len(CONTENT) - 1])
def test_put_cut_in_the_middle(library, declared, part):
    headers = upload_headers(CONTENT, "png") | {"Content-Length": str(len(CONTENT))}
    raw_put(declared[2], CONTENT[:part], headers)
    nothing_is_kept(library, declared)


def test_later_complete_put_counts_over_an_earlier_cut_one(library, declared):
    asset_id, file_id, url = declared
    assert library.put_bytes(url, CONTENT).status == 200
    raw_put(url, CONTENT[:1000], upload_headers(CONTENT, "png") | {"Content-Length": str(len(CONTENT))})
    library.complete(file_id)
    assert library.content(asset_id) == CONTENT


def test_bytes_arriving_slowly_in_pieces_are_put_together(library, declared):
    asset_id, file_id, url = declared
    host, _, port = urlsplit(url).netloc.partition(":")
    headers = upload_headers(CONTENT, "png") | {"Content-Length": str(len(CONTENT)), "Connection": "close"}
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        lines = [f"PUT {target_of(url)} HTTP/1.1", f"Host: {host_of(url)}",
                 *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        connection.sendall("\r\n".join(lines).encode())
        for start in range(0, len(CONTENT), 50_000):
            connection.sendall(CONTENT[start:start + 50_000])
            time.sleep(0.01)
        assert b" 200 " in connection.recv(65536).partition(b"\r\n")[0]
    library.complete(file_id)
    assert library.content(asset_id) == CONTENT


def test_client_that_waits_for_permission_gets_it(library, declared):
    host, _, port = urlsplit(declared[2]).netloc.partition(":")
    headers = upload_headers(CONTENT, "png") | {
        "Content-Length": str(len(CONTENT)), "Expect": "100-continue", "Connection": "close"}
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        lines = [f"PUT {target_of(declared[2])} HTTP/1.1", f"Host: {host_of(declared[2])}",
                 *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        connection.sendall("\r\n".join(lines).encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")
        connection.sendall(CONTENT)
        assert b" 200 " in connection.recv(65536).partition(b"\r\n")[0]


def test_same_upload_racing_itself_ends_whole(library, declared):
    asset_id, file_id, url = declared
    statuses = []
    racers = [threading.Thread(target=lambda: statuses.append(library.put_bytes(url, CONTENT).status))
              for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert 200 in statuses and set(statuses) <= {200, 409, 503}
    library.complete(file_id)
    assert library.content(asset_id) == CONTENT


def test_part_with_no_bytes_is_refused(library):
    _, urls = library.declare_large_file(library.create_asset("VIDEO"), 2)
    answer = library.put_bytes(urls[0], b"", headers={"Content-Length": "0"})
    assert answer.status == 400, answer
    assert answer.request_id


def test_upload_to_a_deleted_asset_is_refused(library, declared):
    asset_id, _, url = declared
    library.delete(asset_id)
    refused(library.put_bytes(url, CONTENT), 403, "AccessDenied")
