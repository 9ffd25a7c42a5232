//! WebP: still ones, and the first frame of moving ones.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use image_webp::{DecodingError, WebPDecoder};

use super::raster::{Channels, Raster, require, room};
use super::{Decoded, Head, Motion, Source, damaged, open_file, orientation, unreadable};
use crate::task::{Limits, Reason, Size};

/// Of EXIF and of a colour profile; a real one has some hundred KiB.
const MOST_METADATA: usize = 4 << 20;
/// Besides the pixels that come out: planes of luma and chroma, or the pixels once more.
const DECODER_BYTES_A_PIXEL: u64 = 4;
/// Chunks that are looked at before the picture's own.
const MOST_CHUNKS: usize = 64;

pub struct WebP {
    head: Head,
    decoder: WebPDecoder<BufReader<File>>,
    /// Of the frame itself, which the canvas may lie about.
    frame: u64,
}

impl WebP {
    pub fn open(path: &Path) -> Result<Self, Reason> {
        let mut file = open_file(path)?;
        let frame = frame_pixels(&mut file).unwrap_or(0);
        file.rewind().map_err(|error| unreadable(&error))?;
        let mut decoder = WebPDecoder::new(file).map_err(|error| broken(&error))?;
        decoder.set_memory_limit(MOST_METADATA);
        let (width, height) = decoder.dimensions();
        let exif = decoder.exif_metadata().ok().flatten();
        let head = Head {
            size: Size { width, height },
            orientation: orientation(exif.as_deref()),
            motion: Motion::of(decoder.num_frames(), decoder.loop_duration()),
        };
        let frame = frame.max(u64::from(width) * u64::from(height));
        Ok(Self {
            head,
            decoder,
            frame,
        })
    }
}

/// Pixels that the first lossy frame says it has. The decoder makes room for them before it holds
/// them against the canvas.
fn frame_pixels(file: &mut BufReader<File>) -> Option<u64> {
    let mut at = 12;
    for _ in 0..MOST_CHUNKS {
        file.seek(SeekFrom::Start(at)).ok()?;
        let mut chunk = [0; 18];
        file.read_exact(&mut chunk).ok()?;
        let size = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        match &chunk[..4] {
            b"VP8 " => {
                let length = |at: usize| u64::from(u16::from_le_bytes([chunk[at], chunk[at + 1]]));
                return Some((length(14) & 0x3FFF) * (length(16) & 0x3FFF));
            }
            b"VP8L" => return None,
            // A frame of a moving picture has a header of 16 bytes, then chunks again.
            b"ANMF" => at += 8 + 16,
            _ => at += 8 + u64::from(size) + u64::from(size & 1),
        }
    }
    None
}

impl Source for WebP {
    fn head(&self) -> &Head {
        &self.head
    }

    fn decode(mut self: Box<Self>, _wanted: u32, limits: &Limits) -> Result<Decoded, Reason> {
        let size = self.head.size;
        let channels = if self.decoder.has_alpha() {
            Channels::Rgba
        } else {
            Channels::Rgb
        };
        let bytes_a_pixel = channels.count() as u64 + DECODER_BYTES_A_PIXEL;
        require(self.frame.saturating_mul(bytes_a_pixel), limits.memory)?;
        let icc = self.decoder.icc_profile().ok().flatten();
        // The crate counts only part of what it takes, hence the sum above.
        self.decoder
            .set_memory_limit(usize::try_from(limits.memory).unwrap_or(usize::MAX));
        let mut bytes = room(size, channels.count(), limits)?;
        self.decoder
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

fn broken(error: &DecodingError) -> Reason {
    match error {
        DecodingError::MemoryLimitExceeded | DecodingError::ImageTooLarge => {
            super::too_large("the WebP needs more memory than a preview may take; save it smaller")
        }
        _ => damaged("the WebP is damaged or ends too soon; upload it again"),
    }
}
