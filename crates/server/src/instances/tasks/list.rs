//! `GET /v2/{project_id}/fdi/instances/{instance_id}/tasks`

use axum::extract::State;
use entrepot_api::integration::{ListTasksResponse, RomaErrorResponse};

use super::view;
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId};
use crate::instances::store::tasks::{Criteria, Sort, list_tasks};
use crate::instances::{page, require_instance, rules};

/// What a task may be doing; here none does anything but the first.
const EXECUTION: [&str; 6] = [
    "UNSTARTED",
    "WAITING",
    "RUNNING",
    "SUCCESS",
    "CANCELLED",
    "ERROR",
];
const SORT_FIELDS: [(&str, Sort); 5] = [
    ("created_date", Sort::CreateTime),
    ("last_modified_time", Sort::UpdateTime),
    ("last_modified_date", Sort::UpdateTime),
    ("task_name", Sort::Name),
    ("task_type", Sort::Type),
];

/// Lists tasks
///
/// The oldest first, by default. All filters given must hold; an empty one is none.
#[utoipa::path(get, path = "/v2/{project_id}/fdi/instances/{instance_id}/tasks", tag = "Tasks",
    params(
        ("project_id" = String, Path), ("instance_id" = String, Path),
        ("offset" = Option<i64>, Query, description = "Rows to skip, 0 by default; below 0 is 0"),
        ("limit" = Option<i64>, Query, description = "20 by default; 1000 at most, also when more are asked for"),
        ("task_id" = Option<String>, Query),
        ("name" = Option<String>, Query, description = "Somewhere in the name, case does not count"),
        ("task_name" = Option<String>, Query, description = "The same, as newer pages call it"),
        ("status" = Option<i64>, Query, description = "0 (stopped), as all are; 1 matches none"),
        ("task_type" = Option<String>, Query, description = "realtime or timing"),
        ("source_datasource_id" = Option<String>, Query),
        ("target_datasource_id" = Option<String>, Query),
        ("sort_field" = Option<String>, Query,
            description = "created_date (default), last_modified_time, task_name or task_type"),
        ("sort_type" = Option<String>, Query, description = "ASC (default) or DESC"),
        ("execute_status" = Option<String>, Query, description = "UNSTARTED, as all are; others match none"),
        ("source_app_id" = Option<String>, Query, description = "Data sources have no application here: matches none"),
        ("target_app_id" = Option<String>, Query, description = "Matches none"),
        ("task_tag" = Option<String>, Query, description = "Exactly this tag"),
    ),
    responses((status = 200, body = ListTasksResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse)))]
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance)): PathIds<(ProjectId, InstanceId)>,
    mut query: Query,
) -> Result<Json<ListTasksResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let (offset, limit) = page::lenient_page(&mut query)?;
    let criteria = criteria(&mut query)?;
    query.finish()?;
    let (total, tasks) = app
        .db
        .snapshot(async move |tx| {
            require_instance(tx, &project, &instance).await?;
            list_tasks(tx, &instance, &criteria, offset, limit).await
        })
        .await?;
    Ok(Json(ListTasksResponse {
        total,
        size: page::size(&tasks),
        entities: tasks.into_iter().map(view::brief).collect(),
    }))
}

/// A parameter that is there and not empty.
fn given(query: &mut Query, name: &str) -> Result<Option<String>> {
    Ok(query.one(name)?.filter(|value| !value.is_empty()))
}

fn criteria(query: &mut Query) -> Result<Criteria> {
    let (old_name, new_name) = (given(query, "name")?, given(query, "task_name")?);
    let kind = given(query, "task_type")?;
    let source_app = given(query, "source_app_id")?;
    let target_app = given(query, "target_app_id")?;
    let running = is_running(given(query, "status")?.as_deref())?;
    let executed = was_executed(given(query, "execute_status")?.as_deref())?;
    Ok(Criteria {
        task_id: given(query, "task_id")?,
        name: old_name.or(new_name),
        task_type: kind.as_deref().map(rules::parse_task_type).transpose()?,
        source_datasource_id: given(query, "source_datasource_id")?,
        target_datasource_id: given(query, "target_datasource_id")?,
        tag: given(query, "task_tag")?,
        nothing: running || executed || source_app.is_some() || target_app.is_some(),
        sort: sort(given(query, "sort_field")?.as_deref())?,
        descending: descending(given(query, "sort_type")?.as_deref())?,
    })
}

fn is_running(status: Option<&str>) -> Result<bool> {
    match status {
        None | Some("0") => Ok(false),
        Some("1") => Ok(true),
        Some(_) => Err(Error::parameter("status", "must be 0 or 1")),
    }
}

fn was_executed(status: Option<&str>) -> Result<bool> {
    let Some(status) = status else {
        return Ok(false);
    };
    if !EXECUTION.contains(&status) {
        let words = EXECUTION.join(", ");
        return Err(Error::parameter(
            "execute_status",
            format!("must be one of {words}"),
        ));
    }
    Ok(status != EXECUTION[0])
}

fn sort(field: Option<&str>) -> Result<Sort> {
    let Some(field) = field else {
        return Ok(Sort::default());
    };
    if let Some((_, sort)) = SORT_FIELDS.iter().find(|(name, _)| *name == field) {
        return Ok(*sort);
    }
    let names: Vec<_> = SORT_FIELDS.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    Err(Error::parameter(
        "sort_field",
        format!("must be one of {names}"),
    ))
}

fn descending(direction: Option<&str>) -> Result<bool> {
    match direction.map(str::to_ascii_uppercase).as_deref() {
        None | Some("ASC") => Ok(false),
        Some("DESC") => Ok(true),
        Some(_) => Err(Error::parameter("sort_type", "must be ASC or DESC")),
    }
}
