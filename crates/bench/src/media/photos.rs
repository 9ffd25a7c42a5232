//! JPEGs of 12 megapixels, each another one, made by FFmpeg.

use std::path::PathBuf;
use std::process::Command;

use anyhow::ensure;

use crate::bench::Bench;
use crate::packages::succeed;
use crate::stats::{count, grouped};

#[derive(Debug)]
pub struct Photos {
    pub folder: PathBuf,
    pub files: Vec<PathBuf>,
    bytes: u64,
}

impl Photos {
    /// `1,000 JPEGs of 4000×3000, 2.0 MB each`
    pub fn described(&self) -> String {
        #[expect(clippy::cast_precision_loss, reason = "a few GB")]
        let mb = self.bytes as f64 / count(self.files.len()) / 1e6;
        let number = grouped(count(self.files.len()));
        format!("{number} JPEGs of 4000×3000, {mb:.1} MB each")
    }
}

pub fn make(bench: &Bench) -> anyhow::Result<Photos> {
    let folder = bench.folder().join("photos");
    std::fs::create_dir_all(&folder)?;
    let number = bench.sizes.photos;
    let source = "testsrc2=size=4000x3000:rate=25,noise=alls=10:allf=t";
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg
        .args(["-v", "error", "-f", "lavfi", "-i", source])
        .args(["-frames:v", &number.to_string(), "-q:v", "4"])
        .arg(folder.join("photo-%04d.jpg"));
    succeed(&mut ffmpeg)?;
    let mut files = Vec::with_capacity(number);
    let mut bytes = 0;
    for entry in std::fs::read_dir(&folder)? {
        let entry = entry?;
        bytes += entry.metadata()?.len();
        files.push(entry.path());
    }
    files.sort();
    ensure!(files.len() == number, "{} photographs", files.len());
    Ok(Photos {
        folder,
        files,
        bytes,
    })
}
