//! Files that arrived other than the manifest says: which stretches are wrong? The source is asked
//! what it has there, so that only those come again.

use data_encoding::HEXLOWER;
use entrepot_blob::StorageKey;

use super::fetch::Source;
use super::shared::Shared;
use super::{FilePlan, Stop};
use crate::error::ErrorCode;
use crate::objects;
use crate::replication::store;
use crate::replication::store::segments::Segment;

/// Drops what is wrong; says how the copy goes on.
pub async fn repair(
    shared: &Shared<'_>,
    source: Option<Source<'_>>,
    damaged: &[FilePlan],
) -> Result<Stop, Stop> {
    // from here on rows have all that is here
    shared.write().await?;
    let mut wrong = Vec::new();
    for file in damaged {
        let stretches = shared.stretches(&file.file_id);
        let differ = match source {
            Some(source) => differing(shared, source, file, stretches).await?,
            None => stretches.into_iter().map(|s| s.storage_key).collect(),
        };
        if differ.is_empty() {
            return Ok(Stop::failed(
                ErrorCode::ContentMissing,
                format!(
                    "The file {} is damaged in the region {}: its bytes there are not the ones it was recorded with.",
                    file.file_id, shared.copy.peer
                ),
            ));
        }
        wrong.extend(differ);
    }
    let count = wrong.len();
    drop_stretches(shared, wrong).await?;
    if source.is_none() {
        let ids: Vec<&str> = damaged.iter().map(|file| file.file_id.as_str()).collect();
        return Ok(Stop::failed(
            ErrorCode::BadDigest,
            format!(
                "Bytes that came by hand are not the ones of the manifest: {}; send them again.",
                ids.join(", ")
            ),
        ));
    }
    Ok(Stop::later(
        ErrorCode::BadDigest,
        format!("{count} stretches arrived damaged; they are fetched again."),
    ))
}

async fn differing(
    shared: &Shared<'_>,
    source: Source<'_>,
    file: &FilePlan,
    stretches: Vec<Segment>,
) -> Result<Vec<StorageKey>, Stop> {
    let app = &shared.context.app;
    let ticket = &shared.copy.copy_id;
    let mut differ = Vec::new();
    for segment in stretches {
        let here = digest(shared, &segment).await?;
        let range = segment.start..segment.end();
        let there = source
            .peer
            .digest(app, source.key, ticket, &file.file_id, range);
        if there.await? != here {
            differ.push(segment.storage_key);
        }
    }
    Ok(differ)
}

async fn digest(shared: &Shared<'_>, segment: &Segment) -> Result<String, Stop> {
    let blobs = &shared.context.app.blobs;
    let blocks = blobs.read(&segment.storage_key, 0..segment.size);
    Ok(HEXLOWER.encode(&objects::digest(blocks).await?.sha256))
}

/// Rows first: a crash in between leaves keys that the sweep finds.
async fn drop_stretches(shared: &Shared<'_>, keys: Vec<StorageKey>) -> Result<(), Stop> {
    let app = &shared.context.app;
    let forgotten = keys.clone();
    app.db
        .write(async move |tx| store::segments::delete(tx, &forgotten).await)
        .await?;
    for key in keys {
        app.blobs.delete(&key).await?;
    }
    Ok(())
}
