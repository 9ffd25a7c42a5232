//! What a package's file may be called, and whose an upload is.

use super::model::Upload;
use crate::db::Tx;
use crate::error::{Error, ErrorCode, Result};
use crate::ids::{InstanceId, ProjectId, UploadId, UserId};
use crate::packages::store::uploads;

/// The contract's rule, in its words.
pub fn check_file_name(name: &str) -> Result<()> {
    let stem = name
        .len()
        .checked_sub(4)
        .and_then(|at| name.split_at_checked(at))
        .filter(|(_, suffix)| suffix.eq_ignore_ascii_case(".zip"));
    let good = stem.is_some_and(|(stem, _)| {
        stem.starts_with(|c: char| c.is_ascii_alphanumeric())
            && stem.len() <= 251
            && stem
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-_".contains(c))
    });
    if good {
        return Ok(());
    }
    Err(Error::new(
        ErrorCode::PackageNotZip,
        "Only .zip files; the name starts with a letter or digit and has only +, - and _ beside \
         these.",
    ))
}

/// The upload, if it is the caller's; nobody else learns of it.
pub async fn require_own(
    tx: &mut Tx,
    project: &ProjectId,
    instance: &InstanceId,
    user: &UserId,
    id: &UploadId,
) -> Result<Upload> {
    let found = uploads::find(tx, id).await?;
    let own = found.filter(|upload| {
        upload.project_id == *project
            && upload.instance_id == *instance
            && upload.user_id == *user
            && upload.resumable
            && upload.state != super::model::UploadState::Dropped
    });
    own.ok_or_else(|| uploads::not_found(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_contracts() {
        let long = format!("{}.zip", "a".repeat(251));
        for name in ["a.zip", "9+_-.ZIP", long.as_str()] {
            assert!(check_file_name(name).is_ok(), "{name}");
        }
        let long = format!("{}.zip", "a".repeat(252));
        for name in [
            "",
            ".zip",
            "a.tar",
            "-a.zip",
            "a b.zip",
            "a.b.zip",
            "ä.zip",
            "../a.zip",
            "zip",
            long.as_str(),
        ] {
            let error = check_file_name(name).unwrap_err();
            assert_eq!(error.code, ErrorCode::PackageNotZip, "{name}");
            assert!(error.message.chars().count() <= 128);
        }
    }
}
