//! What is told of each format, held against ImageMagick's identify and FFprobe.

use std::fs;
use std::path::Path;

use entrepot_media::task::Size;

use super::making::{chunk, exif, scene, with_chunk, with_segment, write};
use super::{convert, look, text, tool};

#[test]
fn every_format_tells_what_identify_tells() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "641x480!");
    let wanted = [
        ("jpeg", "plain.jpg", "-quality 85"),
        ("jpeg", "progressive.jpg", "-interlace Plane"),
        ("jpeg", "gray.jpg", "-colorspace Gray"),
        ("jpeg", "cmyk.jpg", "-colorspace CMYK"),
        ("jpeg", "444.jpg", "-sampling-factor 1x1"),
        ("jpeg", "411.jpg", "-sampling-factor 4x1"),
        ("png", "plain.png", "-strip"),
        ("png", "deep.png", "-depth 16 -define png:bit-depth=16"),
        ("png", "palette.png", "-colors 40 -type Palette"),
        ("png", "gray.png", "-colorspace Gray"),
        (
            "png",
            "alpha.png",
            "-alpha set -channel A -evaluate set 50%",
        ),
        ("png", "interlaced.png", "-interlace PNG"),
        ("gif", "plain.gif", "-colors 100"),
        ("bmp", "plain.bmp", "-type TrueColor"),
        ("bmp", "palette.bmp", "-colors 16 -type Palette"),
        ("bmp", "alpha.bmp", "-alpha set"),
        ("webp", "lossy.webp", "-quality 80"),
        ("webp", "lossless.webp", "-define webp:lossless=true"),
        (
            "webp",
            "alpha.webp",
            "-alpha set -channel A -evaluate set 50%",
        ),
    ];
    for (codec, name, options) in wanted {
        let path = folder.path().join(name);
        convert(&scene, options, &path);
        let told = look(&path);
        let facts = told
            .facts
            .unwrap_or_else(|reason| panic!("{name}: {reason}"));
        assert_eq!(facts.codec, codec, "{name}");
        assert_eq!(facts.size, identified(&path), "{name}");
        assert_eq!((facts.frame_rate, facts.duration), (None, None), "{name}");
        let size = told
            .thumbnail
            .unwrap_or_else(|reason| panic!("{name}: {reason}"));
        assert_eq!((size.width, size.height), (320, 240), "{name}");
    }
}

fn identified(path: &Path) -> Size {
    let frame = format!("{}[0]", text(path));
    let printed = tool("identify", &["-format", "%w %h", &frame]);
    let printed = String::from_utf8(printed).unwrap();
    let (width, height) = printed.split_once(' ').unwrap();
    Size {
        width: width.parse().unwrap(),
        height: height.parse().unwrap(),
    }
}

#[test]
fn moving_pictures_tell_their_rate_and_time() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["moving.gif", "moving.webp"] {
        let path = folder.path().join(name);
        let source = "testsrc=size=160x120:rate=10:duration=1.2";
        tool(
            "ffmpeg",
            &["-v", "error", "-f", "lavfi", "-i", source, text(&path)],
        );
        let told = look(&path);
        let facts = told.facts.unwrap();
        assert_eq!(facts.frame_rate.as_deref(), Some("10"), "{name}");
        assert_eq!(facts.duration, Some(1.2), "{name}");
        // it is not enlarged
        let size = told.thumbnail.unwrap();
        assert_eq!((size.width, size.height), (160, 120), "{name}");
    }
}

#[test]
fn a_size_is_told_as_shown() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "400x200!");
    let jpeg = folder.path().join("lying.jpg");
    convert(&scene, "", &jpeg);
    let tag = [b"Exif\0\0".as_slice(), &exif(6)].concat();
    let turned = with_segment(&fs::read(&jpeg).unwrap(), 0xE1, &tag);
    let jpeg = write(folder.path(), "turned.jpg", &turned);
    let turned = with_chunk(&fs::read(&scene).unwrap(), &chunk(b"eXIf", &exif(6)));
    let png = write(folder.path(), "turned.png", &turned);
    let webp = folder.path().join("turned.webp");
    convert(&jpeg, "", &webp);
    for path in [jpeg, png, webp] {
        let told = look(&path);
        let size = told.facts.unwrap().size;
        assert_eq!((size.width, size.height), (200, 400), "{}", path.display());
        let size = told.thumbnail.unwrap();
        assert_eq!((size.width, size.height), (160, 320), "{}", path.display());
    }
}

#[test]
fn a_thumbnail_is_never_larger_and_never_empty() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "400x300");
    let sizes = [
        ("7x5!", (7, 5)),
        ("1x1!", (1, 1)),
        ("320x320!", (320, 320)),
        ("321x100!", (320, 100)),
        ("3000x2!", (320, 1)),
        ("1x2000!", (1, 320)),
    ];
    for (wanted, size) in sizes {
        for kind in ["jpg", "png", "gif", "bmp", "webp"] {
            let path = folder.path().join(format!("small.{kind}"));
            convert(&scene, &format!("-resize {wanted}"), &path);
            let told = look(&path).thumbnail.unwrap();
            assert_eq!((told.width, told.height), size, "{wanted} {kind}");
        }
    }
}
