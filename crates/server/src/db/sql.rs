//! Builds one SQL text with its parameters in order of first appearance.

use super::Value;

/// A statement that grows: text and parameters side by side, so that `$n` can't get out of step.
#[derive(Debug, Default, Clone)]
pub struct Sql {
    text: String,
    params: Vec<Value<'static>>,
}

impl Sql {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            params: Vec::new(),
        }
    }

    /// Adds text as it is: only ever SQL written in this program.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a parameter and its placeholder.
    pub fn bind<'a>(&mut self, value: impl Into<Value<'a>>) -> &mut Self {
        self.params.push(value.into().into_owned());
        self.text.push('$');
        self.text.push_str(&self.params.len().to_string());
        self
    }

    /// Adds `IN ($n, …)`, the list padded by repeating its last value (see [`padded_len`]).
    /// An empty list matches nothing.
    pub fn bind_in<'a, V: Into<Value<'a>> + Clone>(&mut self, values: &[V]) -> &mut Self {
        let Some(last) = values.last() else {
            return self.push("IN (NULL)");
        };
        let padded = padded_len(values.len());
        self.params.reserve(padded);
        self.text.reserve("$1000, ".len() * padded);
        self.push("IN (");
        for i in 0..padded {
            if i > 0 {
                self.push(", ");
            }
            self.bind(values.get(i).unwrap_or(last).clone());
        }
        self.push(")")
    }

    /// Adds another statement's text and parameters; only what was begun without parameters of its
    /// own can take it, because placeholders are numbered.
    pub fn append(&mut self, other: Sql) -> &mut Self {
        debug_assert!(self.params.is_empty(), "the placeholders would not fit");
        self.text.push_str(&other.text);
        self.params = other.params;
        self
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn params(&self) -> &[Value<'static>] {
        &self.params
    }
}

/// The sizes that IN lists come in, so that few statements stand in the caches.
fn padded_len(n: usize) -> usize {
    const SIZES: [usize; 9] = [1, 2, 5, 10, 20, 50, 100, 500, 1000];
    SIZES.into_iter().find(|size| *size >= n).unwrap_or(n)
}

/// `$first, …` for a list of `n` values, padded; bind the last value for the rest.
pub fn placeholders(first: usize, n: usize) -> (String, usize) {
    let padded = padded_len(n);
    let text = (first..first + padded)
        .map(|i| format!("${i}"))
        .collect::<Vec<_>>()
        .join(", ");
    (text, padded)
}

/// Escapes what LIKE would take as a pattern; use with `ESCAPE '\'`.
pub fn like_escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_lists_come_in_few_sizes_and_repeat_the_last_value() {
        let mut sql = Sql::new("x ");
        sql.bind_in(&["a", "b", "c"]);
        assert_eq!(sql.text(), "x IN ($1, $2, $3, $4, $5)");
        assert_eq!(sql.params()[4], Value::from("c"));
    }

    #[test]
    fn an_empty_in_list_matches_nothing() {
        let mut sql = Sql::new("x ");
        sql.bind_in::<&str>(&[]);
        assert_eq!(sql.text(), "x IN (NULL)");
    }

    #[test]
    fn like_patterns_are_taken_literally() {
        assert_eq!(like_escape(r"50%_\x"), r"50\%\_\\x");
    }
}
