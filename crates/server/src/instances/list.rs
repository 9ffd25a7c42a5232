//! `GET /v2/{project_id}/instances`

use axum::extract::State;
use entrepot_api::integration::{InstanceInfo, ListInstancesResponse, RomaErrorResponse};

use super::model::Instance;
use super::{page, store};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Resource;
use crate::ids::ProjectId;

/// An instance that is there runs.
const RUNNING: &str = "RUNNING";
const OTHERS: [&str; 7] = [
    "CREATING",
    "DELETING",
    "DELETED",
    "ERROR",
    "CREATE_FAILED",
    "DELETE_FAILED",
    "SOFT_DELETED",
];

/// Lists the instances of a project
///
/// The oldest first.
#[utoipa::path(get, path = "/v2/{project_id}/instances", tag = "Instances",
    params(
        ("project_id" = String, Path),
        ("status" = Option<String>, Query, description = "RUNNING, as all are; others match none"),
        ("offset" = Option<i64>, Query, description = "Rows to skip, 0 by default"),
        ("limit" = Option<i64>, Query, description = "1 to 1000, 20 by default"),
    ),
    responses((status = 200, body = ListInstancesResponse), (status = 400, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    mut query: Query,
) -> Result<Json<ListInstancesResponse>> {
    caller.authorize(Resource::Project(&project))?;
    let (offset, limit) = page::page(&mut query)?;
    let matches = status_matches(query.one("status")?.as_deref())?;
    query.finish()?;
    if !matches {
        return Ok(Json(answer(0, Vec::new())));
    }
    let (total, instances) = app
        .db
        .snapshot(async move |tx| {
            let total = store::count_instances(tx, &project).await?;
            let page = store::list_instances(tx, &project, offset, limit).await?;
            Ok((total, page))
        })
        .await?;
    Ok(Json(answer(total, instances)))
}

fn status_matches(status: Option<&str>) -> Result<bool> {
    let is = |word: &str| status.is_some_and(|status| status.eq_ignore_ascii_case(word));
    if status.is_none_or(str::is_empty) || is(RUNNING) {
        return Ok(true);
    }
    if OTHERS.into_iter().any(is) {
        return Ok(false);
    }
    let others = OTHERS.join(", ");
    Err(Error::parameter(
        "status",
        format!("must be one of {RUNNING}, {others}"),
    ))
}

fn answer(total: i64, instances: Vec<Instance>) -> ListInstancesResponse {
    ListInstancesResponse {
        total,
        size: page::size(&instances),
        instances: instances.into_iter().map(info).collect(),
    }
}

fn info(instance: Instance) -> InstanceInfo {
    InstanceInfo {
        id: instance.instance_id.into_string(),
        name: instance.name,
        description: instance.description,
        status: RUNNING.into(),
        project_id: instance.project_id.into_string(),
        create_time: instance.created_at.rfc3339(),
        update_time: instance.updated_at.rfc3339(),
    }
}
