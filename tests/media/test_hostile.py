"""Broken and hostile files: each ends soon as 'no preview, and why', is not tried again, and leaves nothing behind."""

import io
import socket
import struct
import threading
import time
import zipfile
import zlib

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from driver import studio
from driver.farm import Farm
from driver.media import Media, watch_workers

UNKNOWN, MISMATCH, DAMAGED, TOO_LARGE, LIMIT = (f"MSS.1000903{n}" for n in range(5))
NOTHING, ENCRYPTED, MISSING, CRASHED = (f"MSS.1000903{n}" for n in range(5, 9))
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"
SECONDS = 30  # within which every one of them has ended


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, body=b""):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(body, 9)) + chunk(b"IEND", b"")


def png_bomb():
    """A few hundred kilobytes that become 240 MB of pixels."""
    packer, packed, row = zlib.compressobj(9), b"", bytes(1 + 3 * 9_000)
    for _ in range(9_000):
        packed += packer.compress(row)
    packed += packer.flush()
    head = struct.pack(">IIBBBBB", 9_000, 9_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def zip_of(folder, *members):
    path = folder / "made.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in members:
            package.writestr(name, content)
    return path.read_bytes()


CORPUS = {
    "an SVG called PNG": ("IMAGE", "a.png", lambda make: SVG, UNKNOWN),
    "an SVG after an XML header": ("IMAGE", "a.png", lambda make: b'<?xml version="1.0"?>\n' + SVG, UNKNOWN),
    "HTML called JPEG": ("IMAGE", "a.jpg", lambda make: HTML, UNKNOWN),
    "HTML called a film": ("VIDEO", "a.mp4", lambda make: HTML, UNKNOWN),
    "a script of ImageMagick": ("IMAGE", "a.png", lambda make: b"push graphic-context\nimage over 0,0 9,9", UNKNOWN),
    "a picture that is a zip, too": ("IMAGE", "a.png", lambda make: make.picture() + make.zip(("a", b"x")), UNKNOWN),
    "a picture that is a PDF, too": ("IMAGE", "a.jpg", lambda make: make.jpeg(comment=make.pdf()[:600]), UNKNOWN),
    "a picture called a film": ("VIDEO", "a.mp4", lambda make: make.picture(), MISMATCH),
    "a film called a picture": ("IMAGE", "a.png", lambda make: make.film(), MISMATCH),
    "a PDF called a picture": ("IMAGE", "a.png", lambda make: make.pdf(), MISMATCH),
    "a picture called a deck": ("PPT", "a.pptx", lambda make: make.picture(), MISMATCH),
    "sound called a film": ("VIDEO", "a.mp4", lambda make: make.sound(), MISMATCH),
    "a picture of 100,000 by 100,000": ("IMAGE", "a.png", lambda make: png(100_000, 100_000), TOO_LARGE),
    "a picture that says 2^31 by 2^31": ("IMAGE", "a.png", lambda make: png(2**31 - 1, 2**31 - 1), None),
    "a picture of no width": ("IMAGE", "a.png", lambda make: png(0, 9), DAMAGED),
    "a head of a picture, and no more": ("IMAGE", "a.png", lambda make: make.picture()[:40], DAMAGED),
    "a film that is cut off": ("VIDEO", "a.mp4", lambda make: make.film()[:len(make.film()) // 2], DAMAGED),
    "a film of zeros": ("VIDEO", "a.mp4", lambda make: make.film()[:32] + bytes(100_000), DAMAGED),
    "a PDF of garbage": ("PPT", "a.pdf", lambda make: b"%PDF-1.7\n" + bytes(range(256)) * 40, DAMAGED),
    "a PDF with a password": ("PPT", "a.pdf", lambda make: make.locked_pdf(), ENCRYPTED),
    "a PPTX with a password": ("PPT", "a.pptx", lambda make: make.locked_deck(), ENCRYPTED),
    "a zip called a deck": ("PPT", "a.pptx", lambda make: make.zip(("a.txt", b"no deck")), UNKNOWN),
    "a package that promises a deck": ("PPT", "a.pptx", lambda make: make.empty_deck(), None),
    "a deck that is a bomb": ("PPT", "a.pptx", lambda make: make.deck_bomb(), None),
    "one byte": ("IMAGE", "a.png", lambda make: b"x", UNKNOWN),
    "zeros": ("AUDIO", "a.mp3", lambda make: bytes(4096), UNKNOWN),
    "text called sound": ("MUSIC", "a.mp3", lambda make: b"la la la " * 99, UNKNOWN),
}


class Make:
    """What hostile files are made of."""

    def __init__(self, made, decks, folder):
        self.made, self.decks, self.folder = made, decks, folder

    def picture(self):
        return self.made("picture.png", studio.picture).read_bytes()

    def jpeg(self, comment=b""):
        content = self.made("picture.jpg", studio.picture).read_bytes()
        return content[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + content[2:]

    def film(self):
        return self.made("film.mp4", studio.film, studio.FILMS["mp4"]).read_bytes()

    def sound(self):
        return self.made("sound.m4a", studio.sound, studio.SOUNDS["m4a"]).read_bytes()

    def pdf(self):
        return self.decks["pdf"].read_bytes()

    def zip(self, *members):
        return zip_of(self.folder, *members)

    def locked_pdf(self):
        # LibreOffice locks a PDF with a password of the filter's options.
        source = studio.deck_source(self.folder / "locked.fodp", 1)
        options = '{"EncryptFile":{"type":"boolean","value":"true"},"DocumentOpenPassword":' \
                  '{"type":"string","value":"secret"}}'
        studio.run("soffice", "--headless", f"-env:UserInstallation=file://{self.folder}/profile", "--convert-to",
                   f"pdf:impress_pdf_Export:{options}", "--outdir", self.folder, source)
        return (self.folder / "locked.pdf").read_bytes()

    def locked_deck(self):
        locked = io.BytesIO()
        with self.decks["pptx"].open("rb") as deck:
            OOXMLFile(deck).encrypt("secret", locked)
        return locked.getvalue()

    def empty_deck(self):
        return self.zip(("[Content_Types].xml", b"<Types/>"), ("ppt/presentation.xml", b"<p:presentation"))

    def deck_bomb(self):
        slides = b"<p:presentation>" + b"<p:sldId/>" * 2 + b" " * 300_000_000
        return self.zip(("[Content_Types].xml", b"<Types/>"), ("ppt/presentation.xml", slides))


@pytest.fixture
def make(made, decks, tmp_path):
    return Make(made, decks, tmp_path)


@pytest.fixture(scope="module")
def hostile_media(tmp_path_factory):
    """A library that has to do with nothing but such files."""
    farm = Farm(tmp_path_factory.mktemp("hostile"))
    yield Media(farm.start())
    farm.close()


@pytest.mark.parametrize("case", CORPUS)
def test_nothing_is_shown_and_it_is_said_why(hostile_media, make, case):
    media, (asset_type, name, content, code) = hostile_media, CORPUS[case]
    asset_id = media.add(asset_type, content(make), name, timeout=SECONDS)
    found = media.refusal(asset_id)
    assert found == code if code else found in (DAMAGED, TOO_LARGE, LIMIT), media.meta(asset_id)
    assert media.library.state(asset_id) == "UNACTIVED", "a file without a preview is a file all the same"
    media.nothing_is_left()


def test_truncated_jpeg_is_shown_as_far_as_it_goes_or_refused(hostile_media, make):
    media, content = hostile_media, make.jpeg()
    asset_id = media.add("IMAGE", content[:len(content) // 2], "a.jpg", timeout=SECONDS)
    assert media.jobs(asset_id) == [("SUCCEEDED", 1)]
    assert "error_info" in media.meta(asset_id) or "thumbnail_url" in media.summary(asset_id)
    media.nothing_is_left()


def test_decompression_bomb_stays_within_its_memory(hostile_media):
    media = hostile_media
    with watch_workers(media) as watch:
        asset_id = media.add("IMAGE", png_bomb(), "bomb.png", timeout=SECONDS)
    assert media.jobs(asset_id) == [("SUCCEEDED", 1)]
    assert watch.most < 1024 * 1024 * 1024
    media.nothing_is_left()


class Listener(threading.Thread):
    """A server on this machine that nobody has any business with."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.visitors = self.socket.getsockname()[1], []

    def run(self):
        while True:
            try:
                visitor, _ = self.socket.accept()
            except OSError:
                return
            self.visitors.append(visitor.recv(1000))
            visitor.close()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.socket.close()


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
    "a list of files": "ffconcat version 1.0\nfile '{target}'\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{target}</BaseURL></MPD>',
    "a session": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n#{target}\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("target", ["file:///etc/passwd", "http://127.0.0.1:{port}/x.ts"])
def test_playlist_leads_nowhere(hostile_media, kind, target):
    media = hostile_media
    with Listener() as listener:
        content = PLAYLISTS[kind].format(target=target.format(port=listener.port)).encode()
        asset_id = media.add("VIDEO", content, "film.mp4", timeout=SECONDS)
        assert listener.visitors == []
    assert media.refusal(asset_id) == UNKNOWN
    media.nothing_is_left()


def outside(target):
    """The only relationship of a slide: a picture that lies elsewhere."""
    places = b'"http://schemas.openxmlformats.org/'
    return (b'<?xml version="1.0"?><Relationships xmlns=' + places + b'package/2006/relationships">'
            b'<Relationship Id="rId99" Type=' + places + b'officeDocument/2006/relationships/image" '
            b'TargetMode="External" Target="' + target.encode() + b'"/>')


PICTURE = (b'<p:pic><p:nvPicPr><p:cNvPr id="99" name="x"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill>'
           b'<a:blip r:link="rId99"/><a:stretch><a:fillRect/></a:stretch></p:blipFill><p:spPr>'
           b'<a:xfrm><a:off x="0" y="0"/><a:ext cx="5000000" cy="5000000"/></a:xfrm><a:prstGeom prst="rect">'
           b'<a:avLst/></a:prstGeom></p:spPr></p:pic>')


def test_deck_with_pictures_from_elsewhere_fetches_none(hostile_media, decks, tmp_path):
    media = hostile_media
    with Listener() as listener:
        members = []
        with zipfile.ZipFile(decks["pptx"]) as package:
            for name in package.namelist():
                content = package.read(name)
                if name == "ppt/slides/_rels/slide1.xml.rels":
                    begin = content.index(b"<Relationship ")
                    content = outside(f"http://127.0.0.1:{listener.port}/x.png") + content[begin:]
                if name == "ppt/slides/slide1.xml":
                    content = content.replace(b"</p:spTree>", PICTURE + b"</p:spTree>")
                members.append((name, content))
        asset_id = media.add("PPT", zip_of(tmp_path, *members), "deck.pptx", timeout=60)
        assert listener.visitors == []
    assert media.jobs(asset_id) == [("SUCCEEDED", 1)] and "thumbnail_url" in media.summary(asset_id)


def test_what_takes_too_long_is_ended(private):
    media = private(slides_seconds="2")
    begin = time.monotonic()
    asset_id = media.add("PPT", endless_pdf(), "a.pdf", timeout=SECONDS)
    assert 1 < time.monotonic() - begin < 10
    assert media.refusal(asset_id) == LIMIT
    media.nothing_is_left()


def endless_pdf():
    """A page that is painted over three hundred thousand times."""
    paint = zlib.compress(b"/S sh\n" * 300_000)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 800 600]/Contents 4 0 R/Resources<</Shading<</S<</ShadingType 2"
        b"/ColorSpace/DeviceRGB/Coords[0 0 800 600]/Extend[true true]/Function<</FunctionType 2/Domain[0 1]/C0[1 0 0]"
        b"/C1[0 0 1]/N 1.7>>>>>>>>>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(paint), paint)]
    content, places = b"%PDF-1.5\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return content + (b"xref\n0 5\n0000000000 65535 f \n" + table + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n"
                      + b"%d\n%%%%EOF\n" % len(content))


def test_deck_that_takes_too_long_is_ended(private, long_deck):
    media = private(slides_seconds="1")
    asset_id = media.add("PPT", long_deck, "deck.pptx", asset_extra_meta={"ppt_meta": {"auto_analysis": True}},
                         timeout=SECONDS)
    assert media.jobs(asset_id) == [("SUCCEEDED", 1)]
    meta = media.meta(asset_id)
    assert (meta["ppt_analysis_status"], meta["error_info"]["error_code"]) == ("FAILED", LIMIT)
    assert media.files(asset_id, "PAGE") == []
    media.nothing_is_left()


def test_memory_is_limited(private, tmp_path):
    media = private(media_memory_mib="64")
    path = tmp_path / "large.png"
    studio.convert("-size", "6000x6000", "gradient:red-blue", "-depth", "8", "-interlace", "PNG", path)
    with watch_workers(media) as watch:
        asset_id = media.add("IMAGE", path, "large.png", timeout=SECONDS)
    jobs, meta = media.jobs(asset_id), media.meta(asset_id)
    assert jobs == [("SUCCEEDED", 1)] and meta["error_info"]["error_code"] in (LIMIT, TOO_LARGE), meta
    assert watch.most < 80 * 1024 * 1024
    media.nothing_is_left()
