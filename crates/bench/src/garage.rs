//! Garage as a single node with its defaults, and PUTs signed for it beforehand.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use data_encoding::HEXLOWER;
use entrepot_server::clock::Clock;
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::bench::Bench;
use crate::client::{self, Connection};
use crate::load;
use crate::process::{self, Process};
use crate::small::{Object, Objects};

const BUCKET: &str = "bench";
const REGION: &str = "garage";
const ACCESS_KEY: &str = "GK0123456789abcdef01234567";
const SECRET_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
/// What stays as it is in a signed query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');
const READY_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Garage {
    pub address: SocketAddr,
    pub version: String,
    _process: Process,
}

impl Garage {
    pub fn find() -> Option<PathBuf> {
        let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
        let installed = home.map(|home| home.join("bin/garage"));
        let named = std::env::var_os("GARAGE").map(PathBuf::from);
        named.or(installed).filter(|path| path.is_file())
    }

    pub fn start(bench: &Bench, executable: &PathBuf) -> anyhow::Result<Self> {
        let folder = bench.folder().join("garage");
        std::fs::create_dir_all(&folder)?;
        let address = process::free_address()?;
        let config = folder.join("garage.toml");
        let path = folder.display();
        // nothing but what Garage insists on: everything else is its default
        let text = format!(
            "metadata_dir = \"{path}/meta\"\ndata_dir = \"{path}/data\"\nreplication_factor = 1\n\
             rpc_bind_addr = \"{rpc}\"\nrpc_public_addr = \"{rpc}\"\nrpc_secret = \"{SECRET_KEY}\"\n\
             [s3_api]\ns3_region = \"{REGION}\"\napi_bind_addr = \"{address}\"\n",
            rpc = process::free_address()?,
        );
        std::fs::write(&config, text)?;
        let mut command = Command::new(executable);
        command
            .arg("-c")
            .arg(&config)
            .args(["server", "--single-node", "--default-bucket"])
            .env("GARAGE_DEFAULT_ACCESS_KEY", ACCESS_KEY)
            .env("GARAGE_DEFAULT_SECRET_KEY", SECRET_KEY)
            .env("GARAGE_DEFAULT_BUCKET", BUCKET)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("log"))?);
        let mut process = Process::spawn(&mut command)?;
        load::block_on(await_ready(&mut process, address))
            .with_context(|| std::fs::read_to_string(folder.join("log")).unwrap_or_default())?;
        let version = Command::new(executable).arg("--version").output()?;
        let version = String::from_utf8_lossy(&version.stdout);
        let name = version
            .split_whitespace()
            .take(2)
            .collect::<Vec<_>>()
            .join(" ");
        Ok(Self {
            address,
            version: name,
            _process: process,
        })
    }

    /// The head of each object's PUT, signed without its bytes: that is the least work for Garage.
    pub fn sign(&self, objects: &[Object]) -> anyhow::Result<Arc<[Vec<u8>]>> {
        let host = self.address.to_string();
        let head = |object: &Object| Ok(signed_put(&host, &object.name, object.bytes.len()));
        objects.iter().map(head).collect()
    }
}

/// Ready once a signed PUT is taken: the layout and the bucket are made after the start.
async fn await_ready(process: &mut Process, address: SocketAddr) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        let head = signed_put(&address.to_string(), "ready", 1);
        if let Ok(mut connection) = Connection::open(address).await
            && let Ok(answer) = connection.call_with(&head, b"x").await
            && answer.status == 200
        {
            return Ok(());
        }
        process.check_alive()?;
        ensure!(began.elapsed() < READY_WITHIN, "Garage does not take a PUT");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// AWS Signature Version 4 in the query.
fn signed_put(host: &str, name: &str, length: usize) -> Vec<u8> {
    let time = Clock::System.now().compact();
    let day = &time[..8];
    let scope = format!("{day}/{REGION}/s3/aws4_request");
    let credential = format!("{ACCESS_KEY}/{scope}");
    let credential = utf8_percent_encode(&credential, ENCODED);
    let path = format!("/{BUCKET}/{name}");
    let query = format!(
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date={time}\
         &X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
    );
    let canonical = format!("PUT\n{path}\n{query}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD");
    let digest = HEXLOWER.encode(&Sha256::digest(canonical.as_bytes()));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
    let mut key = format!("AWS4{SECRET_KEY}").into_bytes();
    for part in [day, REGION, "s3", "aws4_request"] {
        key = hmac(&key, part);
    }
    let signature = HEXLOWER.encode(&hmac(&key, &text));
    let target = format!("{path}?{query}&X-Amz-Signature={signature}");
    client::head("PUT", &target, &[("Host", host)], length)
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

pub async fn put_all(
    address: SocketAddr,
    heads: Arc<[Vec<u8>]>,
    objects: Objects,
    next: Arc<AtomicUsize>,
) -> anyhow::Result<()> {
    let mut connection = Connection::open(address).await?;
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let (Some(head), Some(object)) = (heads.get(n), objects.get(n)) else {
            return Ok(());
        };
        connection.call_with(head, &object.bytes).await?.success()?;
    }
}
