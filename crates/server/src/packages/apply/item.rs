//! What became of one item of a package.

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// From 0, in the package's order: applications, tasks, then assets, each before its files.
    pub seq: u64,
    pub kind: Kind,
    /// In the package.
    pub old_id: String,
    /// In the library; `None` where it failed.
    pub new_id: Option<String>,
    /// As the library has it.
    pub name: String,
    pub outcome: Outcome,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Application,
    Task,
    Asset,
    File,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Application, Kind::Task, Kind::Asset, Kind::File];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Application => "application",
            Kind::Task => "task",
            Kind::Asset => "asset",
            Kind::File => "file",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Added,
    Updated,
    /// The library had it as it is in the package.
    Unchanged,
    Failed,
}

impl Outcome {
    pub const ALL: [Outcome; 4] = [
        Outcome::Added,
        Outcome::Updated,
        Outcome::Unchanged,
        Outcome::Failed,
    ];

    /// The word on the wire and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Added => "added",
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
            Outcome::Failed => "failed",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}
