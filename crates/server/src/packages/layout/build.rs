//! Builds a layout object. Assets are pushed one by one; memory does not grow with their number.

use bytes::Bytes;
use entrepot_archive::bag::{self, Oxum};
use entrepot_archive::model::{self, Package, to_line};
use entrepot_archive::{
    Deflate, Deflated, DosTime, EntryMeta, EntryPath, Moment, PackageDigest, central_header,
    deflate, end_of_directory, layout as paths, local_header,
};
use entrepot_blob::{Blobs, StorageKey, Writer};

use super::record::{Record, Source};
use super::spool::{SourceFile, Spool};
use crate::error::{Error, Result};
use crate::packages::meter::Meter;

/// Bytes gathered before they go to the writer.
const BLOCK: usize = 64 * 1024;

/// What a package has besides assets; both lists sorted by id.
#[derive(Debug, Clone)]
pub struct Items {
    pub source: model::Source,
    /// When the export began.
    pub created_at: Moment,
    pub apps: Vec<model::App>,
    pub tasks: Vec<model::Task>,
}

/// A layout object that is stored, and what the archive's row says of it.
#[derive(Debug)]
pub struct Built {
    /// Bytes of the archive.
    pub size: u64,
    pub digest: [u8; 32],
    pub entry_count: u64,
    pub directory_at: u64,
    pub table_at: u64,
    /// The blobs that the archive needs, each once.
    pub blobs: Vec<Source>,
}

pub struct Builder {
    out: Out,
    items: Items,
    time: DosTime,
    assets: Deflate,
    assets_at: u64,
    last_asset: String,
    spool: Spool,
    blobs: Vec<Source>,
    asset_count: u64,
    payload: Oxum,
}

/// An entry that the server made.
struct Made {
    meta: EntryMeta,
    deflated: Deflated,
    data_at: u64,
}

/// What the last passes need to know of any entry.
struct Entry {
    meta: EntryMeta,
    data_sha256: [u8; 32],
    source: Source,
}

impl Builder {
    /// Begins the object `key`; nothing is there before it is finished.
    pub async fn begin(blobs: &Blobs, key: &StorageKey, items: Items) -> Result<Self> {
        Ok(Self {
            out: Out {
                writer: blobs.writer(key).await?,
                pending: Vec::new(),
                at: 0,
            },
            time: DosTime::from_unix(items.created_at.unix_seconds()),
            items,
            assets: Deflate::new(),
            assets_at: 0,
            last_asset: String::new(),
            spool: Spool::new(blobs.clone(), key.clone()),
            blobs: Vec::new(),
            asset_count: 0,
            payload: Oxum::default(),
        })
    }

    /// Adds the next asset in the order of ids; `files` are those of its line, in the same order.
    pub async fn push(&mut self, asset: &model::Asset, files: &[SourceFile]) -> Result<()> {
        if asset.asset_id <= self.last_asset {
            return Err(Error::internal("the assets of a package are not sorted"));
        }
        self.last_asset.clone_from(&asset.asset_id);
        self.asset_count += 1;
        self.assets.push(&to_line(asset), &mut self.out.pending);
        self.out.flush_if_full().await?;
        for file in files {
            self.payload.bytes += file.size;
            self.payload.files += 1;
            self.blobs.push(file.blob);
            self.spool.push(file).await?;
        }
        Ok(())
    }

    /// Leaves nothing behind.
    pub async fn abandon(self) -> Result<()> {
        self.spool.remove().await
    }

    /// Makes the object durable and visible.
    pub async fn finish(mut self, meter: &mut Meter) -> Result<Built> {
        let (package_json, payload) = self.make_payload().await?;
        let made = self.make_bag(payload, meter).await?;
        let mut digest = PackageDigest::new();
        self.digest_entries(&made, &mut digest).await?;
        let central_at = self.out.position();
        let (directory_at, entry_count) = self.put_directory(&made, &mut digest, meter).await?;
        let table_at = self.out.position();
        self.put_table(&made, central_at).await?;
        self.out.put(&package_json).await?;
        self.out.finish().await?;
        self.spool.remove().await?;
        self.blobs.sort_unstable();
        self.blobs.dedup();
        Ok(Built {
            size: directory_at + (table_at - central_at),
            digest: digest.finish(),
            entry_count,
            directory_at,
            table_at,
            blobs: self.blobs,
        })
    }

