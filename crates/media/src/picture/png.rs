//! PNG, read row by row and averaged to a few times the wanted size on the way, so that a picture
//! of a hundred megapixels takes the memory of a few rows.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use png::{ColorType, Decoder, DecodingError, Reader, Transformations};

use super::raster::{Channels, Raster, room};
use super::{Decoded, Head, Source, damaged, open_file, orientation, too_large};
use crate::task::{Limits, Reason, Size};

/// Of the format.
const MOST_SIDE: u32 = (1 << 31) - 1;

pub struct Png {
    head: Head,
    reader: Reader<BufReader<File>>,
}

impl Png {
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, Reason> {
        // Of rows, profiles and tables; the pixels are not counted here.
        let bytes = usize::try_from(limits.memory / 4).unwrap_or(usize::MAX);
        let mut decoder = Decoder::new_with_limits(open_file(path)?, png::Limits { bytes });
        decoder.set_ignore_text_chunk(true);
        decoder.set_transformations(Transformations::normalize_to_color8());
        let first = decoder.read_header_info().map_err(|error| broken(&error))?;
        if first.width.max(first.height) > MOST_SIDE {
            return Err(damaged("the PNG's header tells a size that PNG can't have"));
        }
        let reader = decoder.read_info().map_err(|error| broken(&error))?;
        let info = reader.info();
        let head = Head {
            orientation: orientation(info.exif_metadata.as_deref()),
            ..Head::still(Size {
                width: info.width,
                height: info.height,
            })
        };
        Ok(Self { head, reader })
    }
}

impl Source for Png {
    fn head(&self) -> &Head {
        &self.head
    }

    fn decode(mut self: Box<Self>, wanted: u32, limits: &Limits) -> Result<Decoded, Reason> {
        let size = self.head.size;
        let channels = match self.reader.output_color_type().0 {
            ColorType::Grayscale => Channels::Gray,
            ColorType::GrayscaleAlpha => Channels::GrayAlpha,
            ColorType::Rgba => Channels::Rgba,
            ColorType::Rgb | ColorType::Indexed => Channels::Rgb,
        };
        let icc = self
            .reader
            .info()
            .icc_profile
            .as_deref()
            .map(<[u8]>::to_vec);
        // Twice the wanted size stays for the better filter.
        let cell = size.width.max(size.height) / wanted.saturating_mul(2).max(1);
        let raster = match cell {
            2.. if !self.reader.info().interlaced => {
                shrink(&mut self.reader, size, channels, cell, limits)?
            }
            _ => whole(&mut self.reader, size, channels, limits)?,
        };
        Ok(Decoded { raster, icc })
    }
}

fn whole(
    reader: &mut Reader<BufReader<File>>,
    size: Size,
    channels: Channels,
    limits: &Limits,
) -> Result<Raster, Reason> {
    let mut bytes = room(size, channels.count(), limits)?;
    if reader.output_buffer_size() != Some(bytes.len()) {
        return Err(damaged("the PNG's header contradicts itself"));
    }
    reader
        .next_frame(&mut bytes)
        .map_err(|error| broken(&error))?;
    Ok(Raster {
        size,
        channels,
        bytes,
    })
}

/// Each square of `cell` by `cell` pixels becomes one.
fn shrink(
    reader: &mut Reader<BufReader<File>>,
    size: Size,
    channels: Channels,
    cell: u32,
    limits: &Limits,
) -> Result<Raster, Reason> {
    let small = Size {
        width: size.width.div_ceil(cell),
        height: size.height.div_ceil(cell),
    };
    let mut bytes = room(small, channels.count(), limits)?;
    bytes.clear();
    let mut cells = Cells::new(small.width, channels, cell);
    for y in 1..=size.height {
        let row = reader.next_row().map_err(|error| broken(&error))?;
        let row = row.ok_or_else(|| damaged("the PNG has too few rows; upload it again"))?;
        cells.add(row.data());
        if y % cell == 0 || y == size.height {
            cells.take(&mut bytes);
        }
    }
    Ok(Raster {
        size: small,
        channels,
        bytes,
    })
}

/// Sums of one row of cells.
struct Cells {
    channels: usize,
    alpha: bool,
    cell: usize,
    /// For each cell, the sums of its channels (colours times opacity), then how many pixels.
    sums: Vec<[u64; 5]>,
}

const COUNT: usize = 4;

impl Cells {
    fn new(width: u32, channels: Channels, cell: u32) -> Self {
        Self {
            channels: channels.count(),
            alpha: channels.alpha(),
            cell: cell as usize,
            sums: vec![[0; 5]; width as usize],
        }
    }

    fn add(&mut self, row: &[u8]) {
        match (self.channels, self.alpha) {
            (1, _) => self.add_row::<1, false>(row),
            (2, _) => self.add_row::<2, true>(row),
            (3, _) => self.add_row::<3, false>(row),
            _ => self.add_row::<4, true>(row),
        }
    }

    fn add_row<const N: usize, const ALPHA: bool>(&mut self, row: &[u8]) {
        for (sums, pixels) in self.sums.iter_mut().zip(row.chunks(N * self.cell)) {
            for pixel in pixels.chunks_exact(N) {
                let weight = if ALPHA { u64::from(pixel[N - 1]) } else { 1 };
                let colours = if ALPHA { N - 1 } else { N };
                for (sum, value) in sums.iter_mut().zip(&pixel[..colours]) {
                    *sum += u64::from(*value) * weight;
                }
                if ALPHA {
                    sums[N - 1] += weight;
                }
                sums[COUNT] += 1;
            }
        }
    }

    /// Appends the averages and begins anew.
    fn take(&mut self, bytes: &mut Vec<u8>) {
        for sums in &mut self.sums {
            let count = sums[COUNT].max(1);
            let opacity = sums[self.channels - 1];
            for (channel, sum) in sums[..self.channels].iter().enumerate() {
                let colour = self.alpha && channel + 1 < self.channels;
                let weight = if colour { opacity.max(1) } else { count };
                bytes.push(u8::try_from((sum + weight / 2) / weight).unwrap_or(u8::MAX));
            }
            *sums = [0; 5];
        }
    }
}

fn broken(error: &DecodingError) -> Reason {
    match error {
        DecodingError::LimitsExceeded => {
            too_large("the PNG needs more memory than a preview may take; save it smaller")
        }
        DecodingError::IoError(_) | DecodingError::Format(_) | DecodingError::Parameter(_) => {
            damaged("the PNG is damaged or ends too soon; upload it again")
        }
    }
}
