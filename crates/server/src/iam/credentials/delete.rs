//! `DELETE /v3.0/OS-CREDENTIAL/credentials/{access_key}`

use axum::extract::State;
use entrepot_api::iam::IamErrorResponse;
use http::StatusCode;
use serde_json::json;

use super::target::permitted_key;
use crate::app::App;
use crate::audit::{self, Event, Outcome};
use crate::error::Result;
use crate::http::path::PathIds;
use crate::iam::refusals::refuse_temporary;
use crate::iam::{Action, Caller, store};

/// Deletes a permanent access key
///
/// It is refused on every node within two seconds.
#[utoipa::path(delete, path = "/v3.0/OS-CREDENTIAL/credentials/{access_key}", tag = "Identity",
    params(("access_key" = String, Path)),
    responses((status = 204), (status = 403, body = IamErrorResponse), (status = 404, body = IamErrorResponse)))]
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    PathIds(access_key): PathIds<String>,
) -> Result<StatusCode> {
    refuse_temporary(&caller)?;
    let owned = app.clone();
    app.db
        .write(async move |tx| {
            let key = permitted_key(tx, &caller, &access_key).await?;
            store::delete_key(tx, &access_key).await?;
            let action = Action::CredentialDelete.name();
            let resource = format!("access-key/{access_key}");
            let detail = json!({"user_id": key.user_id});
            let event = Event::new(&owned, action, resource, Outcome::Done, detail).by(&caller);
            audit::record(tx, &event).await
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
