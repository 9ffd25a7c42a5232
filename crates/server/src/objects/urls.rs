//! Signed object URLs in the OBS query form: `?AccessKeyId=…&Expires=…&Signature=…`.
//!
//! They are signed with a key of the server's own, derived from a data key of the vault: links that
//! were made under an earlier one stay good, new ones are made under the active one. The asset's *epoch*
//! is part of what is signed but not of the URL, so that blocking, deleting or transferring an asset
//! kills the links that are out. Download URLs come in fixed windows: the same link for hours, so
//! that browsers cache.
//!
//! An answer has up to thousands of them: texts are joined of their pieces, in one allocation of the
//! right size.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::content_type::{content_type, safe_suffix};
use crate::clock::Timestamp;
use crate::error::{Error, ErrorCode, Result};
use crate::files::File;
use crate::ids::{AssetId, FileId, ProjectId};
use crate::vault::{DataKey, Vault};

const LIFE: Duration = Duration::from_hours(24);
const WINDOW: Duration = Duration::from_hours(4);

const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~');

/// The file that a URL is for, and its asset's epoch.
#[derive(Debug, Clone, Copy)]
pub struct Link<'a> {
    pub project: &'a ProjectId,
    pub asset: &'a AssetId,
    pub file: &'a FileId,
    pub file_type: &'a str,
    pub epoch: i64,
}

impl<'a> Link<'a> {
    pub fn of(file: &'a File, epoch: i64) -> Self {
        Self {
            project: &file.project_id,
            asset: &file.asset_id,
            file: &file.file_id,
            file_type: &file.file_type,
            epoch,
        }
    }

    /// `/objects/{project_id}/{asset_id}/{file_id}.{suffix}`
    pub fn path(&self) -> String {
        [
            "/objects/",
            self.project.as_str(),
            "/",
            self.asset.as_str(),
            "/",
            self.file.as_str(),
            ".",
            &safe_suffix(self.file_type),
        ]
        .concat()
    }
}

/// What a signature covers.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    pub verb: &'a str,
    pub content_md5: &'a str,
    pub content_type: &'a str,
    /// Unix seconds.
    pub expires: i64,
    /// `x-obs-*` and `x-amz-*` headers, canonical; none in the URLs made here.
    pub headers: &'a str,
    pub path: &'a str,
    pub part_number: Option<i64>,
    pub epoch: i64,
}

pub struct UrlSigner {
    endpoint: String,
    vault: Vault,
}

