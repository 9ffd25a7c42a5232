//! Gives up uploads that nothing has been heard of for days.

use super::model::FileState;
use super::store;
use crate::app::App;
use crate::assets::{self, Step};
use crate::config::days;
use crate::error::Result;

const AT_A_TIME: u32 = 100;
const REASON: &str = "The upload was not finished in time; upload the file again.";

/// Answers whether there may be more to do.
pub async fn give_up(app: &App) -> Result<bool> {
    let now = app.clock.now();
    let then = now.minus(days(app.config.unfinished_upload_days));
    app.db
        .write(async move |tx| {
            let files = store::list_unfinished(tx, then, AT_A_TIME).await?;
            let more = files.len() == AT_A_TIME as usize;
            for file in files {
                store::discard(tx, &file, FileState::Failed, Some(REASON), now).await?;
                let asset = assets::require(tx, &file.project_id, &file.asset_id).await?;
                if file.is_main() && asset.standing.awaits_main_file() {
                    assets::take_main_file_step(tx, asset, Step::MainFileFailed, now).await?;
                }
            }
            Ok(more)
        })
        .await
}
