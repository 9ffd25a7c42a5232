//! Prints errors: the one place where a code gets its status and its published form.
//!
//! Each family of calls has its own: `{error_code, error_msg}` under `/v1`, with details and the
//! request's id under `/v2`, IAM's nested form under `/v3`, XML for objects. The table of codes is repeated, for people, in `docs/ERRORS.md`.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

use crate::error::{Error, ErrorCode};

/// A family of calls, told by the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    MetaStudio,
    Roma,
    Iam,
    Objects,
    /// What belongs to none of them.
    Gateway,
}

impl Family {
    pub fn of(path: &str) -> Self {
        match path.split('/').nth(1) {
            // what one region asks of another answers in the same words
            Some("v1" | "entrepot") => Family::MetaStudio,
            Some("v2") => Family::Roma,
            Some("v3" | "v3.0") => Family::Iam,
            Some("objects") => Family::Objects,
            _ => Family::Gateway,
        }
    }
}

/// The longest `error_msg` that clients of the `/v1` family expect.
const MESSAGE: usize = 256;
/// The same for `/v2`, where the details have room for the rest.
const ROMA_MESSAGE: usize = 128;
const ROMA_DETAILS: usize = 1024;
/// A refused signature shows the canonical request, which is longer.
const GATEWAY_MESSAGE: usize = 4096;

/// Carries the error to [`render`], which knows the path and the request id.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

pub fn render(error: &Error, family: Family, request_id: &str) -> Response {
    let mut response = match family {
        Family::Objects => objects(error, request_id),
        Family::Iam => iam(error, request_id),
        Family::MetaStudio => metastudio(error, request_id),
        Family::Roma => roma(error, request_id),
        Family::Gateway => gateway(error, request_id),
    };
    if matches!(error.code, ErrorCode::Unavailable | ErrorCode::Throttled) {
        let retry = HeaderValue::from_static("1");
        response.headers_mut().insert(header::RETRY_AFTER, retry);
    }
    response
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most - 1).collect();
    cut.push('…');
    cut
}

/// Paths of no family: only the gateway's own codes are known there.
fn gateway(error: &Error, request_id: &str) -> Response {
    let (code, name) = match error.code {
        ErrorCode::ApiNotFound | ErrorCode::MethodNotAllowed => (404, "APIGW.0101"),
        other => published(other),
    };
    answer(code, name, error, request_id)
}

fn metastudio(error: &Error, request_id: &str) -> Response {
    let (code, name) = published(error.code);
    answer(code, name, error, request_id)
}

fn answer(code: u16, name: &str, error: &Error, request_id: &str) -> Response {
    let body = if name.starts_with("APIGW.") {
        let message = cut(&error.message, GATEWAY_MESSAGE);
        json!({"error_msg": message, "error_code": name, "request_id": request_id})
    } else {
        json!({"error_code": name, "error_msg": cut(&error.message, MESSAGE)})
    };
    (status(code), axum::Json(body)).into_response()
}

fn roma(error: &Error, request_id: &str) -> Response {
    let (code, name) = of_roma(error.code);
    if name.starts_with("APIGW.") {
        return answer(code, name, error, request_id);
    }
    let body = json!({
        "error_code": name,
        "error_msg": cut(&error.message, ROMA_MESSAGE),
        "error_details": cut(&error.message, ROMA_DETAILS),
        "request_id": request_id,
    });
    (status(code), axum::Json(body)).into_response()
}

/// Status and code in the `/v2` family.
pub fn of_roma(code: ErrorCode) -> (u16, &'static str) {
    match code {
        ErrorCode::Forbidden | ErrorCode::ProjectMismatch => (403, "ROMA.1006"),
        ErrorCode::ApiNotFound | ErrorCode::MethodNotAllowed => (400, "ROMA.1007"),
        ErrorCode::InvalidJson | ErrorCode::InvalidBody | ErrorCode::InvalidParameter => {
            (400, "ROMA.13000")
        }
        ErrorCode::InvalidRange => (416, "ROMA.19009"),
        ErrorCode::AssetNotFound => (400, "ROMA.19010"),
        ErrorCode::IllegalAssetState | ErrorCode::AssetBlocked => (400, "ROMA.19011"),
        ErrorCode::IncompleteBody => (400, "ROMA.19018"),
        ErrorCode::MissingContentLength => (411, "ROMA.19019"),
        ErrorCode::StorageFull => (507, "ROMA.19020"),
        ErrorCode::Conflict => (409, "ROMA.19021"),
        ErrorCode::NotSupported => (400, "ROMA.19022"),
        ErrorCode::Internal => (500, "ROMA.19090"),
        ErrorCode::Unavailable => (503, "ROMA.19091"),
        other => published(other),
    }
}

