//! Media types by suffix: what an upload must say, and what a download may show in a browser.

/// The type that a PUT must carry; the contract knows these suffixes only.
pub fn content_type(suffix: &str) -> &'static str {
    match suffix.to_ascii_lowercase().as_str() {
        "gif" => "image/gif",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "mp4" => "video/mp4",
        "mp3" => "audio/mp3",
        "wav" => "audio/wav",
        _ => "application/octet-stream",
    }
}

/// The type of a download, and whether a browser may show it in place: images, sound, film, PDF.
pub fn download_type(suffix: &str) -> (&'static str, bool) {
    match suffix.to_ascii_lowercase().as_str() {
        "gif" => ("image/gif", true),
        "jpg" | "jpeg" => ("image/jpeg", true),
        "png" => ("image/png", true),
        "bmp" => ("image/bmp", true),
        "webp" => ("image/webp", true),
        "mp4" | "m4v" => ("video/mp4", true),
        "webm" => ("video/webm", true),
        "mov" => ("video/quicktime", true),
        "mp3" => ("audio/mpeg", true),
        "m4a" => ("audio/mp4", true),
        "wav" => ("audio/wav", true),
        "pdf" => ("application/pdf", true),
        // everything else, SVG and HTML among it, is only ever saved
        _ => ("application/octet-stream", false),
    }
}

/// The suffix as it may stand in a URL.
pub fn safe_suffix(suffix: &str) -> String {
    let plain = !suffix.is_empty() && suffix.len() <= 16;
    if plain && suffix.bytes().all(|b| b.is_ascii_alphanumeric()) {
        suffix.to_ascii_lowercase()
    } else {
        "bin".to_owned()
    }
}
