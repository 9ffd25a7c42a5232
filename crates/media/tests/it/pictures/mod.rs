//! Pictures through the real child: what it tells, what it makes, and what it refuses.

mod colours;
mod facts;
mod hostile;
mod likeness;
mod making;

use std::path::{Path, PathBuf};
use std::process::Command;

use entrepot_media::task::{
    Code, Facts, Family, Limits, Part, PictureFacts, Reason, Size, Step, THUMBNAIL, Task, jpeg,
    webp,
};
use tempfile::TempDir;

use crate::telling;

/// What the child told of one file; the thumbnail's files are there as long as this is.
struct Told {
    folder: TempDir,
    facts: Result<PictureFacts, Reason>,
    thumbnail: Result<Size, Reason>,
}

impl Told {
    fn webp(&self) -> PathBuf {
        webp(self.folder.path(), THUMBNAIL)
    }

    fn jpeg(&self) -> PathBuf {
        jpeg(self.folder.path(), THUMBNAIL)
    }
}

fn limits() -> Limits {
    Limits {
        memory: 512 << 20,
        cpu: 30,
        time: 30,
        file: 64 << 20,
        pixels: 120_000_000,
    }
}

fn look(path: &Path) -> Told {
    look_within(path, limits())
}

fn look_within(path: &Path, limits: Limits) -> Told {
    let wanted = [Part::Facts, Part::Thumbnail];
    let asked = telling::run(Task {
        limits,
        ..telling::task(Family::Picture, path, &wanted)
    });
    let nothing = || Reason {
        code: Code::Crashed,
        message: "the child told nothing".to_owned(),
    };
    let (mut facts, mut thumbnail) = (Err(nothing()), Err(nothing()));
    for step in asked.steps {
        match step {
            Step::Facts(Facts::Picture(told)) => facts = Ok(told),
            Step::Thumbnail(size) => thumbnail = Ok(size),
            Step::Refused {
                part: Part::Facts,
                reason,
            } => facts = Err(reason),
            Step::Refused { reason, .. } => thumbnail = Err(reason),
            Step::Done => {}
            other => panic!("{} has {other:?}", path.display()),
        }
    }
    Told {
        folder: asked.folder,
        facts,
        thumbnail,
    }
}

/// Runs a tool; arguments that are paths come as they are, the others split at blanks.
fn tool(name: &str, args: &[&str]) -> Vec<u8> {
    let output = Command::new(name).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}; run make setup"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {args:?}: {complaint}");
    output.stdout
}

/// ImageMagick, from one file to another, with the options in between.
fn convert(from: &Path, options: &str, to: &Path) {
    let mut args = vec![text(from)];
    args.extend(options.split_whitespace());
    args.push(text(to));
    tool("convert", &args);
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Red, green and blue of all pixels, on white, as ImageMagick decodes them. No colours are
/// converted.
fn rgb(path: &Path) -> Vec<u8> {
    let options = ["-background", "white", "-alpha", "remove", "-alpha", "off"];
    let mut args = vec![text(path)];
    args.extend(options);
    args.extend(["+profile", "*", "-depth", "8", "rgb:-"]);
    tool("convert", &args)
}

/// Peak signal to noise in decibels: above 30 two small pictures look the same, and below 20 they
/// do not.
fn likeness(one: &Path, other: &Path) -> f64 {
    let (one, other) = (rgb(one), rgb(other));
    if one.len() != other.len() {
        return 0.0;
    }
    let squares: u64 = one
        .iter()
        .zip(&other)
        .map(|(one, other)| u64::from(one.abs_diff(*other)).pow(2))
        .sum();
    let count = f64::from(u32::try_from(one.len()).unwrap());
    let mean = f64::from(u32::try_from(squares).unwrap_or(u32::MAX)) / count;
    10.0 * (255.0 * 255.0 / mean.max(0.001)).log10()
}
