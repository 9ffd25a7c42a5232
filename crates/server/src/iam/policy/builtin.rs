//! The policies that every account has.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use super::Policy;

#[derive(Debug)]
pub struct Builtin {
    /// Also its id.
    pub name: &'static str,
    pub description: &'static str,
    pub document: &'static str,
}

pub const ALL: &[Builtin] = &[
    Builtin {
        name: "full-access",
        description: "Every call",
        document: include_str!("builtin/full-access.json"),
    },
    Builtin {
        name: "packager",
        description: "Applications, tasks and packages, with the assets in them to look at",
        document: include_str!("builtin/packager.json"),
    },
    Builtin {
        name: "read-only",
        description: "Looking at everything but secrets, and downloading assets' files",
        document: include_str!("builtin/read-only.json"),
    },
    Builtin {
        name: "uploader",
        description: "Making assets and uploading their files; nothing is deleted",
        document: include_str!("builtin/uploader.json"),
    },
];

pub fn find(name: &str) -> Option<&'static Builtin> {
    ALL.iter().find(|builtin| builtin.name == name)
}

/// The same, read.
pub fn policy(name: &str) -> Option<Arc<Policy>> {
    static READ: LazyLock<HashMap<&str, Arc<Policy>>> = LazyLock::new(|| {
        let read = ALL.iter().map(|builtin| {
            let policy = Policy::parse(builtin.document);
            // a test reads all of them
            (builtin.name, Arc::new(policy.unwrap_or_default()))
        });
        read.collect()
    });
    READ.get(name).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_them_are_understood() {
        for builtin in ALL {
            let policy = Policy::parse(builtin.document);
            let policy = policy.unwrap_or_else(|e| panic!("{}: {e}", builtin.name));
            assert!(
                policy.warnings().is_empty(),
                "{}: {:?}",
                builtin.name,
                policy.warnings()
            );
        }
    }
}