/// Status and code in the `/v1` family and of the gateway in front of it; for what only calls of
/// `/v2` can meet, the code there.
#[expect(clippy::too_many_lines, reason = "a table, a line a code")]
pub fn published(code: ErrorCode) -> (u16, &'static str) {
    match code {
        ErrorCode::InvalidBody => (400, "MSS.00000002"),
        ErrorCode::InvalidParameter => (400, "MSS.00000003"),
        ErrorCode::ApiNotFound => (400, "MSS.00010003"),
        ErrorCode::MethodNotAllowed => (400, "MSS.00010004"),
        ErrorCode::ProjectMismatch => (400, "MSS.00010009"),
        ErrorCode::Forbidden => (403, "MSS.00024001"),
        ErrorCode::IamNotFound => (404, "IAM.0004"),
        ErrorCode::InvalidJson => (400, "MSS.10000002"),
        ErrorCode::AssetNotFound => (400, "MSS.10001001"),
        ErrorCode::FileTypeEmpty => (400, "MSS.10001003"),
        ErrorCode::FileNotFound | ErrorCode::NoSuchKey => (400, "MSS.10001004"),
        ErrorCode::AssetNameTaken => (400, "MSS.10001005"),
        ErrorCode::FileTooLarge | ErrorCode::EntityTooLarge => (400, "MSS.10001007"),
        ErrorCode::MainFileExists => (400, "MSS.10001008"),
        ErrorCode::CoverFileExists => (400, "MSS.10001009"),
        ErrorCode::IllegalAssetState => (400, "MSS.10009001"),
        ErrorCode::TicketInvalid => (400, "MSS.10009002"),
        ErrorCode::TicketExpired => (400, "MSS.10009003"),
        ErrorCode::ReplicationKeyUnknown => (400, "MSS.10009004"),
        ErrorCode::PeerUnreachable => (400, "MSS.10009005"),
        ErrorCode::NotSupported => (400, "MSS.10009006"),
        ErrorCode::TicketElsewhere => (400, "MSS.10009014"),
        ErrorCode::CopyConflict => (400, "MSS.10009015"),
        ErrorCode::CopyNotFound => (400, "MSS.10009016"),
        ErrorCode::PeerRefused => (401, "MSS.10009017"),
        ErrorCode::TicketUnknown => (400, "MSS.10009018"),
        ErrorCode::IllegalCopyState => (400, "MSS.10009019"),
        ErrorCode::IllegalFileState => (400, "MSS.10009007"),
        ErrorCode::ContentMissing
        | ErrorCode::BadDigest
        | ErrorCode::EntityTooSmall
        | ErrorCode::IncompleteBody
        | ErrorCode::MissingContentLength
        | ErrorCode::InvalidRange => (400, "MSS.10009008"),
        ErrorCode::CategoryNotAllowed => (400, "MSS.10009009"),
        ErrorCode::ExtensionNotAllowed => (400, "MSS.10009010"),
        ErrorCode::StorageFull => (507, "MSS.10009011"),
        ErrorCode::AssetBlocked => (400, "MSS.10009012"),
        ErrorCode::Conflict => (409, "MSS.10009013"),
        ErrorCode::Internal => (500, "MSS.10009090"),
        ErrorCode::Unavailable => (503, "MSS.10009091"),
        ErrorCode::PackageInvalid => (400, "ROMA.10011"),
        ErrorCode::AssetJobRunning => (400, "ROMA.10012"),
        ErrorCode::PackageNotZip => (400, "ROMA.10013"),
        ErrorCode::ArchiveNotFound => (403, "ROMA.19001"),
        ErrorCode::ArchiveConsumed => (403, "ROMA.19002"),
        ErrorCode::ArchiveBusy => (403, "ROMA.19003"),
        ErrorCode::ArchiveExpired => (403, "ROMA.19004"),
        ErrorCode::ArchiveBlocked => (403, "ROMA.19005"),
        ErrorCode::ArchiveSpent => (403, "ROMA.19006"),
        ErrorCode::ArchiveLeased => (403, "ROMA.19007"),
        ErrorCode::WrongReceipt => (400, "ROMA.19008"),
        ErrorCode::TaskNotFound => (404, "ROMA.19012"),
        ErrorCode::NameTaken => (400, "ROMA.19013"),
        ErrorCode::KeyTaken => (400, "ROMA.19014"),
        ErrorCode::AssetJobNotFound => (404, "ROMA.19015"),
        ErrorCode::UploadNotFound => (404, "ROMA.19016"),
        ErrorCode::UploadOffset => (409, "ROMA.19017"),
        ErrorCode::AppNotFound => (404, "APIG.3019"),
        ErrorCode::InstanceNotFound => (404, "APIG.3030"),
        ErrorCode::BodyTooLarge => (413, "APIGW.0201"),
        ErrorCode::BadRequest => (400, "APIGW.0602"),
        ErrorCode::Throttled => (429, "APIGW.0308"),
        ErrorCode::Unauthenticated | ErrorCode::WrongPassword => (401, "APIGW.0301"),
        ErrorCode::SignatureDoesNotMatch | ErrorCode::AccessDenied => (403, "APIGW.0306"),
    }
}

