//! How loud sound is over its time, in bounded memory however long it lasts.

/// When there are this many spans, each two of them become one.
const SPANS_MOST: usize = 4096;

/// Loudness in spans of equal length.
#[derive(Debug)]
pub struct Peaks {
    spans: Vec<Span>,
    current: Span,
    /// Samples of a whole span.
    length: u64,
    /// Half a sample, where a block ended within it.
    half: Option<u8>,
}

/// Some samples in a row; from -1 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    pub lowest: f32,
    pub highest: f32,
    squares: f64,
    samples: u64,
}

impl Default for Peaks {
    fn default() -> Self {
        Self {
            spans: Vec::with_capacity(SPANS_MOST),
            current: Span::default(),
            length: 1,
            half: None,
        }
    }
}

impl Peaks {
    /// Samples of 16 bits, little-endian, cut anywhere.
    pub fn hear(&mut self, mut bytes: &[u8]) {
        if let (Some(low), Some((high, rest))) = (self.half, bytes.split_first()) {
            self.add(i16::from_le_bytes([low, *high]));
            self.half = None;
            bytes = rest;
        }
        let (samples, rest) = bytes.as_chunks::<2>();
        for sample in samples {
            self.add(i16::from_le_bytes(*sample));
        }
        self.half = rest.first().copied().or(self.half);
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Brought to `count` spans; of short sound, a span stands for several.
    pub fn spread(&self, count: usize) -> Vec<Span> {
        let (all, mut spread) = (self.spans.len(), Vec::with_capacity(count));
        if all == 0 {
            return vec![Span::default(); count];
        }
        for place in 0..count {
            let from = place * all / count;
            let to = ((place + 1) * all / count).max(from + 1);
            let together = self.spans[from..to].iter().copied().reduce(Span::with);
            spread.push(together.unwrap_or_default());
        }
        spread
    }

    fn add(&mut self, sample: i16) {
        let value = f32::from(sample) / 32768.0;
        self.current = self.current.with(Span {
            lowest: value,
            highest: value,
            squares: f64::from(value).powi(2),
            samples: 1,
        });
        if self.current.samples < self.length {
            return;
        }
        self.spans.push(std::mem::take(&mut self.current));
        if self.spans.len() == SPANS_MOST {
            let pairs = self.spans.as_chunks::<2>().0.iter();
            self.spans = pairs.map(|[one, two]| one.with(*two)).collect();
            self.length *= 2;
        }
    }
}

impl Span {
    /// Around which the samples mostly are.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a mean of values up to 1, for a drawing"
    )]
    pub fn usual(self) -> f32 {
        match self.samples {
            0 => 0.0,
            samples => (self.squares / samples as f64).sqrt() as f32,
        }
    }

    fn with(self, other: Self) -> Self {
        if self.samples == 0 {
            return other;
        }
        Self {
            lowest: self.lowest.min(other.lowest),
            highest: self.highest.max(other.highest),
            squares: self.squares + other.squares,
            samples: self.samples + other.samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(samples: impl IntoIterator<Item = i16>) -> Vec<u8> {
        samples.into_iter().flat_map(i16::to_le_bytes).collect()
    }

    #[test]
    fn memory_stays_the_same_however_long_it_lasts() {
        let mut peaks = Peaks::default();
        let second = bytes((0..8000).map(|n| if n % 2 == 0 { 16_384 } else { -16_384 }));
        for _ in 0..600 {
            peaks.hear(&second);
        }
        assert!(peaks.spans.len() < SPANS_MOST && peaks.spans.capacity() <= SPANS_MOST);
        for span in peaks.spread(100) {
            assert!((span.highest - 0.5).abs() < 1e-6 && (span.lowest + 0.5).abs() < 1e-6);
            assert!((span.usual() - 0.5).abs() < 1e-3);
        }
    }

    #[test]
    fn blocks_may_end_within_a_sample() {
        let whole = bytes((0..1000).map(|n| n * 30));
        let (mut at_once, mut in_pieces) = (Peaks::default(), Peaks::default());
        at_once.hear(&whole);
        for piece in whole.chunks(7) {
            in_pieces.hear(piece);
        }
        in_pieces.hear(&[]);
        let highest = |peaks: &Peaks| -> Vec<f32> {
            peaks.spread(50).iter().map(|span| span.highest).collect()
        };
        assert_eq!(highest(&at_once), highest(&in_pieces));
    }

    #[test]
    fn a_single_sample_fills_the_whole_width() {
        let mut peaks = Peaks::default();
        peaks.hear(&bytes([32_767]));
        assert!(peaks.spread(20).iter().all(|span| span.highest > 0.9));
    }

    #[test]
    fn where_it_is_loud_is_kept() {
        let mut peaks = Peaks::default();
        peaks.hear(&bytes(
            (0..100_000).map(|n| if n < 50_000 { 0 } else { 20_000 }),
        ));
        let spread = peaks.spread(10);
        assert!(spread[3].highest < 0.01 && spread[7].highest > 0.5);
    }
}
