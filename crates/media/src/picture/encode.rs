//! Small pictures written as WebP and JPEG.

use std::borrow::Cow;
use std::fs;
use std::path::Path;

use super::raster::{self, Channels};
use super::{Pixels, crashed, fit};
use crate::task::{self, Reason, Size};

const WEBP_QUALITY: f32 = 80.0;
/// How hard it tries, 0 to 6: 4 costs the whole child 8 % of its rate for files 6 % smaller.
const WEBP_METHOD: i32 = 2;
const JPEG_QUALITY: i32 = 82;

impl Pixels {
    /// Shrinks to a longest side of at most `side` (never enlarges) and writes both forms,
    /// `{name}.webp` (with opacity) and `{name}.jpg` (on white). Answers the size written.
    pub fn write(&self, folder: &Path, name: &str, side: u32) -> Result<Size, Reason> {
        let small = self.shrunk(side)?;
        save(&task::webp(folder, name), &small.webp()?)?;
        save(&task::jpeg(folder, name), &small.jpeg()?)?;
        Ok(small.size)
    }

    fn shrunk(&self, most: u32) -> Result<Cow<'_, Self>, Reason> {
        let size = fit(self.size, most);
        if size == self.size {
            return Ok(Cow::Borrowed(self));
        }
        let channels = if self.alpha {
            Channels::Rgba
        } else {
            Channels::Rgb
        };
        Ok(Cow::Owned(Self {
            size,
            bytes: raster::resize(&self.bytes, self.size, channels, size)?,
            alpha: self.alpha,
        }))
    }

    fn webp(&self) -> Result<webp::WebPMemory, Reason> {
        let Size { width, height } = self.size;
        let mut config = webp::WebPConfig::new().map_err(|()| crashed("no WebP encoder"))?;
        config.quality = WEBP_QUALITY;
        config.method = WEBP_METHOD;
        let encoder = if self.alpha {
            webp::Encoder::from_rgba(&self.bytes, width, height)
        } else {
            webp::Encoder::from_rgb(&self.bytes, width, height)
        };
        encoder
            .encode_advanced(&config)
            .map_err(|error| crashed(format!("the WebP could not be written: {error:?}")))
    }

    fn jpeg(&self) -> Result<turbojpeg::OwnedBuf, Reason> {
        let opaque = self.on_white();
        let width = self.size.width as usize;
        let encode = || {
            let mut compressor = turbojpeg::Compressor::new()?;
            compressor.set_quality(JPEG_QUALITY)?;
            compressor.set_subsamp(turbojpeg::Subsamp::Sub2x2)?;
            compressor.set_optimize(true)?;
            compressor.compress_to_owned(turbojpeg::Image {
                pixels: opaque.as_ref(),
                width,
                pitch: width * 3,
                height: self.size.height as usize,
                format: turbojpeg::PixelFormat::RGB,
            })
        };
        encode().map_err(|error| crashed(format!("the JPEG could not be written: {error}")))
    }

    fn on_white(&self) -> Cow<'_, [u8]> {
        if !self.alpha {
            return Cow::Borrowed(&self.bytes);
        }
        let mut opaque = Vec::with_capacity(self.bytes.len() / 4 * 3);
        for pixel in self.bytes.chunks_exact(4) {
            let alpha = u32::from(pixel[3]);
            opaque.extend(pixel[..3].iter().map(|value| {
                let mixed = (u32::from(*value) * alpha + 255 * (255 - alpha) + 127) / 255;
                u8::try_from(mixed).unwrap_or(u8::MAX)
            }));
        }
        Cow::Owned(opaque)
    }
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), Reason> {
    fs::write(path, bytes).map_err(|error| crashed(format!("the preview was not stored: {error}")))
}
