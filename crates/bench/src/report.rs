//! The table of figures, for the terminal and for `docs/BENCHMARKS.md`.

use std::fmt::Write;

use crate::bench::Bench;
use crate::machine::Machine;

/// One promised figure.
#[derive(Debug)]
pub struct Row {
    pub figure: String,
    pub wanted: String,
    pub outcome: Outcome,
    /// The numbers behind the outcome.
    pub detail: String,
    /// Paragraphs and tables that go below the table, in Markdown.
    pub notes: String,
}

#[derive(Debug)]
pub enum Outcome {
    Measured { value: String, met: bool },
    NotMeasured(String),
}

/// What a figure must be.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    pub fn holds(self, value: f64) -> bool {
        match self {
            Bound::AtLeast(bound) => value >= bound,
            Bound::AtMost(bound) => value <= bound,
        }
    }

    fn text(self, unit: &str) -> String {
        match self {
            Bound::AtLeast(bound) => format!("≥ {bound}{unit}"),
            Bound::AtMost(bound) => format!("≤ {bound}{unit}"),
        }
    }
}

impl Row {
    pub fn measured(figure: &str, bound: Bound, value: f64, unit: &str, detail: String) -> Self {
        let shown = if value >= 10.0 {
            format!("{value:.1}{unit}")
        } else {
            format!("{value:.2}{unit}")
        };
        Self {
            figure: figure.into(),
            wanted: bound.text(unit),
            outcome: Outcome::Measured {
                value: shown,
                met: bound.holds(value),
            },
            detail,
            notes: String::new(),
        }
    }

    pub fn not_measured(figure: &str, bound: Bound, why: impl Into<String>) -> Self {
        Self {
            figure: figure.into(),
            wanted: bound.text(""),
            outcome: Outcome::NotMeasured(why.into()),
            detail: String::new(),
            notes: String::new(),
        }
    }

    pub fn failed(what: &str, error: &anyhow::Error) -> Self {
        Self {
            figure: what.into(),
            wanted: String::new(),
            outcome: Outcome::NotMeasured(format!("{error:#}")),
            detail: String::new(),
            notes: String::new(),
        }
    }

    #[must_use]
    pub fn with_notes(mut self, notes: String) -> Self {
        self.notes = notes;
        self
    }

    fn cells(&self) -> [String; 5] {
        let (value, verdict) = match &self.outcome {
            Outcome::Measured { value, met } => {
                (value.clone(), if *met { "met" } else { "MISSED" })
            }
            Outcome::NotMeasured(why) => (format!("not measured: {why}"), "–"),
        };
        [
            self.figure.clone(),
            self.wanted.clone(),
            value,
            verdict.into(),
            self.detail.clone(),
        ]
    }
}

const HEADS: [&str; 5] = ["figure", "wanted", "measured", "", "numbers"];

/// All rows, and on what they were measured.
#[derive(Debug)]
pub struct Report {
    machine: Machine,
    pub rows: Vec<Row>,
}

impl Report {
    pub fn new(bench: &Bench) -> anyhow::Result<Self> {
        Ok(Self {
            machine: Machine::look(bench)?,
            rows: Vec::new(),
        })
    }

    pub fn table(&self) -> String {
        let lines: Vec<[String; 5]> = self.rows.iter().map(Row::cells).collect();
        let width = |i: usize| {
            let widths = lines.iter().map(|cells| cells[i].chars().count());
            widths.max().unwrap_or(0).max(HEADS[i].len()).min(58)
        };
        let widths: Vec<usize> = (0..5).map(width).collect();
        let mut text = String::new();
        for cells in std::iter::once(&HEADS.map(str::to_owned)).chain(&lines) {
            for (cell, width) in cells.iter().zip(&widths) {
                let _ = write!(text, "{cell:width$}  ");
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text
    }

    pub fn document(&self) -> String {
        let mut text = String::from(INTRODUCTION);
        let _ = writeln!(text, "\n## Where and when\n\n{}", self.machine);
        text.push_str("## Figures\n\n| figure | wanted | measured | | numbers |\n");
        text.push_str("|---|---|---|---|---|\n");
        for row in &self.rows {
            let cells = row.cells().map(|cell| cell.replace('|', "\\|"));
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        text.push_str(MISSED);
        text.push_str(&self.notes());
        text
    }

    /// What stands behind single rows, in Markdown.
    pub fn notes(&self) -> String {
        let mut text = String::new();
        for row in self.rows.iter().filter(|row| !row.notes.is_empty()) {
            let _ = writeln!(text, "\n## {}\n\n{}", row.figure, row.notes.trim());
        }
        text
    }
}

/// The causes of missed figures, as far as they are known.
const MISSED: &str = include_str!("missed.md");

const INTRODUCTION: &str = "# Benchmarks

Written by `make bench`; do not edit. Every figure compares two things measured in turns within one
run, and is the median over the turns. The server is the release executable in a process of its own,
on a temporary library on the disk named below; what it is compared with runs in a process of its
own too, built with the same settings. **Client and server share the machine's cores**: the client
is a raw keep-alive HTTP/1.1 writer and reader with requests made beforehand, so that it takes
little, but rates are lower than with a client elsewhere. No figure is a promise for another
machine; the ratios are what counts.
";
