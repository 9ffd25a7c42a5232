"""Real media files, made by real tools, and what those tools say of them."""

import json
import subprocess
from pathlib import Path

FILM = "smptebars=size={size}:rate={rate}:duration={seconds}"
TONE = "sine=frequency=440:sample_rate={sample}:duration={seconds}"
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
AAC = ["-c:a", "aac", "-b:a", "96k"]
# What each container takes.
FILMS = {
    "mp4": [*H264, *AAC], "m4v": [*H264, *AAC], "mkv": [*H264, *AAC], "mov": [*H264, *AAC],
    "flv": [*H264, *AAC], "3gp": ["-c:v", "mpeg4", *AAC], "wmv": ["-c:v", "wmv2", "-c:a", "wmav2"],
    "avi": ["-c:v", "mpeg4", "-c:a", "libmp3lame"],
    "webm": ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libvorbis"],
}
SOUNDS = {"wav": ["-c:a", "pcm_s16le"], "mp3": ["-c:a", "libmp3lame", "-b:a", "128k"], "m4a": AAC}
PICTURES = {"jpg": "JPEG", "png": "PNG", "bmp": "BMP3", "gif": "GIF", "webp": "WEBP"}


def run(*command, timeout=120, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, timeout=timeout, **options)
    assert done.returncode == 0, f"{command[0]}: {done.stderr.decode(errors='replace')[-2000:]}"
    return done.stdout


def ffmpeg(*arguments):
    return run("ffmpeg", "-nostdin", "-loglevel", "error", "-y", *arguments)


def convert(*arguments):
    # By its full path: what else goes by this name does not matter.
    return run("/usr/bin/convert", *arguments)


def film(path, codecs=(), *, size="320x180", rate=25, seconds=2, source=FILM, options=()):
    """A film of colour bars, with a tone."""
    picture = source.format(size=size, rate=rate, seconds=seconds)
    tone = TONE.format(sample=44100, seconds=seconds)
    ffmpeg("-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", tone, *(codecs or FILMS["mp4"]), "-ac", "2",
           "-shortest", *options, path)
    return path


def sound(path, codecs, *, seconds=3):
    ffmpeg("-f", "lavfi", "-i", TONE.format(sample=48000, seconds=seconds), "-ac", "2", *codecs, path)
    return path


def picture(path, size="640x400", *options):
    """Four colours that no turn or mirror leaves as they were."""
    width, height = (int(side) // 2 for side in size.split("x"))
    quarter = ["-size", f"{width}x{height}"]
    convert("(", *quarter, "xc:red", "xc:lime", "+append", ")", "(", *quarter, "xc:blue", "gradient:white-black",
            "+append", ")", "-append", *options, path)
    return path


def deck_source(path, slides):
    """Slides as LibreOffice has them in one XML file; each says its number in words of its own."""
    colours = ["#ff0000", "#00a000", "#0000ff", "#c0a000", "#a000c0"]
    styles, pages = [], []
    for number in range(1, slides + 1):
        colour = colours[number % len(colours)]
        styles.append(f'<style:style style:name="gr{number}" style:family="graphic"><style:graphic-properties '
                      f'draw:fill="solid" draw:fill-color="{colour}" draw:stroke="none"/></style:style>')
        pages.append(
            f'<draw:page draw:name="p{number}" draw:master-page-name="M">'
            f'<draw:rect draw:style-name="gr{number}" svg:width="{2 + number % 7 * 3}cm" svg:height="6cm" '
            f'svg:x="2cm" svg:y="8cm"/>'
            f'<draw:frame svg:width="20cm" svg:height="3cm" svg:x="2cm" svg:y="2cm"><draw:text-box>'
            f'<text:p>This is slide {number} of the deck</text:p></draw:text-box></draw:frame></draw:page>')
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><office:document '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
        'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
        'xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3" '
        'office:mimetype="application/vnd.oasis.opendocument.presentation"><office:automatic-styles>'
        '<style:page-layout style:name="L"><style:page-layout-properties fo:page-width="28cm" '
        f'fo:page-height="21cm" style:print-orientation="landscape"/></style:page-layout>{"".join(styles)}'
        '</office:automatic-styles><office:master-styles><style:master-page style:name="M" '
        'style:page-layout-name="L"/></office:master-styles><office:body><office:presentation>'
        f'{"".join(pages)}</office:presentation></office:body></office:document>')
    return path


def decks(folder, slides, *forms):
    """The same deck in each form, by LibreOffice's own export."""
    folder.mkdir(exist_ok=True)
    source = deck_source(folder / f"deck-{slides}.fodp", slides)
    made = {}
    for form in forms:
        run("soffice", "--headless", "--norestore", f"-env:UserInstallation=file://{folder}/profile",
            "--convert-to", form, "--outdir", folder, source, timeout=180)
        made[form] = source.with_suffix(f".{form}")
        assert made[form].stat().st_size > 0
    return made


# What the tools say.

def probe(path):
    printed = run("ffprobe", "-v", "error", "-of", "json", "-show_format", "-show_streams", path)
    found = json.loads(printed)
    streams = {stream["codec_type"]: stream for stream in found["streams"]}
    return found["format"], streams.get("video"), streams.get("audio")


def identify(path, what="%w %h"):
    """Of the first picture in it, as numbers where they are."""
    printed = run("identify", "-format", what + "\n", f"{path}[0]").decode().split()
    return tuple(int(word) if word.isdigit() else word for word in printed)


def pdf_pages(path):
    for line in run("pdfinfo", path).decode().splitlines():
        if line.startswith("Pages:"):
            return int(line.split()[1])
    raise AssertionError(f"{path} has no pages")


def difference(one, other, folder):
    """Between two pictures, 0 (the same) to 1, after both were made small and put on white."""
    small = []
    for name, content in (("one", one), ("other", other)):
        source = folder / f"{name}.source"
        source.write_bytes(content if isinstance(content, bytes) else Path(content).read_bytes())
        small.append(folder / f"{name}.png")
        convert(f"{source}[0]", "-background", "white", "-alpha", "remove", "-resize", "64x64!", "-blur", "0x1",
                small[-1])
    done = subprocess.run(["compare", "-metric", "RMSE", *map(str, small), "null:"], capture_output=True, text=True,
                          timeout=30)
    return float(done.stderr.split("(")[1].split(")")[0])
