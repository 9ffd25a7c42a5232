//! List pages at 1,000,000 assets: beside the best SQL for the same page and count, and beside a
//! library a hundredth the size.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use entrepot_server::app::App;
use entrepot_server::assets::search;
use entrepot_server::config::Config;
use entrepot_server::ids::ProjectId;
use rusqlite::Connection as Sqlite;
use rusqlite::types::Value;

use crate::bench::Bench;
use crate::client::{self, Connection};
use crate::list_queries::{Filter, SORTS, Sort, filters};
use crate::report::{Bound, Row};
use crate::server::{self, Server, Start};
use crate::stats::{median, millis, percentile};
use crate::{fill, load};

/// Each measurement is repeated for so long, and at least and at most so often.
const REPEAT_FOR: Duration = Duration::from_millis(200);
const REPEATS: std::ops::RangeInclusive<usize> = 3..=25;
const ROUNDS: usize = 5;

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let many = fill::library(bench, bench.sizes.many)?;
    let few = fill::library(bench, bench.sizes.few)?;
    let server = Server::start(bench, Start::on(&many))?;
    let small = Server::start(bench, Start::on(&few))?;
    let mut rows = load::block_on(beside_sql(bench, &server, &many))?;
    rows.push(load::block_on(beside_small(
        bench,
        (&server, &many),
        (&small, &few),
    ))?);
    server.stop(bench, &format!("lists at {} assets", bench.sizes.many));
    Ok(rows)
}

/// One filter in one order, in milliseconds.
struct Measured {
    filter: &'static str,
    sort: &'static str,
    count: i64,
    sql: f64,
    store: f64,
    /// The statement for the page's files, which the answer has too.
    files: f64,
    http: f64,
}

impl Measured {
    fn by_store(&self) -> f64 {
        self.store / self.sql
    }

    fn by_http(&self) -> f64 {
        self.http / (self.sql + self.files)
    }

    fn name(&self) -> String {
        format!("filter {}, sort {}", self.filter, self.sort)
    }
}

async fn beside_sql(bench: &Bench, server: &Server, data: &Path) -> anyhow::Result<Vec<Row>> {
    let library = Library::open(server, data).await?;
    let mut measured = Vec::new();
    for filter in filters(bench.sizes.many as u64) {
        for sort in SORTS {
            let one = library.measure(&filter, sort).await;
            measured.push(one.with_context(|| format!("{} by {}", filter.name, sort.name))?);
        }
    }
    let worst = |by: fn(&Measured) -> f64| {
        let worst = measured.iter().max_by(|a, b| by(a).total_cmp(&by(b)));
        worst.context("nothing was measured")
    };
    let bound = Bound::AtMost(1.5);
    let row = |figure: &str, worst: &Measured, ours: f64, ratio: f64, by: fn(&Measured) -> f64| {
        let over = measured.iter().filter(|one| !bound.holds(by(one))).count();
        let detail = format!(
            "worst: {}, {ours:.2} ms against {:.2} ms of SQL; {over} of {} are over",
            worst.name(),
            ours * (1.0 / ratio),
            measured.len()
        );
        Row::measured(figure, bound, ratio, "", detail)
    };
    let (store, http) = (worst(Measured::by_store)?, worst(Measured::by_http)?);
    Ok(vec![
        row(
            "list page of 50 at 1,000,000, store call / best SQL, worst",
            store,
            store.store,
            store.by_store(),
            Measured::by_store,
        )
        .with_notes(table(&measured)),
        row(
            "list page of 50 at 1,000,000, HTTP call / best SQL, worst",
            http,
            http.http,
            http.by_http(),
            Measured::by_http,
        ),
    ])
}

fn table(measured: &[Measured]) -> String {
    let mut text = String::from(
        "Medians in milliseconds. *SQL* is the fastest of several hand-written statements for the \
         count and for the page, run by rusqlite on the same file with the same settings; *store* is \
         the server's own count and page in one snapshot; *HTTP* is the whole call, with the files \
         of the 50 assets, their signed URLs and the JSON, and is compared with SQL that fetches \
         the files too.\n\n\
         | filter | sort | matches | SQL | store | store / SQL | SQL with files | HTTP | HTTP / SQL |\n\
         |---|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for one in measured {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} |",
            one.filter,
            one.sort,
            one.count,
            one.sql,
            one.store,
            one.by_store(),
            one.sql + one.files,
            one.http,
            one.by_http()
        );
    }
    text
}

struct Library {
    app: App,
    project: ProjectId,
    sqlite: Sqlite,
    address: SocketAddr,
    token: String,
}

