//! Archives that were damaged at random, for a bounded time.
//!
//! `FUZZ_SECONDS` makes it run longer, `FUZZ_SEED` begins with the seed that a failure has named.

use std::cell::Cell;
use std::time::{Duration, Instant};

use bytes::Bytes;
use entrepot_archive::bag::{ManifestKind, ManifestReader, payload_oxum};
use entrepot_archive::model::{AssetLines, Package};
use entrepot_archive::reader::{DigestReader, Event, Limits, Reader};
use entrepot_archive::{EntryPath, Method, Moment};

use crate::make::{Item, RawEntry, archive, item, noise, raw_archive, some_items};

const LIMITS: Limits = Limits {
    max_entries: 40,
    max_entry_size: 1 << 20,
    max_total_size: 3 << 20,
    max_inflated_size: 1 << 19,
    max_ratio: 100,
};

/// A small generator: a seed gives the same archive on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % bound.max(1) as u64).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

fn seconds() -> u64 {
    let asked = std::env::var("FUZZ_SECONDS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(4)
}

/// Runs `check` with seed after seed until the time is over.
fn run(check: impl Fn(&mut Dice)) {
    let first = std::env::var("FUZZ_SEED")
        .ok()
        .and_then(|text| text.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds());
    let mut rounds = 0;
    for seed in first.unwrap_or(1).. {
        let outcome =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(&mut Dice(seed))));
        if let Err(panic) = outcome {
            eprintln!("FUZZ_SEED={seed}");
            std::panic::resume_unwind(panic);
        }
        rounds += 1;
        if Instant::now() > until || rounds == 200_000 {
            break;
        }
    }
}

fn seeds() -> Vec<(Vec<u8>, Vec<Item>)> {
    let plain = some_items();
    let few = vec![item("a", &noise(40), Method::Stored)];
    let streamed: Vec<_> = plain
        .iter()
        .map(|item| match item.method {
            Method::Stored => RawEntry::of(item),
            Method::Deflated => RawEntry::of(item).streamed(true, false),
        })
        .collect();
    let folder = RawEntry::of(&item("data", b"", Method::Stored)).named(b"data/");
    let folder = RawEntry {
        attributes: 0o040_755 << 16,
        ..folder
    };
    let with_folder = [folder, RawEntry::of(&few[0])];
    vec![
        (archive(&plain), plain.clone()),
        (archive(&few), few.clone()),
        (raw_archive(&streamed), plain),
        (raw_archive(&with_folder), few),
    ]
}

/// Values at which parsers err.
const ODD: [u64; 14] = [
    0,
    1,
    2,
    8,
    99,
    0x7f,
    0xff,
    0x7fff,
    0xfffe,
    0xffff,
    0x7fff_ffff,
    0xffff_fffe,
    0xffff_ffff,
    u64::MAX,
];

fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    let at = dice.below(bytes.len());
    match dice.below(9) {
        0 => bytes[at] ^= 1 << dice.below(8),
        1 => bytes[at] = dice.roll().to_le_bytes()[0],
        2 => put(bytes, at, dice.pick(&ODD), 1 << dice.below(4)),
        3 => bytes.truncate(at + 1),
        4 => {
            let piece = piece(dice, bytes);
            bytes.splice(at..at, piece);
        }
        5 => {
            let end = at + dice.below(60).min(bytes.len() - at);
            bytes.drain(at..end.min(bytes.len() - 1).max(at));
        }
        6 => {
            let piece = piece(dice, bytes);
            let end = (at + piece.len()).min(bytes.len());
            bytes.splice(at..end, piece);
        }
        _ => mutate_field(dice, bytes),
    }
}

/// A field of a record that is there.
fn mutate_field(dice: &mut Dice, bytes: &mut [u8]) {
    let records: Vec<_> = (0..bytes.len().saturating_sub(3))
        .filter(|&at| bytes[at..].starts_with(b"PK"))
        .collect();
    if records.is_empty() {
        return;
    }
    let record = dice.pick(&records);
    let field = record
        + dice.pick(&[
            4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 42, 46,
        ]);
    let near = bytes.get(field).map_or(0, |&byte| u64::from(byte));
    let value = match dice.below(3) {
        0 => near + 1,
        1 => near.saturating_sub(1),
        _ => dice.pick(&ODD),
    };
    put(bytes, field, value, 1 << dice.below(4));
}

fn put(bytes: &mut [u8], at: usize, value: u64, width: usize) {
    for (to, from) in bytes
        .iter_mut()
        .skip(at)
        .take(width)
        .zip(value.to_le_bytes())
    {
        *to = from;
    }
}

fn piece(dice: &mut Dice, bytes: &[u8]) -> Vec<u8> {
    let from = dice.below(bytes.len());
    bytes[from..]
        .iter()
        .take(dice.below(200))
        .copied()
        .collect()
}

