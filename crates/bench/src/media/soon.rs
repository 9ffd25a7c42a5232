//! How soon after `complete` the thumbnail of a photograph is there, on a server that has nothing
//! else to do; beside it, what `vipsthumbnail` alone needs for the same file.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::ensure;
use bytes::Bytes;
use data_encoding::BASE64;
use entrepot_blob::Hasher;
use serde_json::json;

use super::photos::Photos;
use crate::bench::Bench;
use crate::client::{self, Connection};
use crate::library::{Library, target_of, text};
use crate::load;
use crate::packages::succeed;
use crate::report::{Bound, Row};
use crate::server::{Server, Start};
use crate::stats::{median, millis, percentile};

const TURNS: usize = 20;
const WANTED: f64 = 300.0;
const LONGEST: Duration = Duration::from_secs(30);

pub fn run(bench: &Bench, photos: &Photos) -> anyhow::Result<Row> {
    let data = bench.folder().join("soon");
    let server = Server::start(bench, Start::on(&data))?;
    let library = Library::of(&server, &data)?;
    let (mut waits, mut alone) = (Vec::new(), Vec::new());
    for photo in photos.files.iter().take(TURNS) {
        let bytes = std::fs::read(photo)?;
        waits.push(millis(load::block_on(one(&library, bytes))?));
        let target = bench.folder().join("alone.webp");
        let began = Instant::now();
        let mut command = Command::new("vipsthumbnail");
        command.args(["--size", "320", "-o"]).arg(&target);
        succeed(command.arg(photo))?;
        alone.push(millis(began.elapsed()));
    }
    server.stop(bench, "single thumbnails");
    std::fs::remove_dir_all(&data)?;
    let (waited, tool) = (median(&waits), median(&alone));
    let detail = format!(
        "median of {}: {waited:.0} ms from the answer of `complete` to thumbnail_url, worst {:.0}; \
         vipsthumbnail alone needs {tool:.0} ms, which are subtracted",
        waits.len(),
        percentile(&waits, 100)
    );
    let figure = "upload to thumbnail, beyond the tool's own time";
    let beyond = (waited - tool).max(0.0);
    Ok(Row::measured(
        figure,
        Bound::AtMost(WANTED),
        beyond,
        " ms",
        detail,
    ))
}

async fn one(library: &Library, bytes: Vec<u8>) -> anyhow::Result<Duration> {
    let mut hasher = Hasher::new();
    hasher.push(Bytes::from(bytes.clone())).await?;
    let md5 = BASE64.encode(&hasher.finish().await?.md5);
    let asset = json!({"asset_name": "Photo", "asset_type": "IMAGE"});
    let target = library.media("/digital-assets");
    let asset = text(&library.call("POST", &target, &asset).await?, "asset_id")?;
    let file = json!({"file_name": "photo.jpg", "file_md5": md5, "file_size": bytes.len(),
        "file_type": "jpg", "asset_id": asset, "asset_file_category": "MAIN"});
    let file = library
        .call("POST", &library.media("/files"), &file)
        .await?;
    let put = target_of(&text(&file, "upload_url")?)?;
    let headers = [
        ("Host", "bench"),
        ("Content-MD5", md5.as_str()),
        ("Content-Type", "image/jpeg"),
    ];
    let head = client::head("PUT", &put, &headers, bytes.len());
    let mut connection = Connection::open(library.address).await?;
    connection.call_with(&head, &bytes).await?.success()?;
    let complete = library.media(&format!("/files/{}/complete", text(&file, "file_id")?));
    library
        .call("POST", &complete, &json!({"state": "CREATED"}))
        .await?;
    let began = Instant::now();
    let summary = library.media("/digital-assets/summarys");
    let wanted = json!({"asset_ids": [asset]});
    loop {
        let answer = library
            .call_on(&mut connection, "POST", &summary, &wanted)
            .await?;
        if answer["asset_list"][0]["thumbnail_url"].is_string() {
            return Ok(began.elapsed());
        }
        ensure!(began.elapsed() < LONGEST, "no thumbnail: {answer}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
