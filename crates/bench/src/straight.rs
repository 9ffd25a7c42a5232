//! The summary handler as one would write it straight on tokio-postgres: prepared statements on a
//! few shared connections, one array parameter, columns read from the driver's rows.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::State;
use entrepot_api::assets::{ListAssetSummarysReq, ListAssetSummarysResponse};
use entrepot_server::app::App;
use entrepot_server::assets::search::{Summary, SummaryFile};
use entrepot_server::assets::{AssetState, AssetType, summarys};
use entrepot_server::error::{Error, Result};
use entrepot_server::http::caller::Caller;
use entrepot_server::http::json::Json;
use entrepot_server::http::path::PathIds;
use entrepot_server::ids::{AssetId, FileId, ProjectId};
use tokio_postgres::{Client, NoTls, Row, Statement};

use crate::baseline::check;

const SQL: &str = "SELECT a.asset_id, a.name, a.asset_type, a.state, a.url_epoch, \
     a.block_reason_code, f.category, f.file_id, f.file_type, a.preview_id FROM assets a \
     LEFT JOIN files f ON f.asset_id = a.asset_id AND f.category IN ('MAIN', 'COVER') \
     AND f.state = 'CREATED' WHERE a.project_id = $1 AND a.asset_id = ANY($2)";

#[derive(Debug, Clone)]
pub struct Straight(Arc<Connections>);

#[derive(Debug)]
struct Connections {
    all: Vec<(Client, Statement)>,
    next: AtomicUsize,
}

impl Straight {
    pub async fn connect(url: &str, connections: usize) -> anyhow::Result<Self> {
        let mut all = Vec::new();
        for _ in 0..connections {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            let statement = client.prepare(SQL).await?;
            all.push((client, statement));
        }
        let next = AtomicUsize::new(0);
        Ok(Self(Arc::new(Connections { all, next })))
    }

    async fn rows(&self, project: &ProjectId, ids: &[String]) -> Result<Vec<Row>> {
        let next = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (client, statement) = &self.0.all[next % self.0.all.len()];
        let rows = client.query(statement, &[&project.as_str(), &ids]).await;
        rows.map_err(Error::internal)
    }
}

pub async fn summarys(
    straight: Straight,
    State(app): State<App>,
    caller: Caller,
    PathIds(project): PathIds<ProjectId>,
    Json(body): Json<ListAssetSummarysReq>,
) -> Result<Json<ListAssetSummarysResponse>> {
    check(&caller, &project, &body.asset_ids)?;
    let mut by_id: HashMap<String, Summary> = HashMap::with_capacity(body.asset_ids.len());
    for row in straight.rows(&project, &body.asset_ids).await? {
        let id: String = row.get(0);
        let summary = match by_id.entry(id) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let summary = summary(&row, place.key())?;
                place.insert(summary)
            }
        };
        let file = |category: &str| {
            let found = row.get::<_, Option<&str>>(6) == Some(category);
            found.then(|| SummaryFile {
                file_id: FileId::new(row.get::<_, &str>(7)),
                file_type: row.get(8),
            })
        };
        summary.main = file("MAIN").or(summary.main.take());
        summary.cover = file("COVER").or(summary.cover.take());
    }
    let asset_list = body
        .asset_ids
        .iter()
        .filter_map(|id| by_id.remove(id))
        .map(|summary| summarys::view(&app, &project, summary))
        .collect();
    Ok(Json(ListAssetSummarysResponse { asset_list }))
}

fn summary(row: &Row, id: &str) -> Result<Summary> {
    let unknown = |what: &str| Error::internal(format!("unknown {what}"));
    Ok(Summary {
        asset_id: AssetId::new(id),
        name: row.get(1),
        asset_type: AssetType::parse(row.get(2)).ok_or_else(|| unknown("type"))?,
        state: AssetState::parse(row.get(3)).ok_or_else(|| unknown("state"))?,
        url_epoch: row.get(4),
        block_reason_code: row.get(5),
        app_user_id: None,
        preview_id: row.get(9),
        main: None,
        cover: None,
    })
}
