//! The zip's own records. A 64-bit field stands exactly where a value does not fit the 32-bit one,
//! so that the length of every record follows from the values alone.

use crate::{DosTime, EntryPath};

pub(crate) const LOCAL_HEADER: u32 = 0x0403_4b50;
pub(crate) const DATA_DESCRIPTOR: u32 = 0x0807_4b50;
pub(crate) const CENTRAL_HEADER: u32 = 0x0201_4b50;
pub(crate) const END_64: u32 = 0x0606_4b50;
pub(crate) const END_64_LOCATOR: u32 = 0x0706_4b50;
pub(crate) const END: u32 = 0x0605_4b50;
pub(crate) const ZIP64_EXTRA: u16 = 0x0001;

/// Fields that hold these say: look into the zip64 record.
pub(crate) const FULL_32: u32 = u32::MAX;
pub(crate) const FULL_16: u16 = u16::MAX;

const VERSION: u16 = 20;
const VERSION_64: u16 = 45;
const MADE_BY_UNIX: u16 = 3 << 8;
/// A regular file, readable by all and writable by its owner.
const UNIX_FILE: u32 = 0o100_644 << 16;

/// How an entry's data stands in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    Stored,
    Deflated,
}

impl Method {
    pub(crate) fn number(self) -> u16 {
        match self {
            Self::Stored => 0,
            Self::Deflated => 8,
        }
    }
}

/// All that a zip says of an entry, besides where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryMeta {
    pub path: EntryPath,
    pub method: Method,
    /// Of the data before compression.
    pub crc32: u32,
    /// In bytes, before compression.
    pub size: u64,
    /// In bytes, as in the archive.
    pub compressed_size: u64,
}

/// The record in front of an entry's data.
#[must_use]
pub fn local_header(entry: &EntryMeta, time: DosTime) -> Vec<u8> {
    // Here the format wants both sizes in the 64-bit field as soon as one of them needs it.
    let wide = !fits_32(entry.size) || !fits_32(entry.compressed_size);
    let wide_fields: &[u64] = if wide {
        &[entry.size, entry.compressed_size]
    } else {
        &[]
    };
    let narrow = |size| if wide { FULL_32 } else { narrow_32(size) };

    let mut record = Vec::with_capacity(30 + entry.path.as_str().len() + 20);
    put_32(&mut record, LOCAL_HEADER);
    put_16(&mut record, if wide { VERSION_64 } else { VERSION });
    put_16(&mut record, 0);
    put_16(&mut record, entry.method.number());
    put_16(&mut record, time.time);
    put_16(&mut record, time.date);
    put_32(&mut record, entry.crc32);
    put_32(&mut record, narrow(entry.compressed_size));
    put_32(&mut record, narrow(entry.size));
    put_16(&mut record, path_length(&entry.path));
    put_16(&mut record, extra_length(wide_fields));
    record.extend_from_slice(entry.path.as_str().as_bytes());
    put_extra(&mut record, wide_fields);
    record
}

/// The central directory's record of an entry whose local header begins at `offset`.
#[must_use]
pub fn central_header(entry: &EntryMeta, offset: u64, time: DosTime) -> Vec<u8> {
    let wide_fields: Vec<u64> = [entry.size, entry.compressed_size, offset]
        .into_iter()
        .filter(|&value| !fits_32(value))
        .collect();
    let version = if wide_fields.is_empty() {
        VERSION
    } else {
        VERSION_64
    };

    let mut record = Vec::with_capacity(46 + entry.path.as_str().len() + 28);
    put_32(&mut record, CENTRAL_HEADER);
    put_16(&mut record, MADE_BY_UNIX | version);
    put_16(&mut record, version);
    put_16(&mut record, 0);
    put_16(&mut record, entry.method.number());
    put_16(&mut record, time.time);
    put_16(&mut record, time.date);
    put_32(&mut record, entry.crc32);
    put_32(&mut record, narrow_32(entry.compressed_size));
    put_32(&mut record, narrow_32(entry.size));
    put_16(&mut record, path_length(&entry.path));
    put_16(&mut record, extra_length(&wide_fields));
    put_16(&mut record, 0); // comment
    put_16(&mut record, 0); // disk
    put_16(&mut record, 0); // internal attributes: not known to be text
    put_32(&mut record, UNIX_FILE);
    put_32(&mut record, narrow_32(offset));
    record.extend_from_slice(entry.path.as_str().as_bytes());
    put_extra(&mut record, &wide_fields);
    record
}

/// What follows the central directory, up to the archive's end.
#[must_use]
pub fn end_of_directory(entries: u64, directory_size: u64, directory_offset: u64) -> Vec<u8> {
    let narrow_entries = u16::try_from(entries).unwrap_or(FULL_16);
    let wide = narrow_entries == FULL_16 || !fits_32(directory_size) || !fits_32(directory_offset);

    let mut records = Vec::with_capacity(98);
    if wide {
        put_32(&mut records, END_64);
        put_64(&mut records, 44);
        put_16(&mut records, MADE_BY_UNIX | VERSION_64);
        put_16(&mut records, VERSION_64);
        put_32(&mut records, 0);
        put_32(&mut records, 0);
        put_64(&mut records, entries);
        put_64(&mut records, entries);
        put_64(&mut records, directory_size);
        put_64(&mut records, directory_offset);
        put_32(&mut records, END_64_LOCATOR);
        put_32(&mut records, 0);
        put_64(&mut records, directory_offset + directory_size);
        put_32(&mut records, 1);
    }
    put_32(&mut records, END);
    put_16(&mut records, 0);
    put_16(&mut records, 0);
    put_16(&mut records, narrow_entries);
    put_16(&mut records, narrow_entries);
    put_32(&mut records, narrow_32(directory_size));
    put_32(&mut records, narrow_32(directory_offset));
    put_16(&mut records, 0); // comment
    records
}

fn fits_32(value: u64) -> bool {
    value < u64::from(FULL_32)
}

fn narrow_32(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(FULL_32)
}

fn path_length(path: &EntryPath) -> u16 {
    u16::try_from(path.as_str().len()).expect("a path has at most 512 bytes")
}

fn extra_length(wide_fields: &[u64]) -> u16 {
    match wide_fields.len() {
        0 => 0,
        count => u16::try_from(4 + count * 8).expect("at most three fields"),
    }
}

fn put_extra(record: &mut Vec<u8>, wide_fields: &[u64]) {
    if wide_fields.is_empty() {
        return;
    }
    put_16(record, ZIP64_EXTRA);
    put_16(record, extra_length(wide_fields) - 4);
    for &value in wide_fields {
        put_64(record, value);
    }
}

fn put_16(record: &mut Vec<u8>, value: u16) {
    record.extend_from_slice(&value.to_le_bytes());
}

fn put_32(record: &mut Vec<u8>, value: u32) {
    record.extend_from_slice(&value.to_le_bytes());
}

fn put_64(record: &mut Vec<u8>, value: u64) {
    record.extend_from_slice(&value.to_le_bytes());
}
