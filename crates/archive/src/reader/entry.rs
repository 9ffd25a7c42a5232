//! The entry that is being read: its data, and what is checked of it.

use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};

use super::feed::Feed;
use super::fields::Mark;
use super::local::Local;
use super::{Begin, Event, Limits, Refusal};
use crate::Method;
use crate::zip::{DATA_DESCRIPTOR, FULL_32};

/// Inflated data comes in blocks of at most this size.
const BLOCK: usize = 64 * 1024;
/// Below this, an entry may inflate by any ratio.
const RATIO_FROM: u64 = 1 << 20;

pub(super) enum Next {
    Event(Event),
    /// There may be an event without more bytes.
    Again,
    Wait,
}

pub(super) struct OpenEntry {
    local: Local,
    offset: u64,
    phase: Phase,
    /// Read by now, as in the archive.
    taken: u64,
    /// Given out by now.
    made: u64,
    /// `None`: the caller computes it.
    crc32: Option<crc32fast::Hasher>,
    max_ratio: u64,
}

enum Phase {
    Stored,
    Deflated(Inflate),
    Descriptor,
    Ended(Mark),
}

struct Inflate {
    inner: Decompress,
    room: Box<[u8]>,
    /// It may not make more than this.
    most: u64,
    /// What that bound was.
    beyond: Refusal,
}

impl OpenEntry {
    pub(super) fn new(
        local: Local,
        offset: u64,
        limits: &Limits,
        total: u64,
        check_stored: bool,
    ) -> Result<Self, Refusal> {
        let deflated = local.method == Method::Deflated;
        check_declared(&local, limits, total)?;
        let phase = if deflated {
            Phase::Deflated(Inflate::new(&local, limits, total))
        } else {
            Phase::Stored
        };
        Ok(Self {
            local,
            offset,
            phase,
            taken: 0,
            made: 0,
            crc32: (deflated || check_stored).then(crc32fast::Hasher::new),
            max_ratio: limits.max_ratio,
        })
    }

    pub(super) fn begin(&self) -> Begin {
        let declared = self.local.is_declared();
        Begin {
            path: self.local.path.clone(),
            method: self.local.method,
            size: declared.then_some(self.local.size),
            compressed_size: declared.then_some(self.local.compressed_size),
            crc32: declared.then_some(self.local.crc32),
            offset: self.offset,
            header: self.local.header.clone(),
        }
    }

    /// Size, size in the archive, CRC-32 and mark, once every byte of it has been read.
    pub(super) fn ended(&self) -> Option<(u64, u64, u32, Mark)> {
        let Phase::Ended(mark) = self.phase else {
            return None;
        };
        let local = &self.local;
        Some((local.size, local.compressed_size, local.crc32, mark))
    }

    pub(super) fn step(&mut self, feed: &mut Feed) -> Result<Next, Refusal> {
        match self.phase {
            Phase::Stored => self.stored(feed),
            Phase::Deflated(_) => self.deflated(feed),
            Phase::Descriptor => self.descriptor(feed),
            Phase::Ended(_) => Ok(Next::Again),
        }
    }

    fn stored(&mut self, feed: &mut Feed) -> Result<Next, Refusal> {
        let left = self.local.size - self.made;
        if left == 0 {
            return self.close();
        }
        let block = feed.take_some(usize::try_from(left).unwrap_or(usize::MAX));
        if block.is_empty() {
            return Ok(Next::Wait);
        }
        self.taken += block.len() as u64;
        Ok(self.give(block))
    }

    fn deflated(&mut self, feed: &mut Feed) -> Result<Next, Refusal> {
        let Phase::Deflated(inflate) = &mut self.phase else {
            unreachable!("called in this phase only");
        };
        let local = &self.local;
        let left = if local.is_declared() {
            local.compressed_size - self.taken
        } else {
            u64::MAX
        };
        let input = feed.front(usize::try_from(left).unwrap_or(usize::MAX));
        let starved = input.is_empty();
        let (taken, block, end) =
            inflate
                .step(input, self.made)
                .map_err(|()| Refusal::Deflate {
                    entry: local.shown(),
                })?;
        self.taken += taken as u64;
        if self.made + block.len() as u64 > inflate.most {
            return Err(inflate.beyond.clone());
        }
        let made = self.made + block.len() as u64;
        // Where sizes were declared, they have been held against the ratio already.
        if !local.is_declared() && is_bomb(made, self.taken, self.max_ratio) {
            return Err(Refusal::Ratio {
                entry: local.shown(),
                limit: self.max_ratio,
            });
        }
        feed.take_some(taken);
        if end {
            self.inflated()?;
        } else if taken == 0 && block.is_empty() {
            return match (starved, left) {
                (true, 0) => Err(Refusal::CompressedSize {
                    entry: local.shown(),
                }),
                (true, _) => Ok(Next::Wait),
                (false, _) => Err(Refusal::Deflate {
                    entry: local.shown(),
                }),
            };
        }
        if block.is_empty() {
            return Ok(Next::Again);
        }
        Ok(self.give(block))
    }

    /// The deflated data has ended; its last block is still to be given out.
    fn inflated(&mut self) -> Result<(), Refusal> {
        if self.local.is_declared() && self.taken != self.local.compressed_size {
            return Err(Refusal::CompressedSize {
                entry: self.local.shown(),
            });
        }
        self.phase = Phase::Descriptor;
        Ok(())
    }

