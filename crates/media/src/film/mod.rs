//! Films: FFprobe's figures, and a frame that shows something.

use crate::worker::Work;

/// Tells what the task wants of a film.
pub fn tell(work: &Work) {
    let _ = work;
}