    /// The entries under `data/` that the server makes, in the archive's order.
    async fn make_payload(&mut self) -> Result<(Vec<u8>, Vec<Made>)> {
        let assets = std::mem::take(&mut self.assets).finish(&mut self.out.pending);
        let assets = Made {
            meta: assets.meta(path(paths::ASSETS)?),
            deflated: assets,
            data_at: self.assets_at,
        };
        let package = self.package();
        package.validate().map_err(Error::internal)?;
        let package_json = to_line(&package);
        let mut made = vec![self.make(path(paths::PACKAGE)?, &package_json).await?];
        for app in self.items.apps.clone() {
            let path = paths::app_path(&app.id).map_err(Error::internal)?;
            made.push(self.make(path, &to_line(&app)).await?);
        }
        for task in self.items.tasks.clone() {
            let path = paths::task_path(&task.task_id).map_err(Error::internal)?;
            made.push(self.make(path, &to_line(&task)).await?);
        }
        made.push(assets);
        for entry in &made {
            self.payload.bytes += entry.meta.size;
            self.payload.files += 1;
        }
        Ok((package_json, made))
    }

    fn package(&self) -> Package {
        let apps = self.items.apps.iter().map(|app| model::AppRef {
            id: app.id.clone(),
            name: app.name.clone(),
        });
        let tasks = self.items.tasks.iter().map(|task| model::TaskRef {
            task_id: task.task_id.clone(),
            task_name: task.task_name.clone(),
        });
        Package {
            format: model::FORMAT.to_owned(),
            format_version: model::FORMAT_VERSION,
            source: self.items.source.clone(),
            created_at: self.items.created_at,
            apps: apps.collect(),
            tasks: tasks.collect(),
            asset_count: self.asset_count,
            file_count: self.payload.files,
            byte_count: self.payload.bytes,
        }
    }

    async fn make(&mut self, path: EntryPath, content: &[u8]) -> Result<Made> {
        let data_at = self.out.position();
        let (data, deflated) = deflate(content);
        self.out.put(&data).await?;
        Ok(Made {
            meta: deflated.meta(path),
            deflated,
            data_at,
        })
    }

    /// The bag's own files, which stand in front of `payload`.
    async fn make_bag(&mut self, payload: Vec<Made>, meter: &mut Meter) -> Result<Vec<Made>> {
        let info = bag::bag_info(self.items.created_at, self.payload);
        let mut made = vec![
            self.make(path(paths::BAGIT)?, bag::BAGIT_TXT.as_bytes())
                .await?,
            self.make(path(paths::BAG_INFO)?, info.as_bytes()).await?,
            self.make_manifest(&payload, meter).await?,
        ];
        let mut lines = String::new();
        for entry in &made {
            bag::put_manifest_line(&mut lines, &entry.deflated.sha256, &entry.meta.path);
        }
        made.push(
            self.make(path(paths::TAG_MANIFEST)?, lines.as_bytes())
                .await?,
        );
        made.extend(payload);
        Ok(made)
    }

    async fn make_manifest(&mut self, payload: &[Made], meter: &mut Meter) -> Result<Made> {
        let data_at = self.out.position();
        let mut manifest = Deflate::new();
        let mut line = String::new();
        for entry in payload {
            line.clear();
            bag::put_manifest_line(&mut line, &entry.deflated.sha256, &entry.meta.path);
            manifest.push(line.as_bytes(), &mut self.out.pending);
        }
        for section in 0..self.spool.sections() {
            for file in self.spool.section(section).await? {
                line.clear();
                bag::put_manifest_line(&mut line, &file.sha256, &file.path);
                manifest.push(line.as_bytes(), &mut self.out.pending);
                self.out.flush_if_full().await?;
                meter.add(1).await?;
            }
        }
        let deflated = manifest.finish(&mut self.out.pending);
        Ok(Made {
            meta: deflated.meta(path(paths::MANIFEST)?),
            deflated,
            data_at,
        })
    }

