//! `GET /v2/{project_id}/instances/{instance_id}/assets/jobs/{job_id}/entrepot/items`

use axum::extract::State;
use entrepot_api::imports::{ImportItem, ListImportItemsResponse};
use entrepot_api::integration::RomaErrorResponse;

use super::apply::item::Item;
use super::store;
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Resource;
use crate::ids::{AssetJobId, InstanceId, ProjectId};
use crate::instances::page::{page, size};

/// Lists what became of each item of an import (extension)
///
/// In the package's order: applications, tasks, then assets, each followed by its files. It grows
/// while the job runs.
#[utoipa::path(get,
    path = "/v2/{project_id}/instances/{instance_id}/assets/jobs/{job_id}/entrepot/items",
    tag = "Packages",
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("job_id" = String, Path), ("offset" = Option<i64>, Query), ("limit" = Option<i64>, Query,
            description = "1 to 1000, 20 by default")),
    responses((status = 200, body = ListImportItemsResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance, job)): PathIds<(ProjectId, InstanceId, AssetJobId)>,
    mut query: Query,
) -> Result<Json<ListImportItemsResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let (offset, limit) = page(&mut query)?;
    query.finish()?;
    let (total, items) = app
        .db
        .snapshot(async move |tx| {
            if store::jobs::find(tx, &project, &instance, &job)
                .await?
                .is_none()
            {
                return Err(Error::new(
                    ErrorCode::AssetJobNotFound,
                    format!("The job does not exist;id:{job}"),
                ));
            }
            let total = store::items::count(tx, &job).await?;
            let items = store::items::list(tx, &job, offset, limit).await?;
            Ok((total, items))
        })
        .await?;
    Ok(Json(ListImportItemsResponse {
        total: i64::try_from(total).unwrap_or(i64::MAX),
        size: size(&items),
        items: items.into_iter().map(view).collect(),
    }))
}

fn view(item: Item) -> ImportItem {
    ImportItem {
        kind: item.kind.as_str().to_owned(),
        old_id: item.old_id,
        new_id: item.new_id,
        name: item.name,
        outcome: item.outcome.as_str().to_owned(),
    }
}
