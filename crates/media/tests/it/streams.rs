//! Films and sound that FFmpeg has made, compared with what FFprobe and FFmpeg themselves say of
//! them, and what is not to be made of others.

use std::fs;
use std::path::{Path, PathBuf};

use entrepot_media::task::{COVER, Code, Facts, Family, FilmFacts, Part, Size, SoundFacts, jpeg};
use image::RgbImage;
use tempfile::TempDir;

use crate::telling::{
    Told, assert_colour, assert_sentence, difference, limits, open, run, task, tool,
};

const FILM: [Part; 3] = [Part::Facts, Part::Thumbnail, Part::Cover];
const SOUND: [Part; 2] = [Part::Facts, Part::Thumbnail];
const TEST_FILM: &str = "-f lavfi -i testsrc2=s=640x360:r=25:d=2";
const TONE: &str = "-f lavfi -i sine=frequency=440:sample_rate=44100:duration=2";

/// Makes a file by FFmpeg; it lies under a name that says nothing.
fn make(args: &str, name: &str) -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().unwrap();
    tool(place.path(), "ffmpeg", &format!("-v error {args} {name}"));
    let stored = place.path().join("0f3a9c");
    fs::rename(place.path().join(name), &stored).unwrap();
    (place, stored)
}

fn film(path: &Path) -> (Told, FilmFacts) {
    let told = run(task(Family::Film, path, &FILM));
    match told.facts() {
        Facts::Film(facts) => {
            let facts = facts.clone();
            (told, facts)
        }
        other => panic!("{other:?}"),
    }
}

fn sound(path: &Path) -> (Told, SoundFacts) {
    let told = run(task(Family::Sound, path, &SOUND));
    match told.facts() {
        Facts::Sound(facts) => {
            let facts = facts.clone();
            (told, facts)
        }
        other => panic!("{other:?}"),
    }
}

/// One figure, as FFprobe prints it by itself.
fn probed(path: &Path, stream: &str, entry: &str) -> String {
    let path = path.to_str().unwrap();
    let args =
        format!("-v error -select_streams {stream} -show_entries {entry} -of csv=p=0 {path}");
    let printed = String::from_utf8(tool(Path::new("/"), "ffprobe", &args)).unwrap();
    printed.trim().trim_end_matches(',').to_owned()
}

fn number(path: &Path, stream: &str, entry: &str) -> Option<f64> {
    probed(path, stream, entry).parse().ok()
}

fn cover(told: &Told) -> RgbImage {
    let size = told.cover_size();
    let picture = open(&jpeg(told.folder.path(), COVER));
    assert_eq!(picture.dimensions(), (size.width, size.height));
    picture
}

fn brightness(picture: &RgbImage) -> f64 {
    let sum: u64 = picture.as_raw().iter().map(|value| u64::from(*value)).sum();
    let count = u32::try_from(picture.as_raw().len()).unwrap();
    f64::from(u32::try_from(sum).unwrap()) / f64::from(count)
}

fn close(one: Option<f64>, other: Option<f64>, by: f64) -> bool {
    one.zip(other).is_some_and(|(a, b)| (a - b).abs() <= by)
}

fn assert_film(path: &Path, name: &str) {
    let (told, facts) = film(path);
    assert_eq!(
        facts.codec,
        probed(path, "v:0", "stream=codec_name"),
        "{name}"
    );
    assert_eq!(
        facts.size,
        Size {
            width: 640,
            height: 360
        },
        "{name}"
    );
    assert_eq!(facts.frame_rate.as_deref(), Some("25"), "{name}");
    let duration = number(path, "v:0", "format=duration");
    assert!(close(facts.duration, duration, 0.001), "{name} {facts:?}");
    let all = number(path, "v:0", "format=bit_rate").unwrap();
    let rate = f64::from(u32::try_from(facts.bit_rate.unwrap()).unwrap());
    assert!(rate > 10_000.0 && rate <= all, "{name} {facts:?}");
    if let Some(own) = number(path, "v:0", "stream=bit_rate") {
        assert!((rate - own).abs() < 1.0, "{name} {facts:?}");
    }
    let heard = facts.sound.unwrap();
    assert_eq!(
        heard.codec,
        probed(path, "a:0", "stream=codec_name"),
        "{name}"
    );
    let rate = probed(path, "a:0", "stream=sample_rate");
    assert_eq!(heard.sample_rate.unwrap().to_string(), rate, "{name}");
    let channels = probed(path, "a:0", "stream=channels");
    assert_eq!(heard.channels.unwrap().to_string(), channels, "{name}");
    assert_eq!(
        told.thumbnail_size(),
        Size {
            width: 320,
            height: 180
        }
    );
    assert_eq!(
        told.cover_size(),
        Size {
            width: 640,
            height: 360
        }
    );
    let cover = cover(&told);
    assert!(is_a_frame(&cover), "{name}");
    let filter = image::imageops::FilterType::Triangle;
    let small = image::imageops::resize(&cover, 320, 180, filter);
    assert!(difference(&small, &told.thumbnail()) < 8.0, "{name}");
}