    /// The archive's entries in order, in parts: `number` counts up to `self.spool.sections()`.
    async fn entries(&self, made: &[Made], number: usize) -> Result<Vec<Entry>> {
        let Some(section) = number.checked_sub(1) else {
            let entries = made.iter().map(|entry| Entry {
                meta: entry.meta.clone(),
                data_sha256: entry.deflated.compressed_sha256,
                source: Source::made(entry.data_at),
            });
            return Ok(entries.collect());
        };
        let files = self.spool.section(section).await?.into_iter();
        let entries = files.map(|file| Entry {
            meta: file.meta(),
            data_sha256: file.sha256,
            source: file.blob,
        });
        Ok(entries.collect())
    }

    async fn digest_entries(&self, made: &[Made], digest: &mut PackageDigest) -> Result<()> {
        for part in 0..=self.spool.sections() {
            for entry in self.entries(made, part).await? {
                digest.entry(&local_header(&entry.meta, self.time), &entry.data_sha256);
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    /// The archive's end; answers where in the archive it begins, and how many entries there are.
    async fn put_directory(
        &mut self,
        made: &[Made],
        digest: &mut PackageDigest,
        meter: &mut Meter,
    ) -> Result<(u64, u64)> {
        let (mut offset, mut count, begin) = (0, 0, self.out.position());
        for part in 0..=self.spool.sections() {
            for entry in self.entries(made, part).await? {
                let header = central_header(&entry.meta, offset, self.time);
                digest.tail(&header);
                self.out.put(&header).await?;
                offset += self.span(&entry.meta);
                count += 1;
                meter.add(u64::from(part > 0)).await?;
            }
        }
        let end = end_of_directory(count, self.out.position() - begin, offset);
        digest.tail(&end);
        self.out.put(&end).await?;
        Ok((offset, count))
    }

    /// Bytes that an entry takes in the archive: local header and data.
    fn span(&self, meta: &EntryMeta) -> u64 {
        local_header(meta, self.time).len() as u64 + meta.compressed_size
    }

    async fn put_table(&mut self, made: &[Made], mut central_at: u64) -> Result<()> {
        let mut header_at = 0;
        for part in 0..=self.spool.sections() {
            for entry in self.entries(made, part).await? {
                let record = Record {
                    header_at,
                    central_at,
                    source: entry.source,
                };
                record.put(&mut self.out.pending);
                self.out.flush_if_full().await?;
                central_at += central_header(&entry.meta, header_at, self.time).len() as u64;
                header_at += self.span(&entry.meta);
            }
        }
        Ok(())
    }
}

fn path(path: &str) -> Result<EntryPath> {
    EntryPath::new(path).map_err(Error::internal)
}

/// The object being written.
struct Out {
    writer: Writer,
    pending: Vec<u8>,
    /// Where `pending` begins.
    at: u64,
}

impl Out {
    fn position(&self) -> u64 {
        self.at + self.pending.len() as u64
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.pending.extend_from_slice(bytes);
        self.flush_if_full().await
    }

    async fn flush_if_full(&mut self) -> Result<()> {
        if self.pending.len() < BLOCK {
            return Ok(());
        }
        self.flush().await
    }

    async fn flush(&mut self) -> Result<()> {
        let block = std::mem::replace(&mut self.pending, Vec::with_capacity(BLOCK + 4096));
        self.at += block.len() as u64;
        Ok(self.writer.write(Bytes::from(block)).await?)
    }

    async fn finish(mut self) -> Result<u64> {
        self.flush().await?;
        Ok(self.writer.finish().await?)
    }
}
