//! One archive for each reason to refuse.

use entrepot_archive::reader::{Limits, Refusal, RefusalKind};
use entrepot_archive::{InvalidPath, Method};

use crate::make::{RawEntry, archive, extra, item, raw_archive, some_items};
use crate::read::read_with;

pub fn stored() -> RawEntry {
    RawEntry::of(&item("data/a", b"hello", Method::Stored))
}

fn deflated() -> RawEntry {
    RawEntry::of(&item("data/a", &b"hello".repeat(50), Method::Deflated))
}

/// What is said of the archive, which is the same however it is cut.
pub fn refusal(bytes: &[u8]) -> Refusal {
    refusal_with(Limits::default(), bytes)
}

fn refusal_with(limits: Limits, bytes: &[u8]) -> Refusal {
    let refusal = read_with(limits, bytes, &[usize::MAX]).expect_err("it is hostile");
    for chunk in [1, 13, 1000] {
        assert_eq!(
            read_with(limits, bytes, &[chunk]).expect_err("it is hostile"),
            refusal
        );
    }
    let expected = match refusal {
        Refusal::NotAZip => RefusalKind::NotAZip,
        _ => RefusalKind::Unacceptable,
    };
    assert_eq!(refusal.kind(), expected);
    refusal
}

pub fn of(entry: &RawEntry) -> Refusal {
    refusal(&raw_archive(std::slice::from_ref(entry)))
}

pub fn a() -> String {
    "“data/a”".into()
}

/// Two entries, and where the central directory and its end record begin.
pub fn two() -> (Vec<u8>, usize, usize) {
    let items = [
        item("data/a", b"1", Method::Stored),
        item("data/b", b"2", Method::Stored),
    ];
    let bytes = archive(&items);
    let directory = bytes
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    (bytes.clone(), directory, bytes.len() - 22)
}

pub fn patched(bytes: &[u8], at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at..at + with.len()].copy_from_slice(with);
    bytes
}

#[test]
fn what_is_not_a_zip() {
    let self_extracting = [b"MZ\x90".as_slice(), &archive(&some_items())].concat();
    for bytes in [
        b"".as_slice(),
        b"P",
        b"PK",
        b"PK\x03",
        b"GIF89a........",
        b"PK and more of it",
        b"{\"app\": 1}",
        b"PK\x01\x02 a directory first",
        &[0; 100],
        &self_extracting,
    ] {
        assert_eq!(refusal(bytes), Refusal::NotAZip, "{bytes:?}");
    }
}

#[test]
fn an_archive_of_nothing_or_of_several_volumes() {
    assert_eq!(refusal(&archive(&[])), Refusal::Empty);
    assert_eq!(
        refusal(&[b"PK\x07\x08".as_slice(), &two().0].concat()),
        Refusal::MultiDisk
    );
    assert_eq!(
        refusal(&[b"PK00".as_slice(), &two().0].concat()),
        Refusal::MultiDisk
    );
    let (bytes, _, end) = two();
    assert_eq!(refusal(&patched(&bytes, end + 4, &[1])), Refusal::MultiDisk);
    assert_eq!(refusal(&patched(&bytes, end + 6, &[1])), Refusal::MultiDisk);
    assert_eq!(
        of(&RawEntry {
            disk: 1,
            ..stored()
        }),
        Refusal::MultiDisk
    );
}

#[test]
fn names_that_lead_elsewhere() {
    let long = "a".repeat(513);
    let longer = "a".repeat(2000);
    for (name, problem) in [
        (b"".as_slice(), InvalidPath::Empty),
        (b"/", InvalidPath::Absolute),
        (b"/etc/passwd", InvalidPath::Absolute),
        (b"../a", InvalidPath::DotSegment),
        (b"data/../../a", InvalidPath::DotSegment),
        (b"data/..", InvalidPath::DotSegment),
        (b"./a", InvalidPath::DotSegment),
        (b"../", InvalidPath::DotSegment),
        (b"data//a", InvalidPath::EmptySegment),
        (b"data\\a", InvalidPath::Backslash),
        (b"\\\\host\\a", InvalidPath::Backslash),
        (b"C:a", InvalidPath::Drive),
        (b"a\0.txt", InvalidPath::Control),
        (b"a\x1b[31m", InvalidPath::Control),
        (b"\xff\xfe", InvalidPath::NotUtf8),
        (b"a b", InvalidPath::Character),
        ("ä".as_bytes(), InvalidPath::Character),
        (long.as_bytes(), InvalidPath::TooLong),
        (longer.as_bytes(), InvalidPath::TooLong),
    ] {
        let Refusal::Name {
            problem: found,
            entry,
        } = of(&stored().named(name))
        else {
            panic!("{name:?} is not refused for its name");
        };
        assert_eq!(found, problem, "{name:?}");
        assert!(!entry.chars().any(char::is_control) && entry.len() < 600);
    }
}

