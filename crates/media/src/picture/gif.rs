//! GIF: the first frame, laid on its canvas, and how long all of them take.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use gif::{ColorOutput, DecodeOptions, Decoder};

use super::raster::{Channels, Raster, room};
use super::{Decoded, Head, Motion, Source, damaged, open_file};
use crate::task::{Limits, Reason, Size};

/// A longer one is told as if it ended here.
const MOST_FRAMES: u32 = 10_000;

pub struct Gif {
    head: Head,
    path: PathBuf,
}

impl Gif {
    pub fn open(path: &Path) -> Result<Self, Reason> {
        let mut options = DecodeOptions::new();
        options.skip_frame_decoding(true);
        let mut decoder = read(path, &options)?;
        let size = Size {
            width: decoder.width().into(),
            height: decoder.height().into(),
        };
        let head = Head {
            motion: motion(&mut decoder),
            ..Head::still(size)
        };
        Ok(Self {
            head,
            path: path.to_owned(),
        })
    }
}

fn read(path: &Path, options: &DecodeOptions) -> Result<Decoder<BufReader<File>>, Reason> {
    options
        .clone()
        .read_info(open_file(path)?)
        .map_err(|_| broken())
}

/// Counts frames and their time up to the first that can't be read. Shorter than 20 ms is shown by
/// nobody: browsers and FFmpeg take 100 ms for it.
fn motion(decoder: &mut Decoder<BufReader<File>>) -> Option<Motion> {
    let (mut frames, mut hundredths) = (0, 0);
    while let Ok(Some(frame)) = decoder.next_frame_info() {
        hundredths += match frame.delay {
            0 | 1 => 10,
            delay => u64::from(delay),
        };
        frames += 1;
        if frames == MOST_FRAMES {
            break;
        }
    }
    Motion::of(frames, hundredths * 10)
}

impl Source for Gif {
    fn head(&self) -> &Head {
        &self.head
    }

    fn decode(self: Box<Self>, _wanted: u32, limits: &Limits) -> Result<Decoded, Reason> {
        let mut options = DecodeOptions::new();
        options.set_color_output(ColorOutput::RGBA);
        options.check_frame_consistency(true);
        let mut decoder = read(&self.path, &options)?;
        let size = self.head.size;
        let mut canvas = room(size, 4, limits)?;
        let frame = match decoder.next_frame_info() {
            Ok(Some(frame)) => frame.clone(),
            Ok(None) => return Err(damaged("the GIF has no frame")),
            Err(_) => return Err(broken()),
        };
        let (left, top) = (usize::from(frame.left), usize::from(frame.top));
        let (width, height) = (usize::from(frame.width), usize::from(frame.height));
        let row = size.width as usize * 4;
        if (left + width) * 4 > row || top + height > size.height as usize {
            return Err(damaged("the GIF's first frame is larger than the picture"));
        }
        let mut pixels = vec![0; width * height * 4];
        decoder
            .read_into_buffer(&mut pixels)
            .map_err(|_| broken())?;
        if width * 4 == row && height == size.height as usize {
            canvas = pixels;
        } else if width > 0 {
            let rows = canvas.chunks_exact_mut(row).skip(top);
            for (onto, from) in rows.zip(pixels.chunks_exact(width * 4)) {
                onto[left * 4..][..width * 4].copy_from_slice(from);
            }
        }
        let icc = decoder.icc_profile().map(<[u8]>::to_vec);
        Ok(Decoded {
            raster: opaque(Raster {
                size,
                channels: Channels::Rgba,
                bytes: canvas,
            }),
            icc,
        })
    }
}

/// Most have nothing transparent in their first frame; three channels are then less work.
fn opaque(raster: Raster) -> Raster {
    if raster.bytes.chunks_exact(4).any(|pixel| pixel[3] != 255) {
        return raster;
    }
    let bytes = raster.bytes.chunks_exact(4);
    Raster {
        size: raster.size,
        channels: Channels::Rgb,
        bytes: bytes
            .flat_map(|pixel| [pixel[0], pixel[1], pixel[2]])
            .collect(),
    }
}

fn broken() -> Reason {
    damaged("the GIF is damaged or ends too soon; upload it again")
}
