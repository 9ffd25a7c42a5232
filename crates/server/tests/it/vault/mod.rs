//! Secrets at rest, and the master key replaced while the library is used.

mod columns;
mod earlier;
mod load;
mod rotate;
mod source;
mod tidy;

use std::path::{Path, PathBuf};

use entrepot_server::app::App;
use entrepot_server::clock::Clock;
use entrepot_server::db::Db;
use entrepot_server::keys::Secret;
use entrepot_server::vault::{ACCESS_KEYS, MasterKey, Source, Vault};

use crate::harness::{Library, Node};

/// The master key file of a library of the harness.
fn key_file(library: &Library) -> PathBuf {
    library.data().join("master.key")
}

/// A file with a master key that no library has.
fn new_key(library: &Library, name: &str) -> (PathBuf, MasterKey) {
    let (path, key) = (library.data().join(name), MasterKey::random());
    key.write(&path).unwrap();
    (path, key)
}

fn is_sqlite(app: &App) -> bool {
    matches!(app.db, Db::Sqlite(_))
}

/// Whether a server could start with the master key of that file.
async fn opens(library: &Library, file: &Path) -> Result<(), String> {
    let (db, source) = (library.app.db.clone(), Source::File(file.to_owned()));
    let unlocked = Vault::unlock(db, source, Clock::System.now()).await;
    unlocked.map(drop)
}

/// Another access key of the owner, sealed by that node.
async fn add_key(library: &Library, node: &App, access_key: &str) {
    let secret = Secret::new(&library.owner.secret_key);
    let sealed = node.vault.seal(ACCESS_KEYS, access_key, &secret).unwrap();
    let user = &library.owner.user_id;
    let sql = format!(
        "INSERT INTO access_keys (access_key, user_id, secret, enabled, created_at) \
         VALUES ('{access_key}', '{user}', '{sealed}', TRUE, 0)"
    );
    library.execute(&sql).await;
}

/// The status of a call that is signed with the owner's own secret, under any of the access keys.
async fn call_with(library: &Library, node: &Node, access_key: &str) -> u16 {
    let mut caller = library.owner.clone();
    access_key.clone_into(&mut caller.access_key);
    let call = library.call("GET", "digital-assets").by(&caller);
    node.send(call).await.status
}

/// How many secrets are not sealed under the active data key.
async fn left_behind(library: &Library) -> i64 {
    let active = library.app.vault.ring().active().key_id().to_owned();
    let mut left = 0;
    for table in ["access_keys", "apps", "replication_keys"] {
        let rows = format!("{table} WHERE secret NOT LIKE 'v2:{active}:%'");
        left += library.rows(&rows).await;
    }
    left
}
