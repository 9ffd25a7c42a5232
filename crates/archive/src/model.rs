//! The JSON in a package. Fields that are not known are passed over, so that a later writer may add
//! some; another `format_version` is refused.

mod asset;
mod check;

use serde::{Deserialize, Serialize};

pub use asset::{Asset, AssetLines, Category, File, MAX_ASSET_LINE, SystemProperty};
pub use check::Invalid;

use crate::Moment;
use check::{check_id, check_label, check_name, check_text, check_unique};

pub const FORMAT: &str = "entrepot-package";
pub const FORMAT_VERSION: u32 = 1;
/// `data/package.json`, and the file of an application or a task, are not longer than this.
pub const MAX_JSON: usize = 16 * 1024 * 1024;

/// `data/package.json`: what the package is, and an overview of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// [`FORMAT`]
    pub format: String,
    /// [`FORMAT_VERSION`]
    pub format_version: u32,
    pub source: Source,
    /// When the export began.
    pub created_at: Moment,
    pub apps: Vec<AppRef>,
    pub tasks: Vec<TaskRef>,
    pub asset_count: u64,
    pub file_count: u64,
    /// Of all files of assets together.
    pub byte_count: u64,
}

/// Where a package was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    pub region: String,
    pub project_id: String,
    pub instance_id: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppRef {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRef {
    pub task_id: String,
    pub task_name: String,
}

/// `data/apps/{id}.json`. Key and secret stay where they are: an import makes new ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    #[serde(default)]
    pub favorite: bool,
}

/// `data/tasks/{task_id}.json`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub task_id: String,
    pub task_name: String,
    pub task_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_tag: Option<String>,
    pub source_datasource_id: String,
    pub target_datasource_id: String,
    /// JSON, as a text of its own.
    pub task_detail: String,
}

/// The part of `data/package.json` that says whether the rest can be understood.
#[derive(Deserialize)]
struct Declared {
    format: String,
    format_version: u64,
}

impl Package {
    pub fn parse(json: &[u8]) -> Result<Self, Invalid> {
        const FILE: &str = crate::layout::PACKAGE;
        let declared: Declared = check::json(FILE, json)?;
        if declared.format != FORMAT {
            return Err(Invalid::new(FILE, format!("format is not “{FORMAT}”")));
        }
        if declared.format_version != u64::from(FORMAT_VERSION) {
            let problem = format!(
                "format_version is {}; this server reads {FORMAT_VERSION}",
                declared.format_version
            );
            return Err(Invalid::new(FILE, problem));
        }
        let package: Self = check::json(FILE, json)?;
        package.validate()?;
        Ok(package)
    }

    pub fn validate(&self) -> Result<(), Invalid> {
        let within = |result: Result<(), String>| {
            result.map_err(|problem| Invalid::new(crate::layout::PACKAGE, problem))
        };
        for app in &self.apps {
            within(check_id("apps.id", &app.id))?;
            within(check_name("apps.name", &app.name, 512))?;
        }
        for task in &self.tasks {
            within(check_id("tasks.task_id", &task.task_id))?;
            within(check_name("tasks.task_name", &task.task_name, 512))?;
        }
        within(check_unique("apps.id", self.apps.iter().map(|app| &app.id)))?;
        within(check_unique(
            "tasks.task_id",
            self.tasks.iter().map(|task| &task.task_id),
        ))?;
        within(check_label("source.region", &self.source.region, 128))?;
        within(check_label(
            "source.project_id",
            &self.source.project_id,
            64,
        ))?;
        within(check_label(
            "source.instance_id",
            &self.source.instance_id,
            64,
        ))
    }
}

impl App {
    /// `app_id` is the one of the entry's name.
    pub fn parse(app_id: &str, json: &[u8]) -> Result<Self, Invalid> {
        let file = format!("data/apps/{app_id}.json");
        let app: Self = check::json(&file, json)?;
        if app.id != app_id {
            return Err(Invalid::new(file, "id is not the one of the file's name"));
        }
        app.validate()?;
        Ok(app)
    }

    pub fn validate(&self) -> Result<(), Invalid> {
        self.check()
            .map_err(|problem| Invalid::new(format!("data/apps/{}.json", self.id), problem))
    }

    fn check(&self) -> Result<(), String> {
        check_id("id", &self.id)?;
        check_name("name", &self.name, 512)?;
        check_text("remark", self.remark.as_deref(), 1024)
    }
}

impl Task {
    /// `task_id` is the one of the entry's name.
    pub fn parse(task_id: &str, json: &[u8]) -> Result<Self, Invalid> {
        let file = format!("data/tasks/{task_id}.json");
        let task: Self = check::json(&file, json)?;
        if task.task_id != task_id {
            return Err(Invalid::new(
                file,
                "task_id is not the one of the file's name",
            ));
        }
        task.validate()?;
        Ok(task)
    }

    pub fn validate(&self) -> Result<(), Invalid> {
        self.check()
            .map_err(|problem| Invalid::new(format!("data/tasks/{}.json", self.task_id), problem))
    }

    fn check(&self) -> Result<(), String> {
        check_id("task_id", &self.task_id)?;
        check_name("task_name", &self.task_name, 512)?;
        check_name("task_type", &self.task_type, 64)?;
        check_text("description", self.description.as_deref(), 4096)?;
        check_text("task_tag", self.task_tag.as_deref(), 1024)?;
        check_label("source_datasource_id", &self.source_datasource_id, 256)?;
        check_label("target_datasource_id", &self.target_datasource_id, 256)
    }
}

/// JSON as a package has it: one line, its LF included.
#[must_use]
pub fn to_line<T: Serialize>(value: &T) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("these types have string keys only");
    line.push(b'\n');
    line
}
