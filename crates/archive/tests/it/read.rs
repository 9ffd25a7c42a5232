//! Reads an archive as a server would, and keeps what it said.

use bytes::Bytes;
use entrepot_archive::Method;
use entrepot_archive::reader::{Checkpoint, End, Event, Limits, Mark, Reader, Refusal};

use crate::make::Item;

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub items: Vec<Item>,
    pub ends: Vec<End>,
    pub folders: Vec<String>,
    pub marks: Vec<Mark>,
    pub directory: Option<u64>,
    pub done: bool,
    /// The most bytes of one block that was inflated.
    pub largest_inflated: usize,
}

pub fn read(archive: &[u8]) -> Result<Seen, Refusal> {
    read_with(Limits::default(), archive, &[usize::MAX])
}

/// In chunks of the lengths given, round and round.
pub fn read_with(limits: Limits, archive: &[u8], chunks: &[usize]) -> Result<Seen, Refusal> {
    let reader = Reader::new(limits).checking_stored();
    drive(reader, archive, chunks)
}

pub fn resume(checkpoint: Checkpoint, archive: &[u8], chunks: &[usize]) -> Result<Seen, Refusal> {
    let from = usize::try_from(checkpoint.offset).unwrap();
    let reader = Reader::resume(Limits::default(), checkpoint).checking_stored();
    drive(reader, &archive[from..], chunks)
}

pub fn drive(mut reader: Reader, mut rest: &[u8], chunks: &[usize]) -> Result<Seen, Refusal> {
    let mut seen = Seen::default();
    let mut chunks = chunks.iter().copied().cycle();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(chunks.next().unwrap().clamp(1, rest.len()));
        reader.push(Bytes::copy_from_slice(chunk));
        rest = after;
        while let Some(event) = reader.next_event()? {
            seen.take(event);
        }
        seen.marks = reader.entry_marks().to_vec();
    }
    reader.finish()?;
    Ok(seen)
}

impl Seen {
    fn take(&mut self, event: Event) {
        assert!(!self.done, "nothing comes after Done");
        match event {
            Event::Begin(begin) => {
                assert_eq!(self.items.len(), self.ends.len(), "one entry at a time");
                assert!(begin.header.starts_with(b"PK\x03\x04"));
                self.items.push(Item {
                    path: begin.path.as_str().into(),
                    data: Vec::new(),
                    method: begin.method,
                });
            }
            Event::Data(block) => {
                let item = self.items.last_mut().unwrap();
                assert!(!block.is_empty());
                if item.method == Method::Deflated {
                    self.largest_inflated = self.largest_inflated.max(block.len());
                }
                item.data.extend_from_slice(&block);
            }
            Event::End(end) => {
                let item = self.items.last().unwrap();
                assert_eq!(end.size, item.data.len() as u64);
                assert_eq!(end.crc32, crc32fast::hash(&item.data));
                self.ends.push(end);
            }
            Event::Folder(folder) => self.folders.push(folder.path.as_str().into()),
            Event::Directory { offset } => self.directory = Some(offset),
            Event::Done => self.done = true,
        }
    }
}
