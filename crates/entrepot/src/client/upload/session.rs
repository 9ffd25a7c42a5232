//! One file on its way: its asset made or found again, its bytes sent, its end waited for.

use std::time::Duration;

use entrepot_api::assets::{CreateDigitalAssetRequestBody, DigitalAssetInfo, ListAssetsResponse};
use entrepot_api::files::AssetFileInfo;
use entrepot_server::clock::Clock;
use tokio::sync::Semaphore;

use super::{Uploaded, parts, single};
use crate::client::api::{Api, encode};
use crate::client::failure::{Failure, Result};
use crate::client::journal::{Entry, Journal, Wanted};
use crate::client::progress::Bar;
use crate::client::source::Source;
use crate::client::transfer::patiently;

/// What a library allows between its clock and ours.
const SKEW: Duration = Duration::from_mins(15);

pub struct Session<'a> {
    pub api: &'a Api,
    pub slots: &'a Semaphore,
    pub parallel: usize,
    pub source: Source,
    pub wanted: Wanted,
    pub file_name: String,
    pub file_type: String,
    /// For an upload that begins anew; one that goes on keeps the size it began with.
    pub part_size: Option<u64>,
    pub journal: Journal,
    pub bar: Bar,
}

impl Session<'_> {
    pub async fn run(&self, left: Option<Entry>, activate: bool) -> Result<Uploaded> {
        let found = match left {
            Some(entry) if entry.wanted == self.wanted => self.find(entry).await?,
            _ => None,
        };
        let resumed = found.is_some();
        let (mut entry, asset_id, asset) = if let Some((entry, asset)) = found {
            (entry, asset.asset_id.clone(), Some(asset))
        } else {
            let (entry, asset_id) = self.create().await?;
            (entry, asset_id, None)
        };
        let main = asset.as_ref().and_then(main_file).cloned();
        let sent = match entry.part_size {
            Some(part_size) => parts::send(self, &mut entry, &asset_id, main, part_size).await,
            None => single::send(self, &mut entry, &asset_id, main).await,
        };
        if let Err(failure) = sent {
            return Err(self.give_up(&entry, &asset_id, failure).await);
        }
        let mut asset = self.wait(&asset_id).await?;
        if activate && asset.asset_state == "UNACTIVED" {
            asset = patiently(|| self.api.activate(&asset_id)).await?;
        }
        Ok(self.uploaded(&asset, resumed))
    }

    /// The asset that an earlier run began, while it can still be completed.
    async fn find(&self, entry: Entry) -> Result<Option<(Entry, DigitalAssetInfo)>> {
        let Some(asset_id) = &entry.asset_id else {
            let mut found = self.find_unnamed(&entry).await?;
            if found.is_none() {
                // what was asked for may still be on its way
                tokio::time::sleep(Duration::from_secs(2)).await;
                found = self.find_unnamed(&entry).await?;
            }
            return Ok(found.map(|asset| (entry, asset)));
        };
        match patiently(|| self.api.get_asset(asset_id)).await {
            Ok(asset) => {
                let open = ["CREATING", "FAILED", "UNACTIVED", "ACTIVED"];
                let goes_on = open.contains(&asset.asset_state.as_str());
                Ok(goes_on.then_some((entry, asset)))
            }
            Err(failure) if failure.code() == Some("MSS.10001001") => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// The asset of a run that ended between asking for it and hearing its id: empty, and as wanted.
    async fn find_unnamed(&self, entry: &Entry) -> Result<Option<DigitalAssetInfo>> {
        let (kind, since) = (encode(&self.wanted.asset_type), encode(&entry.since));
        let query = format!(
            "asset_type={kind}&asset_state=CREATING&start_time={since}&sort_dir=desc&limit=100"
        );
        let page: ListAssetsResponse = patiently(|| self.api.list_assets(&query)).await?;
        let mut assets = page.assets.into_iter();
        Ok(assets.find(|asset| {
            asset.files.is_empty()
                && asset.asset_name == self.wanted.asset_name
                && asset.tags == self.wanted.tags
        }))
    }

    async fn create(&self) -> Result<(Entry, String)> {
        let mut entry = Entry {
            path: self.source.absolute.clone(),
            since: Clock::System.now().minus(SKEW).rfc3339(),
            asset_id: None,
            file_id: None,
            part_size: self.part_size,
            wanted: self.wanted.clone(),
        };
        self.journal.write(&entry)?;
        let body = CreateDigitalAssetRequestBody {
            asset_name: self.wanted.asset_name.clone(),
            asset_type: self.wanted.asset_type.clone(),
            tags: (!self.wanted.tags.is_empty()).then(|| self.wanted.tags.clone()),
            ..CreateDigitalAssetRequestBody::default()
        };
        let made = self.api.create_asset(&body).await;
        if made.as_ref().is_err_and(|failure| !failure.may_pass()) {
            self.journal.finish();
        }
        let asset_id = made?;
        entry.asset_id = Some(asset_id.clone());
        self.journal.write(&entry)?;
        Ok((entry, asset_id))
    }

    /// Remembers the file that the bytes go to.
    pub fn note_file(&self, entry: &mut Entry, file_id: &str) -> Result<()> {
        entry.file_id = Some(file_id.to_owned());
        self.journal.write(entry)
    }

    /// Leaves an asset only where a later run can complete it.
    async fn give_up(&self, entry: &Entry, asset_id: &str, failure: Failure) -> Failure {
        let changed = matches!(failure, Failure::Changed(_));
        let never_began = entry.file_id.is_none() && failure.is_bad_request();
        if changed || never_began {
            // if this fails too, what is left is an empty asset, and the first failure tells more
            let _ = self.api.delete_asset(asset_id).await;
            self.journal.finish();
        }
        failure
    }

    /// Until the server has hashed what came in parts.
    async fn wait(&self, asset_id: &str) -> Result<DigitalAssetInfo> {
        let mut pause = Duration::from_millis(100);
        let mut staged = false;
        loop {
            let asset = patiently(|| self.api.get_asset(asset_id)).await?;
            let Some(main) = main_file(&asset) else {
                return Err(ended(&asset, None));
            };
            if main.state == "CREATED" {
                return Ok(asset);
            }
            if main.state != "UPLOADED" {
                return Err(ended(&asset, Some(main)));
            }
            if !staged {
                self.bar.stage("checking", self.source.size);
                staged = true;
            }
            let done = main.entrepot_progress.as_ref().map_or(0, |p| p.bytes_done);
            self.bar.set(u64::try_from(done).unwrap_or(0));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
    }

    fn uploaded(&self, asset: &DigitalAssetInfo, resumed: bool) -> Uploaded {
        Uploaded {
            file: self.source.path.to_string_lossy().into_owned(),
            asset_id: asset.asset_id.clone(),
            asset_name: asset.asset_name.clone(),
            asset_type: asset.asset_type.clone(),
            asset_state: asset.asset_state.clone(),
            file_id: main_file(asset).map_or_else(String::new, |main| main.file_id.clone()),
            file_size: self.source.size,
            resumed,
        }
    }
}

/// The main file that counts: one that came to nothing gives its place to the next.
fn main_file(asset: &DigitalAssetInfo) -> Option<&AssetFileInfo> {
    let mut mains = asset.files.iter().rev();
    mains.find(|file| {
        file.asset_file_category == "MAIN" && !matches!(&*file.state, "FAILED" | "CANCELLED")
    })
}

fn ended(asset: &DigitalAssetInfo, main: Option<&AssetFileInfo>) -> Failure {
    let failed = asset.files.iter().rev();
    let mut failed = failed.filter(|file| file.asset_file_category == "MAIN");
    let why = main
        .or_else(|| failed.next())
        .and_then(|f| f.reason.clone());
    let why = why.map_or_else(String::new, |why| {
        format!(": {}", why.trim_end_matches('.'))
    });
    Failure::Local(format!(
        "the library did not keep the file of asset {} (it is {}){why}; upload it again",
        asset.asset_id, asset.asset_state
    ))
}
