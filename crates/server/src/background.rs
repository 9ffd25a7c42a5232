//! The jobs of the server and how often the periodic ones come round.

use crate::config::{Config, minutes};
use crate::files::hash::HashFile;
use crate::jobs::Registry;
use crate::objects::sweep::Sweep;
use crate::packages::expiry::TidyPackages;
use crate::packages::import_job::ImportPackage;
use crate::packages::{DeleteAssets, ExportAssets};

pub fn registry(config: &Config) -> Registry {
    Registry::default()
        .with::<DeleteAssets>()
        .with::<ExportAssets>()
        .with::<HashFile>()
        .with_periodic::<TidyPackages>(minutes(config.sweep_minutes))
        .with::<ImportPackage>()
        .with_periodic::<Sweep>(minutes(config.sweep_minutes))
}
