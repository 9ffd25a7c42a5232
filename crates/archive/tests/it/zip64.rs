//! Fields at their limits, without the bytes in between.

use entrepot_archive::{
    EntryMeta, EntryPath, Method, central_header, end_of_directory, local_header,
};

use crate::make::time;

const FULL: u64 = 0xffff_ffff;

fn meta(size: u64) -> EntryMeta {
    EntryMeta {
        path: EntryPath::new("data/f").unwrap(),
        method: Method::Stored,
        crc32: 7,
        size,
        compressed_size: size,
    }
}

fn u16_at(record: &[u8], at: usize) -> u64 {
    u16::from_le_bytes(record[at..at + 2].try_into().unwrap()).into()
}

fn u32_at(record: &[u8], at: usize) -> u64 {
    u32::from_le_bytes(record[at..at + 4].try_into().unwrap()).into()
}

fn u64_at(record: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(record[at..at + 8].try_into().unwrap())
}

#[test]
fn a_local_header_has_both_sizes_wide_or_none() {
    let record = local_header(&meta(FULL - 1), time());
    assert_eq!(record.len(), 30 + 6);
    assert_eq!(
        (u16_at(&record, 4), u32_at(&record, 18), u32_at(&record, 22)),
        (20, FULL - 1, FULL - 1)
    );
    for size in [FULL, FULL + 1] {
        let record = local_header(&meta(size), time());
        assert_eq!(record.len(), 30 + 6 + 20);
        assert_eq!(
            (u16_at(&record, 4), u32_at(&record, 18), u32_at(&record, 22)),
            (45, FULL, FULL)
        );
        assert_eq!((u16_at(&record, 36), u16_at(&record, 38)), (1, 16));
        assert_eq!((u64_at(&record, 40), u64_at(&record, 48)), (size, size));
    }
    let deflated = EntryMeta {
        method: Method::Deflated,
        compressed_size: 9,
        ..meta(FULL)
    };
    let record = local_header(&deflated, time());
    assert_eq!((u64_at(&record, 40), u64_at(&record, 48)), (FULL, 9));
}

#[test]
fn a_central_record_has_the_fields_that_overflow() {
    for (size, compressed_size, offset, wide) in [
        (FULL - 1, FULL - 1, FULL - 1, vec![]),
        (5, 5, FULL, vec![FULL]),
        (5, 5, FULL + 1, vec![FULL + 1]),
        (FULL, 5, 0, vec![FULL]),
        (FULL + 1, FULL, 0, vec![FULL + 1, FULL]),
        (FULL, FULL, FULL + 1, vec![FULL, FULL, FULL + 1]),
    ] {
        let meta = EntryMeta {
            compressed_size,
            ..meta(size)
        };
        let record = central_header(&meta, offset, time());
        let extra = if wide.is_empty() {
            0
        } else {
            4 + wide.len() * 8
        };
        assert_eq!(record.len(), 46 + 6 + extra);
        assert_eq!(u16_at(&record, 6), if wide.is_empty() { 20 } else { 45 });
        assert_eq!(u16_at(&record, 30), extra as u64);
        let narrow = [
            u32_at(&record, 24),
            u32_at(&record, 20),
            u32_at(&record, 42),
        ];
        assert_eq!(
            narrow,
            [size, compressed_size, offset].map(|value| value.min(FULL))
        );
        let found: Vec<_> = (0..wide.len())
            .map(|at| u64_at(&record, 56 + at * 8))
            .collect();
        assert_eq!(found, wide);
        assert_eq!(u32_at(&record, 38), 0o100_644 << 16);
    }
}