#[test]
fn a_name_that_is_there_twice() {
    let twice = [
        item("data/a", b"1", Method::Stored),
        item("data/a", b"2", Method::Stored),
    ];
    assert_eq!(refusal(&archive(&twice)), Refusal::Duplicate { entry: a() });
}

#[test]
fn what_is_encrypted() {
    for bit in [0, 6, 13] {
        let entry = stored().both(|fields| fields.flags |= 1 << bit);
        assert_eq!(of(&entry), Refusal::Encrypted { entry: a() });
    }
    let aes = stored().both(|fields| fields.extra = extra(0x9901, &[2, 0, b'A', b'E', 3, 0, 0]));
    assert_eq!(of(&aes), Refusal::Encrypted { entry: a() });
    let aes = stored().both(|fields| fields.method = 99);
    assert_eq!(of(&aes), Refusal::Encrypted { entry: a() });
    let (bytes, directory, _) = two();
    let extra_data = [&bytes[..directory], b"PK\x06\x08", &[0; 50]].concat();
    assert!(matches!(refusal(&extra_data), Refusal::Encrypted { .. }));
}

#[test]
fn methods_flags_and_extras_that_are_not_known() {
    for method in [1, 9, 12, 14, 93, 95, 0xffff] {
        let entry = stored().both(|fields| fields.method = method);
        assert_eq!(of(&entry), Refusal::Method { entry: a(), method });
    }
    for bit in [4, 5, 7, 8, 9, 10, 12, 14, 15] {
        let entry = stored().both(|fields| fields.flags = 1 << bit);
        assert_eq!(
            of(&entry),
            Refusal::Flags {
                entry: a(),
                flags: 1 << bit
            }
        );
    }
    for wrong in [vec![1], vec![1, 0, 9, 0, 1], vec![9, 9, 0, 0, 0]] {
        let entry = stored().both(|fields| fields.extra.clone_from(&wrong));
        assert_eq!(of(&entry), Refusal::Extra { entry: a() });
    }
    let renamed = stored().both(|fields| fields.extra = extra(0x7075, b"\x01....data/b"));
    assert_eq!(of(&renamed), Refusal::SecondName { entry: a() });
}

