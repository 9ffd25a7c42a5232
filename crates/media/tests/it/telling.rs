//! Asks the child about a file, and keeps what it told.

use std::path::{Path, PathBuf};
use std::process::Command;

use entrepot_media::Program;
use entrepot_media::task::{
    Code, Facts, Family, Limits, Page, Part, Reason, Size, Step, THUMBNAIL, Task, jpeg, webp,
};
use image::RgbImage;
use tempfile::TempDir;

/// All steps; the files that were made are there as long as this is.
pub struct Told {
    pub folder: TempDir,
    pub steps: Vec<Step>,
}

pub fn limits() -> Limits {
    Limits {
        memory: 1 << 30,
        cpu: 60,
        time: 60,
        file: 256 << 20,
        pixels: 120_000_000,
    }
}

/// What is wanted of a file that lies in one piece.
pub fn task(family: Family, path: &Path, wanted: &[Part]) -> Task {
    Task {
        family,
        input: vec![path.to_owned()],
        size: path.metadata().unwrap().len(),
        folder: PathBuf::new(),
        facts: wanted.contains(&Part::Facts),
        thumbnail: wanted.contains(&Part::Thumbnail),
        cover: wanted.contains(&Part::Cover),
        pages: wanted.contains(&Part::Pages),
        limits: limits(),
    }
}

/// Gives the task a folder of its own, and a child.
pub fn run(mut task: Task) -> Told {
    let folder = tempfile::tempdir().unwrap();
    folder.path().clone_into(&mut task.folder);
    let program = Program {
        path: env!("CARGO_BIN_EXE_entrepot-media-worker").into(),
        args: Vec::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let steps = runtime.block_on(async {
        let mut running = program.start(&task).await.unwrap();
        let mut steps = Vec::new();
        while let Some(step) = running.next().await {
            steps.push(step);
        }
        running.close().await;
        steps
    });
    Told { folder, steps }
}

impl Told {
    pub fn facts(&self) -> &Facts {
        let mut steps = self.steps.iter();
        let facts = steps.find_map(|step| match step {
            Step::Facts(facts) => Some(facts),
            _ => None,
        });
        facts.unwrap_or_else(|| panic!("no facts: {:?}", self.steps))
    }

    pub fn refused(&self, wanted: Part) -> &Reason {
        let mut steps = self.steps.iter();
        let reason = steps.find_map(|step| match step {
            Step::Refused { part, reason } if *part == wanted => Some(reason),
            _ => None,
        });
        reason.unwrap_or_else(|| panic!("{wanted:?} is not refused: {:?}", self.steps))
    }

    /// Nothing came, for one reason that is a sentence.
    pub fn all_refused(&self, wanted: Code) {
        assert!(!self.steps.is_empty());
        for step in &self.steps {
            let Step::Refused { reason, .. } = step else {
                panic!("not only refused: {:?}", self.steps);
            };
            assert_eq!(reason.code, wanted, "{reason}");
            assert_sentence(reason);
        }
    }

    pub fn thumbnail_size(&self) -> Size {
        let mut steps = self.steps.iter();
        let size = steps.find_map(|step| match step {
            Step::Thumbnail(size) => Some(*size),
            _ => None,
        });
        size.unwrap_or_else(|| panic!("no thumbnail: {:?}", self.steps))
    }

    pub fn cover_size(&self) -> Size {
        let mut steps = self.steps.iter();
        let size = steps.find_map(|step| match step {
            Step::Cover(size) => Some(*size),
            _ => None,
        });
        size.unwrap_or_else(|| panic!("no cover: {:?}", self.steps))
    }

    pub fn pages(&self) -> Vec<&Page> {
        let steps = self.steps.iter();
        steps
            .filter_map(|step| match step {
                Step::Page(page) => Some(page),
                _ => None,
            })
            .collect()
    }

    /// The JPEG of the thumbnail; the other form shows the same.
    pub fn thumbnail(&self) -> RgbImage {
        let size = self.thumbnail_size();
        let picture = open(&jpeg(self.folder.path(), THUMBNAIL));
        assert_eq!(picture.dimensions(), (size.width, size.height));
        let other = open(&webp(self.folder.path(), THUMBNAIL));
        assert!(difference(&picture, &other) < 12.0);
        picture
    }
}

/// Decoded by ImageMagick, laid on white.
pub fn open(path: &Path) -> RgbImage {
    let path = path.to_str().unwrap();
    let args = [
        path,
        "-background",
        "white",
        "-flatten",
        "-depth",
        "8",
        "ppm:-",
    ];
    let ppm = run_tool(Path::new("/"), "convert", &args);
    let head: Vec<&[u8]> = ppm.splitn(4, |byte| *byte == b'\n').collect();
    let size = std::str::from_utf8(head[1]).unwrap();
    let (width, height) = size.split_once(' ').unwrap();
    let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
    RgbImage::from_raw(width, height, head[3].to_vec()).unwrap()
}

/// For the owner of a file: a line, without paths.
pub fn assert_sentence(reason: &Reason) {
    let message = &reason.message;
    assert!((10..400).contains(&message.len()), "{message}");
    assert!(
        !message.contains('\n') && !message.contains("/tmp"),
        "{message}"
    );
}

/// The mean difference of a channel, from 0 to 255.
pub fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let pairs = one.as_raw().iter().zip(other.as_raw());
    let sum: f64 = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / f64::from(one.width() * one.height() * 3)
}

/// Whether a pixel is about of a colour.
pub fn assert_colour(picture: &RgbImage, x: u32, y: u32, wanted: [u8; 3]) {
    let found = picture.get_pixel(x, y).0;
    let near = found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) < 24);
    assert!(near, "{found:?} at {x}, {y} instead of {wanted:?}");
}

/// Runs a tool in a folder; its arguments are what blanks separate.
pub fn tool(folder: &Path, name: &str, args: &str) -> Vec<u8> {
    run_tool(folder, name, &args.split_whitespace().collect::<Vec<_>>())
}

pub fn run_tool(folder: &Path, name: &str, args: &[&str]) -> Vec<u8> {
    let output = Command::new(name).args(args).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}; run make setup"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {args:?}: {complaint}");
    output.stdout
}
