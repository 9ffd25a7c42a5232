//! The jobs of the server and how often the periodic ones come round.

use crate::audit::TidyAudit;
use crate::config::{Config, minutes};
use crate::files::hash::HashFile;
use crate::jobs::Registry;
use crate::objects::sweep::Sweep;
use crate::packages::expiry::TidyPackages;
use crate::packages::import_job::ImportPackage;
use crate::packages::{DeleteAssets, ExportAssets};
use crate::processing::{ProcessDeck, ProcessMedia};
use crate::replication::{CopyAsset, TidyCopies};

pub fn registry(config: &Config) -> Registry {
    Registry::default()
        .with::<CopyAsset>()
        .with::<DeleteAssets>()
        .with::<ExportAssets>()
        .with::<HashFile>()
        .with_periodic::<TidyAudit>(minutes(config.sweep_minutes))
        .with_periodic::<TidyCopies>(minutes(config.sweep_minutes))
        .with_periodic::<TidyPackages>(minutes(config.sweep_minutes))
        .with::<ImportPackage>()
        .with::<ProcessDeck>()
        .with::<ProcessMedia>()
        .with_periodic::<Sweep>(minutes(config.sweep_minutes))
}
