//! Numbers of several turns made into one.

use std::time::Duration;

/// The middle one; of an even number, the mean of the two in the middle. 0 for none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// The value that `per_cent` of 100 do not exceed, by the nearest rank.
pub fn percentile(values: &[f64], per_cent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * per_cent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0.0)
}

pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// Of each turn, the first by the second; the median of those.
pub fn ratio(pairs: &[(f64, f64)]) -> f64 {
    median(&pairs.iter().map(|(a, b)| a / b).collect::<Vec<_>>())
}

/// The smallest of those.
pub fn least(pairs: &[(f64, f64)]) -> f64 {
    let ratios = pairs.iter().map(|(a, b)| a / b);
    ratios.min_by(f64::total_cmp).unwrap_or(0.0)
}

pub fn firsts(pairs: &[(f64, f64)]) -> f64 {
    median(&pairs.iter().map(|pair| pair.0).collect::<Vec<_>>())
}

pub fn seconds(pairs: &[(f64, f64)]) -> f64 {
    median(&pairs.iter().map(|pair| pair.1).collect::<Vec<_>>())
}

/// A number of things.
pub fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// `1234567` as `1,234,567`.
pub fn grouped(n: f64) -> String {
    let digits = format!("{n:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=200).map(f64::from).collect();
        assert!((percentile(&values, 99) - 198.0).abs() < f64::EPSILON);
        assert!((percentile(&[7.0], 99) - 7.0).abs() < f64::EPSILON);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(1_234_567.2), "1,234,567");
        assert_eq!(grouped(12.0), "12");
    }
}