    fn give(&mut self, block: Bytes) -> Next {
        if let Some(crc32) = &mut self.crc32 {
            crc32.update(&block);
        }
        self.made += block.len() as u64;
        Next::Event(Event::Data(block))
    }

    /// Passed by an entry that has none.
    fn descriptor(&mut self, feed: &mut Feed) -> Result<Next, Refusal> {
        if !self.local.has_descriptor() {
            return self.close();
        }
        let Some(signature) = feed.peek().map(u32::from_le_bytes) else {
            return Ok(Next::Wait);
        };
        let signature = (signature == DATA_DESCRIPTOR).then_some(signature);
        let expected = self.expected_descriptor(signature);
        let Some(descriptor) = feed.take(expected.len()) else {
            return Ok(Next::Wait);
        };
        let crc32 = self.found_crc32();
        if descriptor != expected || !self.local.allows(crc32, self.made, self.taken) {
            return Err(Refusal::Descriptor {
                entry: self.local.shown(),
            });
        }
        self.close()
    }

    fn expected_descriptor(&self, signature: Option<u32>) -> Vec<u8> {
        let crc32 = self.found_crc32();
        let sizes = [self.taken, self.made];
        let narrow = sizes.map(|size| u32::try_from(size).unwrap_or(FULL_32));
        let mut bytes = Vec::with_capacity(24);
        bytes.extend(signature.into_iter().flat_map(u32::to_le_bytes));
        bytes.extend(crc32.to_le_bytes());
        if self.local.wide || narrow.contains(&FULL_32) {
            bytes.extend(sizes.into_iter().flat_map(u64::to_le_bytes));
        } else {
            bytes.extend(narrow.into_iter().flat_map(u32::to_le_bytes));
        }
        bytes
    }

    /// Of an entry that is deflated.
    fn found_crc32(&self) -> u32 {
        self.crc32.clone().unwrap_or_default().finalize()
    }

    /// Every byte has been read: what was declared is compared with what was found.
    fn close(&mut self) -> Result<Next, Refusal> {
        let crc32 = self.crc32.take().map(crc32fast::Hasher::finalize);
        let local = &mut self.local;
        if local.is_declared() && self.made != local.size {
            return Err(Refusal::Size {
                entry: local.shown(),
                declared: local.size,
            });
        }
        if local.is_declared() && crc32.is_some_and(|found| found != local.crc32) {
            return Err(Refusal::Crc {
                entry: local.shown(),
            });
        }
        local.size = self.made;
        local.compressed_size = self.taken;
        local.crc32 = crc32.unwrap_or(local.crc32);
        self.phase = Phase::Ended(local.mark(self.offset));
        Ok(Next::Again)
    }
}

/// Refuses by what the header says, before a byte of data is read.
fn check_declared(local: &Local, limits: &Limits, total: u64) -> Result<(), Refusal> {
    if !local.is_declared() {
        return Ok(());
    }
    let (entry, size) = (local.shown(), local.size);
    if size > limits.max_entry_size {
        return Err(Refusal::EntryTooLarge {
            entry,
            size,
            limit: limits.max_entry_size,
        });
    }
    if size > limits.max_total_size.saturating_sub(total) {
        return Err(Refusal::TotalTooLarge {
            entry,
            limit: limits.max_total_size,
        });
    }
    if local.method == Method::Stored {
        return Ok(());
    }
    if size > limits.max_inflated_size {
        return Err(Refusal::InflatedTooLarge {
            entry,
            limit: limits.max_inflated_size,
        });
    }
    if is_bomb(size, local.compressed_size, limits.max_ratio) {
        return Err(Refusal::Ratio {
            entry,
            limit: limits.max_ratio,
        });
    }
    Ok(())
}

fn is_bomb(size: u64, compressed_size: u64, max_ratio: u64) -> bool {
    size > RATIO_FROM && size / max_ratio.max(1) > compressed_size
}

impl Inflate {
    fn new(local: &Local, limits: &Limits, total: u64) -> Self {
        let entry = local.shown();
        let total_left = limits.max_total_size.saturating_sub(total);
        let most = limits.max_inflated_size.min(limits.max_entry_size);
        let (most, beyond) = if local.is_declared() {
            (
                local.size,
                Refusal::Size {
                    entry,
                    declared: local.size,
                },
            )
        } else if total_left < most {
            (
                total_left,
                Refusal::TotalTooLarge {
                    entry,
                    limit: limits.max_total_size,
                },
            )
        } else {
            (most, Refusal::InflatedTooLarge { entry, limit: most })
        };
        Self {
            inner: Decompress::new(false),
            room: vec![0; BLOCK].into_boxed_slice(),
            most,
            beyond,
        }
    }

    /// How much of `input` it took, a block that is empty or not, and whether that was the last.
    /// It makes one byte too many at most.
    fn step(&mut self, input: &[u8], made: u64) -> Result<(usize, Bytes, bool), ()> {
        let left = (self.most - made).saturating_add(1);
        let room = self.room.len().min(usize::try_from(left).unwrap_or(BLOCK));
        let (in_before, out_before) = (self.inner.total_in(), self.inner.total_out());
        let status = self
            .inner
            .decompress(input, &mut self.room[..room], FlushDecompress::None)
            .map_err(|_| ())?;
        let taken = count(self.inner.total_in() - in_before);
        let block =
            Bytes::copy_from_slice(&self.room[..count(self.inner.total_out() - out_before)]);
        Ok((taken, block, status == Status::StreamEnd))
    }
}

fn count(bytes: u64) -> usize {
    usize::try_from(bytes).expect("not more than a slice that is in memory")
}
