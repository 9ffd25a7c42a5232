//! What a file is, by its content alone: its name and declared type are claims of a stranger.
//!
//! A format counts as found only where enough of its structure is there to be sure, and where
//! nothing at the file's beginning or end would make another program take it for something else.

mod foreign;
mod magic;
mod mp3;
mod ole;
mod seek;
mod zip;

#[cfg(test)]
mod tests;

use std::io;

use crate::input::Input;
use crate::task::{Code, Family, Reason};

/// A format that is read; everything else is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Jpeg,
    Png,
    Gif,
    Bmp,
    WebP,
    /// Sound or film, for FFmpeg; which of them, the streams tell.
    Stream(Container),
    /// The binary form of PowerPoint.
    Ppt,
    Pptx,
    Pdf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// MP4, M4V, M4A, MOV, 3GP.
    IsoMedia,
    /// MKV and WebM.
    Matroska,
    Flv,
    Avi,
    /// WMV.
    Asf,
    Wav,
    Mp3,
}

impl Kind {
    /// What is read of it, where that does not depend on its streams.
    pub fn family(self) -> Option<Family> {
        match self {
            Kind::Jpeg | Kind::Png | Kind::Gif | Kind::Bmp | Kind::WebP => Some(Family::Picture),
            Kind::Stream(Container::Wav | Container::Mp3) => Some(Family::Sound),
            Kind::Stream(_) => None,
            Kind::Ppt | Kind::Pptx | Kind::Pdf => Some(Family::Deck),
        }
    }
}

/// So much of the beginning is looked at for what the file is.
const HEAD: usize = 4096;
/// What to do about a format that is not read.
const SAVE_IT: &str = "save it as one that the asset's type takes, and upload that";

/// Reads the beginning and the end. Markup and files that are two formats at once are refused.
pub fn of(input: &Input) -> Result<Kind, Reason> {
    let head = input.read_at(0, HEAD).map_err(unreadable)?;
    if head.is_empty() {
        return Err(unknown("the file is empty; upload one that is not"));
    }
    foreign::refuse_markup(&head)?;
    let kind = recognize(input, &head)?;
    foreign::refuse_second_format(input, kind, &head)?;
    Ok(kind)
}

fn recognize(input: &Input, head: &[u8]) -> Result<Kind, Reason> {
    if let Some(kind) = magic::picture(head)? {
        return Ok(kind);
    }
    if let Some(container) = magic::stream(input, head)? {
        return Ok(Kind::Stream(container));
    }
    if magic::is_pdf(head) {
        return Ok(Kind::Pdf);
    }
    if head.starts_with(&ole::SIGNATURE) {
        return ole::kind(input);
    }
    if head.starts_with(zip::LOCAL_FILE) {
        return zip::kind(input);
    }
    if mp3::is_mp3(input, head)? {
        return Ok(Kind::Stream(Container::Mp3));
    }
    Err(not_read(head))
}

/// The crate `infer` is asked only for the name of what is not read: its own tests are three or
/// four bytes for many formats (`BM`, `FF FB`, `FLV`), which is too little to hand a file on to a
/// decoder.
fn not_read(head: &[u8]) -> Reason {
    match infer::get(head) {
        Some(known) => unknown(format!(
            "the content is {}, a format that is not shown here; {SAVE_IT}",
            known.mime_type()
        )),
        None => unknown(format!(
            "the content is not of a format that is known here; {SAVE_IT}"
        )),
    }
}

fn unknown(message: impl Into<String>) -> Reason {
    Reason::new(Code::FormatUnknown, message)
}

fn damaged(message: impl Into<String>) -> Reason {
    Reason::new(Code::Damaged, message)
}

/// The file was there a moment ago, so this is the machine's fault, not the file's.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it is handed to map_err by name"
)]
fn unreadable(error: io::Error) -> Reason {
    Reason::new(
        Code::Crashed,
        format!("the stored file could not be read: {error}"),
    )
}