/// What FFmpeg's test film has at the left in all of its frames.
fn is_a_frame(picture: &RgbImage) -> bool {
    let light = brightness(picture);
    (60.0..200.0).contains(&light)
}

#[test]
fn films_of_all_formats_are_read_like_ffprobe_does() {
    let old = "-c:v mpeg4 -b:v 900k -c:a aac";
    let new = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac";
    for (name, codecs) in [
        ("a.mp4", new),
        (
            "a.m4v",
            "-f mp4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac",
        ),
        ("a.mov", old),
        ("a.3gp", old),
        ("a.mkv", new),
        ("a.flv", "-c:v flv -b:v 900k -c:a libmp3lame"),
        ("a.wmv", "-c:v wmv2 -b:v 900k -c:a wmav2"),
        ("a.avi", "-c:v mpeg4 -b:v 900k -c:a libmp3lame"),
        (
            "a.webm",
            "-c:v libvpx -b:v 900k -deadline realtime -c:a libvorbis",
        ),
    ] {
        let (_place, path) = make(&format!("{TEST_FILM} {TONE} {codecs} -ac 2"), name);
        assert_film(&path, name);
    }
}

#[test]
fn a_cover_looks_like_the_frame_it_is_of() {
    let args = "-f lavfi -i smptehdbars=s=1920x1080:r=10:d=3 -c:v libx264 -preset ultrafast -pix_fmt yuv420p";
    let (place, path) = make(args, "a.mp4");
    let (told, facts) = film(&path);
    assert_eq!(
        facts.size,
        Size {
            width: 1920,
            height: 1080
        }
    );
    assert_eq!(
        told.cover_size(),
        Size {
            width: 1280,
            height: 720
        }
    );
    // without a word in the file, tall films have the colours of HD
    let filter = "-vf scale=1280:720:in_color_matrix=bt709 -frames:v 1";
    tool(
        place.path(),
        "ffmpeg",
        &format!("-v error -i 0f3a9c {filter} reference.png"),
    );
    let reference = open(&place.path().join("reference.png"));
    assert!(difference(&cover(&told), &reference) < 4.0);
}

#[test]
fn a_turned_film_is_shown_upright() {
    let (place, _) = make(&format!("{TEST_FILM} -c:v mpeg4"), "a.mp4");
    let upright = place.path().join("0f3a9c");
    for (degrees, size) in [(90, (360, 640)), (180, (640, 360)), (270, (360, 640))] {
        let args =
            format!("-v error -i 0f3a9c -metadata:s:v rotate={degrees} -c copy {degrees}.mp4");
        tool(place.path(), "ffmpeg", &args);
        let path = place.path().join(format!("{degrees}.mp4"));
        let (told, facts) = film(&path);
        assert_eq!((facts.size.width, facts.size.height), size, "{degrees}");
        let turned = cover(&told);
        assert_eq!(turned.dimensions(), size, "{degrees}");
        let back = match degrees {
            // a player turns the film as the tag says, so this turns it back
            90 => image::imageops::rotate270(&turned),
            180 => image::imageops::rotate180(&turned),
            _ => image::imageops::rotate90(&turned),
        };
        let either = [back.clone(), image::imageops::rotate180(&back)];
        let wanted = cover(&film(&upright).0);
        let near = either.iter().map(|picture| difference(picture, &wanted));
        assert!(near.fold(f64::MAX, f64::min) < 6.0, "{degrees}");
    }
}

#[test]
fn wide_pixels_are_shown_wide() {
    let (_place, path) = make(
        "-f lavfi -i testsrc2=s=320x240:r=25:d=1 -vf setsar=2 -c:v mpeg4",
        "a.mp4",
    );
    let (told, facts) = film(&path);
    assert_eq!(
        facts.size,
        Size {
            width: 320,
            height: 240
        },
        "as stored"
    );
    assert_eq!(
        told.cover_size(),
        Size {
            width: 640,
            height: 240
        }
    );
}

#[test]
fn a_cover_is_not_of_the_black_at_the_beginning() {
    let dark = "-f lavfi -i color=black:s=320x240:r=25:d=3 -f lavfi -i testsrc2=s=320x240:r=25:d=3 -filter_complex [0][1]concat=n=2";
    // the second one has no frame that stands for itself but the first
    for codec in [
        "-c:v mpeg4",
        "-c:v libx264 -preset ultrafast -g 9999 -sc_threshold 0 -pix_fmt yuv420p",
    ] {
        let (_place, path) = make(&format!("{dark} {codec}"), "a.mp4");
        let (told, _) = film(&path);
        assert!(is_a_frame(&cover(&told)), "{codec}");
    }
}

