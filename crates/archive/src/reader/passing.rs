//! The digest of a package while it is downloaded: nothing is inflated, nothing is kept.

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::Refusal;
use super::local::{self, FIXED, Local};
use crate::PackageDigest;
use crate::zip::{CENTRAL_HEADER, LOCAL_HEADER};

/// Computes the [`PackageDigest`] of an archive that comes in pieces. That the archive agrees with
/// itself is not its to check: the digest is compared with the server's.
#[derive(Clone)]
pub struct DigestReader {
    digest: PackageDigest,
    offset: u64,
    state: State,
}

#[derive(Clone)]
enum State {
    Header(Vec<u8>),
    Data {
        header: Bytes,
        left: u64,
        sha256: Sha256,
    },
    Tail,
}

impl DigestReader {
    #[must_use]
    pub fn new() -> Self {
        Self {
            digest: PackageDigest::new(),
            offset: 0,
            state: State::Header(Vec::new()),
        }
    }

    /// Takes the archive's next bytes. After a refusal it is of no more use.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        while !bytes.is_empty() {
            let taken = self.step(bytes)?;
            self.offset += taken as u64;
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    pub fn finish(self) -> Result<[u8; 32], Refusal> {
        match self.state {
            State::Tail => Ok(self.digest.finish()),
            _ if self.offset < 4 => Err(Refusal::NotAZip),
            _ => Err(Refusal::Truncated {
                offset: self.offset,
            }),
        }
    }

    /// How many of `bytes`, which are some, it took.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        match &mut self.state {
            State::Header(_) => self.header(bytes),
            State::Data {
                header,
                left,
                sha256,
            } => {
                let taken = bytes
                    .len()
                    .min(usize::try_from(*left).unwrap_or(usize::MAX));
                sha256.update(&bytes[..taken]);
                *left -= taken as u64;
                if *left == 0 {
                    self.digest.entry(header, &sha256.finalize_reset().into());
                    self.state = State::Header(Vec::new());
                }
                Ok(taken)
            }
            State::Tail => {
                self.digest.tail(bytes);
                Ok(bytes.len())
            }
        }
    }

    fn header(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let State::Header(gathered) = &mut self.state else {
            unreachable!("called in this state only");
        };
        let start = self.offset - gathered.len() as u64;
        let wanted = length(gathered, start)?;
        let taken = bytes.len().min(wanted - gathered.len());
        gathered.extend_from_slice(&bytes[..taken]);
        // What has come may have said that there is more.
        if gathered.len() < length(gathered, start)? {
            return Ok(taken);
        }
        if gathered.starts_with(&CENTRAL_HEADER.to_le_bytes()) {
            self.digest.tail(gathered);
            self.state = State::Tail;
            return Ok(taken);
        }
        let local = Local::parse(&Bytes::from(std::mem::take(gathered)))?;
        if local.has_descriptor() {
            return Err(Refusal::NoDigest {
                entry: local.shown(),
            });
        }
        let (header, left) = (local.header, local.compressed_size);
        if left == 0 {
            self.digest.entry(&header, &Sha256::digest([]).into());
        } else {
            let sha256 = Sha256::new();
            self.state = State::Data {
                header,
                left,
                sha256,
            };
        }
        Ok(taken)
    }
}

impl Default for DigestReader {
    fn default() -> Self {
        Self::new()
    }
}

/// How long the header at `start` is, as far as `gathered`, its first bytes, can tell.
fn length(gathered: &[u8], start: u64) -> Result<usize, Refusal> {
    let Some(signature) = gathered.first_chunk() else {
        return Ok(4);
    };
    match u32::from_le_bytes(*signature) {
        LOCAL_HEADER => gathered
            .first_chunk::<FIXED>()
            .map_or(Ok(FIXED), local::length),
        _ if start == 0 => Err(Refusal::NotAZip),
        CENTRAL_HEADER => Ok(4),
        _ => Err(Refusal::Junk {
            after: format!("byte {start}"),
        }),
    }
}
