//! Archives whose central directory, or what stands between and behind the entries, is wrong.

use bytes::Bytes;
use entrepot_archive::reader::{Limits, Reader, Refusal};
use entrepot_archive::{Method, end_of_directory};

use crate::hostile::{a, of, patched, refusal, stored, two};
use crate::make::{RawEntry, archive, item, noise, raw_archive, some_items};
use crate::read::read;

#[test]
fn bytes_between_entries_and_records() {
    let mut junk = stored();
    junk.descriptor = b"junk".to_vec();
    assert_eq!(
        of(&junk),
        Refusal::Junk {
            after: "entry 1".into()
        }
    );
    let (bytes, directory, end) = two();
    let between = |at: usize| [&bytes[..at], b"junk", &bytes[at..]].concat();
    assert_eq!(
        refusal(&between(directory)),
        Refusal::Junk {
            after: "entry 2".into()
        }
    );
    assert!(matches!(refusal(&between(end)), Refusal::Junk { .. }));
    let without_directory = [&bytes[..directory], &bytes[end..]].concat();
    assert!(matches!(refusal(&without_directory), Refusal::Junk { .. }));
}

#[test]
fn overlapping_entries() {
    // The second record points to the first entry's header, as bombs do.
    let mut second = stored().named(b"data/b");
    second.offset = Some(0);
    let overlapping = raw_archive(&[stored(), second]);
    let entry = "“data/b”".into();
    assert_eq!(
        refusal(&overlapping),
        Refusal::Disagrees { entry, record: 2 }
    );
}

#[test]
fn links_and_devices() {
    for kind in [
        0o120_777_u32,
        0o020_666,
        0o060_660,
        0o010_644,
        0o140_755,
        0o040_755,
    ] {
        let entry = RawEntry {
            attributes: kind << 16,
            ..stored()
        };
        assert_eq!(of(&entry), Refusal::NotRegular { entry: a() });
    }
    read(&raw_archive(&[RawEntry {
        attributes: 0x20,
        ..stored()
    }]))
    .unwrap();
}

#[test]
fn a_directory_that_says_something_else() {
    let changes: [fn(&mut RawEntry); 6] = [
        |entry| entry.central.name = b"data/b".to_vec(),
        |entry| entry.central.flags ^= 1 << 11,
        |entry| entry.central.method = 8,
        |entry| entry.central.crc32 ^= 1,
        |entry| entry.central.size += 1,
        |entry| entry.central.compressed_size += 1,
    ];
    for change in changes {
        let mut entry = stored();
        change(&mut entry);
        assert!(matches!(of(&entry), Refusal::Disagrees { record: 1, .. }));
    }
    let moved = RawEntry {
        offset: Some(1),
        ..stored()
    };
    assert!(matches!(of(&moved), Refusal::Disagrees { record: 1, .. }));
    let (bytes, directory, end) = two();
    let middle = directory + (end - directory) / 2;
    let (first, second) = (&bytes[directory..middle], &bytes[middle..end]);
    let swapped = [&bytes[..directory], second, first, &bytes[end..]].concat();
    assert!(matches!(
        refusal(&swapped),
        Refusal::Disagrees { record: 1, .. }
    ));
    let missing = [&bytes[..directory], first, &bytes[end..]].concat();
    assert_eq!(
        refusal(&missing),
        Refusal::RecordsMissing {
            entries: 2,
            records: 1
        }
    );
    let more = [&bytes[..end], second, &bytes[end..]].concat();
    assert_eq!(
        refusal(&more),
        Refusal::RecordCount {
            entries: 2,
            records: 3
        }
    );
}

#[test]
fn end_records_that_say_something_else() {
    let (bytes, _, end) = two();
    for (at, field) in [
        (8, "number of entries"),
        (10, "number of entries"),
        (12, "size of the central directory"),
        (16, "offset of the central directory"),
    ] {
        let refused = refusal(&patched(&bytes, end + at, &[0xff, 0xff]));
        assert_eq!(refused, Refusal::EndRecord { field });
    }
}

/// A zip64 end record is read where none is needed, too: here in front of two entries' end record.
fn with_wide_end() -> (Vec<u8>, usize) {
    let (bytes, directory, end) = two();
    let (size, offset) = ((end - directory) as u64, directory as u64);
    let mut wide = end_of_directory(65_535, size, offset);
    for at in [24, 32] {
        wide[at..at + 8].copy_from_slice(&2_u64.to_le_bytes());
    }
    ([&bytes[..end], &wide].concat(), end)
}

#[test]
fn zip64_end_records_that_say_something_else() {
    let (wide, end_64) = with_wide_end();
    read(&wide).unwrap();
    for (at, field) in [
        (4, "length"),
        (24, "number of entries"),
        (32, "number of entries"),
        (40, "size of the central directory"),
        (48, "offset of the central directory"),
        (56 + 8, "offset of its own"),
    ] {
        let wrong = patched(&wide, end_64 + at, &[1]);
        assert_eq!(refusal(&wrong), Refusal::EndRecord64 { field });
    }
    for at in [16, 20, 56 + 4, 56 + 16] {
        let several = patched(&wide, end_64 + at, &[7]);
        assert_eq!(refusal(&several), Refusal::MultiDisk);
    }
    for at in [56, 76] {
        let other = patched(&wide, end_64 + at, &[0]);
        assert!(matches!(refusal(&other), Refusal::Junk { .. }));
    }
}

#[test]
fn an_archive_that_ends_early_or_late() {
    let bytes = archive(&[
        item("data/a", &noise(50), Method::Stored),
        item("data/b", &b"text ".repeat(50), Method::Deflated),
    ]);
    for cut in 4..bytes.len() {
        let offset = cut as u64;
        assert_eq!(
            read(&bytes[..cut]).unwrap_err(),
            Refusal::Truncated { offset }
        );
    }
    let late = [&bytes[..], b"\n"].concat();
    assert_eq!(refusal(&late), Refusal::TrailingData);
    let length = u16::try_from(bytes.len()).unwrap().to_le_bytes();
    let comment = patched(&bytes, bytes.len() - 2, &length);
    assert!(matches!(read(&comment), Err(Refusal::Truncated { .. })));
    read(&[comment, bytes].concat()).unwrap();
}

#[test]
fn a_refusal_stays() {
    let mut reader = Reader::new(Limits::default());
    reader.push(Bytes::from_static(b"GIF89a"));
    for _ in 0..3 {
        assert_eq!(reader.next_event(), Err(Refusal::NotAZip));
        reader.push(Bytes::from(archive(&some_items())));
    }
    assert_eq!(reader.finish(), Err(Refusal::NotAZip));
}
