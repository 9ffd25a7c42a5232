//! Broken and hostile files, with the outcome of each.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use entrepot_media::task::{Code, Limits};

use super::making::{chunk, ihdr, png, scene, with_segment, write};
use super::{convert, limits, look, look_within, text, tool};

/// What becomes of facts and thumbnail.
type Outcome = (Result<(u32, u32), Code>, Result<(), Code>);

const fn refused(code: Code) -> Outcome {
    (Err(code), Err(code))
}

fn outcome(path: &Path, limits: Limits) -> Outcome {
    let told = look_within(path, limits);
    (
        told.facts
            .map(|facts| (facts.size.width, facts.size.height))
            .map_err(|reason| reason.code),
        told.thumbnail.map(|_| ()).map_err(|reason| reason.code),
    )
}

/// Runs a table: name, bytes, outcome. Every file is dealt with quickly.
fn check(files: &[(&str, Vec<u8>, Outcome)]) {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (name, bytes, wanted) in files {
        let path = write(folder.path(), name, bytes);
        let begin = Instant::now();
        let found = outcome(&path, limits());
        if found != *wanted {
            wrong.push(format!("{name}: {found:?}, not {wanted:?}"));
        }
        let seconds = begin.elapsed().as_secs();
        assert!(seconds < 10, "{name} took {seconds} s");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A good file of each format, 120 by 90.
fn samples(folder: &Path) -> Vec<(&'static str, Vec<u8>)> {
    let scene = scene(folder, "120x90!");
    ["jpg", "png", "gif", "bmp", "webp"]
        .into_iter()
        .map(|kind| {
            let path = folder.join(format!("sample.{kind}"));
            convert(&scene, "-strip", &path);
            (kind, fs::read(path).unwrap())
        })
        .collect()
}

fn sample(kind: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let samples = samples(folder.path());
    let found = samples.into_iter().find(|sample| sample.0 == kind);
    found.unwrap().1
}

#[test]
fn files_that_end_too_soon_are_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (kind, bytes) in samples(folder.path()) {
        // The header is whole in all but the first.
        let half = bytes.len() / 2;
        let cuts = [(12, false), (half, true), (bytes.len() * 9 / 10, true)];
        for (cut, header) in cuts {
            let name: &str = format!("{kind} cut at {cut}").leak();
            let facts = if header {
                Ok((120, 90))
            } else {
                Err(Code::Damaged)
            };
            // A BMP of 12 bytes can't be told from text.
            let code = match (kind, header) {
                ("bmp", false) => refused(Code::FormatUnknown),
                _ => (facts, Err(Code::Damaged)),
            };
            files.push((name, bytes[..cut].to_vec(), code));
        }
    }
    check(&files);
}

fn huge_png(width: u32, height: u32) -> Vec<u8> {
    png(&[ihdr(width, height, 8, 6), chunk(b"IDAT", b"\x78\x9c")])
}

/// Rows of zeros, which deflate to a thousandth.
fn zeros_png(side: u32, options: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("zeros.png");
    let (to, side) = (format!("{}{options}", text(&path)), side.to_string());
    tool("vips", &["black", &to, &side, &side, "--bands", "1"]);
    fs::read(path).unwrap()
}

fn huge_bmp(width: i32, height: i32, depth: u8) -> Vec<u8> {
    let mut bytes = b"BM\0\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bytes.extend(width.to_le_bytes());
    bytes.extend(height.to_le_bytes());
    bytes.extend([1, 0, depth, 0]);
    bytes.extend([0; 24]);
    bytes
}

fn huge_gif(canvas: [u16; 2], frame: [u16; 2]) -> Vec<u8> {
    let mut bytes = b"GIF89a".to_vec();
    bytes.extend(canvas.map(u16::to_le_bytes).concat());
    bytes.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0]);
    bytes.extend(frame.map(u16::to_le_bytes).concat());
    bytes.extend([0, 2, 2, 0x44, 1, 0, 0x3B]);
    bytes
}

/// The canvas of an extended file, and the lossy frame in it.
fn huge_webp(canvas: [u32; 2], frame: [u16; 2]) -> Vec<u8> {
    let mut body = b"WEBPVP8X\x0a\0\0\0\0\0\0\0".to_vec();
    for side in canvas {
        body.extend(&(side - 1).to_le_bytes()[..3]);
    }
    body.extend(b"VP8 \x20\0\0\0\x10\x02\0\x9d\x01\x2a");
    body.extend(frame.map(u16::to_le_bytes).concat());
    body.extend([0; 22]);
    let size = u32::try_from(body.len()).unwrap().to_le_bytes();
    [b"RIFF".as_slice(), &size, &body].concat()
}

/// The sample with another size in its frame header.
fn resized_jpeg(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = sample("jpg");
    let frame = bytes.windows(4).position(|at| at == [0xFF, 0xC0, 0, 0x11]);
    let at = frame.unwrap() + 5;
    bytes[at..at + 2].copy_from_slice(&height.to_be_bytes());
    bytes[at + 2..at + 4].copy_from_slice(&width.to_be_bytes());
    bytes
}

