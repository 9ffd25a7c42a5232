//! Slides and PDF: how many pages, what they show and say. LibreOffice makes a PDF of slides,
//! Poppler makes pictures and text of its pages.

mod office;
mod outline;
mod pdf;
mod text;

use std::path::Path;

use crate::kind::Kind;
use crate::picture;
use crate::task::{
    self, Code, DeckFacts, Facts, PAGE_SIDE, PAGES, Page, Part, Reason, Step, THUMBNAIL,
    THUMBNAIL_SIDE,
};
use crate::worker::Work;

/// The longest side of the page that only a thumbnail is made of.
const FIRST_SIDE: u32 = 960;
/// Slides that become a PDF, where it is known that there are more: enough that fifty are left
/// when the hidden ones are taken out.
const SLIDES_MOST: u32 = 200;

/// Tells what the task wants of a deck.
pub fn tell(work: &Work) {
    let Some(path) = work.input.path() else {
        return work.refuse_all(&Reason::new(Code::Crashed, "a deck in several pieces"));
    };
    match work.kind {
        Kind::Pdf => tell_pdf(work, path),
        Kind::Pptx => tell_pptx(work, path),
        _ => tell_ppt(work, path),
    }
}

fn tell_pdf(work: &Work, path: &Path) {
    match pdf::pages(path) {
        Ok(pages) => {
            tell_facts(work, Some(pages));
            tell_pictures(work, Ok((path, pages)));
        }
        Err(reason) => work.refuse_all(&reason),
    }
}

fn tell_pptx(work: &Work, path: &Path) {
    let slides = match outline::slides(path) {
        Ok(slides) => slides,
        Err(reason) => return work.refuse_all(&reason),
    };
    tell_facts(work, Some(slides));
    if !work.wants(Part::Thumbnail) && !work.wants(Part::Pages) {
        return;
    }
    if slides == 0 {
        return tell_pictures(work, Err(empty()));
    }
    let converted = if work.wants(Part::Pages) {
        office::to_pdf(work, path, Some(SLIDES_MOST))
    } else {
        first_slide(work, path)
    };
    let counted = converted.and_then(|pdf| pdf::pages(&pdf).map(|pages| (pdf, pages)));
    match &counted {
        Ok((pdf, pages)) => tell_pictures(work, Ok((pdf, *pages))),
        Err(reason) => tell_pictures(work, Err(reason.clone())),
    }
}

/// The binary form doesn't tell how many slides it has until it is converted.
fn tell_ppt(work: &Work, path: &Path) {
    if work.wants(Part::Pages) {
        let converted = office::to_pdf(work, path, None);
        let counted = converted.and_then(|pdf| pdf::pages(&pdf).map(|pages| (pdf, pages)));
        tell_facts(work, counted.as_ref().ok().map(|(_, pages)| *pages));
        match &counted {
            Ok((pdf, pages)) => tell_pictures(work, Ok((pdf, *pages))),
            Err(reason) => tell_pictures(work, Err(reason.clone())),
        }
        return;
    }
    tell_facts(work, None);
    if work.wants(Part::Thumbnail) {
        match first_slide(work, path) {
            Ok(pdf) => tell_pictures(work, Ok((&pdf, 1))),
            Err(reason) => tell_pictures(work, Err(reason)),
        }
    }
}

/// When the first slide is hidden there is nothing in a PDF of it alone.
fn first_slide(work: &Work, path: &Path) -> Result<std::path::PathBuf, Reason> {
    match office::to_pdf(work, path, Some(1)) {
        Err(reason) if reason.code == Code::Damaged => {
            office::to_pdf(work, path, Some(SLIDES_MOST))
        }
        other => other,
    }
}

fn tell_facts(work: &Work, pages: Option<u32>) {
    if work.wants(Part::Facts) {
        work.tell(&Step::Facts(Facts::Deck(DeckFacts { pages })));
    }
}

/// What is shown comes of a PDF and its number of pages, or not at all.
fn tell_pictures(work: &Work, pdf: Result<(&Path, u32), Reason>) {
    let pdf = pdf.and_then(|(path, pages)| match pages {
        0 => Err(empty()),
        pages => Ok((path, pages)),
    });
    match pdf {
        Ok((path, pages)) if work.wants(Part::Pages) => tell_pages(work, path, pages.min(PAGES)),
        Ok((path, _)) => {
            let first = work.task.folder.join("first");
            let drawn = pdf::draw(path, 1, FIRST_SIDE, &first).map(|_| ());
            tell_thumbnail(work, drawn, &first.with_extension("jpg"));
        }
        Err(reason) => {
            for part in [Part::Thumbnail, Part::Pages] {
                if work.wants(part) {
                    work.refuse(part, reason.clone());
                }
            }
        }
    }
}

/// One after the other, each told as soon as it is there, for somebody may be waiting.
fn tell_pages(work: &Work, pdf: &Path, coming: u32) {
    work.tell(&Step::Pages { coming });
    for number in 1..=coming {
        let file = task::page(&work.task.folder, number);
        let drawn = pdf::draw(pdf, number, PAGE_SIDE, &file.with_extension(""));
        if number == 1 {
            let drawn = drawn.as_ref().map(|_| ()).map_err(Clone::clone);
            tell_thumbnail(work, drawn, &file);
        }
        match drawn {
            Ok(size) => work.tell(&Step::Page(Page {
                number,
                size,
                text: pdf::text(pdf, number),
            })),
            Err(Reason { code, message }) => {
                let told = format!("page {number}: {message}");
                return work.refuse(Part::Pages, Reason::new(code, told));
            }
        }
    }
}

fn tell_thumbnail(work: &Work, drawn: Result<(), Reason>, file: &Path) {
    if !work.wants(Part::Thumbnail) {
        return;
    }
    let written = drawn
        .and_then(|()| picture::open(file, Kind::Jpeg, THUMBNAIL_SIDE, &work.task.limits))
        .and_then(|pixels| pixels.write(&work.task.folder, THUMBNAIL, THUMBNAIL_SIDE));
    work.tell_or_refuse(Part::Thumbnail, written.map(Step::Thumbnail));
}

fn empty() -> Reason {
    Reason::new(Code::NothingToShow, "the deck has no pages")
}
