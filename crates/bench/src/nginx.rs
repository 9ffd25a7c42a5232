//! Debian's nginx, serving one file by sendfile.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::bench::Bench;
use crate::process::{self, Process};

#[derive(Debug)]
pub struct Nginx {
    pub process: Process,
    pub address: SocketAddr,
}

fn executable() -> &'static str {
    // Debian has it where only root looks
    let theirs = "/usr/sbin/nginx";
    if Path::new(theirs).exists() {
        theirs
    } else {
        "nginx"
    }
}

impl Nginx {
    pub const TARGET: &str = "/file";

    pub fn is_there() -> bool {
        Command::new(executable()).arg("-v").output().is_ok()
    }

    /// `file` is served as it is: the same pages of the cache for both servers.
    pub fn start(bench: &Bench, file: &Path) -> anyhow::Result<Self> {
        let folder = bench.folder().join("nginx");
        std::fs::create_dir_all(folder.join("root"))?;
        std::fs::hard_link(file, folder.join("root/file"))?;
        Self::serve(&folder)
    }

    /// Serves what is, or will be, in `root` of the folder.
    pub fn serve(folder: &Path) -> anyhow::Result<Self> {
        let address = process::free_address()?;
        let path = folder.display();
        // the stored file is its owner's alone; this directive counts for root only
        let user = if is_root() { "user root;" } else { "" };
        let text = format!(
            "{user} daemon off; worker_processes 1; pid {path}/pid; error_log {path}/errors;\n\
             events {{ worker_connections 64; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;\n\
             client_body_temp_path {path}/body; proxy_temp_path {path}/proxy;\n\
             fastcgi_temp_path {path}/fastcgi; uwsgi_temp_path {path}/uwsgi; scgi_temp_path {path}/scgi;\n\
             server {{ listen {address}; root {path}/root; }} }}\n"
        );
        let config = folder.join("nginx.conf");
        std::fs::write(&config, text)?;
        let mut command = Command::new(executable());
        command
            .arg("-e")
            .arg(folder.join("errors"))
            .arg("-c")
            .arg(&config)
            .stderr(Stdio::null());
        let mut process = Process::spawn(&mut command)?;
        let began = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            process.check_alive()?;
            ensure!(
                began.elapsed() < Duration::from_secs(10),
                "nginx does not answer"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Self { process, address })
    }
}

fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uid.is_some_and(|uid| uid.split_whitespace().nth(1) == Some("0"))
}
