//! Whatever is wrong with a package is said in a sentence, and nothing has changed.

use entrepot_archive::Method;

use super::import::sample;
use crate::harness::{Library, Pack};

const MANIFEST: &str = "manifest-sha256.txt";
const ASSETS: &str = "data/assets.jsonl";

/// Refused with this code and these words.
async fn refused(library: &Library, bytes: &[u8], code: &str, words: &str) {
    let before = library.census().await;
    let answer = library.import(bytes, "?prefix=x").await;
    assert_eq!(
        answer.code(),
        format!("400 {code}"),
        "{words}: {}",
        answer.line()
    );
    let line = answer.line();
    assert!(line.contains(words), "{words}: {line}");
    let sentence = answer.json()["error_msg"].as_str().unwrap().to_owned();
    assert!(sentence.chars().count() <= 128, "{sentence}");
    assert_eq!(library.census().await, before, "{words}");
}

type Change = fn(&mut Pack, &str);

/// The bag's own files, and what they say.
fn wrong_bags() -> Vec<(&'static str, Change)> {
    vec![
        ("has no manifest-sha256.txt", |p, _| drop_entry(p, MANIFEST)),
        ("has no bagit.txt", |p, _| drop_entry(p, "bagit.txt")),
        ("has no tagmanifest", |p, _| {
            drop_entry(p, "tagmanifest-sha256.txt");
        }),
        ("bagit.txt does not say", |p, _| {
            *p.content("bagit.txt") = b"BagIt-Version: 0.97\n".to_vec();
            p.seal_tags();
        }),
        ("tagmanifest-sha256.txt says", |p, _| {
            p.content("bag-info.txt").extend_from_slice(b"More: yes\n");
        }),
        ("Payload-Oxum", |p, _| {
            p.replace("bag-info.txt", "Payload-Oxum: ", "Payload-Oxum: 1");
            p.seal_tags();
        }),
        ("does not have the SHA-256 that manifest", |p, file| {
            p.content(file)[0] ^= 1;
        }),
        ("does not have the SHA-256 that manifest", |p, _| {
            // the last line only
            let manifest = p.content(MANIFEST);
            let at = manifest.len() - 200;
            let line = manifest[at..].iter().position(|b| *b == b'\n').unwrap() + at + 1;
            manifest[line] = if manifest[line] == b'0' { b'1' } else { b'0' };
            p.seal_tags();
        }),
        ("which is not there", |p, file| {
            let file = file.to_owned();
            p.entries.retain(|(path, ..)| *path != file);
        }),
        ("names 7 files, but the package has 8", |p, _| {
            p.entries
                .push(("data/assets/a/more".into(), b"x".to_vec(), Method::Stored));
        }),
    ]
}

/// A good bag of something that is not right.
fn wrong_contents() -> Vec<(&'static str, Change)> {
    vec![
        ("is nothing that a package has", |p, _| {
            p.entries
                .push(("data/extra.txt".into(), b"x".to_vec(), Method::Stored));
            p.seal();
        }),
        ("is nothing that a package has", |p, _| {
            p.entries
                .push(("README.txt".into(), b"x".to_vec(), Method::Stored));
        }),
        (
            "assets.jsonl names 3 files, but the package has 4",
            |p, _| {
                p.entries
                    .push(("data/assets/a/more".into(), b"x".to_vec(), Method::Stored));
                p.seal();
            },
        ),
        ("is not what data/assets.jsonl says", |p, file| {
            p.content(file)[0] ^= 1;
            p.seal();
        }),
        ("has no MAIN file", |p, _| {
            sealed(p, ASSETS, "\"MAIN\"", "\"OTHER\"");
        }),
        ("asset_type must be one of", |p, _| {
            sealed(p, ASSETS, "\"VIDEO\"", "\"FILM\"");
        }),
        ("main file of an asset of type", |p, _| {
            sealed(p, ASSETS, "\"file_type\":\"mp4\"", "\"file_type\":\"exe\"");
        }),
        ("is not there", |p, _| {
            sealed(p, ASSETS, "\"apps\":[\"", "\"apps\":[\"x");
        }),
        ("not the JSON that is expected", |p, _| {
            sealed(p, ASSETS, "\"asset_id\"", "\"id\"");
        }),
        ("format_version is 2", |p, _| {
            sealed(
                p,
                "data/package.json",
                "\"format_version\":1",
                "\"format_version\":2",
            );
        }),
        ("counts of data/package.json", |p, _| {
            sealed(
                p,
                "data/package.json",
                "\"file_count\":3",
                "\"file_count\":4",
            );
        }),
        ("does not list its tasks", |p, _| {
            let task = p.paths("data/tasks/").remove(0);
            drop_entry(p, &task);
            p.seal();
        }),
    ]
}

