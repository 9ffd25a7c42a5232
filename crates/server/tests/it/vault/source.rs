//! Where the master key comes from.

use std::os::unix::fs::PermissionsExt;

use entrepot_server::clock::Clock;
use entrepot_server::config::Config;
use entrepot_server::vault::{MasterKey, Source, Vault};

use super::{key_file, new_key, opens};
use crate::harness::Library;

#[test]
fn it_has_one_source() {
    let config = Config {
        master_key_file: Some("a file".into()),
        master_key_command: Some("a command".into()),
        ..Config::default()
    };
    let refused = Source::of(&config).unwrap_err();
    insta::assert_snapshot!(refused, @"the master key has more than one source: master_key_file and master_key_command; give one of them");
    let file = Source::of(&Config::default()).unwrap();
    assert_eq!(file.to_string(), "file data/master.key");
}

#[tokio::test]
async fn a_command_prints_it() {
    let library = Library::start().await;
    let line = format!("cat {}", key_file(&library).display());
    let unlock = async |line: &str| {
        let (db, now) = (library.app.db.clone(), Clock::System.now());
        Vault::unlock(db, Source::Command(line.to_owned()), now).await
    };
    assert!(unlock(&line).await.is_ok());
    let refused = unlock("echo AAAA").await.unwrap_err();
    insta::assert_snapshot!(refused, @"master_key_command: the master key must be 32 bytes in base64");
    let refused = unlock("exit 1").await.unwrap_err();
    insta::assert_snapshot!(refused, @"master_key_command: it failed: exit status: 1");
}

#[tokio::test]
async fn the_first_start_makes_a_file_that_its_owner_alone_reads() {
    let library = Library::start().await;
    let made = std::fs::metadata(key_file(&library)).unwrap();
    assert_eq!(made.permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn another_key_or_none_is_refused_and_nothing_is_made() {
    let library = Library::start().await;
    let (other, key) = new_key(&library, "other.key");
    let own = MasterKey::read(&key_file(&library)).unwrap().unwrap();
    let refused = opens(&library, &other).await.unwrap_err();
    assert!(refused.contains(key.id()) && refused.contains(own.id()));
    let absent = library.data().join("absent.key");
    let refused = opens(&library, &absent).await.unwrap_err();
    assert!(refused.starts_with("there is no master key"), "{refused}");
    assert!(!absent.exists());
}
