//! What is refused although it may also be a format that is read: markup, which programs run, and
//! files that a second program would take for something else.

use super::{Kind, magic, unknown, unreadable, zip};
use crate::input::Input;
use crate::task::Reason;

/// Other programs look this far for a PDF, and browsers for a page.
const EDGE: usize = 1024;

const PDF: &[u8] = b"%pdf-";
/// Lower case. XMP (`<?xpacket`, `<x:xmpmeta`) is XML too, and many pictures have it.
const PAGES: [&[u8]; 6] = [
    b"<script",
    b"<html",
    b"<svg",
    b"<!doctype html",
    b"<?php",
    b"<iframe",
];

/// Text that begins with a tag, whatever its encoding, and what may be such text under gzip.
pub fn refuse_markup(head: &[u8]) -> Result<(), Reason> {
    if head.starts_with(&[0x1F, 0x8B]) {
        return Err(unknown(
            "the content is compressed with gzip, as SVGZ is; it is never rendered",
        ));
    }
    // In UTF-16 and UTF-32 a tag's letters have zeros between them.
    let mut letters = head
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(head)
        .iter()
        .skip_while(|byte| matches!(byte, 0xFE | 0xFF | 0))
        .filter(|byte| **byte != 0)
        .skip_while(|byte| byte.is_ascii_whitespace());
    let tag = letters.next() == Some(&b'<')
        && letters
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic() || b"!?/".contains(byte));
    if tag {
        return Err(unknown(
            "the content is markup such as SVG, HTML or XML, which is never rendered",
        ));
    }
    Ok(())
}

pub fn refuse_second_format(input: &Input, kind: Kind, head: &[u8]) -> Result<(), Reason> {
    let first = head[..head.len().min(EDGE)].to_ascii_lowercase();
    let last = input.tail(EDGE).map_err(unreadable)?.to_ascii_lowercase();
    if kind != Kind::Pdf && contains(&first, PDF) {
        return Err(two("a PDF"));
    }
    if PAGES
        .iter()
        .any(|page| contains(&first, page) || contains(&last, page))
    {
        return Err(two("a web page or script"));
    }
    if is_script(kind, head, &last) {
        return Err(two("a script"));
    }
    if kind != Kind::Pptx && is_zip(input, kind)? {
        return Err(two("a ZIP file"));
    }
    Ok(())
}

/// Documents may hold whole ZIP files as attachments, which then lie near their end; only one that
/// ends the document is the document.
fn is_zip(input: &Input, kind: Kind) -> Result<bool, Reason> {
    let attachments = matches!(kind, Kind::Ppt | Kind::Pdf);
    Ok(zip::end(input)?.is_some_and(|end| end.exact || !attachments))
}

/// Formats that begin with letters can be a script whose first word is a name and whose sizes open
/// a comment, which ends after the picture: `GIF89a/*…*/=1;alert()`. The sizes that this takes
/// (10,799 pixels and such) are no proof, so the comment's end is looked for too. In JPEG the same
/// is the length of the first segment, where JFIF has 16.
fn is_script(kind: Kind, head: &[u8], last: &[u8]) -> bool {
    let opens = |at: usize| head.get(at..at + 2) == Some(b"/*");
    let closes = contains(head, b"*/") || contains(last, b"*/");
    match kind {
        Kind::Gif => opens(6) && closes,
        Kind::Bmp => opens(2) && closes,
        Kind::WebP | Kind::Stream(_) => head.starts_with(b"RIFF") && opens(4) && closes,
        Kind::Jpeg => head.get(3) == Some(&0xE0) && magic::be32(head, 2) == Some(0xFFE0_2F2A),
        Kind::Png | Kind::Ppt | Kind::Pptx | Kind::Pdf => false,
    }
}

fn two(second: &str) -> Reason {
    unknown(format!(
        "the content is two formats at once: it is also {second}; save it anew in one format"
    ))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes
        .windows(wanted.len())
        .any(|candidate| candidate == wanted)
}
