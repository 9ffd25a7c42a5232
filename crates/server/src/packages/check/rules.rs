//! A package's applications and tasks under the library's own rules; assets are `portable`'s.

use entrepot_archive::model;

use crate::error::{Error, Result};
use crate::instances::rules;
use crate::packages::receive::invalid;
use crate::packages::uploads::model::Options;

const OF_PREFIX: &str = "Invalid parameter: prefix ";

/// An error of a rule, as one of the package; one of the call's parameter stays.
pub fn about(place: &str, error: Error) -> Error {
    if error.message.starts_with(OF_PREFIX) {
        return error;
    }
    let problem = error.message.trim_start_matches("Invalid parameter: ");
    invalid(format!("{place}: {}", problem.trim_end_matches('.')))
}

pub fn check_app(app: &model::App, options: &Options) -> Result<()> {
    rules::check_app_name(&app.name)?;
    rules::check_remark(app.remark.as_deref().unwrap_or_default())?;
    rules::check_app_name(&options.named(&app.name)).map_err(|_| unfit(&app.name))
}

fn unfit(name: &str) -> Error {
    Error::parameter("prefix", format!("does not go with the name “{name}”"))
}

pub fn check_task(task: &model::Task, options: &Options) -> Result<()> {
    rules::check_task_name(&task.task_name)?;
    rules::parse_task_type(&task.task_type)?;
    rules::check_task_description(task.description.as_deref().unwrap_or_default())?;
    rules::check_task_tag(task.task_tag.as_deref().unwrap_or_default())?;
    rules::check_datasource("source_datasource_id", &task.source_datasource_id)?;
    rules::check_datasource("target_datasource_id", &task.target_datasource_id)?;
    rules::check_task_detail(&task.task_detail)?;
    rules::check_task_name(&options.named(&task.task_name)).map_err(|_| unfit(&task.task_name))
}
