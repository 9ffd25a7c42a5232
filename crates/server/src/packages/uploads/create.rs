//! `POST /v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads`

use axum::extract::State;
use entrepot_api::imports::{CreateUploadRequestBody, UploadInfo};
use entrepot_api::integration::RomaErrorResponse;

use super::model::{Upload, UploadState};
use super::{rules, view};
use crate::app::App;
use crate::error::{Error, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId, UploadId};
use crate::instances::require_instance;
use crate::packages::receive::check_room;
use crate::packages::store;

/// Begins to send a package (extension)
///
/// PUT its bytes to the upload; where the connection is cut, go on from the `offset` that the
/// upload then has. Import it when it is RECEIVED. Unlike the import in one call, nothing that was
/// stored is sent again.
#[utoipa::path(post, path = "/v2/{project_id}/instances/{instance_id}/assets/entrepot/uploads",
    tag = "Packages",
    params(("project_id" = String, Path), ("instance_id" = String, Path)),
    request_body = CreateUploadRequestBody,
    responses((status = 200, body = UploadInfo), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse), (status = 507, body = RomaErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance)): PathIds<(ProjectId, InstanceId)>,
    Json(body): Json<CreateUploadRequestBody>,
) -> Result<Json<UploadInfo>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    rules::check_file_name(&body.file_name)?;
    if body.size == 0 || i64::try_from(body.size).is_err() {
        return Err(Error::parameter("size", "must be at least 1 byte"));
    }
    check_room(&app, body.size).await?;
    let upload = draft(&app, &caller, project, instance, body.file_name);
    let upload = Upload {
        resumable: true,
        size: Some(body.size),
        ..upload
    };
    let inserted = upload.clone();
    app.db
        .write(async move |tx| {
            require_instance(tx, &inserted.project_id, &inserted.instance_id).await?;
            store::uploads::insert(tx, &inserted).await
        })
        .await?;
    Ok(Json(view::info(upload)))
}

/// One that comes in one call.
pub fn draft(
    app: &App,
    caller: &Caller,
    project_id: ProjectId,
    instance_id: InstanceId,
    file_name: String,
) -> Upload {
    let now = app.clock.now();
    Upload {
        upload_id: UploadId::new(app.ids.next()),
        project_id,
        instance_id,
        user_id: caller.principal.user_id.clone(),
        file_name,
        resumable: false,
        size: None,
        received: 0,
        writer: 0,
        state: UploadState::Receiving,
        job_id: None,
        created_at: now,
        updated_at: now,
    }
}
