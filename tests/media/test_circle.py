"""From the upload to metadata and thumbnail, by the vendor's client, for every format; held against what tools say."""

import time

import pytest
import requests

from driver import calls, studio
from driver.media import JPEG, WEBP
from driver.vendor import metastudio

SAME = 0.06  # At most so far is a thumbnail from its reference; another picture is beyond 0.2.


def upload(client, asset_type, path, timeout=60.0, **fields):
    """The published walk-through; answers the asset and its summary once there is a thumbnail."""
    asset_id = calls.create(client, asset_type, path.name, **fields)
    calls.upload(client, asset_id, path.read_bytes(), file_type=path.suffix[1:], name=path.name)
    deadline = time.monotonic() + timeout
    while True:
        [summary] = calls.summarys(client, [asset_id])
        if summary.thumbnail_url:
            return calls.show(client, asset_id), summary
        assert time.monotonic() < deadline, calls.show(client, asset_id)
        time.sleep(0.05)


def fetch(url, accept):
    answer = requests.get(url, headers=accept, timeout=30)
    assert answer.status_code == 200, answer.text
    assert "Accept" in answer.headers["Vary"]
    return answer


def check_thumbnail(summary, reference, folder):
    """Both forms are there, small, and show what the reference shows."""
    webp, jpeg = fetch(summary.thumbnail_url, WEBP), fetch(summary.thumbnail_url, JPEG)
    assert (webp.headers["Content-Type"], jpeg.headers["Content-Type"]) == ("image/webp", "image/jpeg")
    for form, answer in ("WEBP", webp), ("JPEG", jpeg):
        path = folder / form
        path.write_bytes(answer.content)
        found, width, height = studio.identify(path, "%m %w %h")
        assert found == form and max(width, height) <= 320
        if reference is not None:
            their_width, their_height = studio.identify(reference)
            assert abs(width / height - their_width / their_height) < 0.02
            assert studio.difference(answer.content, reference, folder) < SAME


@pytest.mark.parametrize("form", studio.PICTURES)
def test_picture(on_both, made, tmp_path, form):
    path = made(f"picture.{form}", studio.picture)
    shown, summary = upload(metastudio(on_both.server), "IMAGE", path)
    meta, (width, height) = shown.asset_extra_meta.image_meta, studio.identify(path)
    assert (meta.width, meta.height, meta.mode, meta.size) == (width, height, "Horizontal", path.stat().st_size)
    assert meta.codec == {"jpg": "jpeg"}.get(form, form) and meta.error_info is None
    check_thumbnail(summary, path, tmp_path)


@pytest.mark.parametrize("form", studio.FILMS)
def test_film(on_both, made, tmp_path, form):
    path = made(f"film.{form}", studio.film, studio.FILMS[form])
    shown, summary = upload(metastudio(on_both.server), "VIDEO", path)
    meta, (container, video, audio) = shown.asset_extra_meta.video_meta, studio.probe(path)
    assert (meta.video_codec, meta.width, meta.height) == (video["codec_name"], video["width"], video["height"])
    assert (meta.frame_rate, meta.mode, meta.error_info) == ("25", "Horizontal", None)
    assert abs(meta.duration - float(container["duration"])) <= 0.51
    assert (meta.audio_codec, meta.audio_channels) == (audio["codec_name"], audio["channels"])
    assert meta.sample == int(audio["sample_rate"])
    if "bit_rate" in video:
        assert abs(meta.video_bit_rate - int(video["bit_rate"]) / 1000) <= 1
    elif "bit_rate" in container:
        assert 0 < meta.video_bit_rate <= int(container["bit_rate"]) / 1000 + 1
    if "bit_rate" in audio:
        assert abs(meta.audio_bit_rate - int(audio["bit_rate"]) / 1000) <= 1
    frame = made(f"frame.{form}.png", lambda to: studio.ffmpeg("-i", path, "-frames:v", "1", to))
    check_thumbnail(summary, None, tmp_path)
    assert studio.difference((tmp_path / "JPEG").read_bytes(), frame, tmp_path) < SAME


@pytest.mark.parametrize("asset_type", ["AUDIO", "MUSIC"])
@pytest.mark.parametrize("form", studio.SOUNDS)
def test_sound(on_both, made, tmp_path, form, asset_type):
    path = made(f"sound.{form}", studio.sound, studio.SOUNDS[form])
    shown, summary = upload(metastudio(on_both.server), asset_type, path)
    meta, (container, _, audio) = shown.asset_extra_meta.audio_meta, studio.probe(path)
    assert (meta.audio_codec, meta.audio_channels) == (audio["codec_name"], audio["channels"])
    assert (meta.sample, meta.error_info) == (int(audio["sample_rate"]), None)
    assert abs(meta.audio_bit_rate - int(audio["bit_rate"]) / 1000) <= 1
    assert abs(meta.duration - float(container["duration"])) <= 0.51
    check_thumbnail(summary, None, tmp_path)


@pytest.mark.parametrize("form", ["ppt", "pptx", "pdf"])
def test_deck(on_both, decks, tmp_path, form):
    shown, summary = upload(metastudio(on_both.server), "PPT", decks[form], timeout=100)
    meta = shown.asset_extra_meta.ppt_meta
    assert meta.error_info is None and not meta.pages
    # A binary deck does not tell before all of it is converted.
    assert meta.page_count == (None if form == "ppt" else studio.pdf_pages(decks["pdf"]))
    first = tmp_path / "first"
    studio.run("pdftoppm", "-r", "60", "-singlefile", "-png", decks["pdf"], first)
    check_thumbnail(summary, first.with_suffix(".png"), tmp_path)


def test_picture_that_is_turned_or_another_one_is_not_the_same(made, tmp_path):
    path = made("picture.png", studio.picture)
    for change in ["-rotate", "180"], ["-flop"], ["-flip"], ["-rotate", "90"], ["-negate"]:
        other = tmp_path / "other.png"
        studio.convert(path, *change, other)
        assert studio.difference(path, other, tmp_path) > 0.2, change


def test_small_picture_is_not_enlarged(media, made, tmp_path):
    asset_id = media.add("IMAGE", made("small.png", studio.picture, "24x16"), "small.png")
    thumbnail = tmp_path / "thumbnail"
    thumbnail.write_bytes(media.picture(asset_id))
    assert studio.identify(thumbnail) == (24, 16)


def test_no_media_makes_nothing(private, made):
    media = private(media="false")
    asset_id = media.begin("IMAGE", made("picture.png", studio.picture), "picture.png")
    assert media.jobs(asset_id) == [] and "thumbnail_url" not in media.summary(asset_id)
    assert media.meta(asset_id) == {}
