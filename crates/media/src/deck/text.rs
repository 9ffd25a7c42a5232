//! The words of a page, fit to be kept and searched.

use crate::task::PAGE_TEXT;

/// Lines without control characters and needless space, no two empty ones in a row, at most
/// [`PAGE_TEXT`] characters.
pub fn clean(printed: &[u8]) -> String {
    let printed = String::from_utf8_lossy(printed);
    let mut text = String::new();
    let mut gap = false;
    for line in printed.split(['\n', '\r', '\u{c}', '\u{2028}', '\u{2029}']) {
        let readable: String = line
            .chars()
            .map(|c| if c.is_whitespace() { ' ' } else { c })
            .filter(|c| !c.is_control() && *c != '\u{FFFD}')
            .collect();
        let line = readable.trim();
        if line.is_empty() {
            gap = !text.is_empty();
            continue;
        }
        if !text.is_empty() {
            text.push_str(if gap { "\n\n" } else { "\n" });
        }
        gap = false;
        text.push_str(line);
    }
    let short: String = text.chars().take(PAGE_TEXT).collect();
    short.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_and_control_characters_go() {
        let printed = b"\n\n  Title\tone \r\n\n\n\nnext\x00\x1b[31m line\xff\n\x0c";
        assert_eq!(clean(printed), "Title one\n\nnext[31m line");
        assert_eq!(clean(b""), "");
        assert_eq!(clean(b"\n\x0c\n"), "");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        let long = "é€😀".repeat(2000);
        let text = clean(long.as_bytes());
        assert_eq!(text.chars().count(), PAGE_TEXT);
        assert!(long.starts_with(&text));
    }
}
