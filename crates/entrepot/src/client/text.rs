//! Text for terminals and people: names from elsewhere made harmless, sizes, short forms.

/// Whether a character may change more than its own cell of a terminal.
pub fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}')
}

/// One line that can't drive a terminal: control and direction characters become `�`.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if is_harmful(c) { '\u{fffd}' } else { c })
        .collect()
}

/// `1.5 MiB`
pub fn size(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

/// Reads `64M`, `1.5GiB`, `1000`; units are powers of 1024.
pub fn parse_size(text: &str) -> std::result::Result<u64, String> {
    let problem = || format!("'{text}' is not a size such as 64M or 1G");
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let shift = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        _ => return Err(problem()),
    };
    let number: u64 = number.parse().map_err(|_| problem())?;
    let bytes = number.checked_mul(1 << shift).ok_or_else(problem)?;
    if bytes == 0 {
        return Err("must be at least 1 byte".into());
    }
    Ok(bytes)
}

/// At most `most` characters, with the suffix kept.
pub fn shortened(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let (stem, suffix) = split_suffix(name);
    let suffix_length = suffix.chars().count();
    if suffix_length >= most {
        return name.chars().take(most).collect();
    }
    let kept: String = stem.chars().take(most - suffix_length).collect();
    format!("{kept}{suffix}")
}

/// `("film", ".mp4")`; a leading dot is no suffix.
pub fn split_suffix(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(dot) if dot > 0 => name.split_at(dot),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_can_not_drive_a_terminal() {
        assert_eq!(
            plain("a\u{1b}[2J\u{202e}b\n夏"),
            "a\u{fffd}[2J\u{fffd}b\u{fffd}夏"
        );
    }

    #[test]
    fn sizes_are_read_in_powers_of_1024() {
        assert_eq!(parse_size("64M"), Ok(64 << 20));
        assert_eq!(parse_size("1 GiB"), Ok(1 << 30));
        assert_eq!(parse_size("1000"), Ok(1000));
        for bad in ["", "0", "M", "-1", "1T", "1.5M", "99999999999G"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_long_name_keeps_its_suffix() {
        assert_eq!(shortened("abcdef.mp4", 7), "abc.mp4");
        assert_eq!(shortened("夏夏夏.mp4", 6), "夏夏.mp4");
        assert_eq!(shortened(".abcdef", 3), ".ab");
    }
}
