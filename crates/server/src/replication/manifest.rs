//! The manifest: the full description of one version of an asset and its files. Its SHA-256 is in
//! the ticket, so a region takes it from whoever has it.

use data_encoding::HEXLOWER;
use entrepot_archive::model;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::assets::Asset;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::files::{self, FileState};
use crate::portable;

const FORMAT: &str = "entrepot-manifest";
const FORMAT_VERSION: u32 = 1;
/// Bytes of the text; a longer one is neither made nor taken.
pub const MAX_MANIFEST: usize = 8 * 1024 * 1024;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    format_version: u32,
    /// The source's name.
    pub region: String,
    /// Of the asset.
    pub version: i64,
    /// As a package has it; in no application.
    pub asset: model::Asset,
}

/// What a ticket's digest is of.
pub fn digest(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text.as_bytes()))
}

/// The manifest of an asset as it is now.
pub async fn make(tx: &mut Tx, app: &App, asset: &Asset) -> Result<String> {
    let mut files = files::list_with_digests(tx, &[asset]).await?;
    files.retain(|(file, _)| {
        !matches!(
            file.state,
            FileState::Failed | FileState::Cancelled | FileState::Deleted
        )
    });
    let described = portable::describe(asset.clone(), &[], files);
    let (described, _) = described.map_err(|refusal| {
        Error::new(
            refusal.code,
            format!("{}; it can't be copied now.", refusal.message),
        )
    })?;
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        region: app.config.region.clone(),
        version: asset.version,
        asset: described,
    };
    let text = serde_json::to_string(&manifest).map_err(Error::internal)?;
    if text.len() > MAX_MANIFEST {
        return Err(Error::new(
            ErrorCode::NotSupported,
            format!(
                "The asset's description is longer than {MAX_MANIFEST} bytes; it has too many files to be copied."
            ),
        ));
    }
    Ok(text)
}

/// Reads a manifest and holds it to the library's rules. The problem is for people.
pub fn parse(text: &str) -> Result<Manifest, String> {
    let manifest: Manifest =
        serde_json::from_str(text).map_err(|e| format!("the manifest is not understood: {e}"))?;
    if manifest.format != FORMAT || manifest.format_version != FORMAT_VERSION {
        return Err(format!(
            "the manifest has the format {} {}; this version reads {FORMAT} {FORMAT_VERSION}",
            manifest.format, manifest.format_version
        ));
    }
    let checked = manifest.asset.validate();
    checked.map_err(|e| format!("the manifest is not valid: {e}"))?;
    portable::check_asset(&manifest.asset)
        .map_err(|e| format!("the library can't have such an asset: {}", e.message))?;
    Ok(manifest)
}

impl Manifest {
    /// Bytes of all files together.
    pub fn size(&self) -> u64 {
        self.asset.files.iter().map(|file| file.size).sum()
    }
}
