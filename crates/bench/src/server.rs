//! The server measured, and servers it is compared with: child processes that answer `/readyz`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use entrepot_server::iam::bootstrap::Credentials;

use crate::bench::Bench;
use crate::client::{self, Connection};
use crate::process::{self, Process};

const READY_WITHIN: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub struct Server {
    pub process: Process,
    pub address: SocketAddr,
    /// From its start to its first 200.
    pub ready_after: Duration,
}

/// How a server is to be started.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    pub data: &'a Path,
    pub variables: &'a [(&'a str, &'a str)],
    /// A program and arguments to put before it.
    pub under: &'a [&'a str],
    /// More flags.
    pub flags: &'a [&'a str],
}

impl<'a> Start<'a> {
    pub fn on(data: &'a Path) -> Self {
        Self {
            data,
            variables: &[],
            under: &[],
            flags: &[],
        }
    }

    pub fn with(self, variables: &'a [(&'a str, &'a str)]) -> Self {
        Self { variables, ..self }
    }
}

impl Server {
    /// The release executable.
    pub fn start(bench: &Bench, start: Start<'_>) -> anyhow::Result<Self> {
        let executable = bench.entrepot.display().to_string();
        Self::spawn(&executable, &["serve"], start)
    }

    /// This executable, in the part of what the server is compared with.
    pub fn baseline(kind: &str, start: Start<'_>) -> anyhow::Result<Self> {
        let own = std::env::current_exe()?.display().to_string();
        Self::spawn(&own, &["baseline", kind], start)
    }

    fn spawn(executable: &str, arguments: &[&str], start: Start<'_>) -> anyhow::Result<Self> {
        let address = process::free_address()?;
        let line: Vec<&str> = start.under.iter().copied().chain([executable]).collect();
        let log = start.data.with_extension("log");
        let mut command = Command::new(line[0]);
        command
            .args(&line[1..])
            .args(arguments)
            .arg("--data")
            .arg(start.data)
            .args(["--listen", &address.to_string()])
            .args(start.flags)
            .envs(start.variables.iter().copied())
            .stdin(Stdio::null())
            .stderr(std::fs::File::create(&log)?);
        let began = Instant::now();
        let mut process = Process::spawn(&mut command)?;
        await_ready(&mut process, address, began)
            .with_context(|| std::fs::read_to_string(&log).unwrap_or_default())?;
        let ready_after = began.elapsed();
        if !start.under.is_empty() {
            process.traced()?;
        }
        process.watch();
        Ok(Self {
            process,
            address,
            ready_after,
        })
    }

    /// Stops it and notes the most anonymous memory it had.
    pub fn stop(mut self, bench: &Bench, what: &str) {
        bench.saw(what, self.process.peak(), false);
        self.process.stop();
    }
}

pub fn credentials(data: &Path) -> anyhow::Result<Credentials> {
    let path = data.join("credentials.json");
    let read = Credentials::read(&path).map_err(|e| anyhow::anyhow!("{}", e.message))?;
    read.with_context(|| format!("{} is not there", path.display()))
}

fn await_ready(process: &mut Process, address: SocketAddr, began: Instant) -> anyhow::Result<()> {
    while began.elapsed() < READY_WITHIN {
        if is_ready(address) {
            return Ok(());
        }
        process.check_alive()?;
        std::thread::sleep(Duration::from_micros(500));
    }
    bail!("not ready after {READY_WITHIN:?}")
}

fn is_ready(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let asked = b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
    let mut answer = [0; 12];
    stream.write_all(asked).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer == *b"HTTP/1.1 200"
}

/// A token of the library's owner, for the project.
pub async fn token(address: SocketAddr, credentials: &Credentials) -> anyhow::Result<String> {
    let body = serde_json::json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": {
            "name": credentials.user_name, "password": credentials.password,
            "domain": {"name": credentials.domain_name}}}},
        "scope": {"project": {"id": credentials.project_id}},
    }});
    let body = serde_json::to_vec(&body)?;
    let request = client::request("POST", "/v3/auth/tokens", &[("Host", "bench")], &body);
    let mut connection = Connection::open(address).await?;
    let answer = connection.call(&request).await?;
    answer.success()?;
    answer.token.context("an answer without a token")
}
