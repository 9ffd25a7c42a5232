//! The records of a layout's table, and what the central directory says of an entry.

use entrepot_archive::{EntryMeta, EntryPath, Method};

use crate::error::{Error, Result};
use crate::ids::BlobId;

/// Bytes of a record.
pub const RECORD: u64 = 32;

/// Where an entry is. Records stand in the order of the entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Where in the archive its local header begins.
    pub header_at: u64,
    /// Where in the layout object its central header begins.
    pub central_at: u64,
    pub source: Source,
}

/// Where the data of an entry is. For a deflated one, which the server made: its offset in the
/// layout object. For a stored one: the id of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source(pub [u8; 16]);

impl Source {
    pub fn made(offset: u64) -> Self {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&offset.to_le_bytes());
        Self(bytes)
    }

    pub fn offset(self) -> u64 {
        u64_at(&self.0, 0)
    }

    pub fn of_blob(id: &BlobId) -> Result<Self> {
        let bytes = entrepot_archive::parse_hex(id.as_str());
        bytes
            .map(Self)
            .map_err(|e| Error::internal(format!("the blob id {id}: {e}")))
    }

    pub fn blob(self) -> BlobId {
        BlobId::new(entrepot_archive::hex(&self.0))
    }
}

impl Record {
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.header_at.to_le_bytes());
        out.extend_from_slice(&self.central_at.to_le_bytes());
        out.extend_from_slice(&self.source.0);
    }

    /// `bytes` are [`RECORD`] bytes.
    pub fn read(bytes: &[u8]) -> Self {
        let mut source = [0; 16];
        source.copy_from_slice(&bytes[16..]);
        Self {
            header_at: u64_at(bytes, 0),
            central_at: u64_at(bytes, 8),
            source: Source(source),
        }
    }
}

/// Reads the central header at the beginning of `bytes`.
pub fn read_central(bytes: &[u8]) -> Result<EntryMeta> {
    central(bytes).ok_or_else(|| Error::internal("a layout's central directory is damaged"))
}

fn central(bytes: &[u8]) -> Option<EntryMeta> {
    let fixed = bytes.get(..46)?;
    if fixed[..4] != *b"PK\x01\x02" {
        return None;
    }
    let method = match u16_at(fixed, 10) {
        0 => Method::Stored,
        8 => Method::Deflated,
        _ => return None,
    };
    let (name, extra) = (u16_at(fixed, 28), u16_at(fixed, 30));
    let rest = &bytes[46..];
    let (name, rest) = rest.split_at_checked(usize::from(name))?;
    // in a zip64 field: what does not fit into its own, in this order
    let wide = &rest.get(..usize::from(extra))?;
    let mut wide = wide.get(4..).unwrap_or_default().chunks_exact(8);
    let mut size_at = |at| match u32_at(fixed, at) {
        u32::MAX => wide.next().map(|bytes| u64_at(bytes, 0)),
        narrow => Some(u64::from(narrow)),
    };
    let (size, compressed_size) = (size_at(24)?, size_at(20)?);
    Some(EntryMeta {
        path: EntryPath::from_bytes(name).ok()?,
        method,
        crc32: u32_at(fixed, 16),
        size,
        compressed_size,
    })
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

pub fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use entrepot_archive::{DosTime, central_header};

    #[test]
    fn records_read_back() {
        let record = Record {
            header_at: 1 << 40,
            central_at: 7,
            source: Source([9; 16]),
        };
        let mut bytes = Vec::new();
        record.put(&mut bytes);
        assert_eq!(bytes.len() as u64, RECORD);
        assert_eq!(Record::read(&bytes), record);
        assert_eq!(Source::made(1 << 50).offset(), 1 << 50);
        let id = BlobId::new("0192a3b4c5d67e8f0011223344556677");
        assert_eq!(Source::of_blob(&id).unwrap().blob(), id);
    }

    #[test]
    fn central_headers_read_back_whatever_their_width() {
        let time = DosTime::from_unix(1_800_000_000);
        for (size, offset) in [
            (5, 9),
            (u64::from(u32::MAX), 9),
            (1 << 40, 1 << 41),
            (3, 1 << 33),
        ] {
            let meta = EntryMeta {
                path: EntryPath::new("data/assets/a/f.mp4").unwrap(),
                method: Method::Stored,
                crc32: 0xdead_beef,
                size,
                compressed_size: size,
            };
            let mut bytes = central_header(&meta, offset, time);
            bytes.extend_from_slice(b"what follows");
            assert_eq!(read_central(&bytes).unwrap(), meta);
        }
        assert!(read_central(b"PK\x01\x02").is_err());
        assert!(read_central(&[0; 100]).is_err());
    }
}
