//! Thumbnails look like those of vipsthumbnail and ImageMagick, and a wrong one would not.

use std::fs;
use std::path::{Path, PathBuf};

use super::making::{chunk, exif, scene, with_chunk, with_segment, write};
use super::{convert, likeness, look, text, tool};

/// Decibels. Both forms are lossy, and WebP has colours at half the size.
const ALIKE: f64 = 30.0;
const DIFFERENT: f64 = 27.0;

fn reference(path: &Path) -> PathBuf {
    let to = path.with_extension("reference.png");
    let out = format!("{}[strip]", text(&to));
    let profile = ["--export-profile", "srgb"];
    let mut args = vec![text(path), "-s", "320x320", "-o", &out];
    args.extend(profile);
    tool("vipsthumbnail", &args);
    to
}

fn assert_like(path: &Path, reference: &Path) {
    let told = look(path);
    told.thumbnail
        .as_ref()
        .unwrap_or_else(|reason| panic!("{}: {reason}", path.display()));
    for made in [told.webp(), told.jpeg()] {
        let likeness = likeness(&made, reference);
        assert!(
            likeness > ALIKE,
            "{} as {}: {likeness:.1} dB",
            path.display(),
            made.display()
        );
    }
}

#[test]
fn thumbnails_are_like_those_of_vips() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "1800x1200!");
    let wanted = [
        ("plain.jpg", "-quality 90"),
        ("progressive.jpg", "-interlace Plane -quality 90"),
        ("gray.jpg", "-colorspace Gray -quality 90"),
        ("444.jpg", "-sampling-factor 1x1 -quality 90"),
        ("440.jpg", "-sampling-factor 1x2 -quality 90"),
        ("half.jpg", "-resize 700x -quality 90"),
        ("plain.png", "-strip"),
        ("small.png", "-resize 500x"),
        ("deep.png", "-depth 16 -define png:bit-depth=16"),
        ("palette.png", "-colors 200 -type Palette"),
        ("bits.png", "-colors 4 -type Palette"),
        ("gray.png", "-colorspace Gray"),
        ("interlaced.png", "-interlace PNG"),
        ("plain.gif", "-colors 200"),
        ("lossy.webp", "-quality 90"),
        ("lossless.webp", "-define webp:lossless=true"),
    ];
    for (name, options) in wanted {
        let path = folder.path().join(name);
        convert(&scene, options, &path);
        assert_like(&path, &reference(&path));
    }
}

/// Vips of Debian reads BMP through ImageMagick, so that is the reference at once.
#[test]
fn bmp_thumbnails_are_like_those_of_imagemagick() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "1200x800!");
    for (name, options) in [
        ("plain.bmp", "-type TrueColor"),
        ("palette.bmp", "-colors 200 -type Palette"),
        ("bmp3.bmp", "-define bmp:format=bmp3"),
        ("rle.bmp", "-colors 200 -type Palette -compress RLE"),
    ] {
        let path = folder.path().join(name);
        convert(&scene, options, &path);
        let reference = folder.path().join("reference.png");
        convert(&path, "-resize 320x320", &reference);
        assert_like(&path, &reference);
    }
}

#[test]
fn all_eight_orientations_are_turned_upright() {
    let folder = tempfile::tempdir().unwrap();
    let png = scene(folder.path(), "900x600!");
    let jpeg = folder.path().join("plain.jpg");
    convert(&png, "-quality 92", &jpeg);
    let (png, jpeg) = (fs::read(&png).unwrap(), fs::read(&jpeg).unwrap());
    for orientation in 1..=8 {
        let tag = [b"Exif\0\0".as_slice(), &exif(orientation)].concat();
        let name = format!("{orientation}.jpg");
        let path = write(folder.path(), &name, &with_segment(&jpeg, 0xE1, &tag));
        let reference = folder.path().join("reference.png");
        convert(&path, "-auto-orient -resize 320x320", &reference);
        assert_like(&path, &reference);

        let eight = chunk(b"eXIf", &exif(orientation));
        let name = format!("{orientation}.png");
        let path = write(folder.path(), &name, &with_chunk(&png, &eight));
        assert_like(&path, &reference);
    }
}

#[test]
fn what_is_transparent_stays_so_and_is_white_in_jpeg() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "1300x900!");
    for name in ["alpha.png", "alpha.webp"] {
        let path = folder.path().join(name);
        let mask = ["(", "-size", "1300x900", "gradient:white-gray30", ")"];
        let laid = ["-alpha", "off", "-compose", "CopyOpacity", "-composite"];
        tool(
            "convert",
            &[&[text(&scene)], &mask[..], &laid[..], &[text(&path)]].concat(),
        );
        let reference = reference(&path);
        assert_like(&path, &reference);

        let told = look(&path);
        let opacity = |path: &Path| {
            let printed = tool("convert", &[text(path), "-format", "%[fx:mean.a]", "info:"]);
            String::from_utf8(printed).unwrap().parse::<f64>().unwrap()
        };
        let (made, wanted) = (opacity(&told.webp()), opacity(&reference));
        assert!(
            wanted < 0.95 && (made - wanted).abs() < 0.01,
            "{made} {wanted}"
        );
        let printed = tool("identify", &["-format", "%[opaque]", text(&told.jpeg())]);
        assert_eq!(printed.to_ascii_lowercase(), b"true");
    }
}

/// The first frame of a GIF may be smaller than its canvas.
#[test]
fn the_first_frame_lies_on_its_canvas() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("offset.gif");
    let args = [
        "-size",
        "80x60",
        "xc:red",
        "-repage",
        "200x150+90+50",
        text(&path),
    ];
    tool("convert", &args);
    let told = look(&path);
    let size = told.thumbnail.as_ref().unwrap();
    assert_eq!((size.width, size.height), (200, 150));
    let reference = folder.path().join("reference.png");
    let args = [
        "-size",
        "200x150",
        "xc:white",
        "-fill",
        "red",
        "-draw",
        "rectangle 90,50 169,109",
        text(&reference),
    ];
    tool("convert", &args);
    assert!(likeness(&told.jpeg(), &reference) > 25.0);
}

/// The comparison would notice what these tests are for.
#[test]
fn a_wrong_thumbnail_is_not_alike() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "900x600!");
    let told = look(&scene);
    let right = reference(&scene);
    assert!(likeness(&told.webp(), &right) > ALIKE);
    for wrong in [
        "-flip",
        "-flop",
        "-rotate 180",
        "-channel RB -separate -swap 0,1 -combine",
        "-modulate 100,40",
        "-gravity center -crop 90%x90%+0+0 +repage -resize 320x213!",
        "-roll +5+3",
        "-gamma 1.4",
    ] {
        let other = folder.path().join("wrong.png");
        if wrong.contains("swap") {
            let args = [
                text(&right),
                "-color-matrix",
                "0 0 1 0 1 0 1 0 0",
                text(&other),
            ];
            tool("convert", &args);
        } else {
            convert(&right, wrong, &other);
        }
        let likeness = likeness(&told.webp(), &other);
        assert!(likeness < DIFFERENT, "{wrong}: {likeness:.1} dB");
    }
}
