//! Which applications and tasks a call is about.

use std::collections::BTreeSet;

use entrepot_api::packages::{AppItem, AssetOperateRequest, TaskItem};
use serde::{Deserialize, Serialize};

use super::model::ResourceType;
use crate::error::{Error, Result};
use crate::ids::{AppId, TaskId};

/// Applications and tasks together.
const MOST: usize = 100;
/// Characters of an id.
const ID: usize = 64;

/// Both lists sorted, and each id once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Requested {
    pub apps: Vec<AppId>,
    pub tasks: Vec<TaskId>,
}

impl Requested {
    pub fn parse(body: AssetOperateRequest) -> Result<Self> {
        let apps = ids("apps", body.apps.into_iter().map(AppItem::into_id))?;
        let tasks = ids("tasks", body.tasks.into_iter().map(TaskItem::into_id))?;
        let items = Self {
            apps: apps.into_iter().map(AppId::new).collect(),
            tasks: tasks.into_iter().map(TaskId::new).collect(),
        };
        match items.count() {
            0 => Err(Error::parameter(
                "apps",
                "and tasks are both empty; name at least one",
            )),
            1..=MOST => Ok(items),
            more => Err(Error::parameter(
                "apps",
                format!("and tasks must be at most {MOST} together, not {more}"),
            )),
        }
    }

    pub fn count(&self) -> usize {
        self.apps.len() + self.tasks.len()
    }

    /// The one that stands for all where the whole job fails.
    pub fn first(&self) -> (ResourceType, String) {
        let app = self.apps.first().map(AppId::to_string);
        let task = self.tasks.first().map(TaskId::to_string);
        match app {
            Some(id) => (ResourceType::Application, id),
            None => (ResourceType::Task, task.unwrap_or_default()),
        }
    }
}

fn ids(field: &str, ids: impl Iterator<Item = String>) -> Result<BTreeSet<String>> {
    let ids: BTreeSet<String> = ids.collect();
    if ids
        .iter()
        .any(|id| id.is_empty() || id.chars().count() > ID)
    {
        let problem = format!("must be ids of 1 to {ID} characters");
        return Err(Error::parameter(field, problem));
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Requested> {
        Requested::parse(serde_json::from_str(json).unwrap())
    }

    #[test]
    fn ids_come_in_three_forms_and_each_counts_once() {
        let items = parse(r#"{"apps": [{"id": "b"}, {"app_id": "a"}, "c", "a"], "tasks": []}"#);
        let items = items.unwrap();
        assert_eq!(items.apps, ["a", "b", "c"].map(AppId::new));
        let items = parse(r#"{"tasks": ["t", {"task_id": "t"}, {"id": "s"}]}"#).unwrap();
        assert_eq!(items.tasks, ["s", "t"].map(TaskId::new));
        assert_eq!(items.first(), (ResourceType::Task, "s".to_owned()));
    }

    #[test]
    fn one_to_a_hundred_items() {
        assert!(parse("{}").is_err());
        assert!(parse(r#"{"apps": [""]}"#).is_err());
        assert!(parse(&format!(r#"{{"apps": ["{}"]}}"#, "x".repeat(64))).is_ok());
        assert!(parse(&format!(r#"{{"apps": ["{}"]}}"#, "x".repeat(65))).is_err());
        let of = |apps: usize, tasks: usize| {
            let list = |n: usize| {
                (0..n)
                    .map(|i| format!("\"{i}\""))
                    .collect::<Vec<_>>()
                    .join(",")
            };
            parse(&format!(
                r#"{{"apps": [{}], "tasks": [{}]}}"#,
                list(apps),
                list(tasks)
            ))
        };
        assert!(of(60, 40).is_ok());
        assert!(of(60, 41).is_err());
    }
}
