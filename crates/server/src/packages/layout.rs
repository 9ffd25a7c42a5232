//! Stands in for the real layout until that is there: the layout object is the archive.

use std::ops::Range;

use entrepot_blob::StorageKey;

use super::model::Archive;
use crate::app::App;
use crate::error::{Error, Result};
use crate::objects::Blocks;

pub struct Layout {
    app: App,
    key: StorageKey,
}

pub struct Meta {
    pub path: String,
    pub size: u64,
    pub crc32: u32,
}

pub struct Entry {
    pub meta: Meta,
}

impl Entry {
    #[expect(clippy::unused_self, reason = "the real one looks")]
    pub fn asset_id(&self) -> Option<&str> {
        None
    }
}

impl Layout {
    #[expect(
        clippy::unused_async,
        clippy::unused_self,
        reason = "the real one reads"
    )]
    pub async fn entries(&self, _: u64, _: u64) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }

    #[expect(clippy::unused_async, reason = "the real one reads")]
    pub async fn open(app: &App, archive: &Archive) -> Result<Self> {
        let key = archive.layout_key.as_deref().unwrap_or_default();
        Ok(Self {
            app: app.clone(),
            key: StorageKey::parse(key).map_err(Error::internal)?,
        })
    }

    #[expect(
        clippy::unused_async,
        clippy::unused_self,
        reason = "the real one reads"
    )]
    pub async fn contains_asset(&self, _: &crate::ids::AssetId) -> Result<bool> {
        Ok(false)
    }

    pub fn stream(&self, range: Range<u64>) -> Blocks {
        Box::pin(self.app.blobs.read(&self.key, range))
    }
}