fn large(width: u32, height: u32) -> Outcome {
    (Ok((width, height)), Err(Code::TooLarge))
}

fn damaged(width: u32, height: u32) -> Outcome {
    (Ok((width, height)), Err(Code::Damaged))
}

#[test]
fn sizes_that_are_lies_or_too_large_end_well() {
    check(&[
        (
            "huge.png",
            huge_png(100_000, 100_000),
            large(100_000, 100_000),
        ),
        (
            "wide.png",
            huge_png(2_000_000_000, 1),
            refused(Code::TooLarge),
        ),
        ("zero.png", huge_png(0, 10), refused(Code::Damaged)),
        ("absurd.png", huge_png(u32::MAX, 7), refused(Code::Damaged)),
        ("empty.png", huge_png(500, 500), damaged(500, 500)),
        ("zeros.png", zeros_png(12_000, ""), large(12_000, 12_000)),
        (
            "huge.bmp",
            huge_bmp(100_000, 100_000, 24),
            large(100_000, 100_000),
        ),
        ("zero.bmp", huge_bmp(0, 10, 24), refused(Code::Damaged)),
        (
            "negative.bmp",
            huge_bmp(-10, 10, 24),
            refused(Code::Damaged),
        ),
        (
            "empty.bmp",
            huge_bmp(5_000, -5_000, 24),
            damaged(5_000, 5_000),
        ),
        (
            "deepest.bmp",
            huge_bmp(10_000, 10_000, 32),
            large(10_000, 10_000),
        ),
    ]);
}

#[test]
fn sizes_that_frames_contradict_end_well() {
    check(&[
        (
            "huge.gif",
            huge_gif([65_535; 2], [65_535; 2]),
            large(65_535, 65_535),
        ),
        (
            "large.gif",
            huge_gif([10_500; 2], [10_500; 2]),
            large(10_500, 10_500),
        ),
        ("frame.gif", huge_gif([10; 2], [65_535; 2]), damaged(10, 10)),
        ("zero.gif", huge_gif([0, 9], [0, 9]), refused(Code::Damaged)),
        (
            "huge.webp",
            huge_webp([100_000, 40_000], [100, 100]),
            large(100_000, 40_000),
        ),
        (
            "inner.webp",
            huge_webp([10, 10], [16_383, 16_383]),
            large(10, 10),
        ),
        ("lying.webp", huge_webp([10, 10], [12, 12]), damaged(10, 10)),
        (
            "huge.jpg",
            resized_jpeg(65_500, 65_500),
            large(65_500, 65_500),
        ),
        ("taller.jpg", resized_jpeg(120, 4_000), damaged(120, 4_000)),
        ("zero.jpg", resized_jpeg(0, 90), refused(Code::Damaged)),
        (
            "no-height.jpg",
            resized_jpeg(120, 0),
            refused(Code::Damaged),
        ),
    ]);
}

#[test]
fn what_is_not_a_picture_is_refused_by_its_content() {
    let unknown = refused(Code::FormatUnknown);
    let utf16 = |text: &str| -> Vec<u8> {
        let mut bytes = vec![0xFF, 0xFE];
        bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        bytes
    };
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><rect width='9' height='9'/></svg>";
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "plain.svg", svg.as_bytes());
    let svgz = tool("gzip", &["-c", text(&path)]);
    let heic = b"\0\0\0\x18ftypheic\0\0\0\0heicmif1".to_vec();
    let avif = b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif".to_vec();
    check(&[
        ("empty.png", Vec::new(), unknown),
        ("svg.png", svg.into(), unknown),
        (
            "xml.png",
            format!("<?xml version='1.0'?>{svg}").into(),
            unknown,
        ),
        ("bom.png", format!("\u{feff} \n{svg}").into(), unknown),
        ("utf16.png", utf16(svg), unknown),
        ("svgz.png", svgz, unknown),
        (
            "html.jpg",
            b"<!DOCTYPE html><script>1</script>".to_vec(),
            unknown,
        ),
        ("text.jpg", b"BM is how this begins".to_vec(), unknown),
        (
            "script.gif",
            b"GIF89a=alert(1);//......".to_vec(),
            refused(Code::Damaged),
        ),
        (
            "push.jpg",
            b"push graphic-context\nfill 'url(x)'".to_vec(),
            unknown,
        ),
        ("postscript.png", b"%!PS-Adobe-3.0\n".to_vec(), unknown),
        ("heic.jpg", heic, unknown),
        ("avif.jpg", avif, unknown),
        ("tiff.jpg", b"II*\0\x08\0\0\0\0\0\0\0".to_vec(), unknown),
        (
            "pdf.jpg",
            b"%PDF-1.4\n%%EOF".to_vec(),
            refused(Code::FormatMismatch),
        ),
    ]);
}

