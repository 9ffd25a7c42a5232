//! Sound: FFprobe's figures, the picture that is embedded, else a waveform.

mod art;
mod drawing;
mod peaks;

use crate::probe::{self, Contents};
use crate::task::{Code, Facts, Part, Reason, Size, Step, THUMBNAIL, THUMBNAIL_SIDE};
use crate::tool::Tool;
use crate::worker::Work;
use peaks::Peaks;

/// Samples a second are enough for a drawing.
const RATE: &str = "8000";

/// Tells what the task wants of sound.
pub fn tell(work: &Work) {
    let contents = match probe::contents(work) {
        Ok(contents) => contents,
        Err(reason) => return work.refuse_all(&reason),
    };
    let (Some(facts), None) = (contents.sound_facts(), contents.video()) else {
        let told = "the asset's type says that the file is sound, but there is a film in it";
        return work.refuse_all(&Reason::new(Code::FormatMismatch, told));
    };
    if work.wants(Part::Facts) {
        work.tell(&Step::Facts(Facts::Sound(facts)));
    }
    if work.wants(Part::Thumbnail) {
        let written = thumbnail(work, &contents);
        work.tell_or_refuse(Part::Thumbnail, written.map(Step::Thumbnail));
    }
}

/// Cover art that can't be shown is no reason to have nothing.
fn thumbnail(work: &Work, contents: &Contents) -> Result<Size, Reason> {
    let pixels = match art::embedded(work, contents) {
        Some(pixels) => pixels,
        None => drawing::waveform(&listen(work, contents)?),
    };
    pixels.write(&work.task.folder, THUMBNAIL, THUMBNAIL_SIDE)
}

/// What was heard before something broke is drawn as well.
fn listen(work: &Work, contents: &Contents) -> Result<Peaks, Reason> {
    let Some(stream) = contents.sound() else {
        return Err(silent());
    };
    let mut peaks = Peaks::default();
    let heard = Tool::new("ffmpeg", probe::PACKAGE)
        .args(["-v", "error", "-nostdin", "-threads", "1"])
        .args(probe::input(work))
        .args(["-map", &format!("0:{}", stream.index)])
        .args(["-vn", "-sn", "-dn", "-ac", "1", "-ar", RATE])
        .args(["-f", "s16le", "-"])
        .stream(|bytes| {
            peaks.hear(bytes);
            Ok(())
        });
    match heard {
        _ if !peaks.is_empty() => Ok(peaks),
        Ok(()) => Err(silent()),
        Err(reason) => Err(probe::broken(reason)),
    }
}

fn silent() -> Reason {
    Reason::new(Code::NothingToShow, "the file has no sound in it")
}
