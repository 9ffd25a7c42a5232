//! The picture that came with the sound.

use std::fs;

use crate::input::Input;
use crate::kind;
use crate::picture::{self, Pixels};
use crate::probe::{self, Contents, Sort, Stream};
use crate::task::{Family, THUMBNAIL_SIDE};
use crate::tool::Tool;
use crate::worker::Work;

/// Of one picture, bytes.
const MOST: usize = 32 * 1024 * 1024;
/// So many pictures are looked at.
const TRIES: usize = 3;

/// The front cover, else the first picture that can be shown.
pub fn embedded(work: &Work, contents: &Contents) -> Option<Pixels> {
    let pictures = |wanted: bool| {
        let streams = contents.streams.iter();
        streams.filter(
            move |stream| matches!(stream.sort, Sort::CoverArt { front } if front == wanted),
        )
    };
    let mut ordered = pictures(true).chain(pictures(false)).take(TRIES);
    ordered.find_map(|stream| open(work, stream))
}

/// Its bytes as they are: what they are, and whether they are sound, the pictures' own code says.
fn open(work: &Work, stream: &Stream) -> Option<Pixels> {
    let bytes = Tool::new("ffmpeg", probe::PACKAGE)
        .args(["-v", "error", "-nostdin"])
        .args(probe::input(work))
        .args(["-map", &format!("0:{}", stream.index)])
        .args(["-c", "copy", "-frames:v", "1", "-f", "image2pipe", "-"])
        .run(MOST)
        .ok()?;
    let path = work.task.folder.join("art");
    fs::write(&path, bytes).ok()?;
    let input = Input::open(std::slice::from_ref(&path)).ok()?;
    let kind = kind::of(&input).ok()?;
    if kind.family() != Some(Family::Picture) {
        return None;
    }
    picture::open(&path, kind, THUMBNAIL_SIDE, &work.task.limits).ok()
}
