//! A ticket opens if and only if nothing in it was changed.

use entrepot_api::replication::{KeyId, ReplicationAssetInfo};
use entrepot_server::clock::Timestamp;
use entrepot_server::replication::keys::{RingKey, StoredKey};
use entrepot_server::replication::ticket::{ALGORITHM, Contents, Presented, seal};
use proptest::prelude::*;

fn key(id: &str, secret: u8) -> RingKey {
    let stored = StoredKey {
        key_id: id.into(),
        peer: "b".into(),
        sealed: String::new(),
        created_at: Timestamp::from_seconds(0),
        retired_at: None,
        uses: 0,
    };
    RingKey::derive(&stored, &[secret; 32])
}

fn contents(asset: &str, name: &str, version: i64) -> Contents {
    Contents {
        ticket_id: "t".into(),
        region: "a".into(),
        asset_id: asset.into(),
        asset_name: name.into(),
        asset_type: "IMAGE".into(),
        asset_created_at: Timestamp::from_seconds(5),
        version,
        manifest: "00".repeat(32),
        issued_at: Timestamp::from_seconds(6),
        expires: 1_800_000_000,
        to_region: None,
        to_project: Some("p".into()),
    }
}

fn open(info: ReplicationAssetInfo, key: &RingKey) -> Option<Contents> {
    Presented::parse(info).ok()?.open(key).ok()
}

#[test]
fn every_bit_of_the_text_counts() {
    let key = key("17", 1);
    let sealed = seal(&key, &contents("a1", "a name", 3)).unwrap();
    assert!(open(sealed.clone(), &key).is_some());
    let text = sealed.asset_info.clone().unwrap();
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let mut changed = sealed.clone();
            changed.asset_info = Some(String::from_utf8(bytes).unwrap());
            assert!(open(changed, &key).is_none(), "bit {bit} of byte {at}");
        }
        let mut cut = sealed.clone();
        cut.asset_info = Some(text[..at].to_owned());
        assert!(open(cut, &key).is_none(), "cut at {at}");
    }
}

#[test]
fn two_tickets_of_the_same_never_share_a_nonce() {
    let key = key("17", 1);
    let ivs: std::collections::HashSet<_> = (0..1000)
        .map(|_| {
            seal(&key, &contents("a", "n", 1))
                .unwrap()
                .encryption_info
                .unwrap()
                .iv
        })
        .collect();
    assert_eq!(ivs.len(), 1000);
}

#[test]
fn parts_of_two_tickets_do_not_make_a_third() {
    let key = key("17", 1);
    let one = seal(&key, &contents("a", "n", 1)).unwrap();
    let other = seal(&key, &contents("a", "n", 2)).unwrap();
    let parts = |info: &ReplicationAssetInfo| {
        let text = info.asset_info.clone().unwrap();
        let (iv, sealed) = text.split_once(':').unwrap();
        (iv.to_owned(), sealed.to_owned())
    };
    let ((iv, _), (_, sealed)) = (parts(&one), parts(&other));
    let mut mixed = one.clone();
    mixed.asset_info = Some(format!("{iv}:{sealed}"));
    assert!(open(mixed, &key).is_none());
    let mut swapped = one.clone();
    swapped.encryption_info.as_mut().unwrap().iv = other.encryption_info.unwrap().iv;
    assert!(open(swapped, &key).is_none());
}

#[test]
fn a_key_id_may_be_a_number() {
    let key = key("17", 1);
    let mut info = seal(&key, &contents("a", "n", 1)).unwrap();
    info.encryption_info.as_mut().unwrap().key_id = Some(KeyId::Number(17));
    assert!(open(info, &key).is_some());
}

proptest! {
    #[test]
    fn a_ticket_opens_if_and_only_if_nothing_was_changed(
        asset in "[a-f0-9]{32}",
        name in "\\PC{0,256}",
        version in 1i64..i64::MAX,
        what in 0usize..7,
        other in "[a-f0-9]{1,40}",
        number in any::<i64>(),
    ) {
        let (right, wrong) = (key("17", 1), key("17", 2));
        let sealed = contents(&asset, &name, version);
        let info = seal(&right, &sealed).unwrap();
        prop_assert_eq!(open(info.clone(), &right), Some(sealed.clone()));
        prop_assert_eq!(open(info.clone(), &wrong), None);

        let mut changed = info.clone();
        let outer = changed.encryption_info.as_mut().unwrap();
        let mut under = right;
        let same = match what {
            0 => { changed.asset_id = Some(other.clone()); other == asset }
            1 => { changed.expire_time = Some(number); number == sealed.expires }
            // it may be left out
            2 => { changed.expire_time = None; true }
            3 => { outer.algorithm = Some(other.clone()); other == ALGORITHM }
            4 => { outer.iv = Some(other.clone()); false }
            5 => { changed.asset_info = changed.asset_info.map(|text| text + &other); false }
            _ => { under = key(&other, 1); other == "17" }
        };
        prop_assert_eq!(open(changed, &under).is_some(), same);
    }
}
