//! A strict reader of packages that come as a stream.
//!
//! It reads entries by their local headers, front to back, and holds the central directory against
//! them at the end. What zip readers are known to disagree about is refused, so that an archive
//! means the same to all of them.

mod directory;
mod entry;
mod feed;
mod fields;
mod limits;
mod local;
mod passing;
mod refusal;

use std::collections::HashSet;

use bytes::Bytes;

pub use fields::Mark;
pub use limits::{Checkpoint, Limits};
pub use passing::DigestReader;
pub use refusal::{Refusal, RefusalKind};

use self::directory::{Extent, Record};
use self::entry::{Next, OpenEntry};
use self::feed::Feed;
use self::fields::name_digest;
use self::local::Local;
use crate::zip::{CENTRAL_HEADER, END, END_64, END_64_LOCATOR, LOCAL_HEADER};
use crate::{EntryPath, Method};

/// Split and spanned archives begin with one of these.
const SPANNED: [u32; 2] = [0x0807_4b50, 0x3030_4b50];
/// Holds an encrypted central directory.
const EXTRA_DATA: u32 = 0x0806_4b50;

/// What the bytes pushed so far say. Every `Begin` is followed by any number of `Data` and an `End`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Begin(Begin),
    /// Bytes of the entry, inflated; not empty, at most 64 KiB of what was deflated.
    Data(Bytes),
    End(End),
    /// An entry for a folder: nothing to keep but its mark.
    Folder(Folder),
    /// Every entry has been read; the central directory begins at `offset`.
    Directory {
        offset: u64,
    },
    /// The archive is complete and agrees with itself.
    Done,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    pub path: EntryPath,
    pub method: Method,
    /// Bytes that will come, inflated; `None` when the entry says so only after its data.
    pub size: Option<u64>,
    /// Bytes in the archive; `None` like `size`.
    pub compressed_size: Option<u64>,
    /// As declared; `None` like `size`.
    pub crc32: Option<u32>,
    /// Where the local header begins.
    pub offset: u64,
    /// The local header as it stands.
    pub header: Bytes,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    pub size: u64,
    pub compressed_size: u64,
    /// As declared. It has been compared with the data where that was deflated, or where
    /// [`Reader::checking_stored`] was asked for.
    pub crc32: u32,
    pub mark: Mark,
    /// Where the next record begins: a reader can be resumed there.
    pub next_offset: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Without the slash at its end.
    pub path: EntryPath,
    pub mark: Mark,
    /// Where the next record begins: a reader can be resumed there.
    pub next_offset: u64,
}

/// Takes bytes by [`Reader::push`] and answers with events. It keeps what was pushed until the
/// events are taken: take all of them before pushing more.
pub struct Reader {
    limits: Limits,
    check_stored: bool,
    feed: Feed,
    /// Of the next byte to be taken from `feed`.
    offset: u64,
    /// Sizes of the entries before this one.
    total: u64,
    marks: Vec<Mark>,
    names: HashSet<Mark>,
    state: State,
}

enum State {
    /// A signature comes next.
    Boundary,
    Entry(Box<OpenEntry>),
    /// `record` is how many have been read.
    Records {
        start: u64,
        record: u64,
    },
    Locator(Extent),
    End {
        extent: Extent,
        wide: bool,
    },
    Comment {
        left: usize,
    },
    Done,
    Refused(Refusal),
}