/// A ZIP with one small file.
fn zip() -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    writer.start_file("a.txt", options).unwrap();
    writer.write_all(b"inside").unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn two_formats_at_once_are_refused() {
    let unknown = refused(Code::FormatUnknown);
    let with = |kind: &str, more: &[u8]| [sample(kind).as_slice(), more].concat();
    let mut comment_gif = sample("gif");
    comment_gif[6..8].copy_from_slice(b"/*");
    comment_gif.extend(b"*/=1;alert(1);");
    let mut comment_bmp = sample("bmp");
    comment_bmp[2..4].copy_from_slice(b"/*");
    comment_bmp.extend(b"*/=1;alert(1);");
    let text = b"\0Comment\0<SCRIPT src=x>";
    let text = super::making::with_chunk(&sample("png"), &chunk(b"tEXt", text));
    let in_jpeg = |body: &[u8]| with_segment(&sample("jpg"), 0xFE, body);
    check(&[
        ("script.gif", comment_gif, unknown),
        ("script.bmp", comment_bmp, unknown),
        ("text.png", text, unknown),
        ("page.jpg", in_jpeg(b"<HtMl><body>"), unknown),
        ("php.jpg", in_jpeg(b"<?php system($_GET[0]);"), unknown),
        ("pdf.jpg", in_jpeg(b"%PDF-1.7\n1 0 obj"), unknown),
        ("tail.gif", with("gif", b"<iframe src=x>"), unknown),
        ("zip.jpg", with("jpg", &zip()), unknown),
        ("zip.png", with("png", &zip()), unknown),
        (
            "padded.jpg",
            with("jpg", &[zip(), vec![0; 99]].concat()),
            unknown,
        ),
        ("pdf.zip", [b"%PDF-1.4\n".to_vec(), zip()].concat(), unknown),
    ]);
}

/// What real files have, and what looks like an attack but is none.
#[test]
fn odd_files_of_real_life_pass() {
    let shown = (Ok((120, 90)), Ok(()));
    let jpeg = sample("jpg");
    let with = |more: &[u8]| [jpeg.as_slice(), more].concat();
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<?xpacket begin=''?><x:xmpmeta></x:xmpmeta>";
    let end = jpeg.len() - 2;
    let extra = [&jpeg[..end], &[0, 0, 0, 0], &jpeg[end..]].concat();
    let mut between = jpeg.clone();
    let table = between
        .windows(2)
        .position(|at| at == [0xFF, 0xDB])
        .unwrap();
    between.splice(table..table, [0, 0, 0x12]);
    let mut version = jpeg.clone();
    assert_eq!(&version[6..11], b"JFIF\0");
    version[11] = 2;
    check(&[
        ("xmp.jpg", with_segment(&jpeg, 0xE1, xmp), shown),
        (
            "motion.jpg",
            with(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"),
            shown,
        ),
        ("padded.jpg", with(&[0; 5000]), shown),
        (
            "mention.jpg",
            with(b"PK\x05\x06 is how a ZIP ends, this does not"),
            shown,
        ),
        ("extra.jpg", extra, shown),
        ("between.jpg", between, shown),
        ("version.jpg", version, shown),
        (
            "icc.jpg",
            with_segment(&jpeg, 0xE2, b"ICC_PROFILE\0\x02\x05x"),
            shown,
        ),
        (
            "exif.jpg",
            with_segment(&jpeg, 0xE1, b"Exif\0\0broken"),
            shown,
        ),
    ]);
}

/// A hundred megapixels, and the memory of a few rows.
#[test]
fn a_large_png_needs_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "large.png", &zeros_png(10_000, ""));
    let little = Limits {
        memory: 48 << 20,
        ..limits()
    };
    assert_eq!(outcome(&path, little), (Ok((10_000, 10_000)), Ok(())));
    // One that has to be held whole is refused.
    let interlaced = zeros_png(6_000, "[interlace]");
    let interlaced = write(folder.path(), "interlaced.png", &interlaced);
    let wanted = (Ok((6_000, 6_000)), Err(Code::TooLarge));
    assert_eq!(outcome(&interlaced, little), wanted);
}

/// Each scan is as much work as the picture, and costs its sender ten bytes.
#[test]
fn a_jpeg_of_countless_scans_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let scene = scene(folder.path(), "1200x900!");
    let path = folder.path().join("progressive.jpg");
    convert(&scene, "-interlace Plane", &path);
    let bytes = fs::read(&path).unwrap();
    let at = bytes.windows(2).rposition(|at| at == [0xFF, 0xDA]).unwrap();
    let last = &bytes[at..bytes.len() - 2];
    let many = [&bytes[..bytes.len() - 2], &last.repeat(400), &[0xFF, 0xD9]].concat();
    let path = write(folder.path(), "scans.jpg", &many);
    let begin = Instant::now();
    let told = look(&path);
    let reason = told.thumbnail.unwrap_err();
    assert!(
        matches!(reason.code, Code::TooLarge | Code::Damaged),
        "{reason}"
    );
    assert!(begin.elapsed().as_secs() < 10);
}
