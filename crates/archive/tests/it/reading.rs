//! What the writer writes, the reader reads, and so do others.

use std::io::{Cursor, Read as _};

use bytes::Bytes;
use entrepot_archive::reader::{Checkpoint, DigestReader, Event, Limits, Reader};
use entrepot_archive::{EntryPath, Method, PackageDigest, local_header};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::make::{Item, RawEntry, archive, item, packed, raw_archive, some_items, time};
use crate::read::{read, read_with, resume};

#[test]
fn an_archive_reads_back() {
    let items = some_items();
    let bytes = archive(&items);
    let seen = read(&bytes).unwrap();
    assert_eq!(seen.items, items);
    assert_eq!(seen.marks.len(), items.len());
    assert_eq!(seen.directory, seen.ends.last().map(|end| end.next_offset));
    assert!(seen.done);
}

#[test]
fn another_reader_reads_the_same() {
    let items = some_items();
    let mut zip = zip::ZipArchive::new(Cursor::new(archive(&items))).unwrap();
    assert_eq!(zip.len(), items.len());
    assert_eq!(zip.offset(), 0);
    for (index, expected) in items.iter().enumerate() {
        let mut entry = zip.by_index(index).unwrap();
        let mut data = Vec::new();
        entry.read_to_end(&mut data).unwrap();
        assert_eq!(
            (entry.name().unwrap().as_ref(), data),
            (expected.path.as_str(), expected.data.clone())
        );
        assert_eq!(entry.unix_mode(), Some(0o100_644));
        let time = entry.last_modified().unwrap();
        assert_eq!((time.year(), time.month(), time.second()), (2026, 3, 10));
    }
}

#[test]
fn begin_says_what_the_header_says() {
    let items = some_items();
    let mut reader = Reader::new(Limits::default());
    reader.push(Bytes::from(archive(&items)));
    let Ok(Some(Event::Begin(begin))) = reader.next_event() else {
        panic!("an archive begins with an entry");
    };
    let (meta, _) = packed(&items[0]);
    assert_eq!(begin.header, local_header(&meta, time()));
    assert_eq!(
        (
            begin.path,
            begin.method,
            begin.size,
            begin.compressed_size,
            begin.crc32,
            begin.offset
        ),
        (
            meta.path,
            meta.method,
            Some(meta.size),
            Some(meta.compressed_size),
            Some(meta.crc32),
            0
        )
    );
}

#[test]
fn stored_data_is_not_copied() {
    let bytes = Bytes::from(archive(&[item("a", b"0123456789", Method::Stored)]));
    let mut reader = Reader::new(Limits::default());
    reader.push(bytes.clone());
    reader.next_event().unwrap();
    let Ok(Some(Event::Data(block))) = reader.next_event() else {
        panic!("data follows");
    };
    assert!(bytes.as_ptr_range().contains(&block.as_ptr()));
}

#[test]
fn what_streaming_tools_write_is_read() {
    let items = some_items();
    for (signature, wide) in [(true, false), (false, false), (true, true), (false, true)] {
        let entries: Vec<_> = items
            .iter()
            .map(|item| match item.method {
                Method::Stored => RawEntry::of(item),
                Method::Deflated => RawEntry::of(item).streamed(signature, wide),
            })
            .collect();
        for chunk in [1, 7, usize::MAX] {
            let seen = read_with(Limits::default(), &raw_archive(&entries), &[chunk]).unwrap();
            assert_eq!(seen.items, items);
        }
    }
}

#[test]
fn folders_comments_and_unknown_extras_are_passed_over() {
    let mut file = RawEntry::of(&item("data/a", b"x", Method::Stored));
    file.local.extra = [1, 2, 3]
        .iter()
        .flat_map(|&id| crate::make::extra(0x5450 + id, b"ab"))
        .collect();
    file.comment = b"a comment".to_vec();
    let mut folder = RawEntry::of(&item("data", b"", Method::Stored)).named(b"data/");
    folder.attributes = 0o040_755 << 16 | 0x10;
    let mut bytes = raw_archive(&[folder, file]);
    let end = bytes.len();
    bytes[end - 2..].copy_from_slice(&[5, 0]);
    bytes.extend(b"hello");
    let seen = read_with(Limits::default(), &bytes, &[3]).unwrap();
    assert_eq!(seen.folders, ["data"]);
    assert_eq!(seen.items, [item("data/a", b"x", Method::Stored)]);
    assert_eq!(seen.marks.len(), 2);
}

