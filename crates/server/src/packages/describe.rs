//! Applications and tasks in the words of a package.

use entrepot_archive::model;

use crate::instances::{Application, Task};

pub fn app(app: &Application) -> model::App {
    model::App {
        id: app.app_id.to_string(),
        name: app.name.clone(),
        remark: (!app.remark.is_empty()).then(|| app.remark.clone()),
        favorite: app.favorite,
    }
}

pub fn task(task: &Task) -> model::Task {
    model::Task {
        task_id: task.task_id.to_string(),
        task_name: task.name.clone(),
        task_type: task.task_type.as_str().to_owned(),
        description: task.description.clone(),
        task_tag: task.tag.clone(),
        source_datasource_id: task.source_datasource_id.clone(),
        target_datasource_id: task.target_datasource_id.clone(),
        task_detail: task.detail.clone(),
    }
}
