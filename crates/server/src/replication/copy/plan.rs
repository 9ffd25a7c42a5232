//! What a copy needs: which files the project has already, which bytes are here from earlier
//! attempts, which ranges are missing. Pure but for reading the rows.

use std::collections::HashMap;
use std::ops::Range;

use entrepot_archive::model;
use entrepot_blob::StorageKey;

use crate::db::Tx;
use crate::error::Result;
use crate::ids::{BlobId, ProjectId};
use crate::replication::manifest::Manifest;
use crate::replication::store::segments::{self, Segment};

/// Bytes of a range of a file of usual size, and of one of a very large file.
const RANGE: u64 = 16 * 1024 * 1024;
const MAX_RANGE: u64 = 64 * 1024 * 1024;
/// Ranges of one file, about.
const RANGES: u64 = 256;

/// A file and what there is of it.
#[derive(Debug, Clone)]
pub struct FilePlan {
    pub file_id: String,
    pub name: String,
    pub size: u64,
    pub sha256: String,
    /// The project has the content already.
    pub held: Option<BlobId>,
    /// What is here, from the beginning on or with gaps, in order and without overlaps.
    pub here: Vec<Segment>,
}

impl FilePlan {
    /// Bytes that are here.
    pub fn bytes_here(&self) -> u64 {
        if self.held.is_some() {
            return self.size;
        }
        self.here.iter().map(|segment| segment.size).sum()
    }

    /// How far it is here without a gap.
    pub fn contiguous(&self) -> u64 {
        let mut at = 0;
        for segment in &self.here {
            if segment.start != at {
                break;
            }
            at = segment.end();
        }
        at
    }

    /// The ranges to fetch.
    pub fn missing(&self) -> Vec<Range<u64>> {
        if self.held.is_some() {
            return Vec::new();
        }
        let step = (self.size / RANGES).clamp(RANGE, MAX_RANGE);
        let mut gaps = Vec::new();
        let mut at = 0;
        for segment in &self.here {
            gaps.push(at..segment.start);
            at = segment.end();
        }
        gaps.push(at..self.size);
        let mut ranges = Vec::new();
        for gap in gaps {
            let mut from = gap.start;
            while from < gap.end {
                let to = gap.end.min(from + step);
                ranges.push(from..to);
                from = to;
            }
        }
        ranges
    }
}

/// All files in the manifest's order.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub files: Vec<FilePlan>,
    /// Stored for this copy, and of no use to it.
    pub useless: Vec<StorageKey>,
}

impl Plan {
    pub async fn make(
        tx: &mut Tx,
        project: &ProjectId,
        copy_id: &str,
        manifest: &Manifest,
    ) -> Result<Self> {
        let files = &manifest.asset.files;
        let contents: Vec<_> = files.iter().map(|f| (f.sha256.as_str(), f.size)).collect();
        let held = segments::list_held(tx, project, &contents).await?;
        let held = held
            .into_iter()
            .map(|(sha256, size, blob)| ((sha256, size), blob));
        let here = segments::list(tx, copy_id).await?;
        Ok(Self::of(files, &held.collect(), here))
    }

    fn of(
        files: &[model::File],
        held: &HashMap<(String, u64), BlobId>,
        here: Vec<Segment>,
    ) -> Self {
        let mut plan = Plan::default();
        let mut by_file: HashMap<String, Vec<Segment>> = HashMap::new();
        for segment in here {
            by_file
                .entry(segment.file_id.clone())
                .or_default()
                .push(segment);
        }
        for file in files {
            let held = held.get(&(file.sha256.clone(), file.size)).cloned();
            let mut all = by_file.remove(&file.file_id).unwrap_or_default();
            all.sort_by_key(|segment| (segment.start, u64::MAX - segment.size));
            let mut kept: Vec<Segment> = Vec::new();
            for segment in all {
                let free = kept.last().is_none_or(|last| last.end() <= segment.start);
                if held.is_none() && free && segment.end() <= file.size {
                    kept.push(segment);
                } else {
                    plan.useless.push(segment.storage_key);
                }
            }
            plan.files.push(FilePlan {
                file_id: file.file_id.clone(),
                name: file.name.clone(),
                size: file.size,
                sha256: file.sha256.clone(),
                held,
                here: kept,
            });
        }
        let strangers = by_file.into_values().flatten();
        plan.useless
            .extend(strangers.map(|segment| segment.storage_key));
        plan
    }

    pub fn bytes_held(&self) -> u64 {
        let held = self.files.iter().filter(|file| file.held.is_some());
        held.map(|file| file.size).sum()
    }

    pub fn bytes_here(&self) -> u64 {
        self.files.iter().map(FilePlan::bytes_here).sum()
    }

    pub fn bytes_total(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segment(n: u8, start: u64, size: u64) -> Segment {
        Segment {
            storage_key: StorageKey::parse(&format!("{n:032x}")).unwrap(),
            file_id: "f".into(),
            start,
            size,
        }
    }

    fn file(size: u64) -> model::File {
        model::File {
            file_id: "f".into(),
            name: "f".into(),
            file_type: "bin".into(),
            category: model::Category::Main,
            size,
            md5: String::new(),
            sha256: "s".into(),
            path: String::new(),
            created_at: entrepot_archive::Moment::from_millis(0),
        }
    }

    #[test]
    fn what_the_project_holds_is_not_fetched() {
        let held = HashMap::from([(("s".to_owned(), 10), BlobId::new("b"))]);
        let plan = Plan::of(&[file(10)], &held, vec![segment(1, 0, 4)]);
        assert!(plan.files[0].missing().is_empty());
        assert_eq!((plan.bytes_here(), plan.useless.len()), (10, 1));
        let other = Plan::of(&[file(11)], &held, Vec::new());
        assert_eq!(other.files[0].missing().first(), Some(&(0..11)));
    }

    #[test]
    fn a_very_large_file_has_larger_ranges() {
        let plan = Plan::of(&[file(500 << 30)], &HashMap::new(), Vec::new());
        let ranges = plan.files[0].missing();
        assert!(
            ranges
                .iter()
                .all(|range| range.end - range.start <= MAX_RANGE)
        );
        assert_eq!(ranges.len(), 8000);
    }

    proptest! {
        #[test]
        fn what_is_here_and_what_is_missing_make_the_file(
            size in 1u64..200_000_000,
            pieces in proptest::collection::vec((0u64..200_000_000, 1u64..50_000_000), 0..12)
        ) {
            let segments = pieces.iter().zip(0u8..).map(|((at, n), i)| segment(i, *at, *n)).collect();
            let plan = Plan::of(&[file(size)], &HashMap::new(), segments);
            let of = &plan.files[0];
            let mut all: Vec<_> = of.here.iter().map(|s| s.start..s.end()).collect();
            all.extend(of.missing());
            all.sort_by_key(|range| range.start);
            let mut at = 0;
            for range in all {
                prop_assert_eq!(range.start, at);
                prop_assert!(range.end > range.start);
                at = range.end;
            }
            prop_assert_eq!(at, size);
            prop_assert_eq!(of.here.len() + plan.useless.len(), pieces.len());
        }
    }
}
