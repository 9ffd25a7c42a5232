//! Colour profiles and ink.

use std::fs;
use std::path::Path;

use moxcms::ColorProfile;

use super::making::{scene, with_icc, write};
use super::{convert, likeness, look, text, tool};

const ALIKE: f64 = 30.0;

/// Holds the thumbnail against vips' conversion to sRGB, and checks that the picture without its
/// profile would fail.
fn assert_converted(tagged: &Path, untagged: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let reference = folder.path().join("reference.png");
    let args = [
        text(tagged),
        "-s",
        "320x320",
        "--export-profile",
        "srgb",
        "-o",
        text(&reference),
    ];
    tool("vipsthumbnail", &args);
    let (told, ignored) = (look(tagged), look(untagged));
    told.thumbnail.as_ref().unwrap();
    for (made, plain) in [(told.webp(), ignored.webp()), (told.jpeg(), ignored.jpeg())] {
        let alike = likeness(&made, &reference);
        assert!(alike > ALIKE, "{}: {alike:.1} dB", tagged.display());
        let without = likeness(&plain, &reference);
        assert!(
            without < alike - 4.0,
            "{}: {without:.1} dB of {alike:.1}",
            tagged.display()
        );
    }
}

#[test]
fn wide_colours_become_srgb() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "800x540!");
    let profiles = [
        ("adobe", ColorProfile::new_adobe_rgb(), &["jpg"][..]),
        ("bt2020", ColorProfile::new_bt2020(), &["jpg"]),
        (
            "pro-photo",
            ColorProfile::new_pro_photo_rgb(),
            &["jpg", "png", "webp"],
        ),
    ];
    for (name, profile, kinds) in profiles {
        let icc = write(folder.path(), "profile.icc", &profile.encode().unwrap());
        for kind in kinds {
            let untagged = folder.path().join(format!("plain.{kind}"));
            convert(&scene, "-quality 92", &untagged);
            let tagged = folder.path().join(format!("{name}.{kind}"));
            let options = format!("-quality 92 -profile {}", text(&icc));
            convert(&scene, &options, &tagged);
            assert_converted(&tagged, &untagged);
        }
    }
}

#[test]
fn gray_profiles_are_followed() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "800x540!");
    let untagged = folder.path().join("gray.jpg");
    convert(&scene, "-colorspace Gray -quality 92", &untagged);
    let profile = ColorProfile::new_gray_with_gamma(1.2).encode().unwrap();
    let tagged = with_icc(&fs::read(&untagged).unwrap(), &profile);
    let tagged = write(folder.path(), "tagged.jpg", &tagged);
    assert_converted(&tagged, &untagged);
}

#[test]
fn ink_without_a_profile_is_light_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "800x540!");
    let path = folder.path().join("ink.jpg");
    convert(&scene, "-colorspace CMYK -quality 92", &path);
    let reference = folder.path().join("reference.png");
    convert(&path, "-colorspace sRGB -resize 320x320", &reference);
    let told = look(&path);
    for made in [told.webp(), told.jpeg()] {
        let alike = likeness(&made, &reference);
        assert!(alike > ALIKE, "{alike:.1} dB");
    }
}

/// The profile is the one that libvips has built in.
#[test]
fn ink_with_a_profile_is_like_in_print() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "800x540!");
    let tagged = folder.path().join("ink.jpg");
    let out = format!("{}[Q=92]", text(&tagged));
    tool(
        "vips",
        &[
            "icc_transform",
            text(&scene),
            &out,
            "cmyk",
            "--input-profile",
            "srgb",
        ],
    );
    let untagged = folder.path().join("plain.jpg");
    convert(&tagged, "+profile icc", &untagged);
    assert_converted(&tagged, &untagged);
}

#[test]
fn broken_and_foreign_profiles_are_left_aside() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "900x600!");
    let plain = folder.path().join("plain.jpg");
    convert(&scene, "-quality 92", &plain);
    let bytes = fs::read(&plain).unwrap();
    let whole = ColorProfile::new_adobe_rgb().encode().unwrap();
    let mut lying = whole.clone();
    lying[128..140].fill(0xFF);
    let gray = ColorProfile::new_gray_with_gamma(1.2).encode().unwrap();
    let profiles: [&[u8]; 5] = [b"", b"no profile", &whole[..200], &lying, &gray];
    for (index, profile) in profiles.into_iter().enumerate() {
        let path = write(folder.path(), "broken.jpg", &with_icc(&bytes, profile));
        let (told, wanted) = (look(&path), look(&plain));
        assert_eq!(told.thumbnail, wanted.thumbnail, "{index}");
        let alike = likeness(&told.webp(), &wanted.webp());
        assert!(alike > 50.0, "{index}: {alike:.1} dB");
    }
}
