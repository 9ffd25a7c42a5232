//! The picture of sound that has none: bars to both sides of a line, on nothing.

use super::peaks::{Peaks, Span};
use crate::picture::Pixels;
use crate::task::Size;

const WIDTH: usize = 320;
const HEIGHT: usize = 160;
/// A bar and the gap after it.
const STEP: usize = 4;
const BAR: usize = 3;
/// What is furthest from the middle leaves so much free above and below.
const MARGIN: f32 = 8.0;
/// The loudest place fills the height; sound that is quieter than this all the time stays small.
const QUIET: f32 = 0.1;
/// Silence is a line, not nothing.
const LINE: f32 = 0.75;
const MIDDLE: f32 = 80.0;

/// Where the sound reaches to.
const PEAK: [u8; 3] = [140, 170, 214];
/// Where it mostly is.
const USUAL: [u8; 3] = [58, 98, 163];

pub fn waveform(peaks: &Peaks) -> Pixels {
    let bars = peaks.spread(WIDTH / STEP);
    let loudest = bars.iter().map(|bar| reach(*bar)).fold(QUIET, f32::max);
    let scale = (MIDDLE - MARGIN) / loudest;
    let mut bytes = vec![0; WIDTH * HEIGHT * 4];
    for (number, bar) in bars.iter().enumerate() {
        let x = number * STEP;
        let (above, below) = (bar.highest * scale, -bar.lowest * scale);
        fill(&mut bytes, x, above.max(LINE), below.max(LINE), PEAK);
        let usual = bar.usual() * scale;
        fill(
            &mut bytes,
            x,
            usual.min(above).max(LINE),
            usual.min(below).max(LINE),
            USUAL,
        );
    }
    Pixels {
        size: Size {
            width: 320,
            height: 160,
        },
        bytes,
        alpha: true,
    }
}

fn reach(bar: Span) -> f32 {
    bar.highest.max(-bar.lowest)
}

/// A bar from so far above the middle to so far below it; its ends fade by how much of a pixel
/// they cover.
fn fill(bytes: &mut [u8], x: usize, above: f32, below: f32, colour: [u8; 3]) {
    let (top, bottom) = (MIDDLE - above, MIDDLE + below);
    let mut row = 0.0;
    for line in bytes.chunks_exact_mut(WIDTH * 4) {
        let covered = (bottom.min(row + 1.0) - top.max(row)).clamp(0.0, 1.0);
        row += 1.0;
        if covered <= 0.0 {
            continue;
        }
        for pixel in line[x * 4..(x + BAR) * 4].as_chunks_mut::<4>().0 {
            lay_over(pixel, colour, covered);
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 255"
)]
fn lay_over(pixel: &mut [u8; 4], colour: [u8; 3], covered: f32) {
    let [red, green, blue, alpha] = *pixel;
    let below = f32::from(alpha) / 255.0 * (1.0 - covered);
    let opacity = covered + below;
    let mix = |new: u8, old: u8| {
        ((f32::from(new) * covered + f32::from(old) * below) / opacity).round() as u8
    };
    *pixel = [
        mix(colour[0], red),
        mix(colour[1], green),
        mix(colour[2], blue),
        (opacity * 255.0).round() as u8,
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opacity(pixels: &Pixels, x: usize, y: usize) -> u8 {
        pixels.bytes[(y * WIDTH + x) * 4 + 3]
    }

    #[test]
    fn silence_is_a_flat_line() {
        let mut peaks = Peaks::default();
        peaks.hear(&[0; 4000]);
        let pixels = waveform(&peaks);
        for x in (0..WIDTH).step_by(STEP) {
            assert!(opacity(&pixels, x, 79) > 100 && opacity(&pixels, x, 80) > 100);
            assert_eq!(opacity(&pixels, x, 76), 0);
            assert_eq!(opacity(&pixels, x, 83), 0);
        }
    }

    #[test]
    fn loud_sound_reaches_both_sides_and_stays_inside() {
        let mut peaks = Peaks::default();
        for _ in 0..4000 {
            peaks.hear(&[0xFF, 0x7F, 0x00, 0x80]);
        }
        let pixels = waveform(&peaks);
        assert_eq!(opacity(&pixels, 0, 10), 255);
        assert_eq!(opacity(&pixels, 0, 149), 255);
        assert_eq!(opacity(&pixels, 0, 6), 0);
        assert_eq!(opacity(&pixels, 3, 80), 0, "gaps stay free");
    }
}
