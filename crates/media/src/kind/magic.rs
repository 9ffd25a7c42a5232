//! Formats that tell themselves in their first bytes: pictures, PDF, and containers of sound and
//! film. A signature alone is not believed; what must follow it is looked at too.

use super::{Container, Kind, damaged, unknown, unreadable};
use crate::input::Input;
use crate::task::Reason;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
const ASF: &[u8] = &[
    0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9, 0x00, 0xAA, 0x00, 0x62, 0xCE, 0x6C,
];
/// `ID` of EBML, and of the element in its header that names the kind of document.
const EBML: &[u8] = &[0x1A, 0x45, 0xDF, 0xA3];
const DOC_TYPE: u64 = 0x4282;

/// A signature that is long enough to be sure, with nonsense after it, is a damaged file.
pub fn picture(head: &[u8]) -> Result<Option<Kind>, Reason> {
    if head.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return match head.get(3) {
            // Fill bytes, or a marker that can stand here: tables, frames, scans, segments.
            Some(0xFF | 0xC0..=0xCF | 0xDA..=0xFE) => Ok(Some(Kind::Jpeg)),
            Some(_) => Ok(None),
            None => Err(damaged(cut_short("JPEG"))),
        };
    }
    if head.starts_with(PNG) {
        return match head.get(8..16) {
            Some(b"\0\0\0\x0dIHDR") => Ok(Some(Kind::Png)),
            Some(_) => Err(damaged("the file begins as PNG but has no PNG header")),
            None => Err(damaged(cut_short("PNG"))),
        };
    }
    if head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a") {
        return gif(head).map(Some);
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return match head.get(12..16) {
            Some(b"VP8 " | b"VP8L" | b"VP8X") => Ok(Some(Kind::WebP)),
            Some(_) => Err(damaged("the file begins as WebP but has no picture")),
            None => Err(damaged(cut_short("WebP"))),
        };
    }
    Ok(is_bmp(head).then_some(Kind::Bmp))
}

/// Three letters and three digits are still text, so the first block after the colours is looked at.
fn gif(head: &[u8]) -> Result<Kind, Reason> {
    let flags = *head.get(10).ok_or_else(|| damaged(cut_short("GIF")))?;
    let colours = match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    };
    match head.get(13 + colours) {
        Some(0x21 | 0x2C | 0x3B) => Ok(Kind::Gif),
        Some(_) => Err(damaged("the file begins as GIF but has no picture")),
        None => Err(damaged(cut_short("GIF"))),
    }
}

fn cut_short(format: &str) -> String {
    format!("the {format} file ends within its header; upload it again")
}

/// `BM` is two letters that many texts begin with, hence the header's size, planes and depth.
fn is_bmp(head: &[u8]) -> bool {
    if !head.starts_with(b"BM") {
        return false;
    }
    let (planes, depth) = match le32(head, 14) {
        Some(12) => (le16(head, 22), le16(head, 24)),
        Some(16 | 40 | 52 | 56 | 64 | 108 | 124) => (le16(head, 26), le16(head, 28)),
        _ => return false,
    };
    planes == Some(1) && matches!(depth, Some(0 | 1 | 2 | 4 | 8 | 16 | 24 | 32))
}

pub fn is_pdf(head: &[u8]) -> bool {
    head.starts_with(b"%PDF-") && head.get(5).is_some_and(u8::is_ascii_digit)
}

pub fn stream(input: &Input, head: &[u8]) -> Result<Option<Container>, Reason> {
    let riff = head.starts_with(b"RIFF") || head.starts_with(b"RF64");
    if riff && head.get(8..12) == Some(b"WAVE") {
        return Ok(Some(Container::Wav));
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"AVI ") {
        return Ok(Some(Container::Avi));
    }
    if head.starts_with(b"FLV\x01") && is_flv(head) {
        return Ok(Some(Container::Flv));
    }
    if head.starts_with(ASF) {
        return Ok(Some(Container::Asf));
    }
    if head.starts_with(EBML) {
        return matroska(head).map(Some);
    }
    if head.get(4..8) == Some(b"ftyp") {
        return iso_media(head);
    }
    Ok(is_old_quicktime(input)?.then_some(Container::IsoMedia))
}

