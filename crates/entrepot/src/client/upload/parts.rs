//! A file that goes in parts, several at a time; what has arrived is not sent again.

use std::ops::Range;

use data_encoding::HEXLOWER;
use entrepot_api::files::{AssetFileInfo, LargeFilesCreateReq, PartUrlsResponse, UploadedPart};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::HeaderMap;

use super::session::Session;
use crate::client::failure::{Failure, Result};
use crate::client::journal::Entry;
use crate::client::plan;
use crate::client::transfer::{Patience, patiently, put};

/// Where the parts of one file go, and which are there.
struct Target {
    file_id: String,
    urls: Vec<String>,
    arrived: Vec<UploadedPart>,
}

/// `main` is the file that an earlier run declared.
pub async fn send(
    session: &Session<'_>,
    entry: &mut Entry,
    asset_id: &str,
    main: Option<AssetFileInfo>,
    part_size: u64,
) -> Result<()> {
    if main.as_ref().is_some_and(|main| main.state != "CREATING") {
        // every part had arrived
        return Ok(());
    }
    let parts = plan::parts(session.source.size, part_size);
    let target = match main {
        Some(main) => find(session, &main, parts.len()).await?,
        None => None,
    };
    let target = match target {
        Some(target) => target,
        None => create(session, entry, asset_id, parts.len()).await?,
    };
    session.bar.stage("sending", session.source.size);
    stream::iter(parts.into_iter().enumerate())
        .map(|(index, part)| send_part(session, &target, index, part))
        .buffer_unordered(session.parallel)
        .try_collect::<()>()
        .await?;
    session.source.check_unchanged()?;
    patiently(|| session.api.complete_file(&target.file_id)).await
}

/// The earlier run's file, if its parts are cut as ours are; else it is taken out of the way.
async fn find(session: &Session<'_>, main: &AssetFileInfo, count: usize) -> Result<Option<Target>> {
    match patiently(|| session.api.part_urls(&main.file_id)).await {
        Ok(PartUrlsResponse {
            file_id,
            upload_urls,
            parts,
        }) if upload_urls.len() == count => {
            return Ok(Some(Target {
                file_id,
                urls: upload_urls,
                arrived: parts,
            }));
        }
        Err(failure) if !failure.is_bad_request() => return Err(failure),
        Ok(_) | Err(_) => {}
    }
    patiently(|| session.api.delete_file(&main.file_id)).await?;
    Ok(None)
}

async fn create(
    session: &Session<'_>,
    entry: &mut Entry,
    asset_id: &str,
    count: usize,
) -> Result<Target> {
    let body = LargeFilesCreateReq {
        file_name: session.file_name.clone(),
        file_type: session.file_type.clone(),
        asset_id: asset_id.to_owned(),
        asset_file_category: "MAIN".into(),
        file_size: i64::try_from(session.source.size).ok(),
        file_multipart_count: i64::try_from(count).ok(),
    };
    let made = session.api.create_large_file(&body).await?;
    session.note_file(entry, &made.file_id)?;
    if made.upload_urls.len() != count {
        return Err(Failure::Garbled {
            server: session.api.endpoint().to_owned(),
            reason: format!("{} URLs for {count} parts", made.upload_urls.len()),
        });
    }
    Ok(Target {
        file_id: made.file_id,
        urls: made.upload_urls,
        arrived: Vec::new(),
    })
}

async fn send_part(
    session: &Session<'_>,
    target: &Target,
    index: usize,
    part: Range<u64>,
) -> Result<()> {
    let _slot = session.slots.acquire().await;
    if has_arrived(session, target, index, &part).await? {
        return Ok(());
    }
    let (mut url, mut patience) = (target.urls[index].clone(), Patience::default());
    let mut signed_again = false;
    loop {
        let body = session.source.outgoing(part.clone(), &session.bar);
        let counted = body.1.bytes.clone();
        let outcome = put(session.api, &url, HeaderMap::new(), body).await;
        session.source.check_unchanged()?;
        let Err(failure) = outcome else {
            return Ok(());
        };
        session
            .bar
            .retreat(counted.load(std::sync::atomic::Ordering::Relaxed));
        // links are good for a day; a large file may take longer
        if failure.code() == Some("AccessDenied") && !signed_again {
            let again = patiently(|| session.api.part_urls(&target.file_id)).await?;
            url = again.upload_urls.into_iter().nth(index).ok_or(failure)?;
            signed_again = true;
            continue;
        }
        patience.wait(failure).await?;
    }
}

/// Whether the server has these very bytes: size and MD5 are compared.
async fn has_arrived(
    session: &Session<'_>,
    target: &Target,
    index: usize,
    part: &Range<u64>,
) -> Result<bool> {
    let number = i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1);
    let there = target.arrived.iter().find(|p| p.part_number == number);
    let Some(there) = there else { return Ok(false) };
    let length = part.end - part.start;
    if u64::try_from(there.size) != Ok(length) {
        return Ok(false);
    }
    let md5 = session.source.md5(part.clone(), &session.bar).await?;
    if HEXLOWER.encode(&md5) == there.etag.trim_matches('"').to_ascii_lowercase() {
        return Ok(true);
    }
    session.bar.retreat(length);
    Ok(false)
}