fn iam(error: &Error, request_id: &str) -> Response {
    let (mut code, name) = published(error.code);
    if name.starts_with("APIGW.") && error.code != ErrorCode::WrongPassword {
        return metastudio(error, request_id);
    }
    if matches!(
        error.code,
        ErrorCode::ApiNotFound | ErrorCode::MethodNotAllowed
    ) {
        code = 404;
    }
    let title = status(code).canonical_reason().unwrap_or("Error");
    let body = json!({"error": {"code": code, "message": error.message, "title": title}});
    (status(code), axum::Json(body)).into_response()
}

fn objects(error: &Error, request_id: &str) -> Response {
    let (code, name) = of_objects(error.code);
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{name}</Code>\
         <Message>{}</Message><RequestId>{request_id}</RequestId></Error>",
        escape_xml(&error.message)
    );
    let content_type = (header::CONTENT_TYPE, "application/xml");
    (status(code), [content_type], body).into_response()
}

#[expect(clippy::too_many_lines, reason = "a table, a line a code")]
fn of_objects(code: ErrorCode) -> (u16, &'static str) {
    match code {
        ErrorCode::SignatureDoesNotMatch => (403, "SignatureDoesNotMatch"),
        ErrorCode::BadDigest => (400, "BadDigest"),
        ErrorCode::EntityTooLarge | ErrorCode::BodyTooLarge => (400, "EntityTooLarge"),
        ErrorCode::EntityTooSmall => (400, "EntityTooSmall"),
        ErrorCode::IncompleteBody => (400, "IncompleteBody"),
        ErrorCode::MissingContentLength => (411, "MissingContentLength"),
        ErrorCode::InvalidRange => (416, "InvalidRange"),
        ErrorCode::NoSuchKey | ErrorCode::ApiNotFound => (404, "NoSuchKey"),
        ErrorCode::MethodNotAllowed => (405, "MethodNotAllowed"),
        ErrorCode::StorageFull => (507, "InsufficientStorage"),
        ErrorCode::Conflict => (409, "OperationAborted"),
        ErrorCode::Unavailable => (503, "ServiceUnavailable"),
        ErrorCode::Throttled => (503, "SlowDown"),
        ErrorCode::Internal => (500, "InternalError"),
        ErrorCode::InvalidParameter | ErrorCode::BadRequest => (400, "InvalidArgument"),
        // everything else says only that the link is not good (any more)
        ErrorCode::AccessDenied
        | ErrorCode::InvalidJson
        | ErrorCode::InvalidBody
        | ErrorCode::Unauthenticated
        | ErrorCode::WrongPassword
        | ErrorCode::ProjectMismatch
        | ErrorCode::Forbidden
        | ErrorCode::IamNotFound
        | ErrorCode::AssetNotFound
        | ErrorCode::TicketInvalid
        | ErrorCode::TicketExpired
        | ErrorCode::TicketElsewhere
        | ErrorCode::TicketUnknown
        | ErrorCode::ReplicationKeyUnknown
        | ErrorCode::PeerUnreachable
        | ErrorCode::PeerRefused
        | ErrorCode::CopyConflict
        | ErrorCode::CopyNotFound
        | ErrorCode::IllegalCopyState
        | ErrorCode::AssetNameTaken
        | ErrorCode::AssetBlocked
        | ErrorCode::IllegalAssetState
        | ErrorCode::NotSupported
        | ErrorCode::FileNotFound
        | ErrorCode::FileTypeEmpty
        | ErrorCode::FileTooLarge
        | ErrorCode::MainFileExists
        | ErrorCode::CoverFileExists
        | ErrorCode::IllegalFileState
        | ErrorCode::ContentMissing
        | ErrorCode::CategoryNotAllowed
        | ErrorCode::ExtensionNotAllowed
        | ErrorCode::InstanceNotFound
        | ErrorCode::AppNotFound
        | ErrorCode::TaskNotFound
        | ErrorCode::NameTaken
        | ErrorCode::KeyTaken
        | ErrorCode::AssetJobRunning
        | ErrorCode::AssetJobNotFound
        | ErrorCode::ArchiveNotFound
        | ErrorCode::ArchiveConsumed
        | ErrorCode::ArchiveBusy
        | ErrorCode::ArchiveExpired
        | ErrorCode::ArchiveBlocked
        | ErrorCode::ArchiveSpent
        | ErrorCode::ArchiveLeased
        | ErrorCode::WrongReceipt
        | ErrorCode::PackageInvalid
        | ErrorCode::PackageNotZip
        | ErrorCode::UploadNotFound
        | ErrorCode::UploadOffset => (403, "AccessDenied"),
    }
}

fn escape_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // not allowed in XML 1.0
            c if c.is_control() && !matches!(c, '\n' | '\t') => escaped.push('?'),
            c => escaped.push(c),
        }
    }
    escaped
}
