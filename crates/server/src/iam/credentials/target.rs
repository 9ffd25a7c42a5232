//! Whose key, or which key, a call is about.

use crate::db::Tx;
use crate::error::Result;
use crate::iam::model::{StoredKey, User};
use crate::iam::refusals::not_found;
use crate::iam::{Caller, Resource, store};
use crate::ids::UserId;

/// A user of the caller's account, whose keys the caller may manage: their own, or by permission.
pub async fn permitted_user(tx: &mut Tx, caller: &Caller, user: &UserId) -> Result<User> {
    let found = store::find_user(tx, user).await?;
    let found = found.filter(|user| user.domain_id == caller.principal.domain_id);
    let Some(found) = found else {
        return Err(not_found(&format!("user {user}")));
    };
    caller.authorize(Resource::User(&found.user_id))?;
    Ok(found)
}

/// The same of a key.
pub async fn permitted_key(tx: &mut Tx, caller: &Caller, access_key: &str) -> Result<StoredKey> {
    let unknown = || not_found(&format!("credential {access_key}"));
    let found = store::find_permanent_key(tx, access_key).await?;
    let key = found.ok_or_else(unknown)?;
    let user = store::find_user(tx, &key.user_id).await?;
    if user.is_none_or(|user| user.domain_id != caller.principal.domain_id) {
        return Err(unknown());
    }
    caller.authorize(Resource::User(&key.user_id))?;
    Ok(key)
}
