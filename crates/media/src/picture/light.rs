//! How bright a picture is, and how much that differs within it: black and blank frames of a film
//! are told by these two figures.

use super::Pixels;

/// Of the luma (0 to 255, Rec. 709 weights on the sRGB values as they are).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Light {
    pub mean: f64,
    /// Standard deviation: 0 where all is one shade.
    pub deviation: f64,
}

impl Pixels {
    /// What is transparent counts as the white it is shown on.
    #[expect(
        clippy::cast_precision_loss,
        reason = "sums of 8-bit values, far below 52 bits"
    )]
    pub fn light(&self) -> Light {
        let each = if self.alpha { 4 } else { 3 };
        let (mut sum, mut squares, mut count) = (0_u64, 0_u64, 0_u64);
        for pixel in self.bytes.chunks_exact(each) {
            let [red, green, blue] = [pixel[0], pixel[1], pixel[2]].map(u64::from);
            let luma = (red * 54 + green * 183 + blue * 19) / 256;
            let alpha = pixel.get(3).map_or(255, |alpha| u64::from(*alpha));
            let luma = (luma * alpha + 255 * (255 - alpha)) / 255;
            sum += luma;
            squares += luma * luma;
            count += 1;
        }
        if count == 0 {
            return Light {
                mean: 0.0,
                deviation: 0.0,
            };
        }
        let mean = sum as f64 / count as f64;
        let variance = squares as f64 / count as f64 - mean * mean;
        Light {
            mean,
            deviation: variance.max(0.0).sqrt(),
        }
    }
}