#[test]
fn zip64_fields_that_do_not_fit() {
    let both_full = |content: &[u8]| {
        let content = content.to_vec();
        stored().both(move |fields| {
            (fields.size, fields.compressed_size) = (u32::MAX, u32::MAX);
            fields.extra = if content.is_empty() {
                vec![]
            } else {
                extra(1, &content)
            };
        })
    };
    for content in [&[][..], &[5, 0, 0, 0, 0, 0, 0, 0], &[0; 7], &[0; 24]] {
        assert_eq!(
            of(&both_full(content)),
            Refusal::Zip64 { entry: a() },
            "{content:?}"
        );
    }
    let twice = stored().both(|fields| fields.extra = [extra(1, &[]), extra(1, &[])].concat());
    assert_eq!(of(&twice), Refusal::Zip64 { entry: a() });
    let another_size = stored().both(|fields| fields.extra = extra(1, &[6, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(of(&another_size), Refusal::Zip64 { entry: a() });
}

#[test]
fn stored_entries_whose_size_is_not_certain() {
    let streamed = stored().streamed(true, false);
    assert_eq!(of(&streamed), Refusal::StoredDescriptor { entry: a() });
    let two_sizes = stored().both(|fields| fields.size = 4);
    assert_eq!(of(&two_sizes), Refusal::StoredSizes { entry: a() });
}

#[test]
fn a_folder_with_data() {
    assert_eq!(
        of(&stored().named(b"data/a/")),
        Refusal::Folder {
            entry: "“data/a/”".into()
        }
    );
    let empty = RawEntry::of(&item("data/a", b"", Method::Deflated)).named(b"data/a/");
    assert_eq!(
        of(&empty),
        Refusal::Folder {
            entry: "“data/a/”".into()
        }
    );
}

#[test]
fn more_than_the_limits_allow() {
    let bytes = archive(&some_items());
    let limits = Limits::default();
    let entries = Limits {
        max_entries: 3,
        ..limits
    };
    assert_eq!(
        refusal_with(entries, &bytes),
        Refusal::TooManyEntries { limit: 3 }
    );
    let size = Limits {
        max_entry_size: 2999,
        ..limits
    };
    let entry = "“data/assets/a/f.bin”".to_string();
    assert_eq!(
        refusal_with(size, &bytes),
        Refusal::EntryTooLarge {
            entry: entry.clone(),
            size: 3000,
            limit: 2999
        }
    );
    let total = Limits {
        max_total_size: 3018,
        ..limits
    };
    assert_eq!(
        refusal_with(total, &bytes),
        Refusal::TotalTooLarge { entry, limit: 3018 }
    );
    let inflated = Limits {
        max_inflated_size: 4499,
        ..limits
    };
    let entry = "“data/assets.jsonl”".to_string();
    assert_eq!(
        refusal_with(inflated, &bytes),
        Refusal::InflatedTooLarge { entry, limit: 4499 }
    );
    let enough = Limits {
        max_entries: 5,
        max_entry_size: 4500,
        max_total_size: 3019 + 4500,
        max_inflated_size: 4500,
        ..limits
    };
    read_with(enough, &bytes, &[usize::MAX]).unwrap();
}

#[test]
fn bombs() {
    let bomb = item("data/a", &vec![0; 4 << 20], Method::Deflated);
    let declared = RawEntry::of(&bomb);
    let ratio = Refusal::Ratio {
        entry: a(),
        limit: 200,
    };
    assert_eq!(of(&declared), ratio);
    let silent = declared.clone().streamed(true, false);
    assert_eq!(of(&silent), ratio);
    let lax = Limits {
        max_ratio: 2000,
        ..Limits::default()
    };
    read_with(lax, &raw_archive(std::slice::from_ref(&silent)), &[100]).unwrap();
    let small = Limits {
        max_inflated_size: 1000,
        ..lax
    };
    assert_eq!(
        refusal_with(small, &raw_archive(std::slice::from_ref(&silent))),
        Refusal::InflatedTooLarge {
            entry: a(),
            limit: 1000
        }
    );
    let total = Limits {
        max_total_size: 1000,
        ..lax
    };
    assert_eq!(
        refusal_with(total, &raw_archive(&[silent])),
        Refusal::TotalTooLarge {
            entry: a(),
            limit: 1000
        }
    );
    let lying = declared.both(|fields| fields.size = 100_000);
    assert_eq!(
        of(&lying),
        Refusal::Size {
            entry: a(),
            declared: 100_000
        }
    );
}

#[test]
fn deflated_data_that_is_not_what_its_header_says() {
    let mut garbage = deflated();
    garbage.data = vec![0xff; garbage.data.len()];
    assert_eq!(of(&garbage), Refusal::Deflate { entry: a() });
    let mut padded = deflated().both(|fields| fields.compressed_size += 1);
    padded.data.push(0);
    assert_eq!(of(&padded), Refusal::CompressedSize { entry: a() });
    let mut short = deflated().both(|fields| fields.compressed_size -= 1);
    short.data.pop();
    assert_eq!(of(&short), Refusal::CompressedSize { entry: a() });
    for by in [-1_i32, 1] {
        let entry = deflated().both(|fields| fields.size = fields.size.saturating_add_signed(by));
        assert!(matches!(of(&entry), Refusal::Size { .. }));
    }
    let crc = deflated().both(|fields| fields.crc32 ^= 1);
    assert_eq!(of(&crc), Refusal::Crc { entry: a() });
    let crc = stored().both(|fields| fields.crc32 ^= 1);
    assert_eq!(of(&crc), Refusal::Crc { entry: a() });
}

#[test]
fn what_follows_the_data_says_otherwise() {
    for at in [4, 8, 12] {
        let mut entry = deflated().streamed(true, false);
        entry.descriptor[at] ^= 1;
        assert_eq!(of(&entry), Refusal::Descriptor { entry: a() });
    }
    let mut header_says_other = deflated().streamed(true, false);
    header_says_other.local.size = 9;
    assert_eq!(of(&header_says_other), Refusal::Descriptor { entry: a() });
}
