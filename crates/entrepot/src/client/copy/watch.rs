//! Copies under way in the other region, watched to their end: one request for all of them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use entrepot_api::replication::CopyInfo;
use tokio::sync::{Notify, oneshot};

use crate::client::api::Api;
use crate::client::failure::{Failure, Result};
use crate::client::progress::{Bar, Progress};
use crate::client::replication::{Stand, stand, why};
use crate::client::text::{plain, size};
use crate::client::transfer::patiently;

const GLANCE_FIRST: Duration = Duration::from_millis(20);
const GLANCE_MOST: Duration = Duration::from_secs(1);

/// A page of the list has room for copies that others began since.
const FEWEST: usize = 20;
const MOST: usize = 1000;

pub struct Watch<'a> {
    api: &'a Api,
    progress: &'a Progress,
    /// By the copy's id.
    followed: Mutex<HashMap<String, Followed>>,
    begun: Notify,
}

struct Followed {
    asset_id: String,
    bar: Bar,
    /// What a person was told of why it does not move.
    told: Option<String>,
    ended: oneshot::Sender<Result<CopyInfo>>,
}

impl<'a> Watch<'a> {
    pub fn new(api: &'a Api, progress: &'a Progress) -> Self {
        Self {
            api,
            progress,
            followed: Mutex::default(),
            begun: Notify::new(),
        }
    }

    /// Waits until a copy is done, however long; [`Watch::run`] must be running.
    pub async fn follow(&self, copy: CopyInfo) -> Result<CopyInfo> {
        let mut copy = copy;
        loop {
            match stand(&copy) {
                Stand::Done => return Ok(copy),
                Stand::Failed => return Err(why(&copy)),
                Stand::Replaced => copy = self.newest(copy).await?,
                Stand::UnderWay => copy = self.end_of(copy).await?,
            }
        }
    }

    /// The copy that took another's place.
    async fn newest(&self, replaced: CopyInfo) -> Result<CopyInfo> {
        let copies = patiently(|| self.api.get_copies(&replaced.asset_id)).await?;
        let newest = copies.incoming.into_iter().next();
        newest
            .filter(|copy| copy.copy_id != replaced.copy_id)
            .ok_or_else(|| why(&replaced))
    }

    async fn end_of(&self, copy: CopyInfo) -> Result<CopyInfo> {
        let (sender, end) = oneshot::channel();
        let mut followed = Followed {
            asset_id: copy.asset_id.clone(),
            bar: self.progress.watched(&copy.asset_name),
            told: None,
            ended: sender,
        };
        self.show(&mut followed, &copy);
        self.lock().insert(copy.copy_id, followed);
        self.begun.notify_one();
        end.await
            .map_err(|_| Failure::Local("the watch has ended".into()))?
    }

    /// Watches for ever.
    pub async fn run<T>(&self) -> T {
        let mut glance = GLANCE_FIRST;
        loop {
            if self.lock().is_empty() {
                self.begun.notified().await;
                glance = GLANCE_FIRST;
            }
            tokio::time::sleep(glance).await;
            let ended = self.look().await;
            glance = if ended {
                GLANCE_FIRST
            } else {
                (glance * 2).min(GLANCE_MOST)
            };
        }
    }

    /// Whether any copy has ended.
    async fn look(&self) -> bool {
        let mut missing: HashMap<String, String> = {
            let followed = self.lock();
            let ids = followed.iter();
            ids.map(|(copy_id, one)| (copy_id.clone(), one.asset_id.clone()))
                .collect()
        };
        let before = missing.len();
        let limit = (before * 4).clamp(FEWEST, MOST);
        match patiently(|| self.api.list_copies(limit)).await {
            Ok(page) => {
                for copy in page.copies {
                    missing.remove(&copy.copy_id);
                    self.settle(copy);
                }
            }
            Err(failure) => {
                for copy_id in missing.keys() {
                    self.end(copy_id, Err(failure.clone()));
                }
                return true;
            }
        }
        // of old ones that go on, and where others are busy too
        for (copy_id, asset_id) in missing {
            self.look_for(&copy_id, &asset_id).await;
        }
        self.lock().len() < before
    }

    async fn look_for(&self, copy_id: &str, asset_id: &str) {
        match patiently(|| self.api.get_copies(asset_id)).await {
            Ok(copies) => {
                let found = copies.incoming.into_iter();
                match found.into_iter().find(|copy| copy.copy_id == *copy_id) {
                    Some(copy) => self.settle(copy),
                    None => self.end(
                        copy_id,
                        Err(Failure::Job("the other region has forgotten it".into())),
                    ),
                }
            }
            Err(failure) => self.end(copy_id, Err(failure)),
        }
    }

    fn settle(&self, copy: CopyInfo) {
        if stand(&copy) != Stand::UnderWay {
            let copy_id = copy.copy_id.clone();
            return self.end(&copy_id, Ok(copy));
        }
        if let Some(followed) = self.lock().get_mut(&copy.copy_id) {
            self.show(followed, &copy);
        }
    }

    fn end(&self, copy_id: &str, end: Result<CopyInfo>) {
        if let Some(followed) = self.lock().remove(copy_id) {
            followed.bar.clear();
            // nobody waits for it where the command is over
            let _ = followed.ended.send(end);
        }
    }

    fn show(&self, followed: &mut Followed, copy: &CopyInfo) {
        let state = match copy.state.as_str() {
            "COPYING" if copy.rate > 0 => format!("copying {}/s", size(copy.rate)),
            "COPYING" => "copying".to_owned(),
            _ => "waiting".to_owned(),
        };
        followed.bar.tell(state, copy.bytes_done, copy.bytes_total);
        if copy.error.is_some() && copy.error != followed.told {
            let error = plain(copy.error.as_deref().unwrap_or_default());
            let asset_id = plain(&copy.asset_id);
            self.progress
                .note(&format!("asset {asset_id}: it is tried again: {error}"));
            followed.told.clone_from(&copy.error);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Followed>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
