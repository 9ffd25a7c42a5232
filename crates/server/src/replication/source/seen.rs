//! Requests of peers that were seen: none is taken twice.
//!
//! Where one process owns the database, its memory is enough: what was signed before it started is
//! refused. Where several share one, they share what they have seen in it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::refused;
use crate::app::App;
use crate::clock::Timestamp;
use crate::db::Db;
use crate::error::{Error, ErrorCode, Result};
use crate::replication::proof::Proof;
use crate::replication::store;

/// How much the clocks of two regions may differ.
pub const SKEW: Duration = Duration::from_mins(2);
/// Requests that are remembered at most; far more than a peer sends in [`SKEW`].
const MOST: usize = 1_000_000;

#[derive(Debug)]
pub struct Seen {
    started: Timestamp,
    nonces: Mutex<Nonces>,
}

#[derive(Debug, Default)]
struct Nonces {
    /// Until when each must be remembered.
    until: HashMap<u128, Timestamp>,
    pruned_at: Option<Timestamp>,
}

impl Seen {
    pub fn new(started: Timestamp) -> Self {
        Self {
            started,
            nonces: Mutex::default(),
        }
    }

    /// Takes a request whose signature fits, if it is fresh.
    pub async fn take(&self, app: &App, proof: &Proof) -> Result<()> {
        let now = app.clock.now();
        let apart = now.millis().abs_diff(proof.time.millis());
        if u128::from(apart) > SKEW.as_millis() {
            return Err(refused(format!(
                "it was signed at {}, it is {} here; at most {} s may lie between the clocks",
                proof.time.rfc3339(),
                now.rfc3339(),
                SKEW.as_secs()
            )));
        }
        let until = proof.time.plus(SKEW);
        let is_new = if let Db::Sqlite(_) = app.db {
            if proof.time < self.started {
                return Err(refused(
                    "it was signed before this server started; sign it again",
                ));
            }
            self.remember(&proof.nonce, until, now)?
        } else {
            let nonce = proof.nonce.clone();
            app.db
                .write(async move |tx| store::keys::insert_nonce(tx, &nonce, until).await)
                .await?
        };
        if is_new {
            return Ok(());
        }
        Err(refused("it was sent before"))
    }

    fn remember(&self, nonce: &str, until: Timestamp, now: Timestamp) -> Result<bool> {
        let nonce = u128::from_str_radix(nonce, 16).map_err(Error::internal)?;
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let due = nonces.pruned_at.is_none_or(|at| at.plus(SKEW) <= now);
        if due || nonces.until.len() >= MOST {
            nonces.until.retain(|_, until| *until >= now);
            nonces.pruned_at = Some(now);
        }
        if nonces.until.len() >= MOST {
            return Err(Error::new(
                ErrorCode::Unavailable,
                "Peers sent too many requests; try again.",
            ));
        }
        Ok(nonces.until.insert(nonce, until).is_none())
    }
}
