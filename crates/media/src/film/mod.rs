//! Films: FFprobe's figures, and a frame that shows something.

mod frame;

use crate::probe::{self, Contents, Stream, Video};
use crate::task::{
    COVER, COVER_SIDE, Code, Facts, FilmFacts, Part, Reason, Step, THUMBNAIL, THUMBNAIL_SIDE,
};
use crate::worker::Work;

/// Tells what the task wants of a film.
pub fn tell(work: &Work) {
    let contents = match probe::contents(work) {
        Ok(contents) => contents,
        Err(reason) => return work.refuse_all(&reason),
    };
    let Some((stream, video)) = contents.video() else {
        let told = "the asset's type says that the file is a video, but there is only sound in it";
        return work.refuse_all(&Reason::new(Code::FormatMismatch, told));
    };
    if work.wants(Part::Facts) {
        let facts = facts(&contents, stream, video);
        work.tell_or_refuse(
            Part::Facts,
            facts.map(|facts| Step::Facts(Facts::Film(facts))),
        );
    }
    if work.wants(Part::Thumbnail) || work.wants(Part::Cover) {
        tell_pictures(work, &contents, stream, video);
    }
}

/// Both are of the same frame, which is looked for once.
fn tell_pictures(work: &Work, contents: &Contents, stream: &Stream, video: &Video) {
    let duration = contents.duration.or(stream.duration);
    let frame = frame::representative(work, stream, video, duration);
    let folder = &work.task.folder;
    let write = |name, side| match &frame {
        Ok(pixels) => pixels.write(folder, name, side),
        Err(reason) => Err(reason.clone()),
    };
    if work.wants(Part::Thumbnail) {
        let written = write(THUMBNAIL, THUMBNAIL_SIDE);
        work.tell_or_refuse(Part::Thumbnail, written.map(Step::Thumbnail));
    }
    if work.wants(Part::Cover) {
        let written = write(COVER, COVER_SIDE);
        work.tell_or_refuse(Part::Cover, written.map(Step::Cover));
    }
}

fn facts(contents: &Contents, stream: &Stream, video: &Video) -> Result<FilmFacts, Reason> {
    let size = video.shown().ok_or_else(|| {
        let told = "the film doesn't say how large its picture is; it may be cut off";
        Reason::new(Code::Damaged, told)
    })?;
    Ok(FilmFacts {
        codec: stream.codec.clone(),
        size,
        frame_rate: video.frame_rate.clone(),
        bit_rate: stream.bit_rate.or_else(|| remaining_bit_rate(contents)),
        duration: contents.duration.or(stream.duration),
        sound: contents.sound_facts(),
    })
}

/// Some containers tell the bit rate of the whole only; what is known of the sound is taken off.
fn remaining_bit_rate(contents: &Contents) -> Option<u64> {
    let sound = contents.sound().and_then(|sound| sound.bit_rate);
    let rest = contents.bit_rate?.checked_sub(sound.unwrap_or(0))?;
    (rest > 0).then_some(rest)
}
