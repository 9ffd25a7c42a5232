//! A frame that stands for the film: from where something is to be seen.

use crate::picture::Pixels;
use crate::probe::{self, Stream, Video};
use crate::task::{COVER_SIDE, Code, Reason, Size};
use crate::tool::Tool;
use crate::worker::Work;

/// So many frames from a place on, the one most like all of them is taken.
const FRAMES: u32 = 8;
/// Of the luma (0 to 255): less than this is blank, whatever the shade.
const DEVIATION_LEAST: f64 = 8.0;
/// Black and white leave little to be seen even where there is some writing.
const MEAN: std::ops::RangeInclusive<f64> = 12.0..=243.0;
/// So far into a film an exact place is looked for: that decodes everything since the last frame
/// that stands for itself.
const EXACT_MOST: f64 = 30.0;
/// Films of that height are of a time with colours of their own, also where they don't say so.
const HD: u32 = 720;

/// Where to look.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Place {
    seconds: f64,
    /// Else at the frame before it that stands for itself, which costs next to nothing to reach.
    exact: bool,
}

/// Tries some places, until one shows something. A film that is black all over gets the frame that
/// differs most.
pub fn representative(
    work: &Work,
    stream: &Stream,
    video: &Video,
    duration: Option<f64>,
) -> Result<Pixels, Reason> {
    let size = size(work, video)?;
    let mut best: Option<(f64, Pixels)> = None;
    let mut why = Reason::new(Code::NothingToShow, "the film has no frame in it");
    for place in places(duration) {
        let pixels = match take(work, stream, video, size, place) {
            Ok(Some(pixels)) => pixels,
            Ok(None) => continue,
            Err(reason) => {
                let ends = matches!(reason.code, Code::ToolMissing | Code::LimitExceeded);
                why = reason;
                if ends {
                    break;
                }
                continue;
            }
        };
        let light = pixels.light();
        if light.deviation >= DEVIATION_LEAST && MEAN.contains(&light.mean) {
            return Ok(pixels);
        }
        if best
            .as_ref()
            .is_none_or(|(most, _)| light.deviation > *most)
        {
            best = Some((light.deviation, pixels));
        }
    }
    best.map(|(_, pixels)| pixels).ok_or(why)
}

fn places(duration: Option<f64>) -> Vec<Place> {
    let near = |seconds| Place {
        seconds,
        exact: false,
    };
    let Some(duration) = duration.filter(|duration| *duration > 0.0) else {
        return vec![near(1.0), near(0.0)];
    };
    let shares: &[f64] = if duration < 3.0 {
        &[0.5, 0.0]
    } else {
        &[0.1, 0.25, 0.5, 0.75, 0.0]
    };
    let mut places: Vec<Place> = shares.iter().map(|share| near(share * duration)).collect();
    places.push(Place {
        seconds: (duration / 2.0).min(EXACT_MOST),
        exact: true,
    });
    places
}

/// As shown, with square pixels; no larger than a cover.
fn size(work: &Work, video: &Video) -> Result<Size, Reason> {
    let stored = video.stored.ok_or_else(|| {
        let told = "the film doesn't say how large its picture is; it may be cut off";
        Reason::new(Code::Damaged, told)
    })?;
    if u64::from(stored.width) * u64::from(stored.height) > work.task.limits.pixels {
        let told = format!(
            "a frame of {} by {} pixels is more than is taken on",
            stored.width, stored.height
        );
        return Err(Reason::new(Code::TooLarge, told));
    }
    let width = f64::from(stored.width) * video.pixel_aspect;
    let height = f64::from(stored.height);
    let scale = (f64::from(COVER_SIDE) / width.max(height)).min(1.0);
    let (width, height) = (pixels(width * scale), pixels(height * scale));
    Ok(if video.lying {
        Size {
            width: height,
            height: width,
        }
    } else {
        Size { width, height }
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 1 and the side of a cover"
)]
fn pixels(length: f64) -> u32 {
    length.round().clamp(1.0, f64::from(COVER_SIDE)) as u32
}

/// `None` where the film has no frame any more, whatever its duration says.
fn take(
    work: &Work,
    stream: &Stream,
    video: &Video,
    size: Size,
    place: Place,
) -> Result<Option<Pixels>, Reason> {
    let exactly = if place.exact {
        "-accurate_seek"
    } else {
        "-noaccurate_seek"
    };
    let length = size.width as usize * size.height as usize * 3;
    let bytes = Tool::new("ffmpeg", probe::PACKAGE)
        .args(["-v", "error", "-nostdin", "-threads", "1"])
        .args(probe::bound_pixels(&work.task.limits))
        .args([exactly, "-ss", &format!("{:.3}", place.seconds)])
        .args(probe::input(work))
        .args(["-map", &format!("0:{}", stream.index)])
        .args(["-an", "-sn", "-dn", "-filter_threads", "1", "-vf"])
        .arg(filter(video, size))
        .args(["-frames:v", "1", "-threads", "1"])
        .args(["-pix_fmt", "rgb24", "-f", "rawvideo", "-"])
        .run(length)
        .map_err(probe::broken)?;
    // of a frame that is not whole nothing can be said
    Ok((bytes.len() == length).then_some(Pixels {
        size,
        bytes,
        alpha: false,
    }))
}

/// Shrinks before it compares, so that large frames don't pile up.
fn filter(video: &Video, size: Size) -> String {
    let tall = video.stored.is_some_and(|stored| stored.height >= HD);
    let colours = if tall && !video.colours_told {
        ":in_color_matrix=bt709"
    } else {
        ""
    };
    let Size { width, height } = size;
    format!("scale={width}:{height}{colours},setsar=1,thumbnail=n={FRAMES}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_without_a_duration_is_looked_at_too() {
        assert!(!places(None).is_empty());
        assert!(!places(Some(0.0)).is_empty());
        let last = places(Some(36_000.0)).pop().unwrap();
        assert!(last.exact && last.seconds <= EXACT_MOST);
    }
}
