//! Two servers that copy from each other: started, and given a key in common.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::bench::Bench;
use crate::library::{Library, text};
use crate::server::{Server, Start};

const A: &str = "region-a";
const B: &str = "region-b";

#[derive(Debug)]
pub struct Region {
    pub server: Server,
    pub library: Library,
}

/// Assets are copied from `a` to `b`.
#[derive(Debug)]
pub struct Regions {
    pub a: Region,
    pub b: Region,
}

/// The data folder of `a`.
pub fn source(folder: &Path) -> PathBuf {
    folder.join(A)
}

impl Region {
    pub fn start(bench: &Bench, data: &Path, flags: &[&str]) -> anyhow::Result<Self> {
        let start = Start {
            flags,
            ..Start::on(data)
        };
        let server = Server::start(bench, start)?;
        let library = Library::of(&server, data)?;
        Ok(Self { server, library })
    }

    pub fn source(bench: &Bench, folder: &Path) -> anyhow::Result<Self> {
        Self::start(bench, &source(folder), &["--region", A])
    }
}

impl Regions {
    pub fn start(bench: &Bench, folder: &Path) -> anyhow::Result<Self> {
        let a = Region::source(bench, folder)?;
        let peer = format!("{A}=http://{}", a.server.address);
        let data = folder.join(B);
        let b = Region::start(bench, &data, &["--region", B, "--peer", &peer])?;
        let created = admin(bench, &source(folder), &["create", "--peer", B], "")?;
        let (id, key) = (text(&created, "key_id")?, text(&created, "key")?);
        admin(bench, &data, &["add", &id, "--peer", A], &key)?;
        Ok(Self { a, b })
    }

    pub fn stop(self, bench: &Bench) {
        self.a.server.stop(bench, "source of copies");
        self.b.server.stop(bench, "destination of copies");
    }
}

/// What `entrepot admin replication-key` prints.
fn admin(bench: &Bench, data: &Path, arguments: &[&str], input: &str) -> anyhow::Result<Value> {
    let mut child = Command::new(&bench.entrepot)
        .args(["admin", "--data"])
        .arg(data)
        .arg("replication-key")
        .args(arguments)
        .arg("--json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdin = child.stdin.take().context("no standard input")?;
    writeln!(&stdin, "{input}")?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "replication-key {arguments:?}");
    Ok(serde_json::from_slice(&output.stdout)?)
}
