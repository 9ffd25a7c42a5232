//! Still images: decoded no larger than needed, shrunk, brought to sRGB, turned upright, encoded.
//!
//! The order is for speed: colours and turning cost by the pixel, so they come after shrinking.

mod bmp;
mod colour;
mod encode;
mod gif;
mod jpeg;
mod jpeg_head;
mod light;
mod png;
mod raster;
mod turn;
mod webp;

#[cfg(test)]
mod tests;

use std::io;
use std::path::Path;

use image::metadata::Orientation;

use crate::kind::Kind;
use crate::task::{
    Code, Facts, Limits, Part, PictureFacts, Reason, Size, Step, THUMBNAIL, THUMBNAIL_SIDE,
};
use crate::worker::Work;
use raster::Raster;

/// A decoded picture: upright, sRGB, eight bits a channel.
#[derive(Debug, Clone)]
pub struct Pixels {
    pub size: Size,
    /// Red, green, blue and, where `alpha` is set, opacity; rows from the top, no padding.
    pub bytes: Vec<u8>,
    pub alpha: bool,
}

/// Tells what the task wants of a picture.
pub fn tell(work: &Work) {
    let opened = match work.input.path() {
        Some(path) => source(path, work.kind, &work.task.limits),
        None => Err(crashed("a picture in several pieces")),
    };
    let source = match opened {
        Ok(source) => source,
        Err(reason) => {
            for part in work.task.parts() {
                work.refuse(part, reason.clone());
            }
            return;
        }
    };
    if work.wants(Part::Facts) {
        let facts = source.head().facts(work.kind);
        work.tell(&Step::Facts(Facts::Picture(facts)));
    }
    if work.wants(Part::Thumbnail) {
        let written = pixels(source, THUMBNAIL_SIDE, &work.task.limits)
            .and_then(|pixels| pixels.write(&work.task.folder, THUMBNAIL, THUMBNAIL_SIDE));
        work.tell_or_refuse(Part::Thumbnail, written.map(Step::Thumbnail));
    }
}

/// Decodes a picture and shrinks it to a longest side of `side` pixels where it is larger.
pub fn open(path: &Path, kind: Kind, side: u32, limits: &Limits) -> Result<Pixels, Reason> {
    pixels(source(path, kind, limits)?, side, limits)
}

/// A file whose header was read.
trait Source {
    fn head(&self) -> &Head;

    /// Reads the pixels, at least `wanted` on the longest side where the original has them; less
    /// than the original where the format makes that cheap.
    fn decode(self: Box<Self>, wanted: u32, limits: &Limits) -> Result<Decoded, Reason>;
}

/// What the header tells.
#[derive(Debug, Clone)]
struct Head {
    /// As stored, before it is turned.
    size: Size,
    orientation: Orientation,
    motion: Option<Motion>,
}

/// A picture that moves.
#[derive(Debug, Clone, Copy)]
struct Motion {
    frames: u32,
    milliseconds: u64,
}

#[derive(Debug)]
struct Decoded {
    raster: Raster,
    icc: Option<Vec<u8>>,
}

fn source(path: &Path, kind: Kind, limits: &Limits) -> Result<Box<dyn Source>, Reason> {
    let source: Box<dyn Source> = match kind {
        Kind::Jpeg => Box::new(jpeg::Jpeg::open(path, limits)?),
        Kind::Png => Box::new(png::Png::open(path, limits)?),
        Kind::Gif => Box::new(gif::Gif::open(path)?),
        Kind::Bmp => Box::new(bmp::Bmp::open(path)?),
        Kind::WebP => Box::new(webp::WebP::open(path)?),
        Kind::Stream(_) | Kind::Ppt | Kind::Pptx | Kind::Pdf => {
            return Err(Reason::new(
                Code::FormatMismatch,
                "the content is not a picture",
            ));
        }
    };
    let size = source.head().size;
    if size.width == 0 || size.height == 0 {
        return Err(damaged("the picture's header says that it has no pixels"));
    }
    Ok(source)
}

fn pixels(source: Box<dyn Source>, side: u32, limits: &Limits) -> Result<Pixels, Reason> {
    let Head {
        size, orientation, ..
    } = source.head().clone();
    let count = u64::from(size.width) * u64::from(size.height);
    if count > limits.pixels {
        return Err(too_large(format!(
            "the picture has {} by {} pixels, more than the {} million that are taken on",
            size.width,
            size.height,
            limits.pixels / 1_000_000
        )));
    }
    let Decoded { raster, icc } = source.decode(side, limits)?;
    let small = raster.resize(fit(size, side))?;
    let pixels = colour::to_srgb(small, icc.as_deref());
    Ok(turn::upright(pixels, orientation))
}

/// The largest size of the same proportions whose longest side is at most `most`; never larger
/// than the original, never empty.
fn fit(size: Size, most: u32) -> Size {
    let longest = size.width.max(size.height);
    if longest <= most {
        return size;
    }
    let scaled = |length: u32| {
        let (length, most, longest) = (u64::from(length), u64::from(most), u64::from(longest));
        u32::try_from((length * most + longest / 2) / longest)
            .unwrap_or(1)
            .max(1)
    };
    Size {
        width: scaled(size.width),
        height: scaled(size.height),
    }
}

impl Head {
    fn still(size: Size) -> Self {
        Self {
            size,
            orientation: Orientation::NoTransforms,
            motion: None,
        }
    }

    fn facts(&self, kind: Kind) -> PictureFacts {
        let codec = match kind {
            Kind::Jpeg => "jpeg",
            Kind::Png => "png",
            Kind::Gif => "gif",
            Kind::Bmp => "bmp",
            Kind::WebP => "webp",
            Kind::Stream(_) | Kind::Ppt | Kind::Pptx | Kind::Pdf => "unknown",
        };
        PictureFacts {
            codec: codec.to_owned(),
            size: turn::shown(self.size, self.orientation),
            frame_rate: self.motion.map(Motion::frame_rate),
            duration: self.motion.map(Motion::duration),
        }
    }
}

impl Motion {
    /// Of one time through; a picture with one frame, or without time, stands still.
    fn of(frames: u32, milliseconds: u64) -> Option<Self> {
        (frames > 1 && milliseconds > 0).then_some(Self {
            frames,
            milliseconds,
        })
    }

    /// At most two digits after the point, and no zeros at the end.
    fn frame_rate(self) -> String {
        let rate = f64::from(self.frames) / self.duration();
        let text = format!("{rate:.2}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a day has 27 bits of milliseconds"
    )]
    fn duration(self) -> f64 {
        self.milliseconds as f64 / 1000.0
    }
}

/// EXIF has it as a number; none, and one that does not exist, is upright.
fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(Orientation::from_exif_chunk)
        .unwrap_or(Orientation::NoTransforms)
}

fn open_file(path: &Path) -> Result<io::BufReader<std::fs::File>, Reason> {
    let file = std::fs::File::open(path).map_err(|error| unreadable(&error))?;
    Ok(io::BufReader::with_capacity(64 * 1024, file))
}

fn unreadable(error: &io::Error) -> Reason {
    crashed(format!("the stored file could not be read: {error}"))
}

fn damaged(message: impl Into<String>) -> Reason {
    Reason::new(Code::Damaged, message)
}

fn too_large(message: impl Into<String>) -> Reason {
    Reason::new(Code::TooLarge, message)
}

fn crashed(message: impl Into<String>) -> Reason {
    Reason::new(Code::Crashed, message)
}
