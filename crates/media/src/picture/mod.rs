//! Still images: decoded no larger than needed, turned upright, brought to sRGB, shrunk, encoded.

use std::path::Path;

use crate::kind::Kind;
use crate::task::{Limits, Reason, Size};
use crate::worker::Work;

/// A decoded picture: upright, sRGB, eight bits a channel.
#[derive(Debug)]
pub struct Pixels {
    pub size: Size,
    /// Red, green, blue and, where `alpha` is set, opacity; rows from the top, no padding.
    pub bytes: Vec<u8>,
    pub alpha: bool,
}

/// Tells what the task wants of a picture.
pub fn tell(work: &Work) {
    let _ = work;
}

/// Decodes a picture for a longest side of `side` pixels: at least that large where the original
/// is, and not much larger where the format allows that.
pub fn open(path: &Path, kind: Kind, side: u32, limits: &Limits) -> Result<Pixels, Reason> {
    let _ = (path, kind, side, limits);
    Err(Reason::new(
        crate::task::Code::FormatUnknown,
        "not written yet",
    ))
}

impl Pixels {
    /// Shrinks to a longest side of at most `side` (never enlarges) and writes both forms,
    /// `{name}.webp` (with opacity) and `{name}.jpg` (on white). Answers the size written.
    pub fn write(&self, folder: &Path, name: &str, side: u32) -> Result<Size, Reason> {
        let _ = (folder, name, side);
        Err(Reason::new(
            crate::task::Code::FormatUnknown,
            "not written yet",
        ))
    }
}
