//! A file that goes by one PUT; one that was cut is sent again from its beginning.

use data_encoding::BASE64;
use entrepot_api::files::{AssetFileInfo, FilesCreateReq};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::session::Session;
use crate::client::failure::{Failure, Result};
use crate::client::format::content_type;
use crate::client::journal::Entry;
use crate::client::transfer::{Patience, patiently, put};

/// `main` is the file that an earlier run declared.
pub async fn send(
    session: &Session<'_>,
    entry: &mut Entry,
    asset_id: &str,
    main: Option<AssetFileInfo>,
) -> Result<()> {
    session.bar.stage("reading", session.source.size);
    let whole = 0..session.source.size;
    let md5 = session.source.md5(whole.clone(), &session.bar).await?;
    let declared = BASE64.encode(&md5);
    if let Some(main) = main {
        if main.file_md5.as_ref() == Some(&declared) && is_complete(session, &main).await? {
            return Ok(());
        }
        patiently(|| session.api.delete_file(&main.file_id)).await?;
    }
    let body = FilesCreateReq {
        file_name: session.file_name.clone(),
        file_md5: declared.clone(),
        file_size: i64::try_from(session.source.size).unwrap_or(i64::MAX),
        file_type: session.file_type.clone(),
        asset_id: asset_id.to_owned(),
        asset_file_category: "MAIN".into(),
    };
    let made = session.api.create_file(&body).await?;
    session.note_file(entry, &made.file_id)?;
    let mut headers = HeaderMap::new();
    let declared = HeaderValue::from_str(&declared).expect("base64 is visible ASCII");
    headers.insert(HeaderName::from_static("content-md5"), declared);
    let kind = HeaderValue::from_static(content_type(&session.file_type));
    headers.insert(header::CONTENT_TYPE, kind);

    let _slot = session.slots.acquire().await;
    let mut patience = Patience::default();
    loop {
        session.bar.stage("sending", session.source.size);
        let body = session.source.outgoing(whole.clone(), &session.bar);
        let outcome = put(session.api, &made.upload_url, headers.clone(), body).await;
        session.source.check_unchanged()?;
        match outcome {
            Ok(sent) if sent == md5 => break,
            Ok(_) => return Err(session.source.changed()),
            // the bytes read the second time are not those of the first
            Err(failure) if failure.code() == Some("BadDigest") => {
                return Err(session.source.changed());
            }
            Err(failure) => patience.wait(failure).await?,
        }
    }
    patiently(|| session.api.complete_file(&made.file_id)).await
}

/// Whether the bytes had arrived before the earlier run ended.
async fn is_complete(session: &Session<'_>, main: &AssetFileInfo) -> Result<bool> {
    match patiently(|| session.api.complete_file(&main.file_id)).await {
        Ok(()) => Ok(true),
        Err(failure @ Failure::Refused(_)) if failure.is_bad_request() => Ok(false),
        Err(failure) => Err(failure),
    }
}