#[test]
fn a_film_that_is_all_black_has_a_black_cover() {
    let (_place, path) = make(
        "-f lavfi -i color=black:s=320x240:r=25:d=4 -c:v mpeg4",
        "a.mkv",
    );
    let (told, _) = film(&path);
    assert!(brightness(&cover(&told)) < 8.0);
    told.thumbnail();
}

#[test]
fn a_film_in_pieces_is_read_as_one() {
    let (place, path) = make(&format!("{TEST_FILM} -c:v mpeg4"), "a.mp4");
    let bytes = fs::read(&path).unwrap();
    let (one, two) = bytes.split_at(bytes.len() / 3);
    fs::write(place.path().join("one"), one).unwrap();
    fs::write(place.path().join("two"), two).unwrap();
    let mut pieces = task(Family::Film, &path, &FILM);
    pieces.input = vec![place.path().join("one"), place.path().join("two")];
    assert!(is_a_frame(&cover(&run(pieces))));
}

#[test]
fn sound_is_read_like_ffprobe_does_and_drawn() {
    for (name, args) in [
        ("a.wav", "-ac 2 -ar 48000"),
        ("a.mp3", "-c:a libmp3lame -b:a 128k"),
        ("a.m4a", "-c:a aac -b:a 96k"),
    ] {
        let (_place, path) = make(&format!("{TONE} {args}"), name);
        let (told, facts) = sound(&path);
        assert_eq!(facts.codec, probed(&path, "a:0", "stream=codec_name"));
        let rate = number(&path, "a:0", "stream=bit_rate");
        let told_rate = facts
            .bit_rate
            .map(|rate| f64::from(u32::try_from(rate).unwrap()));
        assert!(close(told_rate, rate, 0.5), "{name} {facts:?}");
        let channels = number(&path, "a:0", "stream=channels");
        assert!(
            close(facts.channels.map(f64::from), channels, 0.0),
            "{name}"
        );
        let rate = number(&path, "a:0", "stream=sample_rate");
        assert!(close(facts.sample_rate.map(f64::from), rate, 0.0), "{name}");
        let duration = number(&path, "a:0", "stream=duration");
        assert!(close(facts.duration, duration, 0.001), "{name}");
        let drawn = told.thumbnail();
        assert_eq!(drawn.dimensions(), (320, 160));
        assert_colour(&drawn, 1, 2, [255, 255, 255]);
        assert!(drawn.get_pixel(161, 60).0[0] < 240, "the tone reaches up");
        assert!(drawn.get_pixel(161, 100).0[0] < 240, "and down");
    }
}

#[test]
fn silence_is_drawn_as_a_line() {
    let (_place, path) = make("-f lavfi -i anullsrc -t 1 -c:a libmp3lame", "a.mp3");
    let drawn = sound(&path).0.thumbnail();
    assert!(drawn.get_pixel(161, 80).0[0] < 200);
    assert_colour(&drawn, 161, 70, [255, 255, 255]);
    assert_colour(&drawn, 161, 90, [255, 255, 255]);
}

#[test]
fn cover_art_is_shown_instead_of_a_drawing() {
    let place = tempfile::tempdir().unwrap();
    tool(place.path(), "convert", "-size 500x400 xc:#3366cc art.png");
    tool(place.path(), "convert", "art.png art.jpg");
    for (name, art, codec) in [
        ("a.mp3", "art.jpg", "libmp3lame -id3v2_version 3"),
        ("b.mp3", "art.png", "libmp3lame"),
        ("a.m4a", "art.jpg", "aac"),
    ] {
        let args = format!(
            "-v error {TONE} -i {art} -map 0 -map 1 -c:v copy -disposition:v attached_pic -c:a {codec} {name}"
        );
        tool(place.path(), "ffmpeg", &args);
        let (told, facts) = sound(&place.path().join(name));
        assert_eq!(facts.channels, Some(1));
        let shown = told.thumbnail();
        assert_eq!(shown.dimensions(), (320, 256), "{name}");
        assert_colour(&shown, 160, 128, [0x33, 0x66, 0xcc]);
    }
}

#[test]
fn cover_art_that_is_broken_gives_way_to_the_drawing() {
    let place = tempfile::tempdir().unwrap();
    tool(place.path(), "convert", "-size 64x64 plasma: art.png");
    let args = format!("-v error {TONE} -i art.png -map 0 -map 1 -c:v copy -c:a libmp3lame a.mp3");
    tool(place.path(), "ffmpeg", &args);
    let path = place.path().join("a.mp3");
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(4).position(|four| four == b"IDAT").unwrap();
    bytes[at..at + 2000].fill(0xAA);
    fs::write(&path, bytes).unwrap();
    assert_eq!(sound(&path).0.thumbnail().dimensions(), (320, 160));
}

