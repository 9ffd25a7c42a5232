//! `entrepot copy`: assets of this library into another region, each followed to its end.
//!
//! The other region fetches the bytes itself: what is done here is to hand it tickets, and to watch.
//! Nothing has to be remembered: a ticket of a version that the other region has changes nothing.

pub(super) mod report;
mod select;
pub(super) mod watch;

use std::path::PathBuf;
use std::pin::pin;

use clap::Args;
use entrepot_api::replication::CopyInfo;
use futures_util::{Stream, StreamExt, TryStreamExt};

use self::report::{Copied, Report};
use self::watch::Watch;
use super::api::Api;
use super::credentials::Credentials;
use super::failure::{Failure, Result};
use super::filter::Filter;
use super::progress::Progress;
use super::replication::{Stand, stand};
use super::transfer::patiently;
use super::{Connection, variable};

#[derive(Debug, Args)]
pub struct Copy {
    /// Ids of the assets
    #[arg(value_name = "ASSET", required_unless_present_any = ["filter", "all"],
        conflicts_with_all = ["filter", "all"])]
    assets: Vec<String>,
    /// Instead of ids: every asset with type=TYPE, state=STATE, tag=TAG or name=TEXT; repeated, all
    /// of them must fit
    #[arg(long, value_name = "KEY=VALUE")]
    filter: Vec<String>,
    /// Instead of ids: every asset of the library
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    connection: Connection,
    #[command(flatten)]
    destination: Destination,
    /// How many copies are under way at a time
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=250))]
    parallel: u16,
    /// Only begin the copies; the other region goes on by itself
    #[arg(long)]
    no_wait: bool,
    /// Print one JSON object: {"copies": […], "failed": […]}
    #[arg(long)]
    json: bool,
}

/// Which region to copy to, and as whom.
#[derive(Debug, Args)]
struct Destination {
    /// The region to copy to, by the name that it gives itself
    #[arg(long, value_name = "REGION")]
    to: String,
    /// A credentials.json of that region [default:
    /// $XDG_CONFIG_HOME/entrepot/regions/REGION.json, below ~/.config where that is not set]
    #[arg(long, value_name = "FILE", env = "ENTREPOT_TO_CREDENTIALS")]
    to_credentials: Option<PathBuf>,
    /// Certificates (PEM) to trust there beside the system's
    #[arg(long, value_name = "FILE", env = "ENTREPOT_TO_CA_FILE")]
    to_ca_file: Option<PathBuf>,
}

impl Destination {
    fn open(&self) -> Result<Api> {
        let file = self.to_credentials.as_deref();
        let credentials = Credentials::of_region(&self.to, file, variable)?;
        Api::new(credentials, self.to_ca_file.as_deref())
    }
}

struct Context<'a> {
    from: &'a Api,
    to: &'a Api,
    command: &'a Copy,
    watch: Watch<'a>,
}

pub async fn run(command: Copy) -> Result<()> {
    let filter = Filter::parse(&command.filter)?;
    let from = command.connection.open()?;
    let to = command.destination.open()?;
    // nothing is asked of the source where the other region would not have it
    patiently(|| to.list_copies(1)).await?;
    let progress = Progress::default();
    let context = Context {
        watch: Watch::new(&to, &progress),
        from: &from,
        to: &to,
        command: &command,
    };
    let mut report = Report::new(&progress, command.json);
    let assets = if command.assets.is_empty() {
        select::matching(&from, filter).left_stream()
    } else {
        select::named(&command.assets).right_stream()
    };
    let listed = tokio::select! {
        listed = context.copy_all(assets, &mut report) => listed,
        never = context.watch.run() => never,
    };
    let word = if command.no_wait { "begun" } else { "copied" };
    let finished = report.finish(word);
    listed.and(finished)
}

impl Context<'_> {
    /// Fails where the list of the assets can't be read on.
    async fn copy_all(
        &self,
        assets: impl Stream<Item = Result<String>>,
        report: &mut Report<'_>,
    ) -> Result<()> {
        let copies = assets
            .map_ok(|asset_id| async {
                let done = self.copy(&asset_id).await;
                Ok((asset_id, done))
            })
            .try_buffer_unordered(self.command.parallel.into());
        let mut copies = pin!(copies);
        while let Some((asset_id, done)) = copies.try_next().await? {
            report.add(&asset_id, done)?;
        }
        Ok(())
    }

    async fn copy(&self, asset_id: &str) -> Result<Copied> {
        let (region, project_id) = (&self.command.destination.to, self.to.project_id());
        let issued = self.from.issue_ticket(asset_id, region, Some(project_id));
        let issued = issued.await?;
        self.to.present_ticket(&issued.ticket).await?;
        let copies = patiently(|| self.to.get_copies(asset_id)).await?;
        let (copy, was_there) = find(copies.incoming, &issued.copy).ok_or_else(|| {
            Failure::Job("the other region took its ticket and knows of no copy".into())
        })?;
        if self.command.no_wait {
            return Ok(Copied::of(copy, was_there));
        }
        let done = self.watch.follow(copy).await?;
        Ok(Copied::of(done, was_there))
    }
}

/// The copy that a ticket stands for, of those to the asset, the newest first; and whether it was
/// done before. A ticket of a version that is there, or on its way, begins none of its own.
fn find(incoming: Vec<CopyInfo>, issued: &CopyInfo) -> Option<(CopyInfo, bool)> {
    let own = incoming.iter().find(|copy| copy.copy_id == issued.copy_id);
    if let Some(own) = own {
        return Some((own.clone(), false));
    }
    let mut others = incoming.into_iter();
    let standing = others.find(|copy| matches!(stand(copy), Stand::UnderWay | Stand::Done))?;
    let was_there = stand(&standing) == Stand::Done;
    Some((standing, was_there))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        copy: Copy,
    }

    fn copy(copy_id: &str, version: i64, state: &str) -> CopyInfo {
        CopyInfo {
            copy_id: copy_id.into(),
            version,
            state: state.into(),
            ..CopyInfo::default()
        }
    }

    #[test]
    fn ids_or_a_choice_must_be_given_and_not_both() {
        for (words, fits) in [
            (&["a1", "--to", "b"][..], true),
            (&["--all", "--to", "b"], true),
            (&["--filter", "tag=x", "--to", "b"], true),
            (&["--to", "b"], false),
            (&["a1", "--all", "--to", "b"], false),
            (&["a1", "--filter", "tag=x", "--to", "b"], false),
            (&["a1"], false),
        ] {
            let words = ["copy"].iter().chain(words);
            assert_eq!(Alone::try_parse_from(words).is_ok(), fits);
        }
    }

    #[test]
    fn a_version_that_is_there_was_not_copied() {
        let issued = copy("new", 7, "ISSUED");
        let found = |incoming| {
            let (copy, was_there) = find(incoming, &issued)?;
            Some((copy.copy_id, was_there))
        };
        assert_eq!(
            found(vec![copy("old", 7, "DONE")]),
            Some(("old".into(), true))
        );
        assert_eq!(
            found(vec![copy("old", 7, "COPYING")]),
            Some(("old".into(), false))
        );
        assert_eq!(
            found(vec![copy("new", 7, "WAITING"), copy("old", 6, "DONE")]),
            Some(("new".into(), false))
        );
        assert_eq!(
            found(vec![copy("bad", 7, "FAILED"), copy("old", 7, "DONE")]),
            Some(("old".into(), true))
        );
        assert_eq!(found(vec![copy("bad", 7, "FAILED")]), None);
    }
}
