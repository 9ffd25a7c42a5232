//! Digests as text: hexadecimal, written in lower case.

use std::fmt::Write as _;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a digest in hexadecimal")]
pub struct InvalidHex;

/// Lower-case hexadecimal of `bytes`.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a String takes everything");
    }
    text
}

/// Exactly `N` bytes of hexadecimal, in either case.
pub fn parse_hex<const N: usize>(text: &str) -> Result<[u8; N], InvalidHex> {
    let digits = text.as_bytes();
    if digits.len() != N * 2 {
        return Err(InvalidHex);
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}

fn digit(character: u8) -> Result<u8, InvalidHex> {
    match character {
        b'0'..=b'9' => Ok(character - b'0'),
        b'a'..=b'f' => Ok(character - b'a' + 10),
        b'A'..=b'F' => Ok(character - b'A' + 10),
        _ => Err(InvalidHex),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        assert_eq!(hex(&[0x00, 0x9f, 0xff]), "009fff");
        assert_eq!(parse_hex("009FfF"), Ok([0x00, 0x9f, 0xff]));
        assert_eq!(parse_hex::<3>("009ff"), Err(InvalidHex));
        assert_eq!(parse_hex::<2>("+9ff"), Err(InvalidHex));
        assert_eq!(parse_hex::<2>("é9f"), Err(InvalidHex));
    }
}
