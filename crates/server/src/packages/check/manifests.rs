//! The bag's manifests against the entries: every line has its entry, every entry its line, and
//! the digests are the same.

use std::collections::HashMap;

use entrepot_archive::bag::{ManifestKind, ManifestLine, ManifestReader};
use entrepot_archive::layout::{MANIFEST, TAG_MANIFEST};
use futures_util::StreamExt;

use super::{Named, Outline};
use crate::app::App;
use crate::error::Result;
use crate::ids::UploadId;
use crate::packages::receive::invalid;
use crate::packages::store::entries;
use crate::packages::unpacked::stream;
use crate::packages::uploads::model::Entry;

/// Lines that are looked up together.
const LOOKED_UP: usize = 500;

pub async fn check_payload(app: &App, upload: &UploadId, outline: &Outline) -> Result<()> {
    let mut named = Named::of(outline.entries);
    let mut lines = Lines::open(app, &outline.manifest, ManifestKind::Payload).await?;
    let mut count = 0;
    loop {
        let batch = lines.next(LOOKED_UP).await?;
        if batch.is_empty() {
            break;
        }
        count += batch.len() as u64;
        check_batch(app, upload, batch, &mut named).await?;
    }
    if count != outline.payload.files {
        let there = outline.payload.files;
        return Err(invalid(format!(
            "{MANIFEST} names {count} files, but the package has {there}"
        )));
    }
    Ok(())
}

async fn check_batch(
    app: &App,
    upload: &UploadId,
    batch: Vec<ManifestLine>,
    named: &mut Named,
) -> Result<()> {
    let paths: Vec<String> = batch.iter().map(|line| line.path.to_string()).collect();
    let id = upload.clone();
    let found = app
        .db
        .read(async move |tx| {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            entries::list_by_path(tx, &id, &paths).await
        })
        .await?;
    let found: HashMap<&str, &Entry> = found.iter().map(|e| (e.path.as_str(), e)).collect();
    for line in &batch {
        check_line(
            MANIFEST,
            line,
            found.get(line.path.as_str()).copied(),
            named,
        )?;
    }
    Ok(())
}

fn check_line(
    manifest: &str,
    line: &ManifestLine,
    entry: Option<&Entry>,
    named: &mut Named,
) -> Result<()> {
    let path = &line.path;
    let Some(entry) = entry else {
        let problem = format!("{manifest} names “{path}”, which is not there");
        return Err(invalid(problem));
    };
    if entry.digests.sha256 != line.sha256 {
        let problem = format!("entry “{path}” does not have the SHA-256 that {manifest} says");
        return Err(invalid(problem));
    }
    if !named.name(entry.seq) {
        return Err(invalid(format!("{manifest} names “{path}” twice")));
    }
    Ok(())
}

pub async fn check_tags(app: &App, outline: &Outline) -> Result<()> {
    let tags = [&outline.bagit, &outline.bag_info, &outline.manifest];
    let mut named = Named::of(outline.entries);
    let mut lines = Lines::open(app, &outline.tag_manifest, ManifestKind::Tag).await?;
    // one more than can be right
    let batch = lines.next(tags.len() + 1).await?;
    for line in &batch {
        let entry = tags.into_iter().find(|tag| tag.path == line.path.as_str());
        check_line(TAG_MANIFEST, line, entry, &mut named)?;
    }
    if batch.len() != tags.len() {
        let problem = format!("{TAG_MANIFEST} does not name every file outside data/");
        return Err(invalid(problem));
    }
    Ok(())
}

struct Lines {
    blocks: crate::objects::Blocks,
    /// `None` at the end.
    reader: Option<ManifestReader>,
    read: Vec<ManifestLine>,
}

impl Lines {
    async fn open(app: &App, entry: &Entry, kind: ManifestKind) -> Result<Self> {
        Ok(Self {
            blocks: stream(app, entry).await?,
            reader: Some(ManifestReader::new(kind)),
            read: Vec::new(),
        })
    }

    /// So many, or all that are left.
    async fn next(&mut self, count: usize) -> Result<Vec<ManifestLine>> {
        while self.read.len() < count {
            let Some(reader) = &mut self.reader else {
                break;
            };
            if let Some(block) = self.blocks.next().await {
                self.read.extend(reader.push(&block?).map_err(invalid)?);
            } else {
                let last = self.reader.take().map(ManifestReader::finish);
                let last = last.transpose().map_err(invalid)?.flatten();
                self.read.extend(last);
            }
        }
        let count = count.min(self.read.len());
        Ok(self.read.drain(..count).collect())
    }
}