#[tokio::test]
async fn a_package_that_is_not_whole_and_right_is_refused() {
    let library = Library::with(|setup| setup.disk = true).await;
    let sample = sample(&library).await;
    let good = Pack::of(&sample.bytes);
    for (words, change) in wrong_bags().into_iter().chain(wrong_contents()) {
        let mut pack = good.clone();
        let file = pack.paths("data/assets/").remove(0);
        change(&mut pack, &file);
        refused(&library, &pack.bytes(), "ROMA.10011", words).await;
    }
    library.assert_counts_are_right().await;
    library.imported(&good.bytes(), "?prefix=x").await;
}

fn drop_entry(pack: &mut Pack, path: &str) {
    let at = pack.position(path);
    pack.entries.remove(at);
}

fn sealed(pack: &mut Pack, path: &str, from: &str, to: &str) {
    pack.replace(path, from, to);
    pack.seal();
}

/// Overwrites bytes wherever they stand: in the local header and in the directory.
fn patched(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut patched = bytes.to_vec();
    let mut at = 0;
    while let Some(next) = patched[at..].windows(from.len()).position(|w| w == from) {
        patched[at + next..][..from.len()].copy_from_slice(to);
        at += next + from.len();
    }
    assert_ne!(patched, bytes);
    patched
}

#[tokio::test]
async fn an_archive_that_readers_could_disagree_about_is_refused() {
    let library = Library::with(|setup| setup.disk = true).await;
    let sample = sample(&library).await;
    let good = &sample.bytes;
    let local = |at: usize, value: u8| {
        // the first entry's local header
        let mut bytes = good.clone();
        bytes[at] = value;
        bytes
    };
    let name = format!("data/apps/{}.json", sample.app);
    let slip = format!("../{}", "x".repeat(name.len() - 3));
    let absolute = format!("/{}", "x".repeat(name.len() - 1));
    let backslash = format!("a\\{}", "x".repeat(name.len() - 2));
    let directory = good.windows(4).rposition(|w| w == b"PK\x01\x02").unwrap();
    let mut symlink = good.clone();
    symlink[directory + 38..directory + 42].copy_from_slice(&(0o120_777_u32 << 16).to_le_bytes());
    let mut lying = good.clone();
    lying[directory + 24] ^= 1;
    let mut twice = Pack::of(good);
    let again = twice.entries[twice.entries.len() - 1].clone();
    twice.entries.push(again);
    let mut bomb = Pack::of(good);
    bomb.entries
        .push(("data/bomb".into(), vec![0; 8 << 20], Method::Deflated));
    let mut trailing = good.clone();
    trailing.extend_from_slice(b"more");
    for (bytes, words) in [
        (patched(good, name.as_bytes(), slip.as_bytes()), ".."),
        (
            patched(good, name.as_bytes(), absolute.as_bytes()),
            "absolute",
        ),
        (
            patched(good, name.as_bytes(), backslash.as_bytes()),
            "backslash",
        ),
        (local(6, 1), "encrypted"),
        (local(8, 12), "method 12"),
        (local(14, good[14] ^ 1), "CRC-32"),
        (symlink, "regular file"),
        (lying, "does not agree"),
        (twice.bytes(), "twice"),
        (bomb.bytes(), "times its size"),
        (trailing, "follow"),
        (good[..good.len() - 1].to_vec(), "ends early"),
        (good[..good.len() / 2].to_vec(), "ends early"),
        (good[..100].to_vec(), "ends early"),
    ] {
        refused(&library, &bytes, "ROMA.10011", words).await;
    }
    for bytes in [&b""[..], b"not a zip", &[0; 5000]] {
        refused(&library, bytes, "ROMA.10013", "not a zip").await;
    }
}

#[tokio::test]
async fn content_that_is_there_is_not_stored_again() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let (stored, blobs) = (library.stored().await, library.rows("blobs").await);
    let begun = library.import(&sample.bytes, "?prefix=x").await.ok();
    // received and not applied yet: the generated entries only
    let generated = Pack::of(&sample.bytes).entries.len() - 3;
    assert_eq!(library.stored().await, stored + generated);
    assert_eq!(
        library
            .rows("package_entries WHERE blob_id IS NOT NULL")
            .await,
        3
    );
    library.run_due_jobs().await;
    assert_eq!(library.stored().await, stored);
    assert_eq!(library.rows("blobs").await, blobs);
    let job = library.asset_job(begun["job_id"].as_str().unwrap()).await;
    assert_eq!(job["status"], "SUCCEEDED");
}

#[tokio::test]
async fn content_in_another_order_than_the_manifests_is_stored_and_shared_later() {
    let library = Library::start().await;
    let sample = sample(&library).await;
    let stored = library.stored().await;
    let mut pack = Pack::of(&sample.bytes);
    pack.entries.reverse();
    library.imported(&pack.bytes(), "?prefix=x").await;
    assert_eq!(library.stored().await, stored);
}
