//! Thumbnails of photographs: as many a second as `vipsthumbnail` makes with the same number of
//! workers, the memory they take, and how soon one is there after its upload.

mod memory;
mod photos;
mod soon;
mod thumbnails;

use crate::bench::Bench;
use crate::packages::is_there;
use crate::report::{Bound, Row};

pub fn run(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    for tool in ["ffmpeg", "vipsthumbnail", "xargs"] {
        if !is_there(tool) {
            let why = format!("{tool} is not installed");
            return Ok(vec![Row::not_measured(
                "thumbnails / vipsthumbnail",
                Bound::AtLeast(thumbnails::WANTED),
                why,
            )]);
        }
    }
    let photos = photos::make(bench)?;
    let mut rows = thumbnails::run(bench, &photos)?;
    rows.push(soon::run(bench, &photos)?);
    std::fs::remove_dir_all(&photos.folder)?;
    Ok(rows)
}
