//! Libraries of a version before there were data keys: everything came from the master key itself.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use data_encoding::{BASE64, HEXUPPER};
use entrepot_server::vault;
use hkdf::Hkdf;
use sha2::Sha256;

use super::{call_with, key_file, left_behind, opens};
use crate::harness::Library;

fn derive(library: &Library, purpose: &str) -> [u8; 32] {
    let text = std::fs::read_to_string(key_file(library)).unwrap();
    let key = BASE64.decode(text.trim().as_bytes()).unwrap();
    let mut derived = [0; 32];
    let hkdf = Hkdf::<Sha256>::new(None, &key);
    hkdf.expand(purpose.as_bytes(), &mut derived).unwrap();
    derived
}

/// Makes the library look as an earlier version left it, but for its tables.
async fn turn_back(library: &Library) {
    let key = derive(library, "entrepot sealed secrets v1");
    let nonce = [7; 12];
    let secret = library.owner.secret_key.as_bytes();
    let sealed = Aes256Gcm::new(&key.into()).encrypt(&Nonce::from(nonce), secret);
    let text = BASE64.encode(&[&nonce[..], &sealed.unwrap()].concat());
    let sql = format!("UPDATE access_keys SET secret = 'v1:{text}'");
    library.execute(&sql).await;
    library.execute("DELETE FROM vault_keys").await;
}

#[tokio::test]
async fn what_the_master_key_sealed_and_signed_goes_on_working() {
    let library = Library::start().await;
    turn_back(&library).await;
    let node = library.node().await;
    assert_eq!(
        call_with(&library, &node, &library.owner.access_key).await,
        200
    );
    let ring = node.app.vault.ring();
    assert_eq!(ring.active().key_id(), "0");
    let name = derive(&library, "entrepot object url access key id v1");
    assert_eq!(ring.active().link_name(), HEXUPPER.encode(&name[..10]));
    let key = derive(&library, "entrepot object url signing key v1");
    assert_eq!(ring.active().link_key(), &key);

    let former = library.data().join("former.key");
    std::fs::copy(key_file(&library), &former).unwrap();
    let rotated = vault::rotate(&node.app, None).await.unwrap();
    assert_eq!((rotated.pass.resealed, rotated.pass.failed), (1, 0));
    vault::finish(&node.app).await.unwrap();
    library.app.vault.reload().await.unwrap();
    assert_eq!(left_behind(&library).await, 0);
    let later = library.node().await;
    assert_eq!(
        call_with(&library, &later, &library.owner.access_key).await,
        200
    );
    assert!(opens(&library, &former).await.is_err());
}

#[tokio::test]
async fn the_tidy_seals_old_texts_anew() {
    let library = Library::start().await;
    turn_back(&library).await;
    let node = library.node().await;
    vault::tidy(&node.app).await.unwrap();
    assert_eq!(
        library.rows("access_keys WHERE secret LIKE 'v2:0:%'").await,
        1
    );
    assert_eq!(
        call_with(&library, &node, &library.owner.access_key).await,
        200
    );
}

#[tokio::test]
async fn it_does_not_start_without_its_master_key() {
    let library = Library::start().await;
    turn_back(&library).await;
    let absent = library.data().join("absent.key");
    assert!(opens(&library, &absent).await.is_err());
    assert!(!absent.exists());
}
