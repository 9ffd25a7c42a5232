//! An [`Input`] as something to read on from, for libraries that want a `Read + Seek`.

use std::io::{self, Read, Seek, SeekFrom};

use crate::input::Input;

#[derive(Debug)]
pub struct Reader<'a> {
    input: &'a Input,
    at: u64,
}

impl<'a> Reader<'a> {
    pub fn new(input: &'a Input) -> Self {
        Self { input, at: 0 }
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.input.read_at(self.at, into.len())?;
        into[..bytes.len()].copy_from_slice(&bytes);
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.input.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
