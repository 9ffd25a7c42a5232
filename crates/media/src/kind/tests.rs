//! Each kind by content, with files that FFmpeg makes, and by hand where no tool is at hand.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Container, Kind, of};
use crate::input::Input;
use crate::task::{Code, Reason};

fn kind(bytes: &[u8]) -> Result<Kind, Code> {
    kind_in_pieces(&[bytes])
}

fn kind_in_pieces(pieces: &[&[u8]]) -> Result<Kind, Code> {
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| {
            let path = folder.path().join(index.to_string());
            fs::write(&path, piece).unwrap();
            path
        })
        .collect();
    of(&Input::open(&paths).unwrap()).map_err(|reason: Reason| reason.code)
}

fn ffmpeg(folder: &Path, name: &str, options: &str) -> Vec<u8> {
    let path = folder.join(name);
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-f", "lavfi", "-i"]);
    command.args(["testsrc=size=64x48:rate=5:duration=1", "-f", "lavfi", "-i"]);
    command.args(["sine=duration=1"]);
    command.args(options.split_whitespace()).arg(&path);
    assert!(command.status().unwrap().success(), "{name}");
    fs::read(path).unwrap()
}

#[test]
fn containers_are_known_by_their_content() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = [
        ("a.mp4", "-c:v mpeg4", Container::IsoMedia),
        ("a.mov", "-c:v mpeg4", Container::IsoMedia),
        ("a.m4a", "-vn", Container::IsoMedia),
        ("a.3gp", "-an -c:v mpeg4", Container::IsoMedia),
        ("a.mkv", "-c:v mpeg4", Container::Matroska),
        ("a.webm", "-an -c:v libvpx", Container::Matroska),
        ("a.flv", "-c:v flv -ar 22050", Container::Flv),
        ("a.avi", "-c:v mpeg4", Container::Avi),
        ("a.wmv", "-c:v wmv2", Container::Asf),
        ("a.wav", "-vn", Container::Wav),
        ("rf64.wav", "-vn -rf64 always", Container::Wav),
        ("a.mp3", "-vn", Container::Mp3),
        (
            "bare.mp3",
            "-vn -id3v2_version 0 -write_xing 0",
            Container::Mp3,
        ),
        ("low.mp3", "-vn -ar 16000 -b:a 24k", Container::Mp3),
    ];
    for (name, options, container) in wanted {
        let map = "-map 0:v -map 1:a -shortest";
        let map = if options.starts_with("-vn") {
            "-map 1:a"
        } else {
            map
        };
        let bytes = ffmpeg(folder.path(), name, &format!("{map} {options}"));
        assert_eq!(kind(&bytes), Ok(Kind::Stream(container)), "{name}");
        // wherever it is cut
        for at in [1, 7, 600] {
            let (head, tail) = bytes.split_at(at);
            let found = kind_in_pieces(&[head, tail]);
            assert_eq!(found, Ok(Kind::Stream(container)), "{name} at {at}");
        }
    }
}

#[test]
fn quicktime_without_a_header_is_known_by_its_boxes() {
    let boxes = |names: &[&[u8]]| -> Vec<u8> {
        let each = |name: &&[u8]| [b"\0\0\0\x0c", *name, b"data"].concat();
        names.iter().flat_map(each).collect()
    };
    let film = Ok(Kind::Stream(Container::IsoMedia));
    assert_eq!(kind(&boxes(&[b"moov"])), film);
    assert_eq!(kind(&boxes(&[b"wide", b"mdat"])), film);
    assert_eq!(kind(&boxes(&[b"free", b"skip", b"moov"])), film);
    assert_eq!(kind(&boxes(&[b"free", b"text"])), Err(Code::FormatUnknown));
    assert_eq!(
        kind(&boxes(&[b"free".as_slice(); 99])),
        Err(Code::FormatUnknown)
    );
}

#[test]
fn pictures_of_phones_that_are_not_read_are_named() {
    for (brands, name) in [
        (b"heic\0\0\0\0mif1heic", "HEIC"),
        (b"avif\0\0\0\0avifmif1", "AVIF"),
        (b"mif1\0\0\0\0mif1avif", "AVIF"),
        (b"mif1\0\0\0\0mif1miaf", "HEIF"),
    ] {
        let bytes = [b"\0\0\0\x18ftyp".as_slice(), brands].concat();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, bytes).unwrap();
        let reason = of(&Input::open(&[path]).unwrap()).unwrap_err();
        assert_eq!(reason.code, Code::FormatUnknown);
        assert!(reason.message.contains(name), "{reason}");
    }
}

