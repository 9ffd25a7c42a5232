//! What every storage promises about objects.

use std::num::NonZeroUsize;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use entrepot_blob::{BlobError, Blobs, Piece, StorageKey};
use futures_util::future::try_join_all;
use futures_util::{StreamExt, TryStreamExt};

use crate::places::{all, get, is_not_found, key, list, pattern, put};

#[test]
fn storage_keys_are_32_lower_hex_digits_and_nothing_else() {
    let good = "0192a3b4c5d67e8f0011223344556677";
    assert_eq!(StorageKey::parse(good).unwrap().as_str(), good);
    for bad in [
        "",
        "../../../../../../../etc/passwd",
        &good[1..],
        &good.to_uppercase(),
    ] {
        assert!(StorageKey::parse(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn an_object_reads_back_as_it_was_written_whatever_the_chunks() {
    for place in all() {
        let sizes = [0, 1, 65_536, 524_287, 524_288, 524_289, 3_000_000];
        for (number, size) in (0..).zip(sizes) {
            let bytes = pattern(size);
            let written = put(&place.blobs, &key(number), &bytes, 10_007)
                .await
                .unwrap();
            assert_eq!(written, size as u64);
            assert_eq!(
                place.blobs.size(&key(number)).await.unwrap(),
                Some(size as u64)
            );
            assert_eq!(
                get(&place.blobs, &key(number), 0..size as u64)
                    .await
                    .unwrap(),
                bytes
            );
        }
    }
}

#[tokio::test]
async fn empty_chunks_change_nothing() {
    for place in all() {
        let mut writer = place.blobs.writer(&key(1)).await.unwrap();
        for chunk in ["", "ab", "", "", "c", ""] {
            writer
                .write(Bytes::from_static(chunk.as_bytes()))
                .await
                .unwrap();
        }
        assert_eq!(writer.finish().await.unwrap(), 3);
        assert_eq!(get(&place.blobs, &key(1), 0..3).await.unwrap(), "abc");
    }
}

#[tokio::test]
async fn a_range_gives_exactly_its_bytes() {
    for place in all() {
        let bytes = pattern(1_000_000);
        put(&place.blobs, &key(1), &bytes, 100_000).await.unwrap();
        let ranges = [
            0..0,
            0..1,
            999_999..1_000_000,
            1_000_000..1_000_000,
            262_143..262_145,
        ];
        for range in ranges.into_iter().chain([0..262_144, 5..786_437]) {
            let expected = bytes.slice(range.start..range.end);
            let range = range.start as u64..range.end as u64;
            assert_eq!(get(&place.blobs, &key(1), range).await.unwrap(), expected);
        }
    }
}

#[tokio::test]
async fn a_range_beyond_the_end_is_an_error_and_gives_no_bytes() {
    for place in all() {
        put(&place.blobs, &key(1), &pattern(100), 100)
            .await
            .unwrap();
        let mut stream = place.blobs.read(&key(1), 50..101);
        let error = stream.next().await.unwrap().unwrap_err();
        assert!(
            matches!(
                error,
                BlobError::Corrupt {
                    expected: 101,
                    actual: 100,
                    ..
                }
            ),
            "{error}"
        );
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_found_also_by_an_empty_range() {
    for place in all() {
        assert_eq!(place.blobs.size(&key(1)).await.unwrap(), None);
        for range in [0..0, 0..10] {
            let error = get(&place.blobs, &key(1), range).await.unwrap_err();
            assert!(is_not_found(&error, &key(1)), "{error}");
        }
    }
}

#[tokio::test]
async fn a_large_object_streams_in_large_blocks() {
    for place in all() {
        let bytes = pattern(12_000_000);
        put(&place.blobs, &key(1), &bytes, 65_536).await.unwrap();
        let mut stream = place.blobs.read(&key(1), 0..12_000_000);
        let (mut at, mut blocks) = (0, 0);
        while let Some(block) = stream.next().await.transpose().unwrap() {
            assert_eq!(block, bytes.slice(at..at + block.len()));
            at += block.len();
            blocks += 1;
        }
        assert_eq!((at, blocks), (12_000_000, 46));
    }
}

#[tokio::test]
async fn a_writer_dropped_before_finish_leaves_nothing() {
    for place in all() {
        for (number, size) in (0..).zip([0, 1000, 5_000_000]) {
            let mut writer = place.blobs.writer(&key(number)).await.unwrap();
            for chunk in pattern(size).chunks(100_000) {
                writer.write(Bytes::copy_from_slice(chunk)).await.unwrap();
            }
            drop(writer);
            assert_eq!(place.blobs.size(&key(number)).await.unwrap(), None);
        }
        place.assert_nothing_is_left().await;
    }
}

#[tokio::test]
async fn a_key_is_written_once() {
    for place in all() {
        let mut slow = place.blobs.writer(&key(1)).await.unwrap();
        slow.write(pattern(2_000_000)).await.unwrap();
        put(&place.blobs, &key(1), &pattern(10), 10).await.unwrap();
        for result in [
            slow.finish().await,
            put(&place.blobs, &key(1), &pattern(9), 9).await,
        ] {
            let error = result.unwrap_err();
            assert!(
                matches!(&error, BlobError::Exists(taken) if *taken == key(1)),
                "{error}"
            );
        }
        assert_eq!(
            get(&place.blobs, &key(1), 0..10).await.unwrap(),
            pattern(10)
        );
        place.blobs.delete(&key(1)).await.unwrap();
        place.assert_nothing_is_left().await;
    }
}

#[tokio::test]
async fn delete_is_idempotent_and_frees_the_key() {
    for place in all() {
        place.blobs.delete(&key(1)).await.unwrap();
        for _ in 0..2 {
            put(&place.blobs, &key(1), &pattern(10), 10).await.unwrap();
            place.blobs.delete(&key(1)).await.unwrap();
            place.blobs.delete(&key(1)).await.unwrap();
            assert_eq!(place.blobs.size(&key(1)).await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn a_reader_that_began_before_the_delete_gets_all_bytes() {
    for place in all() {
        put(&place.blobs, &key(1), &pattern(3_000_000), 1_000_000)
            .await
            .unwrap();
        let mut stream = place.blobs.read(&key(1), 0..3_000_000);
        let mut size = stream.next().await.unwrap().unwrap().len();
        place.blobs.delete(&key(1)).await.unwrap();
        while let Some(block) = stream.next().await {
            size += block.unwrap().len();
        }
        assert_eq!(size, 3_000_000);
    }
}

#[tokio::test]
async fn a_listing_gives_every_object_once_in_pages_of_any_size() {
    let mut orders = Vec::new();
    for place in all() {
        // The last ten share one folder, the rest are spread.
        let shared = |i: u64| StorageKey::parse(&format!("{i:024x}0000abcd")).unwrap();
        let keys: Vec<_> = (0..90).map(key).chain((0..10).map(shared)).collect();
        for key in &keys {
            put(&place.blobs, key, &pattern(3), 3).await.unwrap();
        }
        let whole = list(&place.blobs, 1000).await;
        for limit in [1, 7, 100] {
            assert_eq!(list(&place.blobs, limit).await, whole);
        }
        let mut sorted = [whole.clone(), keys];
        sorted[0].sort();
        sorted[1].sort();
        assert_eq!(sorted[0], sorted[1]);
        orders.push(whole);
    }
    assert_eq!(orders[0], orders[1]);
}

#[tokio::test]
async fn a_listing_tells_size_and_time_and_goes_on_after_a_deleted_key() {
    for place in all() {
        for (number, size) in (0..3).zip([10, 20, 30]) {
            put(&place.blobs, &key(number), &pattern(size), 10)
                .await
                .unwrap();
        }
        let one = NonZeroUsize::MIN;
        let (mut after, mut sizes) = (None, Vec::new());
        loop {
            let page = place.blobs.list(after, one).await.unwrap();
            for entry in page.entries {
                let age = SystemTime::now()
                    .duration_since(entry.modified)
                    .unwrap_or_default();
                assert!(age < Duration::from_mins(1));
                sizes.push(entry.size);
                place.blobs.delete(&entry.key).await.unwrap();
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        sizes.sort_unstable();
        assert_eq!(sizes, [10, 20, 30]);
        place.assert_nothing_is_left().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_at_once_do_not_disturb_each_other() {
    for place in all() {
        let write = async |number: u64| {
            let bytes = pattern(1000 + usize::try_from(number).unwrap() * 20_000);
            put(&place.blobs, &key(number), &bytes, 50_000).await?;
            let read = get(&place.blobs, &key(number), 0..bytes.len() as u64).await?;
            assert_eq!(read, bytes);
            Ok::<_, BlobError>(())
        };
        try_join_all((0..64).map(write)).await.unwrap();
        assert_eq!(list(&place.blobs, 10).await.len(), 64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_writers_of_one_key_one_wins() {
    for place in all() {
        let tasks = (0..16).map(|_| {
            let blobs = place.blobs.clone();
            tokio::spawn(async move { put(&blobs, &key(1), &pattern(1000), 1000).await })
        });
        let results = try_join_all(tasks).await.unwrap();
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        place.blobs.delete(&key(1)).await.unwrap();
        place.assert_nothing_is_left().await;
    }
}

#[tokio::test]
async fn there_is_less_room_by_what_is_stored() {
    for place in all() {
        assert!(place.blobs.free_space().await.unwrap() > 0);
    }
    let small = Blobs::memory_of(1000);
    put(&small, &key(1), &pattern(400), 100).await.unwrap();
    assert_eq!(small.free_space().await.unwrap(), 600);
}

#[tokio::test]
async fn pieces_are_read_as_one_stream() {
    for place in all() {
        let bytes = pattern(300_000);
        for number in 1..=3 {
            put(&place.blobs, &key(number), &bytes, 100_000)
                .await
                .unwrap();
        }
        let stored = |number, range| Piece::Stored(key(number), range);
        let mut pieces = vec![
            Piece::Given(Bytes::new()),
            stored(1, 5..5),
            Piece::Given(Bytes::from_static(b"between")),
            stored(2, 10..300_000),
            stored(1, 0..300_000),
        ];
        let mut expected = [b"between", &bytes[10..], &bytes].concat();
        // many small ones share a block
        for at in (0..5000).step_by(20) {
            pieces.push(stored(3, at..at + 20));
        }
        expected.extend_from_slice(&bytes[..5000]);
        let stream = place.blobs.read_pieces(pieces.clone());
        let blocks: Vec<Bytes> = stream.try_collect().await.unwrap();
        assert!(blocks.concat() == expected);
        if place.on_disk() {
            // what is given, and two blocks of each large piece: the last has the small ones too
            assert_eq!(blocks.len(), 5);
        }

        // one that is not there ends the stream
        pieces.insert(4, stored(9, 0..1));
        let items: Vec<_> = place.blobs.read_pieces(pieces).collect().await;
        let (last, before) = items.split_last().unwrap();
        assert!(matches!(last, Err(BlobError::NotFound(_))));
        assert!(before.iter().all(Result::is_ok), "{before:?}");
    }
}
