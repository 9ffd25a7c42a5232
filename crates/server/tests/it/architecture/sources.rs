//! Which part of the server may do what.

use std::path::Path;

use super::{read, root};

struct Source {
    /// From `src/`, with slashes.
    path: String,
    /// Without its unit tests and comments.
    code: String,
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    collect(&root().join("crates/server/src"), "", &mut sources);
    assert!(sources.len() > 50);
    sources
}

fn collect(folder: &Path, prefix: &str, sources: &mut Vec<Source>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let path = format!("{prefix}{name}");
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{path}/"), sources);
        } else if Path::new(&name)
            .extension()
            .is_some_and(|suffix| suffix == "rs")
        {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let (code, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
            let lines = code
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let code = lines.collect::<Vec<_>>().join("\n");
            sources.push(Source { path, code });
        }
    }
}

/// Fails with the files that have one of the words though they may not.
fn hold(words: &[&str], allowed: impl Fn(&str) -> bool) {
    let mut broken = Vec::new();
    for source in sources().iter().filter(|source| !allowed(&source.path)) {
        for word in words.iter().filter(|word| source.code.contains(**word)) {
            broken.push(format!("{} has {word:?}", source.path));
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn sql_stands_only_in_stores_searches_the_database_and_the_queue() {
    let words = [
        "\"SELECT ",
        "\"INSERT INTO ",
        "\"UPDATE ",
        "\"DELETE FROM ",
        " FROM assets",
        " FROM files",
    ];
    hold(&words, |path| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        name == "store.rs"
            || name.starts_with("search")
            || path == "jobs/queue.rs"
            || folder.ends_with("search")
            || folder.ends_with("store")
            || folder == "db"
    });
}

#[test]
fn axum_stands_only_where_http_is_spoken() {
    let router = read("crates/server/src/router.rs");
    let endpoint = |path: &str| {
        let called = path.trim_end_matches(".rs").replace('/', "::");
        router.contains(&format!("({called}::"))
    };
    hold(&["axum"], |path| {
        path.starts_with("http/") || endpoint(path)
            // a PUT of a part is the second half of objects::put
            || matches!(path, "router.rs" | "health.rs" | "openapi.rs" | "objects/put_part.rs")
    });
}

#[test]
fn time_ids_and_randomness_are_injected() {
    hold(
        &["SystemTime::now", "OffsetDateTime::now", "Utc::now"],
        |path| path == "clock.rs",
    );
    hold(&["now_v7", "new_v4"], |path| path == "ids.rs");
}

#[test]
fn nothing_unwraps() {
    hold(
        &[
            ".unwrap()",
            "todo!(",
            "unimplemented!(",
            "dbg!(",
            "println!(",
        ],
        |_| false,
    );
}

#[test]
fn infrastructure_names_no_feature() {
    let features = [
        "crate::assets",
        "crate::files",
        "crate::instances",
        "crate::objects",
        "crate::packages",
        "crate::portable",
        "crate::replication",
    ];
    let below = ["db/", "jobs/", "http/", "iam/", "vault/"];
    let alone = ["clock.rs", "config.rs", "error.rs", "ids.rs", "keys.rs"];
    hold(&features, |path| {
        !below.iter().any(|folder| path.starts_with(folder)) && !alone.contains(&path)
    });
    let lowest = ["db/", "jobs/", "vault/"];
    let own = |path: &str| lowest.iter().any(|folder| path.starts_with(folder));
    hold(&["crate::iam", "crate::http"], |path| !own(path));
}

/// A call that was permitted for some assets only must look at each: `assets::permitted` does.
#[test]
fn calls_read_assets_by_their_permit() {
    for source in sources() {
        if source.code.contains("caller.permit") {
            for word in [
                "assets::require(",
                "steps::require(",
                "assets::store::find(",
            ] {
                assert!(!source.code.contains(word), "{} has {word}", source.path);
            }
        }
    }
}

#[test]
fn stores_take_a_transaction_and_never_open_one() {
    hold(&["db.write(", "db.read(", "db.snapshot("], |path| {
        !path.ends_with("store.rs")
    });
}

#[test]
fn files_say_what_they_are_for_and_stay_short() {
    for source in sources() {
        let text = read(&format!("crates/server/src/{}", source.path));
        assert!(
            text.starts_with("//!"),
            "{} begins without a word on what it is for",
            source.path
        );
        assert!(text.lines().count() < 500, "{} is too long", source.path);
    }
}

#[test]
fn only_the_send_queue_has_unsafe_code() {
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let manifest = read(&format!("crates/{name}/Cargo.toml"));
        let inherits = manifest.contains("[lints]\nworkspace = true");
        assert_eq!(inherits, name != "sendqueue", "the lints of {name}");
    }
    let source = read("crates/sendqueue/src/lib.rs");
    assert_eq!(source.matches("unsafe {").count(), 1);
}
