//! Integration instances: workspaces of a project with their applications, which group digital
//! assets, and their tasks.
//!
//! An endpoint a file, in `apps` and `tasks`; rules in `rules`; SQL in `store`. Other features use
//! what is re-exported here, inside their own transactions.

pub mod administer;
pub mod apps;
pub mod bootstrap;
pub mod list;
pub mod model;
pub mod page;
pub mod rules;
pub mod store;
pub mod tasks;

pub use model::{Application, Attached, Instance, Task, TaskType, UserRef};
pub use store::apps::{
    delete_app, find_app, find_app_by_name, find_app_secret, insert_app, is_app_id_taken,
    require_app, set_app_secret, update_app,
};
pub use store::attached::{
    attach, attached_apps_of, count_attached, detach, forget_asset, list_attached,
    list_attached_ids, list_namesakes,
};
pub use store::tasks::{
    delete_task, find_task, find_task_by_name, insert_task, is_task_id_taken, require_task,
    update_task,
};
pub use store::{find_instance, require_instance};
