//! JPEG by libjpeg-turbo, which decodes straight to a half, a quarter or an eighth of the size.

use std::fs;
use std::path::Path;

use turbojpeg::{Colorspace, Decompressor, Image, PixelFormat, ScalingFactor};

use super::jpeg_head::{self, JpegHead};
use super::raster::{Channels, Raster, require, room};
use super::{Decoded, Head, Source, damaged, orientation, too_large, unreadable};
use crate::task::{Limits, Reason, Size};

/// A progressive file may have thousands, each as much work as the whole picture; real ones have
/// about ten.
const MOST_SCANS: u32 = 100;

pub struct Jpeg {
    head: Head,
    bytes: Vec<u8>,
    segments: JpegHead,
}

impl Jpeg {
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, Reason> {
        let size = fs::metadata(path)
            .map_err(|error| unreadable(&error))?
            .len();
        if size > limits.memory / 2 {
            return Err(too_large("the JPEG file is too large for a preview"));
        }
        let mut bytes = fs::read(path).map_err(|error| unreadable(&error))?;
        let segments = jpeg_head::read(&mut bytes)?;
        let exif = segments.exif.clone().and_then(|range| bytes.get(range));
        let head = Head {
            orientation: orientation(exif),
            ..Head::still(segments.size)
        };
        Ok(Self {
            head,
            bytes,
            segments,
        })
    }
}

impl Source for Jpeg {
    fn head(&self) -> &Head {
        &self.head
    }

    fn decode(self: Box<Self>, wanted: u32, limits: &Limits) -> Result<Decoded, Reason> {
        // Where the scans come one after the other, all coefficients are kept until the last.
        require(self.segments.coefficients(), limits.memory / 2)?;
        let mut decompressor = Decompressor::new().map_err(|error| self.broken(&error))?;
        let raster = self.pixels(&mut decompressor, wanted, limits)?;
        Ok(Decoded {
            raster,
            icc: self.segments.icc(&self.bytes),
        })
    }
}

impl Jpeg {
    fn pixels(
        &self,
        decompressor: &mut Decompressor,
        wanted: u32,
        limits: &Limits,
    ) -> Result<Raster, Reason> {
        let header = decompressor
            .read_header(&self.bytes)
            .map_err(|error| self.broken(&error))?;
        let (format, channels) = match header.colorspace {
            Colorspace::Gray => (PixelFormat::GRAY, Channels::Gray),
            Colorspace::CMYK | Colorspace::YCCK => (PixelFormat::CMYK, Channels::Cmyk),
            Colorspace::RGB | Colorspace::YCbCr => (PixelFormat::RGB, Channels::Rgb),
        };
        let scale = if header.is_lossless {
            ScalingFactor::ONE
        } else {
            scale(header.width.max(header.height), wanted as usize)
        };
        let (width, height) = (scale.scale(header.width), scale.scale(header.height));
        let size = Size {
            width: u32::try_from(width).unwrap_or(u32::MAX),
            height: u32::try_from(height).unwrap_or(u32::MAX),
        };
        let mut bytes = room(size, channels.count(), limits)?;
        let image = Image {
            pixels: bytes.as_mut_slice(),
            width,
            pitch: width * channels.count(),
            height,
            format,
        };
        let decoded = decompressor
            .set_scaling_factor(scale)
            .and_then(|()| decompressor.set_scan_limit(MOST_SCANS))
            .and_then(|()| decompressor.decompress(&self.bytes, image));
        if let Err(error) = decoded
            && !self.harmless(&error)
        {
            return Err(self.broken(&error));
        }
        // Adobe's programs store ink as the light it leaves.
        if channels == Channels::Cmyk && self.segments.adobe {
            for value in &mut bytes {
                *value = !*value;
            }
        }
        Ok(Raster {
            size,
            channels,
            bytes,
        })
    }

    /// libjpeg goes on after a complaint, and tells the first one. Bytes too many before a marker
    /// are common, and all pixels are there; it would say the same if the end were missing too,
    /// hence the second look. Whatever else it says, part of the picture is gray.
    fn harmless(&self, error: &turbojpeg::Error) -> bool {
        let turbojpeg::Error::TurboJpegError(message) = error else {
            return false;
        };
        message.contains("extraneous bytes before marker") && self.segments.has_end(&self.bytes)
    }

    fn broken(&self, error: &turbojpeg::Error) -> Reason {
        let message = error.to_string();
        if message.contains("nsufficient memory") {
            return too_large(
                "the JPEG needs more memory than a preview may take; save it smaller",
            );
        }
        if message.contains("scan") && message.contains("limit") {
            return too_large("the JPEG has more scans than are taken on; save it anew");
        }
        if self.segments.precision != 8 {
            return damaged("the JPEG has more than 8 bits a channel, which is not read");
        }
        damaged("the JPEG is damaged or ends too soon; upload it again")
    }
}

/// The smallest size of which `wanted` can be made. Eighths in between are slower to decode than the
/// next larger power of two.
fn scale(longest: usize, wanted: usize) -> ScalingFactor {
    let factors = [
        ScalingFactor::ONE_EIGHTH,
        ScalingFactor::ONE_QUARTER,
        ScalingFactor::ONE_HALF,
    ];
    factors
        .into_iter()
        .find(|factor| factor.scale(longest) >= wanted)
        .unwrap_or(ScalingFactor::ONE)
}
