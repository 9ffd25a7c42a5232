//! Digests against published vectors, and against other implementations for any content in any
//! chunks.

use bytes::Bytes;
use entrepot_blob::{Blobs, Digests, Hasher, PartDigest, PartHasher};
use md5::Digest;
use proptest::prelude::*;
use tokio::runtime::Builder;

use crate::places::{all, get, key, pattern};

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// RFC 1321, FIPS 180-4 and the check value of CRC-32/ISO-HDLC.
#[tokio::test]
async fn known_vectors() {
    let (empty_md5, empty_sha) = (
        "d41d8cd98f00b204e9800998ecf8427e",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    let (nine_md5, nine_sha) = (
        "25f9e794323b453885f5181f1b624d0b",
        "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    );
    let vectors = [
        ("", empty_md5, empty_sha, 0),
        ("123456789", nine_md5, nine_sha, 0xcbf4_3926),
    ];
    for (text, md5, sha256, crc32) in vectors {
        let mut hasher = Hasher::new();
        hasher
            .push(Bytes::from_static(text.as_bytes()))
            .await
            .unwrap();
        let digests = hasher.finish().await.unwrap();
        assert_eq!(digests.size, text.len() as u64);
        assert_eq!(
            (hex(&digests.md5), hex(&digests.sha256)),
            (md5.into(), sha256.into())
        );
        assert_eq!(digests.crc32, crc32);
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().try_into().unwrap()
}

/// CRC-32 bit by bit, from its definition.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

fn expected(bytes: &[u8]) -> Digests {
    Digests {
        size: bytes.len() as u64,
        md5: md5::Md5::digest(bytes).into(),
        sha256: sha256(bytes),
        crc32: crc32(bytes),
    }
}

/// Cuts `bytes` at any places, the same one more than once included.
fn cut(bytes: &Bytes, mut cuts: Vec<usize>) -> Vec<Bytes> {
    for cut in &mut cuts {
        *cut %= bytes.len() + 1;
    }
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|pair| bytes.slice(pair[0]..pair[1]))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn hashers_agree_with_other_implementations(
        size in prop_oneof![0_usize..300, 500_000..600_000_usize],
        cuts in prop::collection::vec(any::<usize>(), 0..40),
    ) {
        let bytes = pattern(size);
        let runtime = Builder::new_current_thread().build().unwrap();
        let (digests, part) = runtime.block_on(async {
            let (mut hasher, mut part) = (Hasher::new(), PartHasher::new());
            for chunk in cut(&bytes, cuts) {
                hasher.push(chunk.clone()).await.unwrap();
                part.push(chunk).await.unwrap();
            }
            (hasher.finish().await.unwrap(), part.finish().await.unwrap())
        });
        let expected = expected(&bytes);
        prop_assert_eq!(digests, expected);
        prop_assert_eq!(part, PartDigest { size: expected.size, md5: expected.md5 });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_ingest_answers_is_what_it_stored() {
    for place in all() {
        for (number, size) in (0..).zip([0, 65_536, 3_000_000]) {
            let bytes = pattern(size);
            let digests = ingest(&place.blobs, number, &bytes).await;
            assert_eq!(digests, expected(&bytes));
            assert_eq!(
                get(&place.blobs, &key(number), 0..digests.size)
                    .await
                    .unwrap(),
                bytes
            );

            let mut part = place.blobs.ingest_part(&key(100 + number)).await.unwrap();
            part.write(bytes.clone()).await.unwrap();
            let PartDigest { size, md5 } = part.finish().await.unwrap();
            assert_eq!((size, md5), (digests.size, digests.md5));
            assert_eq!(
                place.blobs.size(&key(100 + number)).await.unwrap(),
                Some(size)
            );
        }
    }
}

async fn ingest(blobs: &Blobs, number: u64, bytes: &Bytes) -> Digests {
    let mut ingest = blobs.ingest(&key(number)).await.unwrap();
    for at in (0..bytes.len()).step_by(70_001) {
        ingest
            .write(bytes.slice(at..bytes.len().min(at + 70_001)))
            .await
            .unwrap();
    }
    ingest.finish().await.unwrap()
}
