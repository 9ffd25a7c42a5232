//! `GET` and `HEAD /objects/{project_id}/{asset_id}/thumbnail/{preview_id}`: the thumbnail of an
//! asset, as WebP for those that say they take it, as JPEG for all others.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use entrepot_blob::StorageKey;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::model::{Outcome, Preview, Stored};
use super::store;
use crate::app::App;
use crate::assets::{self, Asset};
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::http::accept::takes_webp;
use crate::ids::{AssetId, ProjectId};
use crate::objects::{Proof, names_etag};

/// Sends the thumbnail of an asset
///
/// The URL comes from the API (`thumbnail_url`). WebP where the Accept header names `image/webp`,
/// JPEG otherwise.
#[utoipa::path(get, path = "/objects/{project_id}/{asset_id}/thumbnail/{preview_id}", tag = "Objects",
    params(("project_id" = String, Path), ("asset_id" = String, Path), ("preview_id" = String, Path),
        ("AccessKeyId" = String, Query), ("Expires" = i64, Query), ("Signature" = String, Query),
        ("Accept" = Option<String>, Header)),
    responses((status = 200, content_type = "image/webp", body = Vec<u8>), (status = 304),
        (status = 403, description = "SignatureDoesNotMatch, AccessDenied")))]
pub async fn get(State(app): State<App>, request: Request) -> Result<Response> {
    let (parts, _) = request.into_parts();
    let proof = Proof::parse(&app, &parts.uri).await?;
    let found = find_of(&app, proof.path()).await?;
    let Some((asset, preview)) = found else {
        return Err(proof.mismatch());
    };
    proof.check("GET", &parts.headers, asset.url_epoch)?;
    let state = asset.state();
    if !state.is_readable() {
        return Err(Error::new(
            ErrorCode::AccessDenied,
            format!(
                "The asset is {}; its thumbnail can't be read.",
                state.as_str()
            ),
        ));
    }
    let Outcome::Ready(stored) = &preview.outcome else {
        return Err(Error::internal("a thumbnail with an id and no bytes"));
    };
    let form = Form::of(&parts.headers, stored);
    let etag = format!("\"{}-{}\"", preview.id, form.suffix);
    let mut headers = headers(&form, &etag);
    let known = parts.headers.get(header::IF_NONE_MATCH);
    if known.is_some_and(|known| names_etag(known, &etag)) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(form.length()));
    if parts.method == Method::HEAD {
        return Ok((headers, Body::empty()).into_response());
    }
    let key = StorageKey::parse(&stored.storage_key).map_err(Error::internal)?;
    let blocks = app.blobs.read(&key, form.from..form.to);
    Ok((headers, Body::from_stream(blocks)).into_response())
}

/// One of the two forms, and where it lies in what is stored.
struct Form {
    content_type: &'static str,
    suffix: &'static str,
    from: u64,
    to: u64,
}

impl Form {
    fn of(headers: &HeaderMap, stored: &Stored) -> Self {
        if takes_webp(headers) {
            return Self {
                content_type: "image/webp",
                suffix: "webp",
                from: 0,
                to: stored.webp_size,
            };
        }
        Self {
            content_type: "image/jpeg",
            suffix: "jpg",
            from: stored.webp_size,
            to: stored.webp_size + stored.jpeg_size,
        }
    }

    fn length(&self) -> u64 {
        self.to - self.from
    }
}

fn headers(form: &Form, etag: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, form.content_type);
    set(header::ETAG, etag);
    set(header::VARY, "Accept");
    // a new thumbnail has a new URL
    set(header::CACHE_CONTROL, "private, max-age=3600, immutable");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "sandbox");
    headers
}

/// The asset and its thumbnail, if the path names the one that it shows.
async fn find_of(app: &App, path: &str) -> Result<Option<(Asset, Preview)>> {
    let ids: Vec<&str> = path.split('/').skip(2).collect();
    let [project, asset, "thumbnail", preview] = ids.as_slice() else {
        return Ok(None);
    };
    let (project, asset) = (ProjectId::new(*project), AssetId::new(*asset));
    let preview = (*preview).to_owned();
    app.db
        .snapshot(async move |tx| find(tx, &project, &asset, &preview).await)
        .await
}

async fn find(
    tx: &mut Tx,
    project: &ProjectId,
    asset: &AssetId,
    preview: &str,
) -> Result<Option<(Asset, Preview)>> {
    let Some(asset) = assets::store::find(tx, project, asset).await? else {
        return Ok(None);
    };
    let found = store::find_preview(tx, &asset.asset_id).await?;
    let found =
        found.filter(|found| found.id == preview && matches!(found.outcome, Outcome::Ready(_)));
    Ok(found.map(|preview| (asset, preview)))
}
