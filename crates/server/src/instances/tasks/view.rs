//! A task as it is answered, and what a body says of one.

use entrepot_api::integration::{BriefTask, TaskFields, TaskInfo, TaskRequestBody, TaskResponse};

use crate::error::Result;
use crate::ids::ProjectId;
use crate::instances::model::Task;
use crate::instances::rules;

pub fn response(task: Task, project: &ProjectId) -> TaskResponse {
    TaskResponse {
        task: TaskInfo {
            task_id: task.task_id.into_string(),
            task_name: task.name,
            task_type: task.task_type.as_str().into(),
            status: "stop".into(),
            project_id: project.to_string(),
            source_datasource_id: task.source_datasource_id,
            target_datasource_id: task.target_datasource_id,
            created_date: task.created_at.millis(),
            last_modified_date: task.updated_at.millis(),
            description: task.description,
            task_tag: task.tag,
        },
        task_detail: task.detail,
    }
}

/// Words and types differ from those of [`response`], as the vendor's do.
pub fn brief(task: Task) -> BriefTask {
    BriefTask {
        task_id: task.task_id.into_string(),
        task_name: task.name,
        task_type: task.task_type.as_str().to_uppercase(),
        status: 0,
        created_date: task.created_at.rfc3339(),
        last_modified_time: task.updated_at.millis(),
        execute_status: "UNSTARTED".into(),
        task_tag: task.tag,
    }
}

pub fn check(body: &TaskRequestBody) -> Result<()> {
    let task = &body.task;
    rules::check_task_name(&task.task_name)?;
    rules::parse_task_type(&task.task_type)?;
    rules::check_datasource("source_datasource_id", &task.source_datasource_id)?;
    rules::check_datasource("target_datasource_id", &task.target_datasource_id)?;
    if let Some(text) = &task.description {
        rules::check_task_description(text)?;
    }
    if let Some(tag) = &task.task_tag {
        rules::check_task_tag(tag)?;
    }
    rules::check_task_detail(&body.task_detail)
}

/// Takes over what a checked body says; what it leaves out stays.
pub fn apply(task: &mut Task, body: TaskRequestBody) -> Result<()> {
    let TaskFields {
        task_name,
        task_type,
        source_datasource_id,
        target_datasource_id,
        description,
        task_tag,
    } = body.task;
    task.name = task_name;
    task.task_type = rules::parse_task_type(&task_type)?;
    task.source_datasource_id = source_datasource_id;
    task.target_datasource_id = target_datasource_id;
    task.description = description.or(task.description.take());
    task.tag = task_tag.or(task.tag.take());
    task.detail = body.task_detail;
    Ok(())
}
