//! What a signed URL leads to: reads it, finds the file, checks the signature.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

use super::urls::{self, Link, Signed, canonical_headers, upload_id};
use crate::app::App;
use crate::assets::{self, Asset};
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::files::{self, File, FileState};
use crate::ids::{AssetId, FileId, ProjectId};
use crate::vault::DataKey;

/// What a URL below `/objects` brings to show that this server made it.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Decoded.
    path: String,
    expires: i64,
    /// What it was signed with.
    key: Arc<DataKey>,
    signature: String,
    part_number: Option<i64>,
}

/// `/objects/{project_id}/{asset_id}/{file_id}.{suffix}?…`, as sent.
#[derive(Debug, Clone)]
pub struct SignedUrl {
    proof: Proof,
    project: ProjectId,
    asset: AssetId,
    file: FileId,
    pub part_number: Option<i64>,
}

fn denied(message: &str) -> Error {
    Error::new(ErrorCode::AccessDenied, message)
}

impl Proof {
    pub async fn parse(app: &App, uri: &http::Uri) -> Result<Self> {
        let path = percent_decode_str(uri.path())
            .decode_utf8_lossy()
            .into_owned();
        let query = query(uri.query().unwrap_or_default());
        let get = |name: &str| query.get(name).map(String::as_str);
        let key = get("AccessKeyId").or_else(|| get("AWSAccessKeyId"));
        let (Some(key), Some(expires), Some(signature)) = (key, get("Expires"), get("Signature"))
        else {
            return Err(denied("The URL is not signed; ask the API for it."));
        };
        let expires = expires
            .parse()
            .map_err(|_| denied("Expires is not a number."))?;
        if app.clock.now().seconds() >= expires {
            return Err(denied("Request has expired; ask the API for a new URL."));
        }
        let part_number = match (get("partNumber"), get("uploadId")) {
            (None, None) => None,
            (Some(n), Some(upload)) if upload == upload_id(&path) => Some(
                n.parse()
                    .map_err(|_| denied("partNumber is not a number."))?,
            ),
            _ => return Err(denied("partNumber and uploadId do not fit the object.")),
        };
        Ok(Self {
            key: app.urls.require_key(key).await?,
            expires,
            signature: signature.to_owned(),
            part_number,
            path,
        })
    }

    pub fn path(&self) -> &str {
        &self.path
    }

    /// The refusal of a URL that this server did not make, or not for this request; also of one for
    /// what is not there, so that neither tells of the other.
    pub fn mismatch(&self) -> Error {
        Error::new(
            ErrorCode::SignatureDoesNotMatch,
            "The request signature we calculated does not match the signature you provided. \
             Send exactly the Content-MD5 and Content-Type that were declared.",
        )
    }

    /// Whether it was signed by this server for this verb, these headers and the asset's epoch.
    pub fn check(&self, verb: &str, headers: &HeaderMap, epoch: i64) -> Result<()> {
        let text = |name: header::HeaderName| {
            let value = headers.get(name).map(|v| v.to_str().unwrap_or("\0"));
            value.unwrap_or_default()
        };
        let canonical = canonical_headers(headers);
        let signed = Signed {
            verb,
            content_md5: text(header::HeaderName::from_static("content-md5")),
            content_type: text(header::CONTENT_TYPE),
            expires: self.expires,
            headers: &canonical,
            path: &self.path,
            part_number: self.part_number,
            epoch,
        };
        if urls::verify(&self.key, &signed, &self.signature) {
            return Ok(());
        }
        // a link that was good once is told apart from one that never was
        let died = (1..epoch).rev().take(16).any(|epoch| {
            let earlier = Signed { epoch, ..signed };
            urls::verify(&self.key, &earlier, &self.signature)
        });
        if died {
            return Err(denied(
                "This link is no longer good: the asset or its files changed after it was made. \
                 Ask the API for a new one.",
            ));
        }
        Err(self.mismatch())
    }
}

impl SignedUrl {
    pub async fn parse(app: &App, uri: &http::Uri) -> Result<Self> {
        let path = percent_decode_str(uri.path()).decode_utf8_lossy();
        let ids: Vec<&str> = path.split('/').skip(2).collect();
        let [project, asset, name] = ids.as_slice() else {
            return Err(Error::new(ErrorCode::NoSuchKey, "There is no such object."));
        };
        let proof = Proof::parse(app, uri).await?;
        Ok(Self {
            project: ProjectId::new(*project),
            asset: AssetId::new(*asset),
            file: FileId::new(name.split('.').next().unwrap_or_default()),
            part_number: proof.part_number,
            proof,
        })
    }

    /// The file and its asset, if the URL was signed by this server for this verb and these headers.
    pub async fn resolve(&self, app: &App, verb: &str, headers: &HeaderMap) -> Result<Target> {
        let (project, asset, file) = (self.project.clone(), self.asset.clone(), self.file.clone());
        let found = app
            .db
            .snapshot(async move |tx| find(tx, &project, &asset, &file).await)
            .await?;
        let target = found.ok_or_else(|| self.proof.mismatch())?;
        self.proof.check(verb, headers, target.asset.url_epoch)?;
        Ok(target)
    }
}

fn query(text: &str) -> HashMap<String, String> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    text.split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

#[derive(Debug, Clone)]
pub struct Target {
    pub asset: Asset,
    pub file: File,
}

impl Target {
    /// Why the bytes can't be read now, if they can't.
    pub fn check_readable(&self) -> Result<()> {
        let state = self.asset.state();
        if !state.is_readable() {
            let name = state.as_str();
            return Err(denied(&format!(
                "The asset is {name}; its files can't be read."
            )));
        }
        if self.file.state != FileState::Created {
            return Err(denied("The file is not complete."));
        }
        Ok(())
    }

    /// Why bytes can't be sent now, if they can't.
    pub fn check_writable(&self) -> Result<()> {
        if self.file.state != FileState::Creating {
            return Err(denied(
                "The file is complete or was given up; its bytes can't change any more.",
            ));
        }
        if !self.asset.state().is_changeable() {
            let name = self.asset.state().as_str();
            return Err(denied(&format!(
                "The asset is {name}; in this state its files can't change."
            )));
        }
        Ok(())
    }

    /// The link that leads here.
    pub fn link(&self) -> Link<'_> {
        Link::of(&self.file, self.asset.url_epoch)
    }
}

async fn find(
    tx: &mut Tx,
    project: &ProjectId,
    asset: &AssetId,
    file: &FileId,
) -> Result<Option<Target>> {
    let Some(file) = files::store::find(tx, project, file).await? else {
        return Ok(None);
    };
    let found = assets::store::find(tx, project, asset).await?;
    let found = found.filter(|asset| asset.asset_id == file.asset_id);
    Ok(found.map(|asset| Target { asset, file }))
}

/// The target once more, inside the transaction that changes it.
pub async fn again(tx: &mut Tx, target: &Target) -> Result<Target> {
    let file = &target.file;
    let found = find(tx, &file.project_id, &file.asset_id, &file.file_id).await?;
    let found = found.ok_or_else(|| denied("The file is gone."))?;
    found.check_writable()?;
    if found.asset.url_epoch != target.asset.url_epoch {
        return Err(denied(
            "The link was withdrawn while the bytes were on their way.",
        ));
    }
    Ok(found)
}