impl Reader {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::resume(limits, Checkpoint::default())
    }

    /// Goes on where an entry ended. Names of entries from before are compared with the later ones
    /// at the central directory only.
    #[must_use]
    pub fn resume(limits: Limits, checkpoint: Checkpoint) -> Self {
        Self {
            limits,
            check_stored: false,
            feed: Feed::default(),
            offset: checkpoint.offset,
            total: checkpoint.total_size,
            marks: checkpoint.marks,
            names: HashSet::new(),
            state: State::Boundary,
        }
    }

    /// Compares the CRC-32 of stored entries too. Without this, the caller does.
    #[must_use]
    pub fn checking_stored(mut self) -> Self {
        self.check_stored = true;
        self
    }

    /// Takes the archive's next bytes.
    pub fn push(&mut self, bytes: Bytes) {
        self.feed.push(bytes);
    }

    /// The next event; `None` when it takes more bytes to say. After a refusal, always that.
    pub fn next_event(&mut self) -> Result<Option<Event>, Refusal> {
        loop {
            match self.step() {
                Ok(Next::Event(event)) => return Ok(Some(event)),
                Ok(Next::Again) => {}
                Ok(Next::Wait) => return Ok(None),
                Err(refusal) => {
                    self.state = State::Refused(refusal.clone());
                    return Err(refusal);
                }
            }
        }
    }

    /// To be called when no more bytes come and [`Reader::next_event`] has answered `None`.
    pub fn finish(self) -> Result<(), Refusal> {
        let offset = self.offset + self.feed.len() as u64;
        match self.state {
            State::Done if self.feed.len() == 0 => Ok(()),
            State::Done => Err(Refusal::TrailingData),
            State::Refused(refusal) => Err(refusal),
            State::Boundary if offset < 4 => Err(Refusal::NotAZip),
            _ => Err(Refusal::Truncated { offset }),
        }
    }

    /// One mark an entry, in the archive's order; of those that have ended.
    #[must_use]
    pub fn entry_marks(&self) -> &[Mark] {
        &self.marks
    }

    fn step(&mut self) -> Result<Next, Refusal> {
        match &mut self.state {
            State::Boundary => self.boundary(),
            State::Entry(_) => self.entry(),
            &mut State::Records { start, record } => self.records(start, record),
            &mut State::Locator(extent) => self.locator(extent),
            &mut State::End { extent, wide } => self.end(extent, wide),
            &mut State::Comment { left } => Ok(self.comment(left)),
            State::Done if self.feed.len() > 0 => Err(Refusal::TrailingData),
            State::Done => Ok(Next::Wait),
            State::Refused(refusal) => Err(refusal.clone()),
        }
    }

    fn boundary(&mut self) -> Result<Next, Refusal> {
        let Some(signature) = self.feed.peek().map(u32::from_le_bytes) else {
            return self.early_doubt();
        };
        match signature {
            LOCAL_HEADER => self.begin(),
            CENTRAL_HEADER if !self.marks.is_empty() => {
                self.names.clear();
                let start = self.offset;
                self.state = State::Records { start, record: 0 };
                Ok(Next::Event(Event::Directory { offset: start }))
            }
            EXTRA_DATA if !self.marks.is_empty() => Err(Refusal::Encrypted {
                entry: "of the central directory".into(),
            }),
            _ if !self.marks.is_empty() => Err(Refusal::Junk {
                after: format!("entry {}", self.marks.len()),
            }),
            END | END_64 => Err(Refusal::Empty),
            _ if SPANNED.contains(&signature) => Err(Refusal::MultiDisk),
            _ => Err(Refusal::NotAZip),
        }
    }

    /// What does not begin like a zip is refused without waiting for more of it.
    fn early_doubt(&self) -> Result<Next, Refusal> {
        if self.marks.is_empty() && !b"PK".starts_with(self.feed.front(2)) {
            return Err(Refusal::NotAZip);
        }
        Ok(Next::Wait)
    }

    fn begin(&mut self) -> Result<Next, Refusal> {
        let Some(fixed) = self.feed.peek() else {
            return Ok(Next::Wait);
        };
        let Some(header) = self.feed.take(local::length(&fixed)?) else {
            return Ok(Next::Wait);
        };
        let offset = self.offset;
        self.offset += header.len() as u64;
        let local = Local::parse(&header)?;
        if self.marks.len() as u64 >= self.limits.max_entries {
            let limit = self.limits.max_entries;
            return Err(Refusal::TooManyEntries { limit });
        }
        if !self.names.insert(name_digest(local.name())) {
            return Err(Refusal::Duplicate {
                entry: local.shown(),
            });
        }
        if local.folder {
            let mark = local.mark(offset);
            self.marks.push(mark);
            let (path, next_offset) = (local.path, self.offset);
            return Ok(Next::Event(Event::Folder(Folder {
                path,
                mark,
                next_offset,
            })));
        }
        let open = OpenEntry::new(local, offset, &self.limits, self.total, self.check_stored)?;
        let begin = open.begin();
        self.state = State::Entry(Box::new(open));
        Ok(Next::Event(Event::Begin(begin)))
    }

    fn entry(&mut self) -> Result<Next, Refusal> {
        let State::Entry(open) = &mut self.state else {
            unreachable!("called in this state only");
        };
        let before = self.feed.len();
        let next = open.step(&mut self.feed)?;
        self.offset += (before - self.feed.len()) as u64;
        if let Some((size, compressed_size, crc32, mark)) = open.ended() {
            self.total += size;
            self.marks.push(mark);
            self.state = State::Boundary;
            let end = End {
                size,
                compressed_size,
                crc32,
                mark,
                next_offset: self.offset,
            };
            return Ok(Next::Event(Event::End(end)));
        }
        Ok(next)
    }

    fn records(&mut self, start: u64, record: u64) -> Result<Next, Refusal> {
        let Some(signature) = self.feed.peek().map(u32::from_le_bytes) else {
            return Ok(Next::Wait);
        };
        let entries = self.marks.len() as u64;
        match signature {
            CENTRAL_HEADER if record == entries => {
                return Err(Refusal::RecordCount {
                    entries,
                    records: record + 1,
                });
            }
            CENTRAL_HEADER => return self.record(start, record),
            END_64 | END if record < entries => {
                return Err(Refusal::RecordsMissing {
                    entries,
                    records: record,
                });
            }
            END_64 | END => {}
            _ => {
                let after = format!("record {record} of the central directory");
                return Err(Refusal::Junk { after });
            }
        }
        let extent = Extent {
            entries,
            offset: start,
            size: self.offset - start,
        };
        if signature == END {
            self.state = State::End {
                extent,
                wide: false,
            };
            return Ok(Next::Again);
        }
        let Some(end) = self.take(directory::END_64_LENGTH) else {
            return Ok(Next::Wait);
        };
        directory::check_end_64(&end, extent)?;
        self.state = State::Locator(extent);
        Ok(Next::Again)
    }

    fn record(&mut self, start: u64, number: u64) -> Result<Next, Refusal> {
        let Some(fixed) = self.feed.peek() else {
            return Ok(Next::Wait);
        };
        let Some(bytes) = self.take(directory::length(&fixed)) else {
            return Ok(Next::Wait);
        };
        let record = Record::parse(&bytes)?;
        let index = usize::try_from(number).expect("below the number of marks");
        if self.marks[index] != record.mark {
            let entry = record.shown();
            return Err(Refusal::Disagrees {
                entry,
                record: number + 1,
            });
        }
        if !self.names.insert(name_digest(record.name())) {
            return Err(Refusal::Duplicate {
                entry: record.shown(),
            });
        }
        self.state = State::Records {
            start,
            record: number + 1,
        };
        Ok(Next::Again)
    }

    fn locator(&mut self, extent: Extent) -> Result<Next, Refusal> {
        let Some(locator) = self.take(directory::LOCATOR_LENGTH) else {
            return Ok(Next::Wait);
        };
        if locator[..4] != END_64_LOCATOR.to_le_bytes() {
            return Err(Refusal::Junk {
                after: "the zip64 end record".into(),
            });
        }
        directory::check_locator(&locator, extent)?;
        self.state = State::End { extent, wide: true };
        Ok(Next::Again)
    }

    fn end(&mut self, extent: Extent, wide: bool) -> Result<Next, Refusal> {
        let Some(end) = self.take(directory::END_LENGTH) else {
            return Ok(Next::Wait);
        };
        if end[..4] != END.to_le_bytes() {
            return Err(Refusal::Junk {
                after: "the zip64 end record's locator".into(),
            });
        }
        let left = directory::check_end(&end, extent, wide)?;
        self.state = State::Comment { left };
        Ok(Next::Again)
    }

    fn comment(&mut self, left: usize) -> Next {
        if left == 0 {
            self.state = State::Done;
            return Next::Event(Event::Done);
        }
        let taken = self.feed.take_some(left).len();
        self.offset += taken as u64;
        self.state = State::Comment { left: left - taken };
        if taken == 0 { Next::Wait } else { Next::Again }
    }

    fn take(&mut self, count: usize) -> Option<Bytes> {
        let bytes = self.feed.take(count)?;
        self.offset += count as u64;
        Some(bytes)
    }
}
