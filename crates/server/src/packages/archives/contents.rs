//! `GET /v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/contents`:
//! what is inside a package.

use axum::extract::State;
use entrepot_api::archives::{ArchiveContents, ArchiveEntry};

use super::{Ids, require};
use crate::app::App;
use crate::error::Result;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Caller;
use crate::packages::Archive;
use crate::packages::layout::{Entry, Layout};
use crate::packages::once;

const LIMIT: i64 = 1000;

/// Lists what is inside a package, without using it up
///
/// `offset` counts entries from 0; `limit` is 1 to 1000, 1000 where it is not sent.
#[utoipa::path(get,
    path = "/v2/{project_id}/instances/{instance_id}/assets/archives/{archive_id}/entrepot/contents",
    tag = "Packages" ,
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("archive_id" = String, Path), ("offset" = Option<i64>, Query),
        ("limit" = Option<i64>, Query)),
    responses((status = 200, body = ArchiveContents),
        (status = 403, description = "ROMA.19001, ROMA.19002, ROMA.19004")))]
pub async fn get(
    State(app): State<App>,
    PathIds(ids): PathIds<Ids>,
    caller: Caller,
    mut query: Query,
) -> Result<Json<ArchiveContents>> {
    let offset = query.integer("offset", 0..=i64::MAX)?.unwrap_or(0);
    let limit = query.integer("limit", 1..=LIMIT)?.unwrap_or(LIMIT);
    query.finish()?;
    let archive = require(&app, &caller, ids.clone()).await?;
    once::check_there(&archive, app.clock.now())?;
    let page = (offset.unsigned_abs(), limit.unsigned_abs());
    let entries = match list(&app, &archive, page).await {
        Ok(entries) => entries,
        Err(error) => {
            // its life may have ended while it was read
            let archive = require(&app, &caller, ids).await?;
            once::check_there(&archive, app.clock.now())?;
            return Err(error);
        }
    };
    Ok(Json(ArchiveContents {
        total: archive.entry_count,
        entries: entries.iter().map(view).collect(),
    }))
}

async fn list(app: &App, archive: &Archive, (offset, limit): (u64, u64)) -> Result<Vec<Entry>> {
    let layout = Layout::open(app, archive).await?;
    layout.entries(offset, limit).await
}

fn view(entry: &Entry) -> ArchiveEntry {
    ArchiveEntry {
        path: entry.meta.path.as_str().to_owned(),
        size: entry.meta.size,
        crc32: format!("{:08x}", entry.meta.crc32),
        asset_id: entry.asset_id().map(str::to_owned),
    }
}
