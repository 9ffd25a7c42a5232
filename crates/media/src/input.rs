//! The bytes of the file that a task is about, which may lie in several pieces.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Read-only, by position.
#[derive(Debug)]
pub struct Input {
    pieces: Vec<Piece>,
    size: u64,
}

#[derive(Debug)]
struct Piece {
    path: PathBuf,
    file: File,
    begin: u64,
    size: u64,
}

impl Input {
    pub fn open(paths: &[PathBuf]) -> io::Result<Self> {
        let mut pieces = Vec::with_capacity(paths.len());
        let mut begin = 0;
        for path in paths {
            let file = File::open(path)?;
            let size = file.metadata()?.len();
            pieces.push(Piece {
                path: path.clone(),
                file,
                begin,
                size,
            });
            begin += size;
        }
        Ok(Self {
            pieces,
            size: begin,
        })
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The one file that it is, where it is one.
    pub fn path(&self) -> Option<&Path> {
        match self.pieces.as_slice() {
            [piece] => Some(&piece.path),
            _ => None,
        }
    }

    /// What FFmpeg opens: the file, or its pieces one after the other.
    pub fn ffmpeg_url(&self) -> String {
        let names: Vec<_> = self
            .pieces
            .iter()
            .map(|piece| piece.path.display().to_string())
            .collect();
        match names.as_slice() {
            [name] => format!("file:{name}"),
            several => format!("concat:{}", several.join("|")),
        }
    }

    /// At most `length` bytes from `offset` on; fewer at the end.
    pub fn read_at(&self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(length.min(64 * 1024));
        for piece in &self.pieces {
            let end = piece.begin + piece.size;
            let at = offset + bytes.len() as u64;
            if bytes.len() == length || at < piece.begin || at >= end {
                continue;
            }
            let wanted = (length - bytes.len()) as u64;
            let take = usize::try_from(wanted.min(end - at)).unwrap_or(0);
            let from = bytes.len();
            bytes.resize(from + take, 0);
            piece
                .file
                .read_exact_at(&mut bytes[from..], at - piece.begin)?;
        }
        Ok(bytes)
    }

    /// The last bytes, at most `length`.
    pub fn tail(&self, length: usize) -> io::Result<Vec<u8>> {
        let from = self.size.saturating_sub(length as u64);
        self.read_at(from, length)
    }
}