/// A compound file of 512-byte sectors: header, allocation table, then the directory's sectors.
fn ole(names: &[&str]) -> Vec<u8> {
    let sectors = names.len().div_ceil(4);
    let mut header = super::ole::SIGNATURE.to_vec();
    header.resize(512, 0xFF);
    header[30..32].copy_from_slice(&9_u16.to_le_bytes());
    header[48..52].copy_from_slice(&1_u32.to_le_bytes());
    header[76..80].copy_from_slice(&0_u32.to_le_bytes());
    let mut table = vec![0xFF; 512];
    for sector in 1..=sectors {
        let next = if sector == sectors {
            0xFFFF_FFFE
        } else {
            sector + 1
        };
        let next = u32::try_from(next).unwrap().to_le_bytes();
        table[sector * 4..][..4].copy_from_slice(&next);
    }
    let mut directory = Vec::new();
    for name in names {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = u16::try_from(entry.len() + 2).unwrap();
        entry.resize(128, 0);
        entry[64..66].copy_from_slice(&length.to_le_bytes());
        entry[66] = 2;
        directory.extend(entry);
    }
    directory.resize(sectors * 512, 0);
    [header, table, directory].concat()
}

#[test]
fn binary_documents_are_told_apart_by_their_streams() {
    let deck = [
        "Root Entry",
        "Current User",
        "a",
        "b",
        "c",
        "PowerPoint Document",
    ];
    assert_eq!(kind(&ole(&deck)), Ok(Kind::Ppt));
    let locked = ["Root Entry", "EncryptionInfo", "EncryptedPackage"];
    assert_eq!(kind(&ole(&locked)), Err(Code::Encrypted));
    let text = ["Root Entry", "WordDocument"];
    assert_eq!(kind(&ole(&text)), Err(Code::FormatUnknown));
    let whole = ole(&deck);
    assert_eq!(kind(&whole[..600]), Err(Code::Damaged));
    assert_eq!(kind(&whole[..300]), Err(Code::Damaged));
    // a directory that goes round in circles ends
    let mut circle = ole(&deck[..4]);
    circle[512 + 4..512 + 8].copy_from_slice(&1_u32.to_le_bytes());
    assert_eq!(kind(&circle), Err(Code::FormatUnknown));
}

fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn presentations_are_told_apart_from_other_zips() {
    let deck = [
        ("[Content_Types].xml", b"<Types/>".to_vec()),
        ("ppt/presentation.xml", b"<p/>".to_vec()),
    ];
    let good = zip(&deck);
    assert_eq!(kind(&good), Ok(Kind::Pptx));
    assert_eq!(kind_in_pieces(&[&good[..9], &good[9..]]), Ok(Kind::Pptx));
    assert_eq!(kind(&zip(&deck[..1])), Err(Code::FormatUnknown));
    assert_eq!(kind(&good[..good.len() - 30]), Err(Code::Damaged));
    let [types, presentation] = deck.clone();
    let bomb = ("ppt/media/image1.bmp", vec![0; 8 << 20]);
    let bomb = zip(&[types, presentation, bomb]);
    assert_eq!(kind(&bomb), Err(Code::TooLarge));
    let mut claims = good.clone();
    let at = claims
        .windows(4)
        .rposition(|at| at == b"PK\x05\x06")
        .unwrap();
    claims[at + 10..at + 12].copy_from_slice(&60_000_u16.to_le_bytes());
    assert_eq!(kind(&claims), Err(Code::TooLarge));
    let mut locked = good.clone();
    for at in (0..locked.len() - 4).rev() {
        if locked[at..].starts_with(b"PK\x01\x02") {
            locked[at + 8] |= 1;
        }
    }
    assert_eq!(kind(&locked), Err(Code::Encrypted));
}

#[test]
fn documents_may_have_attachments_but_may_not_be_two_things() {
    let inside = zip(&[("a.txt", b"a".to_vec())]);
    let pdf = b"%PDF-1.4\n1 0 obj\n".as_slice();
    let attached = [pdf, &inside, b"\nendstream\n%%EOF\n"].concat();
    assert_eq!(kind(pdf), Ok(Kind::Pdf));
    assert_eq!(kind(&attached), Ok(Kind::Pdf));
    let twice = [pdf, &inside].concat();
    assert_eq!(kind(&twice), Err(Code::FormatUnknown));
    let late = [b"\n\n".as_slice(), pdf].concat();
    assert_eq!(kind(&late), Err(Code::FormatUnknown));
}

#[test]
fn what_only_looks_like_sound_is_not() {
    for bytes in [
        b"\xFF\xFB\x90\x00 one sync and then text".as_slice(),
        b"ID3 is how this text begins",
        b"FLV\x01\x05 is how this text begins",
        b"RIFF\x10\0\0\0ACON\0\0\0\0",
        b"\x1A\x45\xDF\xA3\x84\x42\x82\x81\x61",
    ] {
        assert_eq!(kind(bytes), Err(Code::FormatUnknown), "{bytes:?}");
    }
    let tag = b"ID3\x04\0\0\0\0\0\x08TIT2....and no sound".as_slice();
    assert_eq!(kind(tag), Err(Code::Damaged));
}
