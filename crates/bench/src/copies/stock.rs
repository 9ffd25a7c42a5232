//! What the source has: large files, many of 1 MiB, many of few contents, and one asset of a hundred
//! files.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use super::regions::Region;
use crate::bench::Bench;
use crate::client::Connection;
use crate::large::{self, Content};
use crate::library::{Library, text};
use crate::load;
use crate::packages::FILE;
use crate::packages::stock::{bytes, create_all, frame};
use crate::small::{self, Object, Project};
use crate::stats::count;

/// Turns of the measurement with files of 1 MiB.
pub const TURNS: usize = 3;
/// Different contents among those that the destination has already.
pub const CONTENTS: usize = 100;
const CONTENT: usize = 16 * 1024;
/// Files of the asset that tickets are issued of.
pub const FILES: usize = 100;

/// Ids of assets.
#[derive(Debug)]
pub struct Stock {
    pub large_size: u64,
    pub large: Vec<String>,
    /// For each turn.
    pub frames: Vec<Vec<String>>,
    pub held: Vec<String>,
    pub of_many_files: String,
}

impl Stock {
    /// In MiB.
    pub fn large_mib(&self) -> f64 {
        count(usize::try_from(self.large_size).unwrap_or(usize::MAX) / FILE)
    }

    /// `1 GiB`
    pub fn large_described(&self) -> String {
        match self.large_size >> 20 {
            1024 => "1 GiB".to_owned(),
            mib => format!("{mib} MiB"),
        }
    }

    pub fn fill(bench: &Bench, folder: &Path) -> anyhow::Result<Self> {
        let (began, sizes) = (Instant::now(), bench.sizes);
        let source = Region::source(bench, folder)?;
        let library = &source.library;
        let mut large = Vec::new();
        for turn in 0..sizes.turns {
            let (_, file) = large::upload(library, &Content::new(sizes.large, turn))?;
            large.push(file.asset);
        }
        let project = Arc::new(Project::of(library));
        let frames = create_all(Arc::clone(&project), sizes.copied * TURNS, frame);
        let frames = load::block_on(frames)?;
        let held = load::block_on(create_all(Arc::clone(&project), sizes.held, known))?;
        let of_many_files = load::block_on(one_of_many_files(&project))?;
        source.server.stop(bench, "filling the source of copies");
        eprintln!("the source: {:.0} s", began.elapsed().as_secs_f64());
        Ok(Self {
            large_size: sizes.large,
            large,
            frames: frames.chunks(sizes.copied).map(<[_]>::to_vec).collect(),
            held,
            of_many_files,
        })
    }
}

/// Of the contents that the destination is given beforehand.
pub fn known(n: usize) -> Object {
    let seed = (1 << 40) + (n % CONTENTS) as u64;
    Object::new(&format!("known-{n:05}"), bytes(seed, CONTENT))
}

async fn one_of_many_files(project: &Project) -> anyhow::Result<String> {
    let mut connection = Connection::open(project.address).await?;
    let asset = small::create_empty(project, &mut connection, "Scenery", "MATERIAL").await?;
    for n in 0..FILES {
        let category = if n == 0 { "MAIN" } else { "OTHER" };
        small::add_file(project, &mut connection, &asset, category, &known(n)).await?;
    }
    Ok(asset)
}

/// Where the main files of assets can be had, without any credentials.
pub async fn urls(library: &Library, assets: &[String]) -> anyhow::Result<Vec<String>> {
    let mut connection = Connection::open(library.address).await?;
    let mut urls = Vec::with_capacity(assets.len());
    for id in assets {
        let target = library.media(&format!("/digital-assets/{id}"));
        let body = serde_json::Value::Null;
        let asset = library.call_on(&mut connection, "GET", &target, &body);
        urls.push(text(&asset.await?["files"][0], "download_url")?);
    }
    Ok(urls)
}
