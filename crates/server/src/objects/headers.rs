//! Headers of a download. The console shares the origin, so users' bytes are never trusted:
//! no sniffing, a sandbox, and saved instead of shown unless image, sound, film or PDF.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::content_type::download_type;
use crate::files::File;

/// What RFC 5987 lets stand unencoded.
const ATTR_CHAR: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Everything but length and range.
pub fn common(file: &File, etag: &str) -> HeaderMap {
    let (content_type, inline) = download_type(&file.file_type);
    let kind = if inline { "inline" } else { "attachment" };
    let name = utf8_percent_encode(&file.name, ATTR_CHAR);
    let disposition = format!("{kind}; filename*=UTF-8''{name}");
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, content_type);
    set(header::CONTENT_DISPOSITION, &disposition);
    set(header::ETAG, etag);
    set(header::ACCEPT_RANGES, "bytes");
    set(header::CACHE_CONTROL, "private, max-age=3600");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::CONTENT_SECURITY_POLICY, "sandbox");
    set(header::LAST_MODIFIED, &http_date(file));
    headers
}

fn http_date(file: &File) -> String {
    let seconds = u64::try_from(file.created_at.seconds()).unwrap_or(0);
    httpdate::fmt_http_date(std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds))
}

/// Whether a list of entity tags names this one (weak comparison).
pub fn names_etag(list: &HeaderValue, etag: &str) -> bool {
    let Ok(list) = list.to_str() else {
        return false;
    };
    list.split(',')
        .map(str::trim)
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
