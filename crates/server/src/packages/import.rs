//! `POST /v2/{project_id}/instances/{instance_id}/assets/import`

use axum::body::Body;
use axum::extract::State;
use entrepot_api::imports::{ImportAssetForm, ImportAssetResponse};
use entrepot_api::integration::RomaErrorResponse;
use http::{HeaderMap, header};

use super::receive::{Incoming, check_room, cut, of_field, receive};
use super::uploads::import::answer;
use super::uploads::model::{Options, Upload};
use super::uploads::{create, drop, rules};
use super::{import_job, store, work};
use crate::app::App;
use crate::error::{Error, ErrorCode, Result};
use crate::http::caller::Caller;
use crate::http::json::Json;
use crate::http::path::PathIds;
use crate::http::query::Query;
use crate::iam::Resource;
use crate::ids::{InstanceId, ProjectId};
use crate::instances::require_instance;
use crate::objects::put::SILENCE;

/// Imports a package
///
/// The whole package is checked before anything is changed; then a job applies it. `type` is
/// AddNew (everything becomes new) or Merge (what is there is updated); `prefix` goes before the
/// names of applications and tasks. Sign with `X-Sdk-Content-Sha256: UNSIGNED-PAYLOAD`.
#[utoipa::path(post, path = "/v2/{project_id}/instances/{instance_id}/assets/import",
    tag = "Packages",
    params(("project_id" = String, Path), ("instance_id" = String, Path),
        ("type" = Option<String>, Query, description = "AddNew (default) or Merge"),
        ("prefix" = Option<String>, Query, description = "1 to 64 characters"),
        ("datasource_overwrite" = Option<bool>, Query,
            description = "Whether a task that is merged takes the package's data sources")),
    request_body(content = ImportAssetForm, content_type = "multipart/form-data"),
    responses((status = 200, body = ImportAssetResponse), (status = 400, body = RomaErrorResponse),
        (status = 404, body = RomaErrorResponse), (status = 507, body = RomaErrorResponse)))]
pub async fn post(
    State(app): State<App>,
    caller: Caller,
    PathIds((project, instance)): PathIds<(ProjectId, InstanceId)>,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ImportAssetResponse>> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    let options = Options::parse(query)?;
    let upload = create::draft(&app, &caller, project, instance, String::new());
    refuse_early(&app, &upload, &headers).await?;
    let (file_name, incoming) = open_form(&headers, body).await?;
    let upload = Upload {
        file_name,
        ..upload
    };
    let inserted = upload.clone();
    app.db
        .write(async move |tx| store::uploads::insert(tx, &inserted).await)
        .await?;
    // in a task of its own: a caller who goes away must not stop it while it cleans up
    let work = async move {
        let upload = receive(app.clone(), upload, 0, incoming).await?;
        let begun = import_job::begin(&app, &caller, &upload, options).await;
        if begun.is_err() {
            drop::discard(&app, &upload.upload_id).await?;
        }
        begun
    };
    let job = tokio::spawn(work).await.map_err(Error::internal)??;
    Ok(answer(job))
}

/// What can be told before a byte of the package is read.
async fn refuse_early(app: &App, upload: &Upload, headers: &HeaderMap) -> Result<()> {
    let upload = upload.clone();
    app.db
        .read(async move |tx| {
            require_instance(tx, &upload.project_id, &upload.instance_id).await?;
            if store::jobs::is_running(tx, &upload.user_id).await? {
                return Err(work::running());
            }
            Ok(())
        })
        .await?;
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    match length {
        Some(length) => check_room(app, length).await,
        None => Ok(()),
    }
}

/// Reads up to the first part of the form, which must be the file; answers its name and bytes.
async fn open_form(headers: &HeaderMap, body: Body) -> Result<(String, Incoming)> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let boundary = content_type.and_then(|text| multer::parse_boundary(text).ok());
    let Some(boundary) = boundary else {
        return Err(Error::new(
            ErrorCode::InvalidBody,
            "Invalid body: it must be multipart/form-data with one file.",
        ));
    };
    let mut form = multer::Multipart::new(body.into_data_stream(), boundary);
    let first = tokio::time::timeout(SILENCE, form.next_field()).await;
    let silent = |_| Error::new(ErrorCode::IncompleteBody, "No bytes came for a minute.");
    let field = first.map_err(silent)?.map_err(cut)?;
    let named = field.and_then(|field| Some((field.file_name()?.to_owned(), field)));
    let Some((file_name, field)) = named else {
        return Err(Error::new(
            ErrorCode::InvalidBody,
            "Invalid body: the form must have one file and nothing else.",
        ));
    };
    rules::check_file_name(&file_name)?;
    Ok((file_name, of_field(form, field)))
}
