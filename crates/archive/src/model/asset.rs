//! `data/assets.jsonl`: one asset a line, sorted by asset id.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Invalid;
use super::check::{check_hex, check_id, check_label, check_name, check_text, check_unique};
use crate::{EntryPath, LineTooLong, Lines, Moment};

/// A line of `data/assets.jsonl` has at most this many bytes.
pub const MAX_ASSET_LINE: usize = 16 * 1024 * 1024;

/// A line of `data/assets.jsonl`. No URLs, no versions, no secrets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    pub asset_id: String,
    /// Ids of the applications in this package that it belongs to.
    pub apps: Vec<String>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The library's word, such as `IMAGE`.
    pub asset_type: String,
    /// UNACTIVED, ACTIVED or WAITING_DELETE.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_user_id: Option<String>,
    #[serde(default)]
    pub order: i64,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub system_properties: Vec<SystemProperty>,
    #[serde(default)]
    pub supported_service: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_meta: Option<Map<String, Value>>,
    /// Whether a cover is to be made of a video; left out where it is not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_cover: bool,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub files: Vec<File>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SystemProperty {
    pub name: String,
    pub value: String,
}

/// A file of an asset; its bytes are the entry `path`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    pub file_id: String,
    /// A label for people: never used as a path.
    pub name: String,
    /// The suffix as declared.
    pub file_type: String,
    pub category: Category,
    /// In bytes.
    pub size: u64,
    /// 32 lower-case hexadecimal digits.
    pub md5: String,
    /// 64 lower-case hexadecimal digits.
    pub sha256: String,
    pub path: String,
    pub created_at: Moment,
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Category {
    Main,
    Cover,
    Page,
    Sample,
    Other,
    Temporary,
    Package,
}

impl Asset {
    pub fn validate(&self) -> Result<(), Invalid> {
        self.check().map_err(|problem| {
            // An id that is not one does not go into a sentence.
            let id = check_id("", &self.asset_id).map_or("?", |()| &self.asset_id);
            Invalid::new(format!("{}: asset {id}", crate::layout::ASSETS), problem)
        })
    }

    fn check(&self) -> Result<(), String> {
        check_id("asset_id", &self.asset_id)?;
        for app_id in &self.apps {
            check_id("apps", app_id)?;
        }
        check_unique("apps", self.apps.iter())?;
        check_label("name", &self.name, 512)?;
        check_text("description", self.description.as_deref(), 4096)?;
        check_name("asset_type", &self.asset_type, 64)?;
        if !["UNACTIVED", "ACTIVED", "WAITING_DELETE"].contains(&self.state.as_str()) {
            return Err("state is not UNACTIVED, ACTIVED or WAITING_DELETE".into());
        }
        check_label(
            "app_user_id",
            self.app_user_id.as_deref().unwrap_or(""),
            256,
        )?;
        for tag in &self.tags {
            check_name("tags", tag, 512)?;
        }
        for service in &self.supported_service {
            check_name("supported_service", service, 512)?;
        }
        for property in &self.system_properties {
            check_name("system_properties.name", &property.name, 512)?;
            check_text("system_properties.value", Some(&property.value), 65_536)?;
        }
        self.check_files()
    }

    fn check_files(&self) -> Result<(), String> {
        for file in &self.files {
            file.check(&self.asset_id)?;
        }
        check_unique("files.file_id", self.files.iter().map(|file| &file.file_id))?;
        check_unique("files.path", self.files.iter().map(|file| &file.path))?;
        for single in [Category::Main, Category::Cover] {
            let count = self
                .files
                .iter()
                .filter(|file| file.category == single)
                .count();
            if count > 1 {
                return Err(format!("it has {count} files of the category {single:?}"));
            }
        }
        Ok(())
    }
}

impl File {
    fn check(&self, asset_id: &str) -> Result<(), String> {
        check_id("files.file_id", &self.file_id)?;
        check_label("files.name", &self.name, 1024)?;
        check_label("files.file_type", &self.file_type, 64)?;
        check_hex("files.md5", &self.md5, 32)?;
        check_hex("files.sha256", &self.sha256, 64)?;
        if i64::try_from(self.size).is_err() {
            return Err("files.size is beyond 63 bits".into());
        }
        let path = EntryPath::new(self.path.as_str())
            .map_err(|problem| format!("files.path: {problem}"))?;
        let folder = format!("data/assets/{asset_id}/");
        if !path.as_str().starts_with(&folder) {
            return Err(format!("files.path is not under {folder}"));
        }
        Ok(())
    }
}

/// Reads `data/assets.jsonl` that is pushed in pieces: each line parsed and validated, their ids
/// rising.
pub struct AssetLines {
    lines: Lines,
    last_id: String,
}

impl AssetLines {
    #[must_use]
    pub fn new() -> Self {
        Self {
            lines: Lines::new(MAX_ASSET_LINE),
            last_id: String::new(),
        }
    }

    /// The assets whose lines end in `data`.
    pub fn push(&mut self, mut data: &[u8]) -> Result<Vec<Asset>, Invalid> {
        let mut assets = Vec::new();
        while let Some(line) = self.lines.take(&mut data).map_err(too_long)? {
            assets.push(self.line(&line)?);
        }
        Ok(assets)
    }

    /// The last asset, when no LF followed it.
    pub fn finish(mut self) -> Result<Option<Asset>, Invalid> {
        match self.lines.finish().map_err(too_long)? {
            Some(line) => self.line(&line).map(Some),
            None => Ok(None),
        }
    }

    fn line(&mut self, line: &[u8]) -> Result<Asset, Invalid> {
        let place = || format!("{}: line {}", crate::layout::ASSETS, self.lines.seen());
        let asset: Asset = super::check::json(&place(), line)?;
        asset.validate()?;
        if asset.asset_id <= self.last_id {
            return Err(Invalid::new(
                place(),
                "the assets are not sorted by asset_id, or one is there twice",
            ));
        }
        self.last_id.clone_from(&asset.asset_id);
        Ok(asset)
    }
}

impl Default for AssetLines {
    fn default() -> Self {
        Self::new()
    }
}

fn too_long(problem: LineTooLong) -> Invalid {
    Invalid::new(crate::layout::ASSETS, problem.to_string())
}
