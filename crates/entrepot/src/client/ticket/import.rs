//! `entrepot ticket import`: brings in what `ticket export` wrote; a cut line costs nothing twice.

use std::path::{Path, PathBuf};

use clap::Args;
use entrepot_api::replication::{CopyInfo, TicketImport, WantedFile, WantedFiles};
use entrepot_archive::model::File as AssetFile;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::folder::{Content, Folder, expected};
use crate::client::Connection;
use crate::client::api::Api;
use crate::client::copy::report::{Copied, Report};
use crate::client::copy::watch::Watch;
use crate::client::download::matches;
use crate::client::failure::{Failure, Result};
use crate::client::progress::{Bar, Progress};
use crate::client::replication::{Stand, stand};
use crate::client::source::Source;
use crate::client::transfer::{Patience, patiently};

/// The code of a ticket whose time is over.
const EXPIRED: &str = "MSS.10009003";

#[derive(Debug, Args)]
pub struct Import {
    /// What `entrepot ticket export` wrote: the folder of all, or that of one asset
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    connection: Connection,
    /// How many files of an asset are sent at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    parallel: u8,
    /// Print one JSON object: {"copies": […], "failed": […]}
    #[arg(long)]
    json: bool,
}

struct Context<'a> {
    api: &'a Api,
    progress: &'a Progress,
    watch: Watch<'a>,
    parallel: usize,
}

pub async fn run(command: Import) -> Result<()> {
    let folders = Folder::find_all(&command.folder)?;
    let api = command.connection.open()?;
    let progress = Progress::default();
    let context = Context {
        api: &api,
        progress: &progress,
        watch: Watch::new(&api, &progress),
        parallel: command.parallel.into(),
    };
    let mut report = Report::new(&progress, command.json);
    let imported = tokio::select! {
        imported = import_all(&context, &folders, &mut report) => imported,
        never = context.watch.run() => never,
    };
    let finished = report.finish("imported");
    imported.and(finished)
}

async fn import_all(
    context: &Context<'_>,
    folders: &[Folder],
    report: &mut Report<'_>,
) -> Result<()> {
    for folder in folders {
        match folder.read() {
            Ok(brought) => {
                let asset_id = brought.asset.asset_id.clone();
                let done = import(context, folder, brought).await;
                report.add(&asset_id, done)?;
            }
            Err(failure) => report.add(&folder.name(), Err(failure))?,
        }
    }
    Ok(())
}

async fn import(context: &Context<'_>, folder: &Folder, brought: Content) -> Result<Copied> {
    let Content {
        ticket,
        manifest,
        version,
        asset,
    } = brought;
    let api = context.api;
    let import = TicketImport { ticket, manifest };
    let wanted = match patiently(|| api.import_ticket(&import)).await {
        Err(failure) if failure.code() == Some(EXPIRED) => {
            find_begun(api, &asset.asset_id, version, failure).await?
        }
        begun => begun?,
    };
    if wanted.state == "DONE" {
        let copy = find(api, &asset.asset_id, &wanted.copy_id).await?;
        return Ok(Copied::of(copy, true));
    }
    let copy = if wanted.state == "WAITING" {
        let shipment = Shipment {
            context,
            folder,
            asset_id: &asset.asset_id,
            copy_id: &wanted.copy_id,
        };
        shipment.send_all(&asset.files, &wanted.files).await?;
        patiently(|| api.complete_copy(&asset.asset_id, &wanted.copy_id)).await?
    } else {
        find(api, &asset.asset_id, &wanted.copy_id).await?
    };
    let done = context.watch.follow(copy).await?;
    Ok(Copied::of(done, false))
}

/// What an import wants that was begun while its ticket was good: it may take longer than that.
async fn find_begun(
    api: &Api,
    asset_id: &str,
    version: i64,
    expired: Failure,
) -> Result<WantedFiles> {
    let Ok(copies) = patiently(|| api.get_copies(asset_id)).await else {
        return Err(expired);
    };
    let mut incoming = copies.incoming.into_iter();
    let begun = incoming
        .find(|copy| copy.by_hand && copy.version == version && stand(copy) == Stand::UnderWay);
    let begun = begun.ok_or(expired)?;
    patiently(|| api.get_wanted(asset_id, &begun.copy_id)).await
}

async fn find(api: &Api, asset_id: &str, copy_id: &str) -> Result<CopyInfo> {
    let copies = patiently(|| api.get_copies(asset_id)).await?;
    let mut incoming = copies.incoming.into_iter();
    let copy = incoming.find(|copy| copy.copy_id == copy_id);
    copy.ok_or_else(|| Failure::Job("the library has forgotten the copy".into()))
}

/// The files of one copy, on their way.
struct Shipment<'a> {
    context: &'a Context<'a>,
    folder: &'a Folder,
    asset_id: &'a str,
    copy_id: &'a str,
}

impl Shipment<'_> {
    /// Every file that is wanted is looked at before the first goes out.
    async fn send_all(&self, files: &[AssetFile], wanted: &[WantedFile]) -> Result<()> {
        let mut checked = Vec::new();
        for want in wanted {
            let file = files.iter().find(|file| file.file_id == want.file_id);
            let file = file.ok_or_else(|| Failure::Garbled {
                server: self.context.api.endpoint().to_owned(),
                reason: "it wants a file that the manifest does not have".into(),
            })?;
            let bar = self.context.progress.bar(&file.name);
            bar.stage("checking", file.size);
            check(&self.folder.file(file), file, &bar).await?;
            checked.push((file, want.offset, bar));
        }
        stream::iter(checked)
            .map(|(file, offset, bar)| async move {
                bar.stage("sending", file.size);
                self.send(file, offset, &bar).await?;
                bar.clear();
                Ok(())
            })
            .buffer_unordered(self.context.parallel)
            .try_collect::<()>()
            .await
    }

    async fn send(&self, file: &AssetFile, from: u64, bar: &Bar) -> Result<()> {
        let source = Source::open(&self.folder.file(file))?;
        let (api, ids) = (
            self.context.api,
            (self.asset_id, self.copy_id, &*file.file_id),
        );
        let (mut offset, mut patience) = (from, Patience::default());
        while offset < file.size {
            bar.set(offset);
            let body = source.outgoing(offset..file.size, bar);
            let sent = api.send_copied_file(ids, offset, body).await;
            source.check_unchanged()?;
            let Err(failure) = sent else { return Ok(()) };
            // first: the library has to see that the line broke before it knows what came
            patience.wait(failure).await?;
            let wanted = patiently(|| api.get_wanted(self.asset_id, self.copy_id)).await?;
            let mut wanted = wanted.files.into_iter();
            let Some(want) = wanted.find(|want| want.file_id == file.file_id) else {
                return Ok(());
            };
            if want.offset > offset {
                patience.renew();
            }
            offset = want.offset;
        }
        Ok(())
    }
}

/// Whether the bytes are those that the manifest names, and no link to others.
async fn check(path: &Path, file: &AssetFile, bar: &Bar) -> Result<()> {
    match matches(path, &expected(file), bar).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Local(format!(
            "{} is damaged: its content is not what the manifest names; bring the file again",
            path.display()
        ))),
        Err(error) => Err(Failure::io("can't read", path, &error)),
    }
}
