//! What the server is compared with, as a process of its own: the same HTTP, the same
//! authentication, the same JSON and URLs, but another way to the data.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::anyhow;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post, put};
use clap::{Args, ValueEnum};
use entrepot_api::assets::{ListAssetSummarysReq, ListAssetSummarysResponse};
use entrepot_blob::StorageKey;
use entrepot_server::app::App;
use entrepot_server::assets::search::{Summary, SummaryFile};
use entrepot_server::assets::{AssetState, AssetType, rules, summarys};
use entrepot_server::config::Config;
use entrepot_server::error::{Error, Result};
use entrepot_server::http::authenticate::authenticate;
use entrepot_server::http::caller::Caller;
use entrepot_server::http::json::Json;
use entrepot_server::http::path::PathIds;
use entrepot_server::http::{respond::respond, serve};
use entrepot_server::iam::Assets;
use entrepot_server::ids::{AssetId, FileId, ProjectId};
use entrepot_server::objects::put::Blocks;
use entrepot_server::{health, server};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::straight::{self, Straight};

#[derive(Debug, Args)]
pub struct Baseline {
    #[arg(value_enum)]
    kind: Kind,
    #[arg(long)]
    data: PathBuf,
    #[arg(long)]
    listen: SocketAddr,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The summary handler over summaries that it makes up
    NoDatabase,
    /// The summary handler over tokio-postgres, as one would write it for this query alone
    Straight,
    /// A PUT that stores its body and looks at nothing
    WriteOnly,
}

impl Baseline {
    pub fn serve(self) -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.run())
    }

    async fn run(self) -> anyhow::Result<()> {
        let flags = [
            ("data", self.data.display().to_string()),
            ("listen", self.listen.to_string()),
        ];
        let flags = flags.map(|(key, value)| (key.to_owned(), value.into()));
        let config = Config::load(None, &flags.into_iter().collect()).map_err(|e| anyhow!(e))?;
        // as the executable does, since each request makes a span
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::try_new(&config.log)?)
            .with_writer(std::io::stderr)
            .init();
        health::collect_metrics();
        let url = config.database_url.clone();
        let connections = config.database_connections;
        let listener = TcpListener::bind(config.listen).await?;
        let app = server::open(config, &format!("http://{}", self.listen)).await?;
        let summarys = match (self.kind, url) {
            (Kind::Straight, Some(url)) => {
                let straight = Straight::connect(&url, connections).await?;
                post(move |app, caller, project, body| {
                    straight::summarys(straight.clone(), app, caller, project, body)
                })
            }
            (Kind::NoDatabase | Kind::Straight | Kind::WriteOnly, _) => post(no_database),
        };
        let router = Router::new()
            .route("/v1/{project_id}/digital-assets/summarys", summarys)
            .layer(from_fn_with_state(app.clone(), authenticate))
            .route("/written/{key}", put(write_only))
            .route("/readyz", get(health::readyz))
            .layer(from_fn_with_state(app.clone(), respond))
            .with_state(app);
        let never = std::future::pending();
        serve::serve(listener, router, never, Duration::ZERO).await;
        Ok(())
    }
}

/// What the endpoint checks before it looks anything up.
pub fn check(caller: &Caller, project: &ProjectId, ids: &[String]) -> Result<()> {
    let _all = caller.permit(Assets::Any(project))?.for_all()?;
    if !(1..=1000).contains(&ids.len()) {
        return Err(Error::parameter("asset_ids", "must have 1 to 1000 ids"));
    }
    for id in ids {
        rules::check_length("asset_ids", id, 0..=1024)?;
    }
    Ok(())
}

async fn no_database(
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(body): Json<ListAssetSummarysReq>,
) -> Result<Json<ListAssetSummarysResponse>> {
    check(&caller, &project, &body.asset_ids)?;
    let made_up = body.asset_ids.iter().map(|id| Summary {
        asset_id: AssetId::new(id),
        name: format!("Evening over the harbour {id}"),
        asset_type: AssetType::Image,
        state: AssetState::Actived,
        url_epoch: 1,
        block_reason_code: None,
        app_user_id: None,
        preview_id: None,
        main: Some(SummaryFile {
            file_id: FileId::new(id),
            file_type: "jpg".to_owned(),
        }),
        cover: None,
    });
    let asset_list = made_up
        .map(|summary| summarys::view(&app, &project, summary))
        .collect();
    Ok(Json(ListAssetSummarysResponse { asset_list }))
}

async fn write_only(State(app): State<App>, Path(key): Path<String>, body: Body) -> Result<()> {
    let key = StorageKey::parse(&key).map_err(Error::internal)?;
    let mut blocks = Blocks::new(body);
    let mut writer = app.blobs.writer(&key).await?;
    while let Some(block) = blocks.next().await? {
        writer.write(block).await?;
    }
    writer.finish().await?;
    Ok(())
}
