//! What copies are compared with: one `curl` for all URLs, which keeps its connection, then one
//! `sha256sum` of all files.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::Context;

use crate::packages::{settle, succeed};

/// Programs that take files by these names.
#[derive(Debug)]
pub struct Pair {
    folder: PathBuf,
    config: PathBuf,
    files: Vec<PathBuf>,
}

impl Pair {
    pub fn of(folder: &Path, urls: &[String]) -> anyhow::Result<Self> {
        let config = folder.join("curl.config");
        let folder = folder.join("fetched");
        let file = |n: usize| folder.join(format!("{n:05}"));
        let files: Vec<PathBuf> = (0..urls.len()).map(file).collect();
        let mut text = String::new();
        for (url, file) in urls.iter().zip(&files) {
            writeln!(text, "url = \"{url}\"\noutput = \"{}\"", file.display())?;
        }
        std::fs::write(&config, text)?;
        Ok(Self {
            folder,
            config,
            files,
        })
    }

    /// Seconds.
    pub fn turn(&self, is_durable: bool) -> anyhow::Result<f64> {
        std::fs::create_dir_all(&self.folder)?;
        settle()?;
        let began = Instant::now();
        let mut curl = Command::new("curl");
        succeed(curl.args(["-sS", "--fail", "-K"]).arg(&self.config))?;
        if is_durable {
            succeed(Command::new("sync").args(&self.files))?;
        }
        let mut sums = Command::new("sha256sum");
        succeed(sums.args(&self.files).stdout(Stdio::null()))?;
        let took = began.elapsed().as_secs_f64();
        std::fs::remove_dir_all(&self.folder).context("the fetched files")?;
        Ok(took)
    }
}
