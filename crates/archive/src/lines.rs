//! Lines out of a stream, of bounded length.

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is longer than {limit} bytes")]
pub struct LineTooLong {
    /// Counted from 1.
    pub line: u64,
    pub limit: usize,
}

/// Cuts what is pushed into lines. They end at LF; a CR before it is taken off.
pub struct Lines {
    limit: usize,
    pending: Vec<u8>,
    seen: u64,
}

impl Lines {
    /// No line may have more than `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            pending: Vec::new(),
            seen: 0,
        }
    }

    /// How many lines were complete by now.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes the next line out of `data` and shortens it; `None` when `data` is used up and the
    /// line's end is still to come.
    pub fn take(&mut self, data: &mut &[u8]) -> Result<Option<Vec<u8>>, LineTooLong> {
        let end = data.iter().position(|&byte| byte == b'\n');
        let (piece, rest) = match end {
            Some(at) => (&data[..at], &data[at + 1..]),
            None => (*data, &data[data.len()..]),
        };
        // One more for a CR that may come off again.
        if self.pending.len() + piece.len() > self.limit + 1 {
            return Err(self.too_long());
        }
        self.pending.extend_from_slice(piece);
        *data = rest;
        match end {
            Some(_) => self.complete().map(Some),
            None => Ok(None),
        }
    }

    /// The last line, when it did not end in LF.
    pub fn finish(&mut self) -> Result<Option<Vec<u8>>, LineTooLong> {
        if self.pending.is_empty() {
            return Ok(None);
        }
        self.complete().map(Some)
    }

    fn complete(&mut self) -> Result<Vec<u8>, LineTooLong> {
        if self.pending.last() == Some(&b'\r') {
            self.pending.pop();
        }
        if self.pending.len() > self.limit {
            return Err(self.too_long());
        }
        self.seen += 1;
        Ok(std::mem::take(&mut self.pending))
    }

    fn too_long(&self) -> LineTooLong {
        LineTooLong {
            line: self.seen + 1,
            limit: self.limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(limit: usize, chunks: &[&str]) -> Result<Vec<String>, LineTooLong> {
        let mut lines = Lines::new(limit);
        let mut found = Vec::new();
        for chunk in chunks {
            let mut data = chunk.as_bytes();
            while let Some(line) = lines.take(&mut data)? {
                found.push(String::from_utf8(line).unwrap());
            }
        }
        found.extend(lines.finish()?.map(|line| String::from_utf8(line).unwrap()));
        Ok(found)
    }

    #[test]
    fn lines_are_the_same_however_they_are_cut() {
        let expected = Ok(vec!["ab".into(), String::new(), "cd".into(), "e".into()]);
        assert_eq!(lines(2, &["ab\n\ncd\r\ne"]), expected);
        assert_eq!(lines(2, &["a", "b\n", "\ncd", "\r", "\ne"]), expected);
    }

    #[test]
    fn a_long_line_is_refused_before_it_ends() {
        assert_eq!(
            lines(3, &["ab\n", "ab", "cde"]),
            Err(LineTooLong { line: 2, limit: 3 })
        );
        assert_eq!(
            lines(3, &["abcd\n"]),
            Err(LineTooLong { line: 1, limit: 3 })
        );
        assert_eq!(lines(3, &["abcd"]), Err(LineTooLong { line: 1, limit: 3 }));
    }
}
