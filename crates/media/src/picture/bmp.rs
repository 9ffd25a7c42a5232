//! BMP. The header is read here, since the crate `image` refuses sizes that are only to be told.

use std::io::{Read, Seek};
use std::path::Path;

use image::codecs::bmp::BmpDecoder;
use image::{ColorType, ImageDecoder, ImageError};

use super::raster::{Channels, Raster, room};
use super::{Decoded, Head, Source, damaged, open_file, unreadable};
use crate::task::{Limits, Reason, Size};

pub struct Bmp {
    head: Head,
    file: std::io::BufReader<std::fs::File>,
}

impl Bmp {
    pub fn open(path: &Path) -> Result<Self, Reason> {
        let mut file = open_file(path)?;
        let mut header = [0; 26];
        file.read_exact(&mut header)
            .map_err(|_| damaged("the BMP ends within its header; upload it again"))?;
        file.rewind().map_err(|error| unreadable(&error))?;
        let short = |at: usize| u32::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let long = |at: usize| short(at) | short(at + 2) << 16;
        // Rows from the top are told by a height below zero.
        let (width, height) = match long(14) {
            12 => (short(18), short(20)),
            _ => (long(18), long(22).cast_signed().unsigned_abs()),
        };
        if width > i32::MAX.unsigned_abs() {
            return Err(damaged("the BMP's header says that its width is negative"));
        }
        Ok(Self {
            head: Head::still(Size { width, height }),
            file,
        })
    }
}

impl Source for Bmp {
    fn head(&self) -> &Head {
        &self.head
    }

    fn decode(self: Box<Self>, _wanted: u32, limits: &Limits) -> Result<Decoded, Reason> {
        let mut decoder = BmpDecoder::new(self.file).map_err(|error| broken(&error))?;
        let (width, height) = decoder.dimensions();
        let size = Size { width, height };
        let channels = match decoder.color_type() {
            ColorType::L8 => Channels::Gray,
            ColorType::Rgba8 => Channels::Rgba,
            _ => Channels::Rgb,
        };
        let mut bytes = room(size, channels.count(), limits)?;
        if decoder.total_bytes() != bytes.len() as u64 || size != self.head.size {
            return Err(damaged("the BMP's header contradicts itself"));
        }
        let icc = decoder.icc_profile().ok().flatten();
        decoder
            .read_image(&mut bytes)
            .map_err(|error| broken(&error))?;
        let raster = Raster {
            size,
            channels,
            bytes,
        };
        Ok(Decoded { raster, icc })
    }
}

fn broken(error: &ImageError) -> Reason {
    match error {
        ImageError::Unsupported(_) => damaged("the BMP is of a kind that is not read"),
        _ => damaged("the BMP is damaged or ends too soon; upload it again"),
    }
}