impl fmt::Debug for UrlSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UrlSigner")
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl UrlSigner {
    /// `endpoint` without a slash at its end.
    pub fn new(endpoint: &str, vault: Vault) -> Self {
        Self {
            endpoint: endpoint.to_owned(),
            vault,
        }
    }

    /// What clients reach this server by.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The key that a URL says it was signed with.
    pub async fn require_key(&self, access_key_id: &str) -> Result<Arc<DataKey>> {
        let found = self.vault.find_link_key(access_key_id).await?;
        found.ok_or_else(|| {
            Error::new(
                ErrorCode::AccessDenied,
                "The AccessKeyId in the URL is not this server's.",
            )
        })
    }

    /// Where to GET a file: good for 24 h and up to one window more.
    pub fn download(&self, link: &Link<'_>, now: Timestamp) -> String {
        self.windowed(&link.path(), link.epoch, now)
    }

    fn windowed(&self, path: &str, epoch: i64, now: Timestamp) -> String {
        let window = i64::try_from(WINDOW.as_secs()).unwrap_or(i64::MAX);
        let windowed = (now.seconds().div_euclid(window) + 1) * window;
        let expires = Timestamp::from_seconds(windowed).plus(LIFE).seconds();
        self.url(&Signed {
            verb: "GET",
            content_md5: "",
            content_type: "",
            expires,
            headers: "",
            path,
            part_number: None,
            epoch,
        })
    }

    /// Where to GET the thumbnail of an asset: as good as long as a download.
    pub fn thumbnail(
        &self,
        project: &ProjectId,
        asset: &AssetId,
        preview_id: &str,
        epoch: i64,
        now: Timestamp,
    ) -> String {
        let path = [
            "/objects/",
            project.as_str(),
            "/",
            asset.as_str(),
            "/thumbnail/",
            preview_id,
        ]
        .concat();
        self.windowed(&path, epoch, now)
    }

    /// Where to PUT a file once, with the declared MD5 and the type of its suffix.
    pub fn upload(&self, link: &Link<'_>, md5: &str, now: Timestamp) -> String {
        let path = link.path();
        self.url(&Signed {
            verb: "PUT",
            content_md5: md5,
            content_type: content_type(link.file_type),
            expires: now.plus(LIFE).seconds(),
            headers: "",
            path: &path,
            part_number: None,
            epoch: link.epoch,
        })
    }

    /// Where to PUT one part of a file; no headers are asked for.
    pub fn upload_part(&self, link: &Link<'_>, part_number: i64, now: Timestamp) -> String {
        let path = link.path();
        self.url(&Signed {
            verb: "PUT",
            content_md5: "",
            content_type: "",
            expires: now.plus(LIFE).seconds(),
            headers: "",
            path: &path,
            part_number: Some(part_number),
            epoch: link.epoch,
        })
    }

    fn url(&self, signed: &Signed<'_>) -> String {
        let ring = self.vault.ring();
        let signature = sign(ring.active(), signed);
        let part = signed.part_number.map_or_else(String::new, |n| {
            format!("&partNumber={n}&uploadId={}", upload_id(signed.path))
        });
        [
            self.endpoint.as_str(),
            signed.path,
            "?AccessKeyId=",
            ring.active().link_name(),
            "&Expires=",
            &signed.expires.to_string(),
            &part,
            "&Signature=",
            &Cow::from(utf8_percent_encode(&signature, ENCODED)),
        ]
        .concat()
    }
}

fn sign(key: &DataKey, signed: &Signed<'_>) -> String {
    let mut mac =
        Hmac::<Sha1>::new_from_slice(key.link_key()).expect("HMAC takes a key of any length");
    mac.update(string_to_sign(signed).as_bytes());
    BASE64.encode(&mac.finalize().into_bytes())
}

pub fn verify(key: &DataKey, signed: &Signed<'_>, signature: &str) -> bool {
    sign(key, signed)
        .as_bytes()
        .ct_eq(signature.as_bytes())
        .into()
}

/// The OBS form, with the epoch as one more line.
fn string_to_sign(signed: &Signed<'_>) -> String {
    let sub_resources = signed.part_number.map_or_else(String::new, |n| {
        format!("?partNumber={n}&uploadId={}", upload_id(signed.path))
    });
    [
        signed.verb,
        "\n",
        signed.content_md5,
        "\n",
        signed.content_type,
        "\n",
        &signed.expires.to_string(),
        "\n",
        signed.headers,
        signed.path,
        &sub_resources,
        "\nepoch:",
        &signed.epoch.to_string(),
    ]
    .concat()
}

/// A file has one upload: its id names it.
pub fn upload_id(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

/// `x-obs-…` and `x-amz-…` headers as a signature covers them: lower case, sorted, a line each.
pub fn canonical_headers(headers: &HeaderMap) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            name.starts_with("x-obs-") || name.starts_with("x-amz-")
        })
        .map(|(name, value)| {
            format!(
                "{name}:{}\n",
                String::from_utf8_lossy(value.as_bytes()).trim()
            )
        })
        .collect();
    lines.sort();
    lines.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_is_no_suffix_is_not_in_the_path() {
        let (project, asset, file) = (ProjectId::new("p"), AssetId::new("a"), FileId::new("f"));
        let link = Link {
            project: &project,
            asset: &asset,
            file: &file,
            file_type: "../mp4",
            epoch: 1,
        };
        assert_eq!(link.path(), "/objects/p/a/f.bin");
    }
}
