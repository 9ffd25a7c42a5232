//! 2,000 objects of 64 KiB by 16 clients. Here each is created, declared, PUT and completed, and is
//! durable with its row; Garage takes each by one plain PUT, and does not sync.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use data_encoding::BASE64;
use serde::Deserialize;

use crate::bench::Bench;
use crate::client::{self, Connection};
use crate::garage::{self, Garage};
use crate::library::{Library, target_of};
use crate::load;
use crate::report::{Bound, Row};
use crate::server::{Server, Start};
use crate::stats::{count, firsts, grouped, median, ratio, seconds};

const SIZE: usize = 64 * 1024;
const CLIENTS: usize = 16;
const TURNS: usize = 3;
const FIGURE: &str = "objects of 64 KiB a second, created, PUT and completed / Garage's PUT";

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let data = bench.folder().join("small");
    let ours = Server::start(bench, Start::on(&data))?;
    let project = Arc::new(Project::of(&Library::of(&ours, &data)?));
    let garage = Garage::find()
        .map(|executable| Garage::start(bench, &executable))
        .transpose()?;
    let mut pairs = Vec::new();
    for turn in 0..TURNS {
        let objects: Objects = (0..bench.sizes.objects)
            .map(|n| Object::new(&format!("object-{turn}-{n}"), bytes(turn, n)))
            .collect();
        let per_second = |took: f64| count(objects.len()) / took;
        let mine = load::block_on(all(&objects, |objects, next| {
            create_all(Arc::clone(&project), objects, next)
        }))?;
        let theirs = match &garage {
            None => f64::NAN,
            Some(garage) => {
                let signed = garage.sign(&objects)?;
                per_second(load::block_on(all(&objects, |objects, next| {
                    garage::put_all(garage.address, Arc::clone(&signed), objects, next)
                }))?)
            }
        };
        pairs.push((per_second(mine), theirs));
    }
    ours.stop(bench, "objects of 64 KiB");
    let bound = Bound::AtLeast(1.0);
    let Some(garage) = garage else {
        let own = grouped(median(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>()));
        let why = format!("Garage is not installed (scripts/setup.sh bench); ours: {own} a second");
        return Ok(vec![Row::not_measured(FIGURE, bound, why)]);
    };
    let detail = format!(
        "{} objects/s, four calls and durable each, against {} plain PUTs/s of {} without sync",
        grouped(firsts(&pairs)),
        grouped(seconds(&pairs)),
        garage.version
    );
    Ok(vec![Row::measured(
        FIGURE,
        bound,
        ratio(&pairs),
        "",
        detail,
    )])
}

pub type Objects = Arc<[Object]>;

/// What is stored; never the same twice, for equal bytes are stored once.
#[derive(Debug)]
pub struct Object {
    pub name: String,
    pub bytes: Vec<u8>,
    md5: String,
}

impl Object {
    pub fn new(name: &str, bytes: Vec<u8>) -> Self {
        let md5 = BASE64.encode(&fast_md5::digest(&bytes));
        let name = format!("{name}.jpg");
        Self { name, bytes, md5 }
    }
}

fn bytes(turn: usize, n: usize) -> Vec<u8> {
    let mut state = ((turn as u64 + 1) << 32) + n as u64 + 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .take(SIZE / 8)
    .flatten()
    .collect()
}

/// Seconds until all are stored, by clients that each take the next one.
async fn all<F, W>(objects: &Objects, client: F) -> anyhow::Result<f64>
where
    F: Fn(Objects, Arc<AtomicUsize>) -> W,
    W: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(Arc::clone(objects), Arc::clone(&next))))
        .collect();
    for client in clients {
        client.await??;
    }
    Ok(began.elapsed().as_secs_f64())
}

/// Where assets are made.
pub struct Project {
    pub address: SocketAddr,
    /// Of the targets of its calls.
    pub prefix: String,
    pub token: String,
}

impl Project {
    pub fn of(library: &Library) -> Self {
        Self {
            address: library.address,
            prefix: library.media(""),
            token: library.token.clone(),
        }
    }

    fn post(&self, path: &str, body: &str) -> Vec<u8> {
        let headers = [("Host", "bench"), ("X-Auth-Token", self.token.as_str())];
        let target = format!("{}{path}", self.prefix);
        client::request("POST", &target, &headers, body.as_bytes())
    }
}

#[derive(Deserialize)]
struct CreatedAsset {
    asset_id: String,
}

#[derive(Deserialize)]
struct CreatedFile {
    file_id: String,
    upload_url: String,
}

async fn create_all(
    project: Arc<Project>,
    objects: Objects,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(project.address).await?;
    while let Some(object) = objects.get(next.fetch_add(1, Ordering::Relaxed)) {
        create(&project, &mut connection, object).await?;
    }
    Ok(())
}

/// An asset of one file, whose id it answers.
pub async fn create(
    project: &Project,
    connection: &mut Connection,
    object: &Object,
) -> anyhow::Result<String> {
    let asset = create_empty(project, connection, &object.name, "IMAGE").await?;
    add_file(project, connection, &asset, "MAIN", object).await?;
    Ok(asset)
}

pub async fn create_empty(
    project: &Project,
    connection: &mut Connection,
    name: &str,
    kind: &str,
) -> anyhow::Result<String> {
    let body = format!(r#"{{"asset_name":"{name}","asset_type":"{kind}"}}"#);
    let request = project.post("/digital-assets", &body);
    let asset: CreatedAsset = connection.call(&request).await?.json()?;
    Ok(asset.asset_id)
}

pub async fn add_file(
    project: &Project,
    connection: &mut Connection,
    asset: &str,
    category: &str,
    object: &Object,
) -> anyhow::Result<()> {
    let (name, size, md5) = (&object.name, object.bytes.len(), &object.md5);
    let body = format!(
        r#"{{"file_name":"{name}","file_md5":"{md5}","file_size":{size},"file_type":"jpg","asset_id":"{asset}","asset_file_category":"{category}"}}"#
    );
    let request = project.post("/files", &body);
    let file: CreatedFile = connection.call(&request).await?.json()?;
    let headers = [
        ("Host", "bench"),
        ("Content-MD5", md5.as_str()),
        ("Content-Type", "image/jpeg"),
    ];
    let head = client::head("PUT", &target_of(&file.upload_url)?, &headers, size);
    connection
        .call_with(&head, &object.bytes)
        .await?
        .success()?;
    let path = format!("/files/{}/complete", file.file_id);
    let request = project.post(&path, r#"{"state":"CREATED"}"#);
    connection.call(&request).await?.success()?;
    Ok(())
}
