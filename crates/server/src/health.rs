//! `/healthz`, `/readyz` and `/metrics`.

use std::sync::OnceLock;

use axum::extract::State;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::app::App;
use crate::error::Result;

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Answers while the process runs
#[utoipa::path(get, path = "/healthz", tag = "Operations", responses((status = 200)))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Answers 200 once requests are served and the database is there
#[utoipa::path(get, path = "/readyz", tag = "Operations", responses((status = 200), (status = 503)))]
pub async fn readyz(State(app): State<App>) -> Result<&'static str> {
    app.db.ping().await?;
    Ok("ready\n")
}

/// Figures in Prometheus' text form
#[utoipa::path(get, path = "/metrics", tag = "Operations",
    responses((status = 200, content_type = "text/plain", body = String)))]
pub async fn metrics() -> String {
    RECORDER
        .get()
        .map(PrometheusHandle::render)
        .unwrap_or_default()
}

/// Starts collecting figures; once in a process.
pub fn collect_metrics() {
    let buckets = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
    ];
    let Ok(builder) = PrometheusBuilder::new().set_buckets(&buckets) else {
        return;
    };
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_ok() {
        let _ = RECORDER.set(handle);
    }
}

/// Histograms grow until somebody looks; this bounds them where nobody does.
pub fn upkeep() {
    if let Some(handle) = RECORDER.get() {
        handle.run_upkeep();
    }
}
