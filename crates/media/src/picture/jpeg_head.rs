//! The segments before a JPEG's pixels: size, orientation, colour profile.
//!
//! libjpeg refuses to answer for a header with which something small is wrong that every viewer
//! passes over, so these things are mended in the bytes before it sees them.

use std::ops::Range;

use super::damaged;
use crate::task::{Reason, Size};

const EXIF: &[u8] = b"Exif\0\0";
const ICC: &[u8] = b"ICC_PROFILE\0";
const FILL: u8 = 0xFF;

#[derive(Debug)]
pub struct JpegHead {
    pub size: Size,
    pub precision: u8,
    /// The TIFF structure, without its name.
    pub exif: Option<Range<usize>>,
    /// Whether Adobe's segment is there.
    pub adobe: bool,
    /// Pieces with their number.
    icc: Vec<(u8, Range<usize>)>,
    progressive: bool,
    /// Samples of all components for each pixel, in 256ths.
    samples: u64,
    components: u8,
    /// Where the pixels begin; `None` where the file ends before.
    scan: Option<Scan>,
}

#[derive(Debug)]
struct Scan {
    at: usize,
    components: u8,
}

/// Reads up to the first scan.
pub fn read(bytes: &mut [u8]) -> Result<JpegHead, Reason> {
    let mut head = JpegHead {
        size: Size {
            width: 0,
            height: 0,
        },
        precision: 0,
        exif: None,
        adobe: false,
        icc: Vec::new(),
        progressive: false,
        samples: 0,
        components: 0,
        scan: None,
    };
    let mut at = 2;
    while let Some((marker, from)) = next_marker(bytes, at) {
        if matches!(marker, 0x01 | 0xD0..=0xD8) {
            at = from;
            continue;
        }
        let Some(body) = body(bytes, from) else {
            break;
        };
        at = body.end;
        match marker {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF if head.components == 0 => {
                head.frame(marker, &bytes[body]);
            }
            0xE0 => mend_jfif(&mut bytes[body]),
            0xE1 if head.exif.is_none() && bytes[body.clone()].starts_with(EXIF) => {
                head.exif = Some(body.start + EXIF.len()..body.end);
            }
            0xE2 if bytes[body.clone()].starts_with(ICC) => {
                // libjpeg complains of pieces that do not fit together
                bytes[body.start] = 0;
                head.icc_piece(bytes, body.start + ICC.len()..body.end);
            }
            0xEE if bytes[body.clone()].starts_with(b"Adobe") && body.len() >= 12 => {
                head.adobe = true;
                mend_adobe(&mut bytes[body]);
            }
            0xDA => {
                head.scan = Some(Scan {
                    at: body.end,
                    components: bytes[body].first().copied().unwrap_or(0),
                });
                break;
            }
            0xD9 => break,
            _ => {}
        }
    }
    match head.components {
        0 => Err(damaged(
            "the JPEG ends before it tells its size; upload it again",
        )),
        _ => Ok(head),
    }
}

/// The next marker and where its segment begins. What lies before it is made fill bytes, which the
/// format allows and libjpeg does not complain of.
fn next_marker(bytes: &mut [u8], at: usize) -> Option<(u8, usize)> {
    let mut here = at;
    loop {
        let pair = bytes.get(here..here + 2)?;
        if pair[0] == FILL && pair[1] != FILL && pair[1] != 0 {
            let marker = pair[1];
            bytes[at..here].fill(FILL);
            return Some((marker, here + 2));
        }
        here += 1;
    }
}

/// A segment without its length.
fn body(bytes: &[u8], from: usize) -> Option<Range<usize>> {
    let length = bytes.get(from..)?.first_chunk()?;
    let length = usize::from(u16::from_be_bytes(*length));
    let end = from + length;
    (length >= 2 && end <= bytes.len()).then_some(from + 2..end)
}

/// There is version 1, and programs that write other numbers.
fn mend_jfif(body: &mut [u8]) {
    if body.starts_with(b"JFIF\0") && body.len() > 5 {
        body[5] = 1;
    }
}

/// What is no known way to store colours is the usual one, which is what libjpeg takes too.
fn mend_adobe(body: &mut [u8]) {
    if body[11] > 2 {
        body[11] = 1;
    }
}

impl JpegHead {
    fn frame(&mut self, marker: u8, body: &[u8]) {
        let Some(&[precision, h1, h2, w1, w2, components]) = body.first_chunk() else {
            return;
        };
        self.precision = precision;
        self.components = components;
        self.progressive = matches!(marker, 0xC2 | 0xC6 | 0xCA | 0xCE);
        self.size = Size {
            width: u16::from_be_bytes([w1, w2]).into(),
            height: u16::from_be_bytes([h1, h2]).into(),
        };
        let factors: Vec<(u64, u64)> = body[6..]
            .chunks_exact(3)
            .take(components.into())
            .map(|component| ((component[1] >> 4).into(), (component[1] & 15).into()))
            .collect();
        let across = factors
            .iter()
            .map(|factor| factor.0)
            .max()
            .unwrap_or(1)
            .max(1);
        let down = factors
            .iter()
            .map(|factor| factor.1)
            .max()
            .unwrap_or(1)
            .max(1);
        let samples: u64 = factors
            .iter()
            .map(|(across, down)| across * down * 256)
            .sum();
        self.samples = samples / (across * down);
    }

    /// The number of a piece and of all pieces come first.
    fn icc_piece(&mut self, bytes: &[u8], range: Range<usize>) {
        if range.len() > 2 {
            let number = bytes[range.start];
            self.icc.push((number, range.start + 2..range.end));
        }
    }

    /// Bytes that libjpeg keeps for coefficients: two for each sample, where a first scan is not
    /// all of the picture.
    pub fn coefficients(&self) -> u64 {
        let in_one = self
            .scan
            .as_ref()
            .is_some_and(|scan| scan.components >= self.components);
        if in_one && !self.progressive {
            return 0;
        }
        let pixels = u64::from(self.size.width) * u64::from(self.size.height);
        pixels * self.samples / 128
    }

    /// The profile, put together from its pieces; they may be out of order.
    pub fn icc(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut pieces = self.icc.clone();
        pieces.sort_by_key(|(number, _)| *number);
        let pieces: Option<Vec<&[u8]>> = pieces
            .into_iter()
            .map(|(_, range)| bytes.get(range))
            .collect();
        pieces
            .filter(|pieces| !pieces.is_empty())
            .map(|pieces| pieces.concat())
    }

    /// Whether the mark for the end is there. Among the pixels these two bytes can't be.
    pub fn has_end(&self, bytes: &[u8]) -> bool {
        let scans = self.scan.as_ref().and_then(|scan| bytes.get(scan.at..));
        scans.is_some_and(|scans| scans.windows(2).any(|pair| pair == [FILL, 0xD9]))
    }
}
