//! Sound: FFprobe's figures, the picture that is embedded, else a waveform.

use crate::worker::Work;

/// Tells what the task wants of sound.
pub fn tell(work: &Work) {
    let _ = work;
}