/// Flags are sound (4) and film (1); the body begins after the nine bytes of the header.
fn is_flv(head: &[u8]) -> bool {
    head.get(4).is_some_and(|flags| flags & !0x05 == 0) && be32(head, 5) == Some(9)
}

/// Walks the elements of the EBML header, which are small, up to the one that names the document.
fn matroska(head: &[u8]) -> Result<Container, Reason> {
    let mut at = EBML.len();
    let (length, size) = vint(head, at, true).ok_or_else(|| damaged(cut_short("Matroska")))?;
    at += size;
    let end = usize::try_from(length).map_or(head.len(), |length| {
        head.len().min(at.saturating_add(length))
    });
    while at < end {
        let Some((id, id_size)) = vint(head, at, false) else {
            break;
        };
        let Some((length, size)) = vint(head, at + id_size, true) else {
            break;
        };
        let from = at + id_size + size;
        let Some(value) = usize::try_from(length)
            .ok()
            .and_then(|length| head.get(from..from.checked_add(length)?))
        else {
            break;
        };
        if id == DOC_TYPE {
            return match value {
                b"matroska" | b"webm" => Ok(Container::Matroska),
                _ => Err(unknown(
                    "the content is an EBML file, but neither Matroska nor WebM",
                )),
            };
        }
        at = from + value.len();
    }
    Err(damaged(cut_short("Matroska")))
}

/// A number of EBML with its size; an id keeps the bit that marks its length.
fn vint(bytes: &[u8], at: usize, drop_marker: bool) -> Option<(u64, usize)> {
    let first = *bytes.get(at)?;
    let size = first.leading_zeros() as usize + 1;
    if size > 8 {
        return None;
    }
    let rest = bytes.get(at..at + size)?;
    let value = rest
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    let marker = if drop_marker { 1_u64 << (7 * size) } else { 0 };
    Some((value & !marker, size))
}

fn iso_media(head: &[u8]) -> Result<Option<Container>, Reason> {
    let size = be32(head, 0).unwrap_or_default() as usize;
    let Some(brand) = head.get(8..12) else {
        return Err(damaged(cut_short("MP4")));
    };
    if !(16..=HEADER_BOX).contains(&size) || !brand.iter().all(|byte| (0x20..0x7F).contains(byte)) {
        return Err(damaged("the file begins as MP4 but its header is wrong"));
    }
    let others = head.get(16..size.min(head.len())).unwrap_or_default();
    let general = [b"mif1".as_slice(), b"msf1"].contains(&brand);
    let avif = |brand: &[u8]| [b"avif".as_slice(), b"avis"].contains(&brand);
    let refused = match brand {
        brand if avif(brand) => Some("AVIF, a picture format"),
        _ if general && others.chunks_exact(4).any(avif) => Some("AVIF, a picture format"),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" => {
            Some("HEIC, a picture format")
        }
        _ if general => Some("HEIF, a picture format"),
        b"crx " => Some("a camera's raw picture (CR3), a format"),
        _ => None,
    };
    match refused {
        Some(name) => Err(unknown(format!(
            "the content is {name} that is not read here; save it as JPEG, PNG or WebP"
        ))),
        None => Ok(Some(Container::IsoMedia)),
    }
}

/// More than this is no list of brands.
const HEADER_BOX: usize = 4096;

/// Files of before 2001 have no `ftyp`: boxes of known names must follow each other without a gap,
/// and the film's directory or its data must be among them.
fn is_old_quicktime(input: &Input) -> Result<bool, Reason> {
    let mut at = 0;
    for _ in 0..32 {
        let head = input.read_at(at, 16).map_err(unreadable)?;
        let (Some(short), Some(name)) = (be32(&head, 0), head.get(4..8)) else {
            return Ok(false);
        };
        if ![
            b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"PICT",
        ]
        .iter()
        .any(|known| name == *known)
        {
            return Ok(false);
        }
        if name == b"moov" || name == b"mdat" {
            return Ok(short == 1 || short == 0 || short >= 8);
        }
        if short < 8 {
            return Ok(false);
        }
        at += u64::from(short);
    }
    Ok(false)
}

pub fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u16::from_le_bytes(*bytes))
}

pub fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_le_bytes(*bytes))
}

pub fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*bytes))
}
