//! Takes a receipt.

use super::begin::{again, settle};
use crate::app::App;
use crate::audit::{self, Event};
use crate::error::{Error, Result};
use crate::ids::UserId;
use crate::packages::model::Archive;
use crate::packages::once::{self, Received, Refusal};
use crate::packages::{store, upkeep};

/// The archive is used up if the receipt is right. Waits for the end of the delivery that brought
/// it, which may have some acknowledgements to hear of yet.
pub async fn receive(
    app: &App,
    archive: &Archive,
    caller: &UserId,
    digest: &str,
    event: Event,
) -> Result<Archive> {
    let mut row = archive.clone();
    loop {
        match once::receive(&row, caller, digest, app.clock.now()) {
            Received::Refuse(refusal) => return Err(refusal.into()),
            Received::Already => {
                app.audit.note(event).await;
                return Ok(row);
            }
            Received::Watch => {
                if settle(app, &row).await?.is_some() {
                    // it says no more, but may be sending: it lapses soon
                    return Err(Refusal::Busy.into());
                }
            }
            Received::Delivered(after) => {
                if write(app, &row, &after, &event).await? {
                    release(app.clone(), after.as_ref().clone());
                    return Ok(*after);
                }
            }
        }
        row = again(app, &row).await?;
    }
}

async fn write(app: &App, before: &Archive, after: &Archive, event: &Event) -> Result<bool> {
    let (before, after, event) = (before.clone(), after.clone(), event.clone());
    app.db
        .write(async move |tx| {
            let written = store::archives::replace(tx, &before, &after).await?;
            if written {
                audit::record(tx, &event).await?;
            }
            Ok(written)
        })
        .await
}

/// What a crash leaves of this, the next round of `expiry` finds.
fn release(app: App, archive: Archive) {
    tokio::spawn(async move {
        let released: Result<(), Error> = upkeep::release(&app, &archive.archive_id).await;
        if let Err(error) = released {
            tracing::warn!(%error, "what a package holds is let go later");
        }
    });
}
