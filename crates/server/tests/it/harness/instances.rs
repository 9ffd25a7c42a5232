//! Instances, applications and tasks, in the words of their users.

use entrepot_server::iam::bootstrap::Credentials;
use serde_json::{Value, json};

use super::{Answer, Library};

/// `/v2/{project_id}/instances/{instance_id}/apps` of somebody's first instance, and what follows.
pub fn apps_of(whose: &Credentials, rest: &str) -> String {
    let instance = whose.instance_id.as_ref().unwrap();
    format!("/v2/{}/instances/{instance}/apps{rest}", whose.project_id)
}

/// The same of tasks.
pub fn tasks_of(whose: &Credentials, rest: &str) -> String {
    let instance = whose.instance_id.as_ref().unwrap();
    format!(
        "/v2/{}/fdi/instances/{instance}/tasks{rest}",
        whose.project_id
    )
}

impl Library {
    pub fn apps(&self, rest: &str) -> String {
        apps_of(&self.owner, rest)
    }

    pub fn tasks(&self, rest: &str) -> String {
        tasks_of(&self.owner, rest)
    }

    pub async fn create_app_with(&self, body: &Value) -> Answer {
        self.post(&self.apps(""), body).await
    }

    /// An application, by its id.
    pub async fn create_app(&self, name: &str) -> String {
        let created = self.create_app_with(&json!({ "name": name })).await;
        assert_eq!(created.status, 201, "{}", created.line());
        created.json()["id"].as_str().unwrap().to_owned()
    }

    /// A task, by its id.
    pub async fn create_task(&self, name: &str) -> String {
        let created = self.post(&self.tasks(""), &task(name)).await.ok();
        created["task"]["task_id"].as_str().unwrap().to_owned()
    }

    pub async fn attach(&self, app: &str, assets: &[&str]) -> Answer {
        let path = self.apps(&format!("/{app}/entrepot/digital-assets"));
        self.put(&path, &json!({ "asset_ids": assets })).await
    }

    /// The ids of what is attached, and how many there are said to be.
    pub async fn attached(&self, app: &str) -> (Vec<String>, i64) {
        let path = self.apps(&format!("/{app}/entrepot/digital-assets"));
        let found = self.get(&path).await.ok();
        let ids = found["assets"].as_array().unwrap().iter();
        let ids = ids.map(|asset| asset["asset_id"].as_str().unwrap().to_owned());
        (ids.collect(), found["total"].as_i64().unwrap())
    }
}

/// A body that creates a task.
pub fn task(name: &str) -> Value {
    json!({
        "task": {"task_name": name, "task_type": "TIMING",
            "source_datasource_id": "s1", "target_datasource_id": "t1"},
        "task_detail": "{}",
    })
}
