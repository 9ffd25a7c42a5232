//! What identity calls answer when they refuse.

use super::Caller;
use crate::error::{Error, ErrorCode, Result};

pub fn invalid(why: impl std::fmt::Display) -> Error {
    Error::new(
        ErrorCode::InvalidBody,
        format!("The request body is invalid: {why}"),
    )
}

/// The same for what is not there and for what belongs to another account.
pub fn not_found(what: &str) -> Error {
    Error::new(
        ErrorCode::IamNotFound,
        format!("Could not find the {what}."),
    )
}

/// Of a token that stands for its user.
pub fn unknown_token() -> Error {
    let message = "The token is unknown or has expired.";
    Error::new(ErrorCode::WrongPassword, message)
}

/// A temporary key must not make itself, or another, last.
pub fn refuse_temporary(caller: &Caller) -> Result<()> {
    if caller.access_key.is_none() || caller.principal.ends_at.is_none() {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::Forbidden,
        "Temporary credentials can't do this: sign with a permanent access key, or send a token.",
    ))
}