/// What the reader said of `bytes`, if it took them. Ends, keeps the limits, gives no event twice.
fn drive(bytes: &[u8], chunk: usize) -> Option<Vec<Item>> {
    let mut reader = Reader::new(LIMITS).checking_stored();
    let mut items: Vec<Item> = Vec::new();
    let (mut events, mut total) = (0, 0);
    for piece in bytes.chunks(chunk) {
        reader.push(Bytes::copy_from_slice(piece));
        loop {
            let event = match reader.next_event() {
                Ok(Some(event)) => event,
                Ok(None) => break,
                Err(refusal) => {
                    assert_eq!(reader.next_event(), Err(refusal.clone()));
                    assert!(refusal.to_string().len() < 2000);
                    return None;
                }
            };
            events += 1;
            assert!(events <= 10 * bytes.len() + 1000, "it does not end");
            match event {
                Event::Begin(begin) => items.push(Item {
                    path: begin.path.as_str().into(),
                    data: Vec::new(),
                    method: begin.method,
                }),
                Event::Data(block) => {
                    total += block.len() as u64;
                    let item = items.last_mut().unwrap();
                    item.data.extend_from_slice(&block);
                    assert!(
                        item.data.len() as u64 <= LIMITS.max_entry_size
                            && total <= LIMITS.max_total_size
                    );
                }
                Event::End(_) | Event::Folder(_) | Event::Directory { .. } | Event::Done => {}
            }
        }
    }
    assert!(reader.entry_marks().len() as u64 <= LIMITS.max_entries);
    reader.finish().ok()?;
    Some(items)
}

/// An archive that is taken means the same to another reader, and its data has the CRCs it says.
fn check_taken(bytes: &[u8], items: &[Item]) {
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut theirs = Vec::new();
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).unwrap();
        if entry.is_dir() {
            continue;
        }
        let mut data = Vec::new();
        std::io::copy(&mut entry, &mut data).unwrap();
        theirs.push((entry.name().unwrap().into_owned(), data));
    }
    let ours: Vec<_> = items
        .iter()
        .map(|item| (item.path.clone(), item.data.clone()))
        .collect();
    assert_eq!(ours, theirs);
}

#[test]
fn damaged_archives_are_refused_or_mean_the_same_to_all() {
    let seeds = seeds();
    for (bytes, items) in &seeds {
        assert_eq!(drive(bytes, 100).as_ref(), Some(items));
    }
    let (taken_count, refused_count) = (Cell::new(0), Cell::new(0));
    run(|dice| {
        let (original, _) = dice.pick(&seeds);
        let mut bytes = original.clone();
        for _ in 0..=dice.below(4) {
            mutate(dice, &mut bytes);
        }
        let chunk = dice.pick(&[1, 5, 64, 1000, 100_000]);
        let taken = drive(&bytes, chunk);
        match &taken {
            Some(items) => check_taken(&bytes, items),
            None => refused_count.update(|count| count + 1),
        }
        taken_count.update(|count| count + u64::from(taken.is_some()));
        assert_eq!(drive(&bytes, 100_000), taken, "however it is cut");
        let mut digest = DigestReader::new();
        let digested = bytes.chunks(chunk).try_for_each(|piece| digest.push(piece));
        if digested.is_ok() && taken.is_none() {
            let _ = digest.finish();
        }
    });
    let (taken, refused) = (taken_count.get(), refused_count.get());
    println!("{taken} taken, {refused} refused");
    assert!(taken > 0 && refused > 0, "one of them has not been tried");
}

#[test]
fn damaged_tag_files_and_json_do_not_panic() {
    let mut manifest = String::new();
    for name in ["data/package.json", "data/assets/a/f.bin"] {
        let path = EntryPath::new(name).unwrap();
        entrepot_archive::bag::put_manifest_line(&mut manifest, &[7; 32], &path);
    }
    let asset = br#"{"asset_id":"a","apps":[],"name":"n","asset_type":"IMAGE","state":"ACTIVED","created_at":"2026-03-01T08:09:10Z","updated_at":"2026-03-01T08:09:10.5Z","files":[]}"#;
    let seeds = [
        manifest.into_bytes(),
        asset.to_vec(),
        b"Payload-Oxum: 12.3\n".to_vec(),
        b"2026-03-01T08:09:10.123456789Z".to_vec(),
    ];
    run(|dice| {
        let mut bytes = dice.pick(&seeds);
        for _ in 0..=dice.below(3) {
            mutate(dice, &mut bytes);
        }
        let _ = ManifestReader::new(ManifestKind::Payload).push(&bytes);
        let _ = AssetLines::new().push(&bytes);
        let _ = AssetLines::new().push(&[&bytes[..], b"\n"].concat());
        let _ = Package::parse(&bytes);
        let _ = payload_oxum(&bytes);
        if let Some(moment) = Moment::parse(&String::from_utf8_lossy(&bytes)) {
            assert_eq!(Moment::parse(&moment.to_string()), Some(moment));
        }
    });
}
