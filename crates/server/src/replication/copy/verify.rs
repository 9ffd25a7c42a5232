//! Hashes each file as it is stored here, while other parts of it are still on their way: what a copy
//! calls done has been read back and compared.

use std::collections::HashMap;

use data_encoding::HEXLOWER;
use futures_util::stream::FuturesUnordered;
use futures_util::{StreamExt, TryStreamExt};
use tokio::sync::Semaphore;

use super::shared::Shared;
use super::{FilePlan, Plan, Stop};
use crate::error::Error;
use crate::objects::{Digests, Hasher};

/// Files of one copy at a time.
const AT_A_TIME: usize = 2;
/// Stretches of all copies that are hashed at a time, which bounds the memory of it.
static HASHING: Semaphore = Semaphore::const_new(4);

/// What the files turned out to be.
#[derive(Debug, Default)]
pub struct Verified {
    /// By file id; those that the project has already are not in it.
    pub digests: HashMap<String, Digests>,
    /// Files whose bytes are other ones.
    pub damaged: Vec<FilePlan>,
}

pub async fn verify(shared: &Shared<'_>, plan: &Plan) -> Result<Verified, Stop> {
    let mut files = plan.files.iter();
    let mut running = FuturesUnordered::new();
    let mut verified = Verified::default();
    loop {
        while running.len() < AT_A_TIME {
            let Some(file) = files.next() else { break };
            if file.held.is_none() {
                running.push(hash(shared, file));
            }
        }
        let Some((file, digests)) = running.try_next().await? else {
            return Ok(verified);
        };
        if HEXLOWER.encode(&digests.sha256) == file.sha256 && digests.size == file.size {
            verified.digests.insert(file.file_id.clone(), digests);
        } else {
            verified.damaged.push(file.clone());
        }
    }
}

async fn hash<'a>(
    shared: &Shared<'_>,
    file: &'a FilePlan,
) -> Result<(&'a FilePlan, Digests), Stop> {
    let blobs = &shared.context.app.blobs;
    let mut hasher = Hasher::new();
    let mut at = 0;
    while at < file.size {
        let segment = shared.wait_for(&file.file_id, at).await;
        let _permit = HASHING.acquire().await.map_err(Error::internal)?;
        let mut blocks = blobs.read(&segment.storage_key, 0..segment.size);
        while let Some(block) = blocks.next().await {
            hasher.push(block?).await?;
        }
        at = segment.end();
    }
    Ok((file, hasher.finish().await?))
}
