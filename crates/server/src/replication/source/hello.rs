//! `GET /entrepot/peer/v1/hello`

use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::error::Result;
use crate::http::json::Json;

/// Who answers, and what time it is there.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Hello {
    pub region: String,
    /// Unix milliseconds.
    pub time: i64,
}

/// Answers a peer that asks whether it is known and reached
#[utoipa::path(get, path = "/entrepot/peer/v1/hello", tag = "Peers",
    params(("Authorization" = String, Header, description = "ENTREPOT-PEER-HMAC-SHA256 …")),
    responses((status = 200, body = Hello), (status = 401)))]
pub async fn get(State(app): State<App>, request: Request) -> Result<Json<Hello>> {
    let (parts, _) = request.into_parts();
    super::authenticate(&app, &parts, b"").await?;
    Ok(Json(Hello {
        region: app.config.region.clone(),
        time: app.clock.now().millis(),
    }))
}
