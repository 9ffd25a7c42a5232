//! Calls about one archive: its download, what is inside, the receipt, the record.

pub mod contents;
pub mod download;
pub mod receipt;
pub mod record;

use crate::app::App;
use crate::error::Result;
use crate::iam::{Caller, Resource};
use crate::ids::{ArchiveId, InstanceId, ProjectId};

use super::delivery;
use super::model::Archive;

/// The ids of a path.
type Ids = (ProjectId, InstanceId, ArchiveId);

/// The archive, for a caller who may have to do with it.
async fn require(app: &App, caller: &Caller, (project, instance, id): Ids) -> Result<Archive> {
    caller.authorize(Resource::Instance(&project, &instance))?;
    delivery::require(app, project, instance, id).await
}
