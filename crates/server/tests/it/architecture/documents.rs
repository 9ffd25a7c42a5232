//! What the documents promise to list, they list.

use entrepot_media::task::Code;
use entrepot_server::config::Config;
use entrepot_server::error::{Error, ErrorCode};
use entrepot_server::http::render::{Family, of_roma, published, render};
use entrepot_server::processing::reasons;
use http_body_util::BodyExt;

use super::read;

/// The rows of a document's tables: the first cell's text without its backquotes, and the row.
fn rows(document: &str) -> Vec<(String, String)> {
    let lines = document.lines().filter(|line| line.starts_with("| `"));
    lines
        .map(|line| {
            let cell = line.split('|').nth(1).unwrap_or_default();
            (cell.trim().trim_matches('`').to_owned(), line.to_owned())
        })
        .collect()
}

#[test]
fn every_setting_is_documented_with_its_variable() {
    let rows = rows(&read("docs/OPERATIONS.md"));
    for key in Config::keys() {
        let row = rows.iter().find(|(first, _)| *first == key);
        let Some((_, row)) = row else {
            panic!("docs/OPERATIONS.md has no row for the setting {key}");
        };
        let variable = format!("`ENTREPOT_{}`", key.to_uppercase());
        assert!(row.contains(&variable), "{row} does not name {variable}");
    }
}

/// All of them; a test below compares them with the source.
const CODES: [ErrorCode; 69] = [
    ErrorCode::InvalidJson,
    ErrorCode::InvalidBody,
    ErrorCode::InvalidParameter,
    ErrorCode::BodyTooLarge,
    ErrorCode::BadRequest,
    ErrorCode::ApiNotFound,
    ErrorCode::MethodNotAllowed,
    ErrorCode::Unauthenticated,
    ErrorCode::WrongPassword,
    ErrorCode::ProjectMismatch,
    ErrorCode::Forbidden,
    ErrorCode::IamNotFound,
    ErrorCode::Throttled,
    ErrorCode::AssetNotFound,
    ErrorCode::AssetNameTaken,
    ErrorCode::AssetBlocked,
    ErrorCode::IllegalAssetState,
    ErrorCode::NotSupported,
    ErrorCode::FileNotFound,
    ErrorCode::FileTypeEmpty,
    ErrorCode::FileTooLarge,
    ErrorCode::MainFileExists,
    ErrorCode::CoverFileExists,
    ErrorCode::IllegalFileState,
    ErrorCode::ContentMissing,
    ErrorCode::CategoryNotAllowed,
    ErrorCode::ExtensionNotAllowed,
    ErrorCode::SignatureDoesNotMatch,
    ErrorCode::AccessDenied,
    ErrorCode::BadDigest,
    ErrorCode::EntityTooLarge,
    ErrorCode::EntityTooSmall,
    ErrorCode::IncompleteBody,
    ErrorCode::MissingContentLength,
    ErrorCode::InvalidRange,
    ErrorCode::NoSuchKey,
    ErrorCode::InstanceNotFound,
    ErrorCode::AppNotFound,
    ErrorCode::TaskNotFound,
    ErrorCode::NameTaken,
    ErrorCode::KeyTaken,
    ErrorCode::AssetJobRunning,
    ErrorCode::AssetJobNotFound,
    ErrorCode::ArchiveNotFound,
    ErrorCode::ArchiveConsumed,
    ErrorCode::ArchiveBusy,
    ErrorCode::ArchiveExpired,
    ErrorCode::ArchiveBlocked,
    ErrorCode::ArchiveSpent,
    ErrorCode::ArchiveLeased,
    ErrorCode::WrongReceipt,
    ErrorCode::PackageInvalid,
    ErrorCode::PackageNotZip,
    ErrorCode::UploadNotFound,
    ErrorCode::UploadOffset,
    ErrorCode::TicketInvalid,
    ErrorCode::TicketExpired,
    ErrorCode::TicketElsewhere,
    ErrorCode::TicketUnknown,
    ErrorCode::ReplicationKeyUnknown,
    ErrorCode::PeerUnreachable,
    ErrorCode::PeerRefused,
    ErrorCode::CopyConflict,
    ErrorCode::CopyNotFound,
    ErrorCode::IllegalCopyState,
    ErrorCode::Conflict,
    ErrorCode::StorageFull,
    ErrorCode::Unavailable,
    ErrorCode::Internal,
];

#[tokio::test]
async fn every_code_is_documented_with_its_status() {
    let rows = rows(&read("docs/ERRORS.md"));
    let listed = |name: &str, status: u16| {
        let there = rows
            .iter()
            .any(|(first, row)| first == name && row.contains(&status.to_string()));
        assert!(
            there,
            "docs/ERRORS.md has no row for {name} with status {status}"
        );
    };
    for code in CODES {
        let (status, name) = published(code);
        listed(name, status);
        let (status, name) = of_roma(code);
        listed(name, status);
        let response = render(&Error::new(code, "m"), Family::Objects, "id");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&body).into_owned();
        let name = text
            .split_once("<Code>")
            .unwrap()
            .1
            .split_once("</Code>")
            .unwrap()
            .0;
        listed(name, status);
    }
    listed("APIGW.0101", 404);
}

#[test]
fn the_list_of_codes_here_is_whole() {
    let source = read("crates/server/src/error.rs");
    let declared = source.split_once("pub enum ErrorCode {").unwrap().1;
    let declared = declared.split_once('}').unwrap().0;
    let names = declared
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"));
    for name in names {
        let name = name.trim_end_matches(',');
        assert!(
            CODES.iter().any(|code| format!("{code:?}") == name),
            "{name}"
        );
    }
}

#[test]
fn codes_of_the_document_exist() {
    let names = |code: &ErrorCode| [published(*code).1, of_roma(*code).1];
    let mut known: Vec<&str> = CODES.iter().flat_map(names).collect();
    known.extend(Code::ALL.map(reasons::code));
    for (name, _) in rows(&read("docs/ERRORS.md")) {
        if ["MSS.", "ROMA.", "APIG."]
            .iter()
            .any(|family| name.starts_with(family))
        {
            assert!(
                known.contains(&name.as_str()),
                "{name} is documented, but nothing answers it"
            );
        }
    }
}

#[test]
fn every_reason_for_no_preview_is_documented_once() {
    let rows = rows(&read("docs/ERRORS.md"));
    for code in Code::ALL.map(reasons::code) {
        let documented = rows.iter().filter(|(name, _)| name == code).count();
        assert_eq!(documented, 1, "{code}");
    }
}
