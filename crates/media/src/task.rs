//! What goes over the pipe between the server and the child that looks at a file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What a file must be; decided by the asset's type, and held against the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    Picture,
    Film,
    Sound,
    Deck,
}

/// One file, and what is wanted of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    pub family: Family,
    /// The file's bytes, in order. More than one piece only for films and sound.
    pub input: Vec<PathBuf>,
    /// Bytes of all pieces.
    pub size: u64,
    /// A private folder for results and everything temporary.
    pub folder: PathBuf,
    /// Metadata.
    pub facts: bool,
    pub thumbnail: bool,
    /// Films only.
    pub cover: bool,
    /// Decks only: pictures and text of the first pages.
    pub pages: bool,
    pub limits: Limits,
}

impl Task {
    /// Whether a part is asked for.
    pub fn wants(&self, part: Part) -> bool {
        match part {
            Part::Facts => self.facts,
            Part::Thumbnail => self.thumbnail,
            Part::Cover => self.cover,
            Part::Pages => self.pages,
        }
    }

    /// The parts that are asked for.
    pub fn parts(&self) -> Vec<Part> {
        let all = [Part::Facts, Part::Thumbnail, Part::Cover, Part::Pages];
        all.into_iter().filter(|part| self.wants(*part)).collect()
    }
}

/// What one child and all that it starts may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Private memory of each process, bytes.
    pub memory: u64,
    /// Processor time of each process, seconds.
    pub cpu: u64,
    /// From start to end, seconds.
    pub time: u64,
    /// Of any file that is written, bytes.
    pub file: u64,
    /// Width times height of a picture that is decoded.
    pub pixels: u64,
}

/// The longest side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 320;
/// The longest side of a cover.
pub const COVER_SIDE: u32 = 1280;
/// The longest side of a page.
pub const PAGE_SIDE: u32 = 1920;
/// So many pages of a deck are shown.
pub const PAGES: u32 = 50;
/// Characters of a page's text.
pub const PAGE_TEXT: usize = 2048;

/// Files in the task's folder: a thumbnail and a cover have both forms, a page is a JPEG.
pub const THUMBNAIL: &str = "thumbnail";
pub const COVER: &str = "cover";

pub fn webp(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.webp"))
}

pub fn jpeg(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.jpg"))
}

/// `number` counts from 1.
pub fn page(folder: &Path, number: u32) -> PathBuf {
    folder.join(format!("page-{number}.jpg"))
}

/// One line of the child's output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Step {
    /// What the file is.
    Facts(Facts),
    /// Its two files are in the folder.
    Thumbnail(Size),
    /// Its two files are in the folder.
    Cover(Size),
    /// How many pages there will be, before the first one.
    Pages {
        coming: u32,
    },
    Page(Page),
    /// One wanted part will not come, and why; the others may.
    Refused {
        part: Part,
        reason: Reason,
    },
    /// Everything was told.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    Facts,
    Thumbnail,
    Cover,
    Pages,
}

/// In pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// From 1.
    pub number: u32,
    pub size: Size,
    /// At most [`PAGE_TEXT`] characters, without control characters but newlines.
    pub text: String,
}

/// Metadata by family; what a file does not tell is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Facts {
    Picture(PictureFacts),
    Film(FilmFacts),
    Sound(SoundFacts),
    Deck(DeckFacts),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PictureFacts {
    /// jpeg, png, bmp, gif or webp.
    pub codec: String,
    /// As shown, that is, after the EXIF orientation.
    pub size: Size,
    /// Of a moving picture: frames a second, such as "12.5".
    pub frame_rate: Option<String>,
    /// Of a moving picture, seconds.
    pub duration: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilmFacts {
    pub codec: String,
    /// As shown, that is, after rotation.
    pub size: Size,
    /// Frames a second, such as "25" or "29.97".
    pub frame_rate: Option<String>,
    /// Bits a second.
    pub bit_rate: Option<u64>,
    /// Seconds.
    pub duration: Option<f64>,
    pub sound: Option<SoundFacts>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SoundFacts {
    pub codec: String,
    /// Bits a second.
    pub bit_rate: Option<u64>,
    pub channels: Option<u32>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// Seconds.
    pub duration: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeckFacts {
    /// All pages, also those that are not shown. A binary PPT does not tell before it is converted.
    pub pages: Option<u32>,
}

/// Why something can't be made of a file: a code that stays, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Reason {
    pub code: Code,
    pub message: String,
}

impl Reason {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

impl Code {
    pub const ALL: [Code; 9] = [
        Code::FormatUnknown,
        Code::FormatMismatch,
        Code::Damaged,
        Code::TooLarge,
        Code::LimitExceeded,
        Code::NothingToShow,
        Code::Encrypted,
        Code::ToolMissing,
        Code::Crashed,
    ];
}

/// What a reason is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Code {
    /// The content is not of a format that is read, or is markup, or two formats at once.
    FormatUnknown,
    /// It is of another family than the asset's type says.
    FormatMismatch,
    /// It begins well and then breaks rules, or ends too soon.
    Damaged,
    /// More pixels, pages or bytes than are taken on.
    TooLarge,
    /// A limit of time, memory or file size was met.
    LimitExceeded,
    /// There is nothing to show: no picture, no sound, no page.
    NothingToShow,
    /// It is locked with a password.
    Encrypted,
    /// A program that is needed is not installed.
    ToolMissing,
    /// The child died or spoke nonsense.
    Crashed,
}
