//! ZIP files: a presentation of today is one, and so is much that isn't. The directory at the end
//! is bounded by its own record before the crate `zip` reads it into memory.

use std::io::BufReader;

use super::magic::{le16, le32};
use super::seek::Reader;
use super::{Kind, damaged, unknown, unreadable};
use crate::input::Input;
use crate::task::{Code, Reason};

pub const LOCAL_FILE: &[u8] = b"PK\x03\x04";
const CENTRAL_FILE: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const END_SIZE: usize = 22;
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const LOCATOR_64_SIZE: usize = 20;

/// A deck of 50 slides has some 200 entries.
const MOST_ENTRIES: u16 = 20_000;
const MOST_DIRECTORY: u32 = 8 << 20;
const MOST_BYTES: u64 = 2 << 30;
/// XML reaches 20; a bomb has 1,000 and more. Small files may be what they like.
const MOST_RATIO: u64 = 200;
const SMALL: u64 = 1 << 20;

/// What the record at the end says.
#[derive(Debug, PartialEq, Eq)]
pub struct End {
    entries: u16,
    directory: u32,
    /// Nothing comes after its comment.
    pub exact: bool,
}

/// Finds the record that makes the last bytes of a file a ZIP to programs that read it from its
/// end: the comment fits, and a directory really is where it says, however much was put in front.
pub fn end(input: &Input) -> Result<Option<End>, Reason> {
    let tail = input
        .tail(END_SIZE + usize::from(u16::MAX))
        .map_err(unreadable)?;
    let begin = input.size() - tail.len() as u64;
    let places = (0..tail.len().saturating_sub(END_SIZE - 1)).rev();
    for at in places.filter(|at| tail[*at..].starts_with(END)) {
        let (Some(entries), Some(size), Some(offset), Some(comment)) = (
            le16(&tail, at + 10),
            le32(&tail, at + 12),
            le32(&tail, at + 16),
            le16(&tail, at + 20),
        ) else {
            continue;
        };
        let after = at + END_SIZE + usize::from(comment);
        if after > tail.len() {
            continue;
        }
        let before = at.checked_sub(LOCATOR_64_SIZE);
        let large = before.is_some_and(|before| tail[before..].starts_with(LOCATOR_64));
        let here = begin + at as u64;
        let directory = here.checked_sub(u64::from(size));
        let places = [directory, Some(u64::from(offset))];
        if large || has_directory(input, places)? {
            return Ok(Some(End {
                entries: if large { u16::MAX } else { entries },
                directory: size,
                exact: after == tail.len(),
            }));
        }
    }
    Ok(None)
}

fn has_directory(input: &Input, places: [Option<u64>; 2]) -> Result<bool, Reason> {
    for place in places.into_iter().flatten() {
        if input.read_at(place, 4).map_err(unreadable)? == CENTRAL_FILE {
            return Ok(true);
        }
    }
    Ok(false)
}

pub fn kind(input: &Input) -> Result<Kind, Reason> {
    let end = end(input)?.ok_or_else(|| {
        damaged("the file begins as ZIP or PPTX but ends too soon; upload it again")
    })?;
    if end.entries > MOST_ENTRIES || end.directory > MOST_DIRECTORY {
        return Err(too_large("it has too many entries"));
    }
    let reader = BufReader::new(Reader::new(input));
    let mut archive = zip::ZipArchive::new(reader).map_err(|_| broken())?;
    let is_deck = archive.index_for_name("ppt/presentation.xml").is_some()
        && archive.index_for_name("[Content_Types].xml").is_some();
    if !is_deck {
        return Err(unknown("the content is a ZIP file, but no presentation"));
    }
    bound(&mut archive)?;
    Ok(Kind::Pptx)
}

/// The sizes are claims, but a program that reads the deck stops at them or calls it damaged.
fn bound(archive: &mut zip::ZipArchive<BufReader<Reader<'_>>>) -> Result<(), Reason> {
    let (mut unpacked, mut packed) = (0_u64, 0_u64);
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(|_| broken())?;
        if entry.encrypted() {
            return Err(Reason::new(
                Code::Encrypted,
                "the presentation is locked with a password; save it without one",
            ));
        }
        unpacked = unpacked.saturating_add(entry.size());
        packed = packed.saturating_add(entry.compressed_size());
    }
    if unpacked > MOST_BYTES {
        return Err(too_large("unpacked it has more than 2 GiB"));
    }
    if unpacked > SMALL && unpacked / packed.max(1) > MOST_RATIO {
        return Err(too_large("it unpacks to more than 200 times its size"));
    }
    Ok(())
}

fn too_large(why: &str) -> Reason {
    Reason::new(
        Code::TooLarge,
        format!("the presentation is too large: {why}"),
    )
}

fn broken() -> Reason {
    damaged("the presentation's ZIP directory is broken; save it again")
}
