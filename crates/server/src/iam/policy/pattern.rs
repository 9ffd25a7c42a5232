//! Names with wildcards.

/// `*` stands for any text, `?` for one character; everything else for itself. Case counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    kind: Kind,
}

/// Most patterns are one name or any, which is found out once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Any,
    Exact,
    Wild,
}

impl Pattern {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let kind = if !text.contains(['*', '?']) {
            Kind::Exact
        } else if text.bytes().all(|b| b == b'*') {
            Kind::Any
        } else {
            Kind::Wild
        };
        Self { text, kind }
    }

    /// Only this text: its wildcards are letters like others.
    pub fn exactly(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            kind: Kind::Exact,
        }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The only text that it matches.
    pub fn only(&self) -> Option<&str> {
        (self.kind == Kind::Exact).then_some(&self.text)
    }

    /// Whether it matches every text.
    pub fn is_any(&self) -> bool {
        self.kind == Kind::Any
    }

    /// In time that is bounded by the product of both lengths.
    pub fn matches(&self, text: &str) -> bool {
        match self.kind {
            Kind::Any => true,
            Kind::Exact => self.text == text,
            Kind::Wild => matches(self.text.as_bytes(), text.as_bytes()),
        }
    }

    /// The same as a LIKE pattern, with `\` to escape.
    pub fn like(&self) -> String {
        let mut like = String::with_capacity(self.text.len() + 4);
        for c in self.text.chars() {
            match c {
                '*' if self.kind != Kind::Exact => like.push('%'),
                '?' if self.kind != Kind::Exact => like.push('_'),
                '%' | '_' | '\\' => like.extend(['\\', c]),
                c => like.push(c),
            }
        }
        like
    }
}

/// Goes back to the last `*` only, which is enough: an earlier one could match no more than it.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                t = next_character(text, t);
            }
            Some(c) if *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                let from = next_character(text, from);
                star = Some((at, from));
                p = at + 1;
                t = from;
            }
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

fn next_character(text: &[u8], at: usize) -> usize {
    let mut next = at + 1;
    while text.get(next).is_some_and(|b| b & 0xC0 == 0x80) {
        next += 1;
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "abc", true),
            ("a*", "ba", false),
            ("*c", "abc", true),
            ("a*c", "abbc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a?c", "aäc", true),
            ("?", "€", true),
            ("**", "x", true),
            ("A", "a", false),
        ] {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn exactly_means_the_text_itself() {
        let pattern = Pattern::exactly("a*");
        assert!(pattern.matches("a*") && !pattern.matches("ab") && !pattern.is_any());
        assert_eq!(pattern.like(), "a*");
        assert!(Pattern::new("*").is_any() && !Pattern::exactly("*").is_any());
    }

    #[test]
    fn a_hostile_pattern_takes_bounded_time() {
        let pattern = Pattern::new(format!("{}b", "*a".repeat(500)));
        assert!(!pattern.matches(&"a".repeat(2000)));
    }

    #[test]
    fn like_has_its_own_wildcards_escaped() {
        assert_eq!(Pattern::new("a*b?100%_\\").like(), "a%b_100\\%\\_\\\\");
    }
}
