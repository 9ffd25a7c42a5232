//! Pixels on their way from a decoder: of any layout, not yet upright, in the file's own colours.

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};

use super::{crashed, too_large};
use crate::task::{Limits, Reason, Size};

#[derive(Debug)]
pub struct Raster {
    pub size: Size,
    pub channels: Channels,
    /// Eight bits a channel, rows from the top, no padding.
    pub bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    Gray,
    GrayAlpha,
    Rgb,
    Rgba,
    /// 255 is full ink.
    Cmyk,
}

impl Channels {
    pub fn count(self) -> usize {
        match self {
            Channels::Gray => 1,
            Channels::GrayAlpha => 2,
            Channels::Rgb => 3,
            Channels::Rgba | Channels::Cmyk => 4,
        }
    }

    pub fn alpha(self) -> bool {
        matches!(self, Channels::GrayAlpha | Channels::Rgba)
    }
}

/// Room for pixels, where half of the memory is enough: the rest is the decoder's, which often
/// needs as much again.
pub fn room(size: Size, bytes_a_pixel: usize, limits: &Limits) -> Result<Vec<u8>, Reason> {
    let bytes = u64::from(size.width) * u64::from(size.height) * bytes_a_pixel as u64;
    require(bytes, limits.memory / 2)?;
    let bytes = usize::try_from(bytes).map_err(|_| no_room())?;
    Ok(vec![0; bytes])
}

pub fn require(bytes: u64, available: u64) -> Result<(), Reason> {
    if bytes > available {
        return Err(no_room());
    }
    Ok(())
}

fn no_room() -> Reason {
    too_large("the picture needs more memory than a preview may take; save it smaller")
}

impl Raster {
    /// Shrinks to exactly `size`. What is transparent gives no colour to its neighbours.
    pub fn resize(self, size: Size) -> Result<Self, Reason> {
        if size == self.size {
            return Ok(self);
        }
        Ok(Self {
            size,
            channels: self.channels,
            bytes: resize(&self.bytes, self.size, self.channels, size)?,
        })
    }
}

/// Lanczos, as vipsthumbnail does.
pub fn resize(bytes: &[u8], from: Size, channels: Channels, to: Size) -> Result<Vec<u8>, Reason> {
    let pixel = match channels {
        Channels::Gray => PixelType::U8,
        Channels::GrayAlpha => PixelType::U8x2,
        Channels::Rgb => PixelType::U8x3,
        Channels::Rgba | Channels::Cmyk => PixelType::U8x4,
    };
    let failed = |error: &dyn std::fmt::Display| crashed(format!("shrinking failed: {error}"));
    let source =
        ImageRef::new(from.width, from.height, bytes, pixel).map_err(|error| failed(&error))?;
    let mut target = Image::new(to.width, to.height, pixel);
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3))
        .use_alpha(channels.alpha());
    Resizer::new()
        .resize(&source, &mut target, &options)
        .map_err(|error| failed(&error))?;
    Ok(target.into_vec())
}
