//! How somebody who asks for a token proves who they are: by a password, or by a token.
//!
//! Five wrong passwords in a row of a user from an address lock that user for that address.

use entrepot_api::iam as wire;

use super::find_by_hash;
use crate::app::App;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::origin::Origin;
use crate::iam::model::User;
use crate::iam::refusals::{invalid, unknown_token};
use crate::iam::{password, store};
use crate::ids::UserId;
use crate::keys::{self, Secret};

/// What was shown, and found right when it was looked at.
#[derive(Debug, Clone)]
pub enum Proof {
    Password(Box<User>),
    /// By its hash; looked at in [`confirm`].
    Token(String),
}

/// Who it is at the moment of the transaction that makes the token.
#[derive(Debug)]
pub struct Confirmed {
    pub user: User,
    pub methods: Vec<String>,
    /// When what was shown ends.
    pub ends_at: Option<Timestamp>,
}

pub async fn prove(app: &App, origin: &Origin, identity: wire::Identity) -> Result<Proof> {
    let methods: Vec<_> = identity.methods.iter().map(String::as_str).collect();
    match (methods.as_slice(), identity.password, identity.token) {
        (["password"], Some(method), _) => {
            let user = checked_user(app, origin, method.user).await?;
            Ok(Proof::Password(Box::new(user)))
        }
        (["token"], _, Some(method)) => Ok(Proof::Token(keys::hash_token(&method.id))),
        (["password"], None, _) => Err(invalid("identity.password is missing")),
        (["token"], _, None) => Err(invalid("identity.token is missing")),
        _ => Err(invalid(
            "identity.methods must be [\"password\"] or [\"token\"]",
        )),
    }
}

/// Whether the proof still holds: nothing that ends tokens may come between.
pub async fn confirm(tx: &mut Tx, proof: &Proof, now: Timestamp) -> Result<Confirmed> {
    match proof {
        Proof::Password(shown) => {
            let found = store::find_user(tx, &shown.user_id).await?;
            let same = |user: &User| {
                user.enabled && user.password_hash.expose() == shown.password_hash.expose()
            };
            let user = found.filter(same).ok_or_else(wrong)?;
            Ok(Confirmed {
                user,
                methods: vec!["password".into()],
                ends_at: None,
            })
        }
        Proof::Token(hash) => {
            let found = find_by_hash(tx, hash, now).await?;
            let found = found.ok_or_else(unknown_token)?;
            let mut methods = vec!["token".to_owned()];
            let earlier = found.token.methods.into_iter();
            methods.extend(earlier.filter(|method| method != "token"));
            Ok(Confirmed {
                user: found.user,
                methods,
                ends_at: Some(found.token.expires_at),
            })
        }
    }
}

async fn checked_user(app: &App, origin: &Origin, given: wire::PasswordUser) -> Result<User> {
    let domain = given.domain.unwrap_or_default();
    let domain = domain.id.or(domain.name);
    let (id, name) = (given.id, given.name);
    if id.is_none() && (name.is_none() || domain.is_none()) {
        return Err(invalid("a user is named by id, or by name and domain"));
    }
    let given_as = format!("{id:?} {name:?} {domain:?}");
    let found = app
        .db
        .read(async move |tx| match (&id, &name, &domain) {
            (Some(id), _, _) => store::find_user(tx, &UserId::new(id)).await,
            (None, Some(name), Some(domain)) => store::find_user_by_name(tx, domain, name).await,
            _ => Ok(None),
        })
        .await?;
    // a line break stands in no header, so that no access key has this name
    let locked_as = match &found {
        Some(user) => format!("\n{}", user.user_id),
        None => format!("\n{}", keys::hash_token(&given_as)),
    };
    let is_locked = || app.lockout.is_locked(&locked_as, origin.address);
    if is_locked() {
        return Err(locked());
    }
    let found = found.filter(|user| user.enabled);
    let hash = found.as_ref().map(|user| user.password_hash.clone());
    let right = password::verify(Secret::new(given.password), hash).await?;
    // many guesses may have waited for their turn together
    if is_locked() {
        return Err(locked());
    }
    let Some(user) = found.filter(|_| right) else {
        app.lockout.failed(&locked_as, origin.address);
        return Err(wrong());
    };
    app.lockout.succeeded(&locked_as, origin.address);
    Ok(user)
}

fn wrong() -> Error {
    Error::new(
        ErrorCode::WrongPassword,
        "The username or password is wrong.",
    )
}

fn locked() -> Error {
    Error::new(
        ErrorCode::WrongPassword,
        "Too many wrong passwords in a row: the user is locked for this address for 5 minutes.",
    )
}