impl Library {
    async fn open(server: &Server, data: &Path) -> anyhow::Result<Self> {
        let config = Config {
            data: data.to_owned(),
            ..Config::default()
        };
        let app = entrepot_server::server::open(config, "http://bench").await?;
        let credentials = server::credentials(data)?;
        let sqlite = Sqlite::open(data.join("entrepot.db"))?;
        sqlite.set_prepared_statement_cache_capacity(64);
        sqlite.execute_batch(
            "PRAGMA temp_store = MEMORY; PRAGMA case_sensitive_like = ON; PRAGMA cache_size = -8192;",
        )?;
        Ok(Self {
            app,
            sqlite,
            token: server::token(server.address, &credentials).await?,
            address: server.address,
            project: ProjectId::new(credentials.project_id),
        })
    }

    async fn measure(&self, filter: &Filter, sort: Sort) -> anyhow::Result<Measured> {
        let count = self.fastest(&filter.counts)?;
        let page = self.fastest(&filter.pages(sort))?;
        let ids: Vec<String> = page.rows.iter().filter_map(|row| text(&row[0])).collect();
        let files = self.fastest(&[format!(
            "SELECT f.*, b.size, b.md5, b.sha256 FROM files f LEFT JOIN blobs b \
             ON b.blob_id = f.blob_id WHERE f.asset_id IN ('{}') AND f.state <> 'DELETED' \
             ORDER BY f.asset_id, f.created_at, f.file_id",
            ids.join("','")
        )])?;
        let counted = count
            .rows
            .first()
            .and_then(|row| integer(&row[0]))
            .unwrap_or(0);
        let (store, found) = self.store(filter, sort).await?;
        ensure!(
            found == (counted, ids.clone()),
            "the store found {} of {}, the SQL {} of {counted}",
            found.1.len(),
            found.0,
            ids.len()
        );
        Ok(Measured {
            filter: filter.name,
            sort: sort.name,
            count: counted,
            sql: count.millis + page.millis,
            store,
            files: files.millis,
            http: self.http(filter, sort).await?,
        })
    }

    /// The fastest of statements that ask for the same.
    fn fastest(&self, statements: &[String]) -> anyhow::Result<Timed> {
        let mut fastest: Option<Timed> = None;
        for sql in statements {
            let bar = fastest.as_ref().map_or(f64::INFINITY, |known| known.millis);
            if let Some(timed) = self.timed(sql, 2.0 * bar)?
                && timed.millis < bar
            {
                fastest = Some(timed);
            }
        }
        fastest.with_context(|| format!("no statement fits the schema: {statements:?}"))
    }

    /// `None` where the schema has not what the statement asks for. One that takes more than
    /// `hopeless` is not repeated.
    fn timed(&self, sql: &str, hopeless: f64) -> anyhow::Result<Option<Timed>> {
        let sql = sql.replace("$p", &format!("'{}'", self.project));
        let Ok(mut statement) = self.sqlite.prepare(&sql) else {
            return Ok(None);
        };
        let columns = statement.column_count();
        let mut all = Vec::new();
        let taken = repeat(hopeless, || {
            let rows = statement.query_map([], |row| {
                (0..columns)
                    .map(|i| row.get::<_, Value>(i))
                    .collect::<Result<Vec<Value>, _>>()
            })?;
            all = rows.collect::<Result<_, _>>()?;
            Ok(())
        })?;
        Ok(Some(Timed {
            millis: median(&taken),
            rows: all,
        }))
    }

    /// Count and page in one snapshot: how long, and what was found.
    async fn store(
        &self,
        filter: &Filter,
        sort: Sort,
    ) -> anyhow::Result<(f64, (i64, Vec<String>))> {
        let (mut taken, mut found) = (Vec::new(), search::Found::default());
        let first = Instant::now();
        while wants_more(taken.len(), first) {
            let (project, criteria) = (self.project.clone(), filter.criteria.clone());
            let page = sort.page();
            let began = Instant::now();
            let read = self
                .app
                .db
                .snapshot(async move |tx| search::list(tx, &project, &criteria, &page).await);
            found = read
                .await
                .map_err(|e| anyhow!("{} {:?}", e.message, e.cause))?;
            taken.push(millis(began.elapsed()));
        }
        let ids = found.assets.into_iter();
        let ids = ids.map(|asset| asset.asset_id.into_string()).collect();
        Ok((median(&taken), (found.count, ids)))
    }

