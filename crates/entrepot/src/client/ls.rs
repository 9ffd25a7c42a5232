//! `entrepot ls`

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use entrepot_api::assets::{DigitalAssetInfo, ListAssetsResponse};

use super::api::Api;
use super::failure::{Failure, Result};
use super::filter::{Filter, query};
use super::text::{plain, size};
use super::{Connection, to_json};

/// What one request may ask for.
const PAGE: u64 = 100;

#[derive(Debug, Args)]
pub struct Ls {
    #[command(flatten)]
    connection: Connection,
    /// Only assets of these types, such as IMAGE; may be repeated or joined by commas
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    types: Vec<String>,
    /// Only assets in these states, such as ACTIVED; DELETED ones show only when asked for
    #[arg(long = "state", value_name = "STATE", value_delimiter = ',')]
    states: Vec<String>,
    /// Only assets with this somewhere in their name; case does not count
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
    /// Only assets that have this very tag; repeated, all of them
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    #[arg(long, value_enum, default_value_t = Sort::Created, help = "What to sort by")]
    sort: Sort,
    /// From the greatest, or newest, on
    #[arg(long)]
    desc: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20, conflicts_with = "all",
        value_parser = clap::value_parser!(u64).range(1..))]
    limit: u64,
    /// Every asset, however many
    #[arg(long)]
    all: bool,
    /// Print one JSON object: {"count": …, "assets": […]}
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Sort {
    Created,
    Updated,
    Order,
}

impl Sort {
    fn key(self) -> &'static str {
        match self {
            Sort::Created => "create_time",
            Sort::Updated => "update_time",
            Sort::Order => "asset_order",
        }
    }
}

pub async fn run(command: Ls) -> Result<()> {
    let api = command.connection.open()?;
    let filter = filter(&command)?;
    let limit = if command.all { u64::MAX } else { command.limit };
    let mut shown = 0;
    let mut count = 0;
    while shown < limit {
        let page = page(&api, &filter, shown, PAGE.min(limit - shown)).await?;
        count = page.count;
        let printed = if command.json {
            print_json(&page, shown == 0)
        } else {
            print_table(&page.assets, shown == 0)
        };
        if finished(printed)? || page.assets.is_empty() {
            break;
        }
        shown += page.assets.len() as u64;
        if shown >= u64::try_from(count).unwrap_or(0) {
            break;
        }
    }
    if command.json {
        finished(writeln!(io::stdout(), "]}}"))?;
    } else if u64::try_from(count).is_ok_and(|count| count > shown) {
        eprintln!("{shown} of {count} assets; --all shows every one");
    }
    Ok(())
}

/// A reader that has seen enough, such as `head`, is no failure.
fn finished(printed: io::Result<()>) -> Result<bool> {
    match printed {
        Ok(()) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(true),
        Err(error) => Err(Failure::Local(format!("can't print: {error}"))),
    }
}

async fn page(api: &Api, filter: &str, offset: u64, limit: u64) -> Result<ListAssetsResponse> {
    let query = format!("{filter}&limit={limit}&offset={offset}");
    api.list_assets(&query).await
}

fn filter(command: &Ls) -> Result<String> {
    let mut pairs = vec![("sort_key", command.sort.key().to_owned())];
    if command.desc {
        pairs.push(("sort_dir", "desc".into()));
    }
    let filter = Filter {
        types: command.types.clone(),
        states: command.states.clone(),
        name: command.name.clone(),
        tags: command.tags.clone(),
    };
    filter.add_to(&mut pairs)?;
    Ok(query(&pairs))
}

/// Page by page into one object, so that a large library needs no memory.
fn print_json(page: &ListAssetsResponse, first: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if first {
        write!(out, "{{\"count\":{},\"assets\":[", page.count)?;
    }
    for (i, asset) in page.assets.iter().enumerate() {
        let comma = if first && i == 0 { "" } else { "," };
        let text = to_json(asset).map_err(io::Error::other)?;
        write!(out, "{comma}{text}")?;
    }
    Ok(())
}

fn print_table(assets: &[DigitalAssetInfo], first: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let mut line = |id: &str, state: &str, kind: &str, size: &str, created: &str, name: &str| {
        writeln!(
            out,
            "{id:<32}  {state:<14}  {kind:<14}  {size:>10}  {created:<20}  {name}"
        )
    };
    if first {
        line("ID", "STATE", "TYPE", "SIZE", "CREATED", "NAME")?;
    }
    for asset in assets {
        line(
            &plain(&asset.asset_id),
            &plain(&asset.asset_state),
            &plain(&asset.asset_type),
            &main_size(asset),
            &plain(&asset.create_time),
            &plain(&asset.asset_name),
        )?;
    }
    Ok(())
}

fn main_size(asset: &DigitalAssetInfo) -> String {
    let mut files = asset.files.iter().rev();
    let main = files.find(|file| file.asset_file_category == "MAIN");
    let bytes = main.and_then(|main| u64::try_from(main.file_size?).ok());
    bytes.map_or_else(|| "-".into(), size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Alone {
        #[command(flatten)]
        ls: Ls,
    }

    fn filter_of(arguments: &[&str]) -> Result<String> {
        let words = ["ls"].iter().chain(arguments);
        filter(&Alone::try_parse_from(words).unwrap().ls)
    }

    #[test]
    fn filters_are_encoded_for_the_query() {
        assert_eq!(filter_of(&[]).unwrap(), "sort_key=create_time");
        assert_eq!(
            filter_of(&[
                "--type",
                "image,video",
                "--state",
                "ACTIVED",
                "--name",
                "a&b 夏",
                "--desc"
            ])
            .unwrap(),
            "sort_key=create_time&sort_dir=desc&asset_type=IMAGE%2CVIDEO&asset_state=ACTIVED\
             &name=a%26b%20%E5%A4%8F"
        );
    }

    #[test]
    fn several_tags_must_all_be_there() {
        assert_eq!(
            filter_of(&["--tag", "a", "--tag", "b"]).unwrap(),
            "sort_key=create_time&tag=a%2Cb&tag_combination_type=INTERSECTION\
             &accurate_query_field=tag"
        );
        assert!(filter_of(&["--tag", "a,b"]).is_err());
    }
}
