//! `make bench`: measures every figure that is promised of speed and memory, prints a table and
//! writes it to `docs/BENCHMARKS.md`.
//!
//! Each figure is a ratio of two measurements taken in turns within one run, so that it says
//! something on any machine. The server measured is the release executable in a process of its own.

mod baseline;
mod bench;
mod client;
mod content;
mod copies;
mod copy;
mod creates;
mod fill;
mod garage;
mod identity;
mod interrupt;
mod large;
mod library;
mod list;
mod list_queries;
mod load;
mod machine;
mod media;
mod memory;
mod nginx;
mod packages;
mod process;
mod raw;
mod report;
mod server;
mod small;
mod start;
mod stats;
mod straight;
mod summary;

use std::time::Instant;

use anyhow::Context;
use clap::{Parser, Subcommand, ValueEnum};

use bench::Bench;
use report::{Report, Row};

#[derive(Debug, Parser)]
#[command(name = "entrepot-bench", about = "Measures Entrepot", version)]
struct Cli {
    /// Only these; prints, and leaves docs/BENCHMARKS.md as it is
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Section>,
    /// Small sizes and few turns, to see whether everything runs; writes no file
    #[arg(long)]
    quick: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve what a measurement is compared with; started by the measurements themselves
    #[command(hide = true)]
    Baseline(baseline::Baseline),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Ready within 100 ms, idle memory
    Start,
    /// Summaries of 20 ids
    Summary,
    /// Creating assets; syncs for each
    Create,
    /// Who calls, and whether they may, with 50 policies
    Identity,
    /// PUT and GET of 1 GiB
    Large,
    /// 2,000 objects of 64 KiB beside Garage
    Small,
    /// Export, download and import of packages
    Packages,
    /// Thumbnails of photographs beside vipsthumbnail
    Media,
    /// Copies between two regions beside curl and sha256sum
    Copies,
    /// List pages at 1,000,000 assets
    List,
}

impl Section {
    fn run(self, bench: &Bench) -> anyhow::Result<Vec<Row>> {
        match self {
            Section::Start => start::run(bench),
            Section::Summary => summary::run(bench),
            Section::Create => creates::run(bench),
            Section::Identity => identity::run(bench),
            Section::Large => large::run(bench),
            Section::Small => small::run(bench),
            Section::Packages => packages::run(bench),
            Section::Media => media::run(bench),
            Section::Copies => copies::run(bench),
            Section::List => list::run(bench),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    if let Some(Command::Baseline(baseline)) = cli.command {
        return baseline.serve();
    }
    let all = Section::value_variants();
    let sections = if cli.only.is_empty() { all } else { &cli.only };
    let bench = Bench::prepare(cli.quick)?;
    let mut report = Report::new(&bench)?;
    for section in sections {
        let began = Instant::now();
        eprintln!("== {section:?}");
        let rows = section
            .run(&bench)
            .with_context(|| format!("the section {section:?}"));
        match rows {
            Ok(rows) => report.rows.extend(rows),
            Err(error) => {
                eprintln!("{error:#}");
                report
                    .rows
                    .push(Row::failed(&format!("{section:?}"), &error));
            }
        }
        eprintln!("== {section:?}: {:.0} s", began.elapsed().as_secs_f64());
    }
    report.rows.extend(memory::rows(&bench));
    println!("{}", report.table());
    if cli.quick || !cli.only.is_empty() {
        println!("{}", report.notes());
    } else {
        let path = bench::workspace().join("docs/BENCHMARKS.md");
        std::fs::write(&path, report.document()).with_context(|| path.display().to_string())?;
        eprintln!("written to {}", path.display());
    }
    Ok(())
}
