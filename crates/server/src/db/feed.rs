//! Rows out of a snapshot while it is still being read, for results larger than memory should hold.

use tokio::sync::mpsc::{self, Receiver, Sender};

use super::{DbError, Tx};

/// What the closure of a [`super::Db::snapshot`] gives its rows to; somebody else takes them
/// meanwhile. The snapshot stays open until all are taken, so the taker must not be slow for ever.
#[derive(Debug)]
pub struct Feed<T>(Sender<T>);

impl<T: Send> Feed<T> {
    /// At most `waiting` items that were given and not taken.
    pub fn new(waiting: usize) -> (Self, Receiver<T>) {
        let (sender, receiver) = mpsc::channel(waiting);
        (Self(sender), receiver)
    }

    /// Waits while the taker is behind; fails once it has gone away.
    pub async fn give(&self, tx: &mut Tx, item: T) -> Result<(), DbError> {
        let given = match tx {
            // a thread of its own, on which nothing may be awaited
            Tx::Sqlite(_) => self.0.blocking_send(item),
            Tx::Postgres(_) => self.0.send(item).await,
        };
        given.map_err(|_| DbError::Other("nobody takes what a snapshot gives".into()))
    }
}
