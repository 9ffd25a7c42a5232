//! What kind of media a file is: by its first bytes, else by its suffix.

use super::text::split_suffix;

/// Enough of a file's beginning to tell its format.
pub const HEAD: u64 = 8 * 1024;

/// Suffixes that name the same container, so that the file's own one is believed.
const FAMILIES: &[&[&str]] = &[
    &["mp4", "m4v", "mov", "3gp", "m4a"],
    &["mkv", "webm"],
    &["jpg", "jpeg"],
    &["wmv", "asf"],
    // presentations and other things in zip and OLE containers
    &["zip", "pptx", "docx", "xlsx"],
    &["ppt", "doc", "xls", "msi"],
];

const KINDS: &[(&str, &[&str])] = &[
    (
        "VIDEO",
        &[
            "mp4", "m4v", "mkv", "mov", "flv", "3gp", "wmv", "avi", "webm",
        ],
    ),
    ("IMAGE", &["jpeg", "jpg", "png", "bmp", "gif"]),
    ("AUDIO", &["wav", "mp3", "m4a"]),
    ("PPT", &["ppt", "pptx", "pdf"]),
];

/// Largest main file of a type, where it is less than a library takes at all.
const MIB: u64 = 1024 * 1024;
const MOST: &[(&str, u64)] = &[
    ("IMAGE", 50 * MIB),
    ("AUDIO", 100 * MIB),
    ("PPT", 100 * MIB),
];

/// The suffix to declare: what the bytes say, unless the name's suffix says the same more exactly.
pub fn suffix(head: &[u8], name: &str) -> String {
    let named = split_suffix(name).1.trim_start_matches('.');
    let named = named.to_ascii_lowercase();
    let fits = (1..=16).contains(&named.len()) && named.bytes().all(|b| b.is_ascii_alphanumeric());
    let Some(found) = sniff(head) else {
        return if fits { named } else { "bin".into() };
    };
    let related = |family: &[&str]| family.contains(&found) && family.contains(&named.as_str());
    if fits && FAMILIES.iter().any(|family| related(family)) {
        return named;
    }
    found.to_owned()
}

fn sniff(head: &[u8]) -> Option<&'static str> {
    let found = infer::get(head)?.extension();
    // two letters alone do not make a bitmap: its reserved bytes are zero
    if found == "bmp" && head.get(6..10) != Some(&[0; 4]) {
        return None;
    }
    Some(found)
}

/// The asset type for a suffix; `COMMON_FILE` where no other fits, or where it would be too large.
pub fn asset_type(suffix: &str, size: u64) -> &'static str {
    let kind = KINDS
        .iter()
        .find(|(_, suffixes)| suffixes.contains(&suffix));
    let Some((kind, _)) = kind else {
        return "COMMON_FILE";
    };
    match MOST.iter().find(|(name, _)| name == kind) {
        Some((_, most)) if size > *most => "COMMON_FILE",
        _ => kind,
    }
}

/// What a PUT must say of a file with this suffix.
pub use entrepot_server::objects::content_type::content_type;

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR";
    const MP4: &[u8] = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2";

    #[test]
    fn the_bytes_count_more_than_the_name() {
        assert_eq!(suffix(PNG, "photo.dat"), "png");
        assert_eq!(suffix(PNG, "photo.jpg"), "png");
        assert_eq!(suffix(b"\xff\xd8\xff\xe0", "photo.JPEG"), "jpeg");
    }

    #[test]
    fn a_containers_name_is_believed_within_its_family() {
        assert_eq!(suffix(MP4, "film.mov"), "mov");
        assert_eq!(suffix(MP4, "film"), "mp4");
        assert_eq!(suffix(b"PK\x03\x04aaaaaaaa", "deck.pptx"), "pptx");
    }

    #[test]
    fn bytes_that_say_nothing_leave_the_name() {
        assert_eq!(suffix(b"plain text", "notes.TXT"), "txt");
        assert_eq!(suffix(b"plain text", "notes"), "bin");
        assert_eq!(suffix(b"plain text", "x.a/b"), "bin");
        assert_eq!(suffix(b"BMW builds cars", "cars.txt"), "txt");
    }

    #[test]
    fn the_type_follows_from_suffix_and_size() {
        assert_eq!(asset_type("png", 1), "IMAGE");
        assert_eq!(asset_type("png", 50 * MIB + 1), "COMMON_FILE");
        assert_eq!(asset_type("webm", u64::MAX), "VIDEO");
        assert_eq!(asset_type("pdf", 1), "PPT");
        assert_eq!(asset_type("txt", 1), "COMMON_FILE");
    }
}
