//! The compressor, and what determinism needs of it.

use std::io::Read as _;

use entrepot_archive::{Deflate, deflate, hex};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::make::noise;

#[test]
fn what_is_known_of_an_entry_is_true() {
    let data = b"some text, some text, some text".repeat(100);
    let (bytes, known) = deflate(&data);
    let mut inflated = Vec::new();
    flate2::read::DeflateDecoder::new(bytes.as_slice())
        .read_to_end(&mut inflated)
        .unwrap();
    assert_eq!(inflated, data);
    assert_eq!(
        (known.size, known.compressed_size),
        (data.len() as u64, bytes.len() as u64)
    );
    assert_eq!(known.crc32, crc32fast::hash(&data));
    assert_eq!(known.sha256[..], Sha256::digest(&data)[..]);
    assert_eq!(known.compressed_sha256[..], Sha256::digest(&bytes)[..]);
}

/// The same content is the same package on every machine and in every release: when this fails, the
/// compressor has changed, and packages made before and after differ.
#[test]
fn the_compressed_bytes_are_the_same_everywhere() {
    let mut data = noise(5000);
    data.extend(b"{\"asset_id\":\"0\",\"name\":\"x\"}\n".repeat(3000));
    data.extend(noise(70_000).iter().map(|byte| byte % 7 + b'a'));
    let (bytes, _) = deflate(&data);
    assert_eq!(
        hex(&Sha256::digest(bytes)),
        "145a15ff5c4035b540d3918c7a8dd2f3a435503445e3d893fe6fda75e0497db1"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn how_the_input_is_cut_does_not_matter(
        word in prop::collection::vec(any::<u8>(), 1..400),
        times in 1..1500_usize,
        cuts in prop::collection::vec(1..70_000_usize, 1..5),
    ) {
        let data = word.repeat(times);
        let expected = deflate(&data);
        let mut deflate = Deflate::new();
        let (mut out, mut rest) = (Vec::new(), data.as_slice());
        for cut in cuts.into_iter().cycle() {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            deflate.push(piece, &mut out);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        let known = deflate.finish(&mut out);
        prop_assert_eq!((out, known), expected);
    }
}
