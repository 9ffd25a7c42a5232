//! The central directory and the end records: they must say what the entries have said.

use bytes::Bytes;

use super::fields::{
    Identity, Mark, Numbers, check_flags, check_method, check_name, widen, zip64_extra,
};
use super::refusal::{Refusal, shown};
use crate::zip::{FULL_16, FULL_32};

pub(super) const RECORD_FIXED: usize = 46;
pub(super) const END_64_LENGTH: usize = 56;
pub(super) const LOCATOR_LENGTH: usize = 20;
pub(super) const END_LENGTH: usize = 22;

const FORMAT_BITS: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

/// What the end records are held against.
#[derive(Clone, Copy)]
pub(super) struct Extent {
    pub(super) entries: u64,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// A record of the directory, reduced to what it is compared by.
pub(super) struct Record {
    pub(super) mark: Mark,
    name: Bytes,
}

/// How long the record is in all, from its fixed part.
pub(super) fn length(fixed: &[u8; RECORD_FIXED]) -> usize {
    let mut numbers = Numbers(&fixed[28..]);
    let (name, extra, comment) = (numbers.u16(), numbers.u16(), numbers.u16());
    RECORD_FIXED + usize::from(name) + usize::from(extra) + usize::from(comment)
}

impl Record {
    /// `record` is as long as [`length`] says.
    pub(super) fn parse(record: &Bytes) -> Result<Self, Refusal> {
        let mut numbers = Numbers(&record[8..]);
        let (flags, method) = (numbers.u16(), numbers.u16());
        let _time_and_date = numbers.u32();
        let crc32 = numbers.u32();
        let (narrow_compressed, narrow_size) = (numbers.u32(), numbers.u32());
        let (name_length, extra_length) = (usize::from(numbers.u16()), usize::from(numbers.u16()));
        let (_comment_length, disk) = (numbers.u16(), numbers.u16());
        let _internal_attributes = numbers.u16();
        let (attributes, narrow_offset) = (numbers.u32(), numbers.u32());
        let name = record.slice(RECORD_FIXED..RECORD_FIXED + name_length);
        let extra = &record[RECORD_FIXED + name_length..][..extra_length];

        let (_, folder) = check_name(&name)?;
        check_flags(&name, flags)?;
        let zip64 = zip64_extra(&name, extra)?;
        check_method(&name, method)?;
        if disk != 0 {
            return Err(Refusal::MultiDisk);
        }
        let expected = if folder { FOLDER } else { REGULAR };
        let format = attributes >> 16 & FORMAT_BITS;
        if format != 0 && format != expected {
            return Err(Refusal::NotRegular {
                entry: shown(&name),
            });
        }
        let [size, compressed_size, offset] =
            widen([narrow_size, narrow_compressed, narrow_offset], zip64).ok_or_else(|| {
                Refusal::Zip64 {
                    entry: shown(&name),
                }
            })?;
        let identity = Identity {
            name: &name,
            offset,
            flags,
            method,
            crc32,
            size,
            compressed_size,
        };
        let mark = identity.mark();
        Ok(Self { mark, name })
    }

    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    pub(super) fn shown(&self) -> String {
        shown(&self.name)
    }
}

/// The zip64 end record.
pub(super) fn check_end_64(record: &[u8], extent: Extent) -> Result<(), Refusal> {
    let mut numbers = Numbers(&record[4..]);
    let wrong = |field| Err(Refusal::EndRecord64 { field });
    if numbers.u64() != 44 {
        return wrong("length");
    }
    let _versions = numbers.u32();
    if numbers.u32() != 0 || numbers.u32() != 0 {
        return Err(Refusal::MultiDisk);
    }
    if numbers.u64() != extent.entries || numbers.u64() != extent.entries {
        return wrong("number of entries");
    }
    if numbers.u64() != extent.size {
        return wrong("size of the central directory");
    }
    if numbers.u64() != extent.offset {
        return wrong("offset of the central directory");
    }
    Ok(())
}

/// The zip64 end record's locator.
pub(super) fn check_locator(record: &[u8], extent: Extent) -> Result<(), Refusal> {
    let mut numbers = Numbers(&record[4..]);
    let disk = numbers.u32();
    let offset = numbers.u64();
    if disk != 0 || numbers.u32() != 1 {
        return Err(Refusal::MultiDisk);
    }
    if offset != extent.offset + extent.size {
        return Err(Refusal::EndRecord64 {
            field: "offset of its own",
        });
    }
    Ok(())
}

/// The end record; answers the length of the comment that follows. A full field defers to the zip64
/// record, where there is one.
pub(super) fn check_end(record: &[u8], extent: Extent, wide: bool) -> Result<usize, Refusal> {
    let mut numbers = Numbers(&record[4..]);
    for _ in ["this disk", "the directory's disk"] {
        let disk = numbers.u16();
        if disk != 0 && !(wide && disk == FULL_16) {
            return Err(Refusal::MultiDisk);
        }
    }
    for _ in ["entries on this disk", "entries in all"] {
        let entries = numbers.u16();
        if u64::from(entries) != extent.entries && !(wide && entries == FULL_16) {
            return Err(Refusal::EndRecord {
                field: "number of entries",
            });
        }
    }
    let fields = [
        ("size of the central directory", extent.size),
        ("offset of the central directory", extent.offset),
    ];
    for (field, expected) in fields {
        let value = numbers.u32();
        if u64::from(value) != expected && !(wide && value == FULL_32) {
            return Err(Refusal::EndRecord { field });
        }
    }
    Ok(usize::from(numbers.u16()))
}
