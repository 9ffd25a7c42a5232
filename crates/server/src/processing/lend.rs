//! Where the child finds the bytes of a file: where they are stored, if it can read them there,
//! else in a copy.

use std::path::{Path, PathBuf};

use entrepot_media::task::Family;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use crate::app::App;
use crate::error::{Error, Result};
use crate::objects::{self, Content};

/// Paths of the bytes, in order.
pub async fn lend(
    app: &App,
    content: &Content,
    family: Family,
    folder: &Path,
) -> Result<Vec<PathBuf>> {
    if let Some(stored) = in_place(app, content, family) {
        return Ok(stored);
    }
    let copy = folder.join("input");
    let mut file = tokio::fs::File::create(&copy)
        .await
        .map_err(Error::internal)?;
    let mut blocks = objects::stream(app, content, 0..content.size);
    while let Some(block) = blocks.next().await {
        let written = file.write_all(&block?).await;
        written.map_err(Error::internal)?;
    }
    file.flush().await.map_err(Error::internal)?;
    Ok(vec![copy])
}

/// FFmpeg reads a file's pieces one after the other; everything else wants one file.
fn in_place(app: &App, content: &Content, family: Family) -> Option<Vec<PathBuf>> {
    let takes_pieces = matches!(family, Family::Film | Family::Sound);
    if content.segments.len() > 1 && !takes_pieces {
        return None;
    }
    let paths = content.segments.iter().map(|segment| {
        let path = app.blobs.local_path(&segment.storage_key)?;
        // the bar stands between pieces where FFmpeg reads several
        let readable = path.to_str().is_some_and(|path| !path.contains('|'));
        std::path::absolute(path).ok().filter(|_| readable)
    });
    paths.collect()
}
