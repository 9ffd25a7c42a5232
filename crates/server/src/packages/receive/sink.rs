//! An entry that arrives: where its bytes go.

use bytes::Bytes;
use entrepot_archive::EntryPath;
use entrepot_archive::layout::MANIFEST;
use entrepot_archive::reader::{Begin, End};
use entrepot_blob::{Digests, Hasher, Ingest, StorageKey};

use super::declared::Expected;
use super::{check_room, invalid};
use crate::app::App;
use crate::error::Result;
use crate::ids::BlobId;
use crate::objects::put::new_key;
use crate::packages::uploads::model::{Entry, Place};

/// From this size on, an entry that does not fit is refused before it is stored.
const LARGE: u64 = 16 * 1024 * 1024;

/// Of a folder.
pub const NOTHING: Digests = Digests {
    size: 0,
    md5: [0; 16],
    sha256: [0; 32],
    crc32: 0,
};

pub struct Open {
    app: App,
    seq: u64,
    path: EntryPath,
    sink: Sink,
    /// As the manifest has it.
    sha256: Option<[u8; 32]>,
}

enum Sink {
    Own { key: StorageKey, ingest: Ingest },
    Held { blob: BlobId, hasher: Hasher },
}

impl Open {
    pub async fn new(
        app: &App,
        seq: u64,
        begin: &Begin,
        expected: Option<Expected>,
    ) -> Result<Self> {
        let sha256 = expected.as_ref().map(|expected| expected.sha256);
        let sink = if let Some(blob) = expected.and_then(|expected| expected.held) {
            Sink::Held {
                blob,
                hasher: Hasher::new(),
            }
        } else {
            if let Some(size) = begin.size.filter(|size| *size >= LARGE) {
                check_room(app, size).await?;
            }
            let key = new_key(app)?;
            let ingest = app.blobs.ingest(&key).await?;
            Sink::Own { key, ingest }
        };
        Ok(Self {
            app: app.clone(),
            seq,
            path: begin.path.clone(),
            sink,
            sha256,
        })
    }

    pub fn path(&self) -> &EntryPath {
        &self.path
    }

    pub async fn write(&mut self, block: Bytes) -> Result<()> {
        match &mut self.sink {
            Sink::Own { ingest, .. } => ingest.write(block).await?,
            Sink::Held { hasher, .. } => hasher.push(block).await?,
        }
        Ok(())
    }

    /// Every byte has come: they are durable when this answers, and are what was announced.
    pub async fn finish(self, end: End) -> Result<Entry> {
        let (place, digests) = match self.sink {
            Sink::Own { key, ingest } => {
                let digests = ingest.finish().await?;
                (Place::Own(key), digests)
            }
            Sink::Held { blob, hasher } => {
                let digests = hasher.finish().await?;
                (Place::Held(blob), digests)
            }
        };
        let path = self.path.as_str();
        let wrong = if digests.crc32 != end.crc32 {
            Some("the CRC-32 that its header says".to_owned())
        } else if self.sha256.is_some_and(|sha256| sha256 != digests.sha256) {
            Some(format!("the SHA-256 that {MANIFEST} says"))
        } else {
            None
        };
        if let Some(wrong) = wrong {
            if let Place::Own(key) = place {
                self.app.blobs.delete(&key).await?;
            }
            return Err(invalid(format!("entry “{path}” does not have {wrong}")));
        }
        Ok(Entry {
            seq: self.seq,
            path: path.to_owned(),
            mark: entrepot_archive::hex(&end.mark),
            end_at: end.next_offset,
            place,
            digests,
        })
    }
}
