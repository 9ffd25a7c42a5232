//! Compound files (OLE2): a small file system, in which PowerPoint, Word and Excel of before 2007
//! and locked documents of today look alike until the names of the streams are read.

use super::magic::{le16, le32};
use super::{Kind, damaged, unknown, unreadable};
use crate::input::Input;
use crate::task::{Code, Reason};

pub const SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

const ENTRY: usize = 128;
/// Sector numbers above this mean 'end of chain', 'free' and the like.
const LAST_SECTOR: u32 = 0xFFFF_FFFA;
/// Sectors of the directory that are read: 2,048 names at least. A deck has some dozen.
const MOST_SECTORS: usize = 512;
/// Sectors that list where the allocation table is; each covers 8 MB at least.
const MOST_TABLE_SECTORS: usize = 1024;

pub fn kind(input: &Input) -> Result<Kind, Reason> {
    let names = Compound::open(input)?.names()?;
    let has = |wanted: &str| names.iter().any(|name| name == wanted);
    // With the second one a binary deck says that its own streams are encrypted.
    if has("EncryptedPackage") || has("EncryptedSummary") {
        return Err(Reason::new(
            Code::Encrypted,
            "the document is locked with a password; save it without one",
        ));
    }
    if has("PowerPoint Document") {
        return Ok(Kind::Ppt);
    }
    Err(unknown(
        "the content is an Office document, but no presentation",
    ))
}

struct Compound<'a> {
    input: &'a Input,
    header: Vec<u8>,
    sector: u64,
}

impl<'a> Compound<'a> {
    fn open(input: &'a Input) -> Result<Self, Reason> {
        let header = input.read_at(0, 512).map_err(unreadable)?;
        let sector = match le16(&header, 30) {
            Some(9) if header.len() == 512 => 512,
            Some(12) if header.len() == 512 => 4096,
            _ => return Err(broken()),
        };
        Ok(Self {
            input,
            header,
            sector,
        })
    }

    /// The names of all streams and folders, whichever folder they are in.
    fn names(&self) -> Result<Vec<String>, Reason> {
        let mut names = Vec::new();
        let mut sector = le32(&self.header, 48).ok_or_else(broken)?;
        for _ in 0..MOST_SECTORS {
            if sector >= LAST_SECTOR {
                return Ok(names);
            }
            let bytes = self.read(sector)?;
            names.extend(bytes.chunks_exact(ENTRY).filter_map(name));
            sector = self.next(sector)?;
        }
        Ok(names)
    }

    fn read(&self, sector: u32) -> Result<Vec<u8>, Reason> {
        let at = (u64::from(sector) + 1) * self.sector;
        let length = usize::try_from(self.sector).unwrap_or(512);
        let bytes = self.input.read_at(at, length).map_err(unreadable)?;
        if bytes.len() < ENTRY {
            return Err(broken());
        }
        Ok(bytes)
    }

    /// The sector after this one, from the allocation table.
    fn next(&self, sector: u32) -> Result<u32, Reason> {
        let a_sector = u32::try_from(self.sector / 4).unwrap_or(128);
        let table = self.table_sector(sector / a_sector)?;
        let at = (sector % a_sector) as usize * 4;
        le32(&self.read(table)?, at).ok_or_else(broken)
    }

    /// Where the n-th sector of the allocation table is: the header lists the first 109, a chain of
    /// sectors the others, and the last number of each is where the next one is.
    fn table_sector(&self, number: u32) -> Result<u32, Reason> {
        const IN_HEADER: usize = 109;
        let mut number = number as usize;
        if number < IN_HEADER {
            return le32(&self.header, 76 + number * 4).ok_or_else(broken);
        }
        number -= IN_HEADER;
        let each = usize::try_from(self.sector / 4 - 1).unwrap_or(127);
        let mut sector = le32(&self.header, 68).ok_or_else(broken)?;
        for _ in 0..MOST_TABLE_SECTORS {
            if sector >= LAST_SECTOR {
                break;
            }
            let list = self.read(sector)?;
            if number < each {
                return le32(&list, number * 4).ok_or_else(broken);
            }
            number -= each;
            sector = le32(&list, each * 4).ok_or_else(broken)?;
        }
        Err(broken())
    }
}

/// UTF-16 in 64 bytes, its length in bytes with the closing zero after them; type 0 is unused.
fn name(entry: &[u8]) -> Option<String> {
    let length = usize::from(le16(entry, 64)?);
    if entry[66] == 0 || !(4..=64).contains(&length) {
        return None;
    }
    let units: Vec<u16> = entry[..length - 2]
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16(&units).ok()
}

fn broken() -> Reason {
    damaged("the Office document ends too soon or its directory is broken")
}
