//! Whose key, or which key, a call is about.

use crate::db::Tx;
use crate::error::Result;
use crate::iam::model::{StoredKey, User};
use crate::iam::refusals::not_found;
use crate::iam::{Caller, Resource, store};
use crate::ids::UserId;

/// A user of the caller's account, whose keys the caller may manage: their own, or by permission.
/// Who may not learns nothing of who there is.
pub async fn permitted_user(tx: &mut Tx, caller: &Caller, user: &UserId) -> Result<User> {
    caller.authorize(Resource::User(user))?;
    let found = store::find_user(tx, user).await?;
    let found = found.filter(|user| user.domain_id == caller.principal.domain_id);
    found.ok_or_else(|| not_found(&format!("user {user}")))
}

/// The same of a key.
pub async fn permitted_key(tx: &mut Tx, caller: &Caller, access_key: &str) -> Result<StoredKey> {
    let found = store::find_permanent_key(tx, access_key).await?;
    let user = found.as_ref().map(|key| key.user_id.clone());
    // a key that is not there is nobody's
    let user = user.unwrap_or_else(|| UserId::new(""));
    caller.authorize(Resource::User(&user))?;
    let user = store::find_user(tx, &user).await?;
    let is_own = user.is_some_and(|user| user.domain_id == caller.principal.domain_id);
    found
        .filter(|_| is_own)
        .ok_or_else(|| not_found(&format!("credential {access_key}")))
}