#[test]
fn the_digest_is_the_same_from_either_side() {
    let items = some_items();
    let bytes = archive(&items);
    let seen = read(&bytes).unwrap();
    let mut digest = PackageDigest::new();
    for item in &items {
        let (meta, data) = packed(item);
        digest.entry(&local_header(&meta, time()), &Sha256::digest(data).into());
    }
    let tail = &bytes[usize::try_from(seen.directory.unwrap()).unwrap()..];
    tail.chunks(5).for_each(|piece| digest.tail(piece));
    let expected = digest.finish();
    for chunk in [1, 2, 3, 29, 30, 31, 4096, bytes.len()] {
        let mut reader = DigestReader::new();
        bytes
            .chunks(chunk)
            .for_each(|piece| reader.push(piece).unwrap());
        assert_eq!(reader.finish().unwrap(), expected, "chunks of {chunk}");
    }
    let mut changed = bytes.clone();
    for at in 0..bytes.len() {
        changed[at] ^= 1;
        let mut reader = DigestReader::new();
        let digest = reader.push(&changed).and_then(|()| reader.finish());
        assert!(digest.is_err() || digest.unwrap() != expected, "byte {at}");
        changed[at] ^= 1;
    }
}

#[test]
fn a_digest_of_half_an_archive_is_refused() {
    let bytes = archive(&some_items());
    for cut in [0, 3, 20, 40, 100, 3000] {
        let mut reader = DigestReader::new();
        reader.push(&bytes[..cut]).unwrap();
        assert!(reader.finish().is_err(), "cut at {cut}");
    }
    let mut reader = DigestReader::new();
    assert!(reader.push(b"<html>").is_err());
}

#[test]
fn reading_goes_on_after_any_entry() {
    let items = some_items();
    let bytes = archive(&items);
    let whole = read(&bytes).unwrap();
    for at in 1..=items.len() {
        let checkpoint = Checkpoint {
            offset: whole.ends[at - 1].next_offset,
            total_size: whole.ends[..at].iter().map(|end| end.size).sum(),
            marks: whole.ends[..at].iter().map(|end| end.mark).collect(),
        };
        let rest = resume(checkpoint.clone(), &bytes, &[11]).unwrap();
        assert_eq!(rest.items, items[at..]);
        assert_eq!(rest.marks, whole.marks);
        // Marks of another archive do not pass for this one's.
        let mut other = checkpoint;
        other.marks[0][0] ^= 1;
        assert!(resume(other, &bytes, &[11]).is_err());
    }
}

#[test]
fn a_name_from_before_the_resumption_is_not_taken_twice() {
    let twice = [
        item("a", b"1", Method::Stored),
        item("a", b"2", Method::Stored),
    ];
    let bytes = archive(&twice);
    let first = read(&archive(&twice[..1])).unwrap();
    let checkpoint = Checkpoint {
        offset: first.ends[0].next_offset,
        total_size: 1,
        marks: first.marks,
    };
    let refusal = resume(checkpoint, &bytes, &[usize::MAX]).unwrap_err();
    assert_eq!(refusal.to_string(), "entry “a” is there twice");
}

fn some_data() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2000),
        (any::<u8>(), 0..300_000_usize).prop_map(|(byte, count)| vec![byte; count]),
        (prop::collection::vec(any::<u8>(), 1..50), 0..3000_usize)
            .prop_map(|(word, times)| word.repeat(times)),
    ]
}

fn any_items() -> impl Strategy<Value = Vec<Item>> {
    let name =
        prop::collection::vec("[A-Za-z0-9_-]{1,8}", 1..4).prop_map(|segments| segments.join("/"));
    let method = prop_oneof![Just(Method::Stored), Just(Method::Deflated)];
    prop::collection::btree_map(name, (some_data(), method), 1..8).prop_map(|entries| {
        let of = |(path, (data, method))| Item { path, data, method };
        entries.into_iter().map(of).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_entries_read_back_however_they_are_cut(
        items in any_items(),
        chunks in prop::collection::vec(1..5000_usize, 1..6),
    ) {
        let bytes = archive(&items);
        let limits = Limits { max_ratio: 2000, ..Limits::default() };
        let mut whole = read_with(limits, &bytes, &[usize::MAX]).unwrap();
        let cut = read_with(limits, &bytes, &chunks).unwrap();
        prop_assert_eq!(&whole.items, &items);
        prop_assert!(whole.largest_inflated <= 64 * 1024);
        whole.largest_inflated = cut.largest_inflated;
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn every_path_that_is_taken_is_harmless(path in "[a-zA-Z0-9./\\\\: _-]{0,20}") {
        if let Ok(path) = EntryPath::new(path) {
            let path = std::path::Path::new(path.as_str());
            let plain = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
            prop_assert!(plain && path.is_relative());
        }
    }
}