#[test]
fn what_is_of_the_other_family_is_refused() {
    let (_place, song) = make(&format!("{TONE} -c:a aac"), "a.m4a");
    run(task(Family::Film, &song, &FILM)).all_refused(Code::FormatMismatch);
    let (_place, video) = make(&format!("{TEST_FILM} {TONE} -c:v mpeg4"), "a.mp4");
    run(task(Family::Sound, &video, &SOUND)).all_refused(Code::FormatMismatch);
    run(task(Family::Picture, &video, &SOUND)).all_refused(Code::FormatMismatch);
}

#[test]
fn a_film_that_is_cut_off_says_so_or_shows_what_is_there() {
    let (place, path) = make(&format!("{TEST_FILM} -c:v mpeg4"), "a.mp4");
    let bytes = fs::read(&path).unwrap();
    let cut = place.path().join("cut");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    run(task(Family::Film, &cut, &FILM)).all_refused(Code::Damaged);
    let (place, path) = make(&format!("{TEST_FILM} -c:v mpeg4"), "a.mkv");
    let bytes = fs::read(&path).unwrap();
    let cut = place.path().join("cut");
    fs::write(&cut, &bytes[..bytes.len() / 3]).unwrap();
    assert!(is_a_frame(&cover(&film(&cut).0)));
}

/// Finds a box of an MP4 and changes bytes after its name.
fn with_lie(path: &Path, name: [u8; 4], offset: usize, lie: &[u8]) {
    let mut bytes = fs::read(path).unwrap();
    let at = bytes
        .windows(4)
        .position(|four| four == name.as_slice())
        .unwrap()
        + offset;
    bytes[at..at + lie.len()].copy_from_slice(lie);
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_header_that_lies_is_bounded() {
    let args = format!("{TEST_FILM} -c:v mpeg4");
    // a duration of 24 days
    let (_place, path) = make(&args, "a.mp4");
    with_lie(&path, *b"mvhd", 20, &0x7FFF_FFFF_u32.to_be_bytes());
    let told = run(task(Family::Film, &path, &FILM));
    assert!(is_a_frame(&cover(&told)));
    // frames of 65,535 by 65,535
    let (_place, path) = make(&args, "a.mp4");
    with_lie(&path, *b"mp4v", 28, &[0xFF; 4]);
    let told = run(task(Family::Film, &path, &FILM));
    for step in &told.steps {
        assert!(!format!("{step:?}").contains("Crashed"), "{step:?}");
    }
    // more pixels than are taken on
    let (_place, path) = make(&args, "a.mp4");
    let mut little = task(Family::Film, &path, &FILM);
    little.limits = limits();
    little.limits.pixels = 640 * 300;
    let told = run(little);
    for part in [Part::Thumbnail, Part::Cover] {
        assert_eq!(told.refused(part).code, Code::TooLarge);
        assert_sentence(told.refused(part));
    }
}

#[test]
fn playlists_and_scripts_are_never_followed() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("a.mp4");
    let box_first = b"\0\0\0\x18ftypisom\0\0\0\0isommp41";
    for script in [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n",
        "#EXTM3U\n#EXTINF:5,\nhttp://127.0.0.1:1/a.ts\n",
        "ffconcat version 1.0\nfile /etc/passwd\n",
    ] {
        fs::write(&path, script).unwrap();
        run(task(Family::Film, &path, &FILM)).all_refused(Code::FormatUnknown);
        fs::write(&path, [box_first, script.as_bytes()].concat()).unwrap();
        run(task(Family::Film, &path, &FILM)).all_refused(Code::Damaged);
    }
}

#[test]
fn sound_without_a_sample_has_nothing_to_show() {
    let (_place, path) = make("-f lavfi -i anullsrc -t 0", "a.wav");
    let told = run(task(Family::Sound, &path, &SOUND));
    assert_eq!(told.refused(Part::Thumbnail).code, Code::NothingToShow);
    assert_sentence(told.refused(Part::Thumbnail));
}

#[test]
fn an_hour_of_sound_is_drawn_in_bounded_memory() {
    let (_place, path) = make(
        "-f lavfi -i sine=sample_rate=8000:duration=3600 -c:a pcm_u8",
        "a.wav",
    );
    let mut long = task(Family::Sound, &path, &SOUND);
    long.limits.memory = 96 << 20;
    assert_eq!(run(long).thumbnail().dimensions(), (320, 160));
}