    async fn http(&self, filter: &Filter, sort: Sort) -> anyhow::Result<f64> {
        let query = format!("limit=50&{}&{}", sort.query, filter.query);
        let request = get(&self.project, &self.token, query.trim_end_matches('&'));
        // one of its own: the server closes connections that are idle for long
        let mut connection = Connection::open(self.address).await?;
        let (mut taken, first) = (Vec::new(), Instant::now());
        while wants_more(taken.len(), first) {
            taken
                .extend(load::latencies(&mut connection, std::slice::from_ref(&request), 1).await?);
        }
        Ok(median(&taken))
    }
}

struct Timed {
    millis: f64,
    rows: Vec<Vec<Value>>,
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(n) => Some(*n),
        _ => None,
    }
}

fn wants_more(taken: usize, first: Instant) -> bool {
    taken < *REPEATS.start() || (taken < *REPEATS.end() && first.elapsed() < REPEAT_FOR)
}

fn repeat(hopeless: f64, mut run: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Vec<f64>> {
    let (mut taken, first) = (Vec::new(), Instant::now());
    while wants_more(taken.len(), first) {
        let began = Instant::now();
        run()?;
        taken.push(millis(began.elapsed()));
        if taken[0] > hopeless {
            break;
        }
    }
    Ok(taken)
}

fn get(project: &ProjectId, token: &str, query: &str) -> Vec<u8> {
    let target = format!("/v1/{project}/digital-assets?{query}");
    client::request(
        "GET",
        &target,
        &[("Host", "bench"), ("X-Auth-Token", token)],
        &[],
    )
}

/// What is asked for in turns: values that are common and values that are rare.
fn asked(kind: &str) -> Vec<String> {
    let values: Vec<String> = match kind {
        "asset_type" => ["IMAGE", "VIDEO", "AUDIO", "SCENE"]
            .map(str::to_owned)
            .into(),
        "asset_state" => ["ACTIVED", "UNACTIVED", "CREATING", "DELETING"]
            .map(str::to_owned)
            .into(),
        "tag" => (0..40).map(|n| format!("tag-{n:02}")).collect(),
        _ => return vec![String::new()],
    };
    values
        .into_iter()
        .map(|value| format!("&{kind}={value}"))
        .collect()
}

type Served<'a> = (&'a Server, &'a Path);

async fn beside_small(bench: &Bench, many: Served<'_>, few: Served<'_>) -> anyhow::Result<Row> {
    let mut worst: Option<(f64, String)> = None;
    let mut notes = String::from(
        "p99 in milliseconds of the HTTP calls on one connection, in turns on both libraries.\n\n\
         | filter | sort | 10,000 | 1,000,000 | ratio |\n|---|---|---:|---:|---:|\n",
    );
    for kind in ["none", "asset_type", "asset_state", "tag"] {
        for sort in SORTS {
            let queries: Vec<String> = asked(kind)
                .iter()
                .map(|one| format!("limit=50&{}{one}", sort.query))
                .collect();
            let (at_many, at_few) = p99s(bench, many, few, &queries).await?;
            let ratio = at_many / at_few;
            let _ = writeln!(
                notes,
                "| {kind} | {} | {at_few:.2} | {at_many:.2} | {ratio:.2} |",
                sort.name
            );
            if worst.as_ref().is_none_or(|(known, _)| ratio > *known) {
                let text = format!(
                    "worst: filter {kind}, sort {}, {at_many:.2} ms against {at_few:.2} ms",
                    sort.name
                );
                worst = Some((ratio, text));
            }
        }
    }
    let (ratio, detail) = worst.context("nothing was measured")?;
    let figure = "list p99 at 1,000,000 / at 10,000; no filter, type, state, tag";
    Ok(Row::measured(figure, Bound::AtMost(3.0), ratio, "", detail).with_notes(notes))
}

async fn p99s(
    bench: &Bench,
    many: Served<'_>,
    few: Served<'_>,
    queries: &[String],
) -> anyhow::Result<(f64, f64)> {
    let mut times = [Vec::new(), Vec::new()];
    let calls = bench.sizes.calls / ROUNDS;
    let mut both = Vec::new();
    for (server, data) in [many, few] {
        let credentials = server::credentials(data)?;
        let token = server::token(server.address, &credentials).await?;
        let project = ProjectId::new(credentials.project_id);
        let requests: Vec<_> = queries
            .iter()
            .map(|query| get(&project, &token, query))
            .collect();
        let mut connection = Connection::open(server.address).await?;
        load::latencies(&mut connection, &requests, requests.len()).await?;
        both.push((connection, requests));
    }
    for _ in 0..ROUNDS {
        for ((connection, requests), times) in both.iter_mut().zip(&mut times) {
            times.extend(load::latencies(connection, requests, calls).await?);
        }
    }
    Ok((percentile(&times[0], 99), percentile(&times[1], 99)))
}
