"""What thumbnails and covers look like where files say how they want to be shown."""

import struct

import pytest

from driver import studio
from driver.library import accepted
from driver.media import JPEG, WEBP

SAME = 0.06


def shows(media, asset_id, reference, folder, headers=None):
    return studio.difference(media.picture(asset_id, headers), reference, folder)


# Orientation in EXIF → what undoes it.
TURNS = {2: ["-flop"], 3: ["-rotate", "180"], 4: ["-flip"], 5: ["-transpose"], 6: ["-rotate", "-90"],
         7: ["-transverse"], 8: ["-rotate", "90"]}


def with_orientation(path, orientation, *, source):
    """A JPEG that is stored so that its orientation makes it look like the source."""
    plain = path.with_suffix(".plain.jpg")
    studio.convert(source, *TURNS[orientation], plain)
    exif = (b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + orientation.to_bytes(2, "big") + b"\0\0"
            + b"\0\0\0\0")
    content = plain.read_bytes()
    path.write_bytes(content[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + content[2:])


@pytest.mark.parametrize("orientation", TURNS)
def test_orientation_is_followed(media, made, tmp_path, orientation):
    upright = made("upright.png", studio.picture, "600x400")
    path = made(f"turned-{orientation}.jpg", with_orientation, orientation, source=upright)
    assert studio.identify(path, "%[EXIF:Orientation]") == (orientation,)
    asset_id = media.add("IMAGE", path, "turned.jpg")
    meta = media.meta(asset_id)
    assert (meta["width"], meta["height"], meta["mode"]) == (600, 400, "Horizontal")
    assert shows(media, asset_id, upright, tmp_path) < SAME
    assert shows(media, asset_id, upright, tmp_path, JPEG) < SAME


def test_upright_picture_is_vertical(media, made):
    asset_id = media.add("IMAGE", made("tall.jpg", studio.picture, "200x500"), "tall.jpg")
    assert media.meta(asset_id)["mode"] == "Vertical"


def test_transparency_stays_in_webp_and_is_white_in_jpeg(media, tmp_path):
    path = tmp_path / "see-through.png"
    studio.convert("-size", "200x100", "xc:none", "-fill", "red", "-draw", "rectangle 0,0 99,99", path)
    asset_id = media.add("IMAGE", path, path.name)
    for headers, wanted in (WEBP, "0"), (JPEG, "1"):
        thumbnail = tmp_path / "thumbnail"
        thumbnail.write_bytes(media.picture(asset_id, headers))
        [alpha] = studio.run("/usr/bin/convert", thumbnail, "-format", "%[fx:p{150,50}.a]", "info:").decode().split()
        assert float(alpha) == float(wanted)
    colour = studio.run("/usr/bin/convert", thumbnail, "-format", "%[fx:p{150,50}.g]", "info:").decode()
    assert float(colour) > 0.97


def test_colour_profile_is_followed(media, made, tmp_path):
    """The profile says that red is green; who does not follow it shows another picture."""
    upright = made("upright.png", studio.picture, "600x400")
    path = tmp_path / "profile.jpg"
    studio.convert(upright, "-profile", made("swapped.icc", swapped_profile), path)
    reference = tmp_path / "reference.png"
    studio.convert(upright, "-separate", "-swap", "0,1", "-combine", reference)
    asset_id = media.add("IMAGE", path, path.name)
    assert shows(media, asset_id, reference, tmp_path) < 0.08
    assert studio.difference(upright, reference, tmp_path) > 0.2


def swapped_profile(path):
    """sRGB, near enough, with red and green the other way round."""
    def xyz(*values):
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    text = b"red and green swapped\0"
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    tags = {b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(80),
            b"cprt": b"text\0\0\0\0none\0\0\0\0",
            b"wtpt": xyz(0.9642, 1, 0.8249), b"gXYZ": xyz(0.4361, 0.2225, 0.0139), b"rXYZ": xyz(0.3851, 0.7169, 0.0971),
            b"bXYZ": xyz(0.1431, 0.0606, 0.7141), b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    table, body, begin = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += name + struct.pack(">II", begin + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s", begin + len(body), b"\0\0\0\0", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + xyz(0.9642, 1, 0.8249)[8:]
    path.write_bytes(header.ljust(128, b"\0") + table + body)


def rotated(path, *, source):
    studio.ffmpeg("-i", source, "-c", "copy", "-metadata:s:v:0", "rotate=90", path)


def test_rotation_of_a_film_is_followed(media, made, tmp_path):
    source = made("film.mp4", studio.film, studio.FILMS["mp4"])
    path = made("rotated.mp4", rotated, source=source)
    asset_id = media.add("VIDEO", path, "rotated.mp4")
    meta = media.meta(asset_id)
    assert (meta["width"], meta["height"], meta["mode"]) == (180, 320, "Vertical")
    frame = made("rotated.png", lambda to: studio.ffmpeg("-i", path, "-frames:v", "1", to))
    assert studio.identify(frame) == (180, 320)
    assert shows(media, asset_id, frame, tmp_path) < SAME


def fades_in(path):
    """Three seconds of black, then bars."""
    studio.ffmpeg("-f", "lavfi", "-i", "color=black:size=320x180:rate=25:duration=3", "-f", "lavfi", "-i",
                  "smptebars=size=320x180:rate=25:duration=3", "-filter_complex", "[0][1]concat=n=2:v=1:a=0",
                  *studio.H264, path)


def test_cover_of_a_film_that_begins_black_is_not_black(media, made, tmp_path):
    path = made("fades-in.mp4", fades_in)
    asset_id = media.add("VIDEO", path, "film.mp4", is_need_generate_cover=True)
    [cover] = media.files(asset_id, "COVER")
    assert (cover["file_name"], cover["file_type"]) == ("cover.jpg", "jpg")
    bars = made("bars.png", lambda to: studio.ffmpeg("-ss", "4", "-i", path, "-frames:v", "1", to))
    url = media.summary(asset_id)["cover_url"]
    for headers, content_type in (WEBP, "image/webp"), (JPEG, "image/jpeg"):
        answer = accepted(media.library.get_bytes(url, headers))
        assert answer.headers["Content-Type"] == content_type
        assert studio.difference(answer.body, bars, tmp_path) < 0.1
    assert shows(media, asset_id, bars, tmp_path) < 0.1
    assert studio.identify(tmp_path / "one.source") == (320, 180)


def test_no_cover_is_made_where_none_is_wanted(media, made):
    path = made("film.mp4", studio.film, studio.FILMS["mp4"])
    asset_id = media.add("VIDEO", path, "film.mp4", is_need_generate_cover=False)
    assert media.files(asset_id, "COVER") == []
    assert "cover_url" not in media.summary(asset_id) and "thumbnail_url" in media.summary(asset_id)


def test_cover_that_a_user_gave_stays(media, made):
    film = made("film.mp4", studio.film, studio.FILMS["mp4"]).read_bytes()
    own = made("own.png", studio.picture).read_bytes()
    asset_id = media.library.create_asset("VIDEO", "with a cover", is_need_generate_cover=True)
    media.library.upload(asset_id, own, category="COVER", name="own.png")
    media.library.upload(asset_id, film, file_type="mp4", name="film.mp4")
    media.wait(asset_id)
    [cover] = media.files(asset_id, "COVER")
    assert cover["file_name"] == "own.png"
    assert accepted(media.library.get_bytes(media.summary(asset_id)["cover_url"], WEBP)).body == own


def with_art(path, *, art):
    studio.ffmpeg("-f", "lavfi", "-i", studio.TONE.format(sample=44100, seconds=2), "-i", art, "-map", "0", "-map",
                  "1", "-c:a", "libmp3lame", "-c:v", "mjpeg", "-disposition:v", "attached_pic", path)


def test_music_shows_the_picture_that_is_in_it(media, made, tmp_path):
    art = made("art.jpg", studio.picture, "300x300")
    asset_id = media.add("MUSIC", made("with-art.mp3", with_art, art=art), "song.mp3")
    assert shows(media, asset_id, art, tmp_path) < SAME


def test_moving_picture_tells_its_duration(media, tmp_path):
    path = tmp_path / "moving.gif"
    studio.convert("-delay", "50", "-size", "40x30", "xc:red", "xc:blue", "xc:lime", "xc:white", path)
    meta = media.meta(media.add("IMAGE", path, path.name))
    assert (meta["duration"], meta["frame_rate"]) == (2, "2")


def test_what_a_user_says_of_a_file_gives_way_to_what_it_is(media, made):
    picture = made("picture.png", studio.picture)
    asset_id = media.add("IMAGE", picture, "picture.png", asset_extra_meta={"image_meta": {"width": 1, "height": 2}})
    assert (media.meta(asset_id)["width"], media.meta(asset_id)["height"]) == (640, 400)
    media.library.update(asset_id, asset_extra_meta={"image_meta": {"width": 1}})
    assert media.meta(asset_id)["width"] == 640
