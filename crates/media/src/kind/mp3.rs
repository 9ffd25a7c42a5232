//! MP3 has no signature: either a tag is in front, or frames follow each other where each says the
//! next one is.

use super::magic::be32;
use super::{damaged, unreadable};
use crate::input::Input;
use crate::task::Reason;

const TAG: usize = 10;
/// After a tag some programs leave a gap; it is searched this far.
const GAP: usize = 64 * 1024;

pub fn is_mp3(input: &Input, head: &[u8]) -> Result<bool, Reason> {
    if !head.starts_with(b"ID3") {
        return Ok(has_chain(head));
    }
    let Some(size) = tag_size(head) else {
        return Ok(false);
    };
    // The tag may hold a cover of megabytes; the frames come after it.
    let after = input.read_at(size, GAP).map_err(unreadable)?;
    if after.starts_with(b"fLaC") || after.starts_with(b"ID3") && after.len() < TAG {
        return Ok(false);
    }
    let found = (0..after.len()).any(|at| after[at] == 0xFF && has_chain(&after[at..]));
    if !found {
        return Err(damaged(
            "the file begins with an MP3 tag, but no MP3 follows it",
        ));
    }
    Ok(true)
}

/// Bytes of an ID3v2 tag with its header: four times seven bits.
fn tag_size(head: &[u8]) -> Option<u64> {
    let header = head.first_chunk::<TAG>()?;
    if !matches!(header[3], 2..=4)
        || header[4] == 0xFF
        || header[6..].iter().any(|byte| *byte >= 0x80)
    {
        return None;
    }
    let size = header[6..]
        .iter()
        .fold(0, |sum, byte| (sum << 7) | u64::from(*byte));
    let footer = if header[5] & 0x10 == 0 { 0 } else { TAG as u64 };
    Some(TAG as u64 + size + footer)
}

/// Two frames of the same version, layer and sample rate, one right after the other. One sync is
/// eleven bits, which any noise contains.
fn has_chain(bytes: &[u8]) -> bool {
    let Some(first) = Frame::read(bytes) else {
        return false;
    };
    let second = bytes.get(first.length..).and_then(Frame::read);
    second.is_some_and(|second| second.constant == first.constant)
}

struct Frame {
    length: usize,
    /// The bits that all frames of a file share: sync, version, layer, sample rate.
    constant: u32,
}

impl Frame {
    /// Layer III only; the others are not MP3.
    fn read(bytes: &[u8]) -> Option<Self> {
        const RATES: [usize; 3] = [44_100, 48_000, 32_000];
        const KILOBITS_1: [usize; 15] = [
            0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
        ];
        const KILOBITS_2: [usize; 15] =
            [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
        let word = be32(bytes, 0)?;
        let (version, layer) = ((word >> 19) & 3, (word >> 17) & 3);
        if word >> 21 != 0x7FF || version == 1 || layer != 1 {
            return None;
        }
        let bit_rate = (word >> 12) & 15;
        let rate = *RATES.get(((word >> 10) & 3) as usize)?;
        let padding = ((word >> 9) & 1) as usize;
        let (kilobits, rate, samples) = match version {
            3 => (KILOBITS_1, rate, 144),
            2 => (KILOBITS_2, rate / 2, 72),
            _ => (KILOBITS_2, rate / 4, 72),
        };
        let kilobits = *kilobits.get(bit_rate as usize)?;
        if kilobits == 0 {
            return None;
        }
        Some(Self {
            length: samples * kilobits * 1000 / rate + padding,
            constant: word & 0xFFFE_0C00,
        })
    }
}
