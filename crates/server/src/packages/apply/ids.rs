//! Which id something new has: the package's where that is free in the whole library, unless a
//! prefix asks for a second copy; else a new one. Whose an id is that is not free does not show.

use crate::app::App;
use crate::db::Tx;
use crate::error::Result;
use crate::ids::{AppId, AssetId, FileId, TaskId};
use crate::packages::uploads::model::Options;
use crate::{assets, files, instances};

pub async fn of_app(tx: &mut Tx, app: &App, options: &Options, old: &str) -> Result<AppId> {
    let id = AppId::new(old);
    if options.keeps_ids() && !instances::is_app_id_taken(tx, &id).await? {
        return Ok(id);
    }
    Ok(app.ids.app())
}

pub async fn of_task(tx: &mut Tx, app: &App, options: &Options, old: &str) -> Result<TaskId> {
    let id = TaskId::new(old);
    if options.keeps_ids() && !instances::is_task_id_taken(tx, &id).await? {
        return Ok(id);
    }
    Ok(app.ids.task())
}

pub async fn of_asset(tx: &mut Tx, app: &App, options: &Options, old: &str) -> Result<AssetId> {
    let id = AssetId::new(old);
    if options.keeps_ids() && !assets::is_id_taken(tx, &id).await? {
        return Ok(id);
    }
    Ok(app.ids.asset())
}

pub async fn of_file(tx: &mut Tx, app: &App, options: &Options, old: &str) -> Result<FileId> {
    let id = FileId::new(old);
    if options.keeps_ids() && !files::is_id_taken(tx, &id).await? {
        return Ok(id);
    }
    Ok(app.ids.file())
}