#[test]
fn an_end_record_is_wide_where_it_must_be() {
    for (entries, size, offset, wide) in [
        (65_534, FULL - 1, FULL - 1, false),
        (65_535, 10, 10, true),
        (65_536, 10, 10, true),
        (1, FULL, 10, true),
        (1, 10, FULL, true),
        (1, 10, FULL + 1, true),
    ] {
        let record = end_of_directory(entries, size, offset);
        assert_eq!(record.len(), if wide { 56 + 20 + 22 } else { 22 });
        let end = &record[record.len() - 22..];
        assert_eq!(
            (u16_at(end, 8), u16_at(end, 10)),
            (entries.min(0xffff), entries.min(0xffff))
        );
        assert_eq!(
            (u32_at(end, 12), u32_at(end, 16)),
            (size.min(FULL), offset.min(FULL))
        );
        if wide {
            assert_eq!(
                (u64_at(&record, 24), u64_at(&record, 32)),
                (entries, entries)
            );
            assert_eq!((u64_at(&record, 40), u64_at(&record, 48)), (size, offset));
            assert_eq!(u64_at(&record, 56 + 8), size + offset);
        }
    }
}

mod sparse {
    //! A large archive as a stream that repeats one block of zeros.

    use bytes::Bytes;
    use entrepot_archive::reader::{Checkpoint, Event, Limits, Mark, Reader};

    use super::*;

    /// Reads an archive whose entry `i` has `sizes[i]` zeros; CRCs are not looked at.
    fn read_zeros(sizes: &[u64]) -> (Vec<Mark>, u64) {
        let zeros = Bytes::from(vec![0; 64 << 20]);
        let mut reader = Reader::new(Limits::default());
        let (mut offset, mut directory, mut seen) = (0, Vec::new(), 0);
        let mut drain = |reader: &mut Reader| {
            let mut done = false;
            while let Some(event) = reader.next_event().unwrap() {
                if let Event::Data(block) = &event {
                    seen += block.len() as u64;
                }
                done = event == Event::Done;
            }
            done
        };
        for (index, &size) in sizes.iter().enumerate() {
            let path = EntryPath::new(format!("data/{index}")).unwrap();
            let meta = EntryMeta { path, ..meta(size) };
            let header = local_header(&meta, time());
            directory.extend(central_header(&meta, offset, time()));
            offset += header.len() as u64 + size;
            reader.push(header.into());
            let mut left = size;
            while left > 0 {
                let piece = zeros.len().min(usize::try_from(left).unwrap());
                reader.push(zeros.slice(..piece));
                left -= piece as u64;
                drain(&mut reader);
            }
        }
        let end = end_of_directory(sizes.len() as u64, directory.len() as u64, offset);
        reader.push(directory.into());
        reader.push(end.into());
        assert!(drain(&mut reader));
        let marks = reader.entry_marks().to_vec();
        reader.finish().unwrap();
        (marks, seen)
    }

    #[test]
    fn entries_about_4_gib_read_back() {
        let sizes = [FULL - 1, FULL, FULL + 1, 3];
        assert_eq!(read_zeros(&sizes).1, sizes.iter().sum::<u64>());
    }

    #[test]
    fn as_many_entries_as_a_narrow_record_counts_read_back() {
        for entries in [65_534, 65_535, 65_536] {
            assert_eq!(read_zeros(&vec![0; entries]).0.len(), entries);
        }
    }

    #[test]
    fn an_entry_behind_4_gib_is_resumed() {
        let small = local_header(&meta(1), time());
        let (marks, _) = read_zeros(&[FULL]);
        let first = EntryMeta {
            path: EntryPath::new("data/0").unwrap(),
            ..meta(FULL)
        };
        let offset = FULL + local_header(&first, time()).len() as u64;
        let checkpoint = Checkpoint {
            offset,
            total_size: FULL,
            marks,
        };
        let mut reader = Reader::resume(Limits::default(), checkpoint);
        let mut directory = central_header(&first, 0, time());
        directory.extend(central_header(&meta(1), offset, time()));
        let start = offset + small.len() as u64 + 1;
        for piece in [
            small,
            vec![0],
            directory.clone(),
            end_of_directory(2, directory.len() as u64, start),
        ] {
            reader.push(piece.into());
            while reader.next_event().unwrap().is_some() {}
        }
        reader.finish().unwrap();
    }
}
