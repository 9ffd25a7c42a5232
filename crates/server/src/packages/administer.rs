//! What an administrator sees of packages, of all projects.

use super::model::{Archive, ArchiveState};
use super::once::Refusal;
use super::store;
use crate::app::App;
use crate::error::Result;
use crate::ids::ArchiveId;

/// The latest archives, the newest first.
pub async fn list(app: &App, state: Option<ArchiveState>, limit: u32) -> Result<Vec<Archive>> {
    app.db
        .read(async move |tx| store::archives::list_latest(tx, state, limit).await)
        .await
}

pub async fn show(app: &App, id: &str) -> Result<Archive> {
    let id = ArchiveId::new(id);
    let found = app
        .db
        .read(async move |tx| store::archives::find_anywhere(tx, &id).await)
        .await?;
    found.ok_or_else(|| Refusal::Unknown.into())
}
