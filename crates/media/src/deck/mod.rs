//! Slides and PDF: how many pages, what they show and say. LibreOffice makes a PDF of slides,
//! Poppler makes pictures and text of its pages.

use crate::worker::Work;

/// Tells what the task wants of a deck.
pub fn tell(work: &Work) {
    let _ = work;
}
