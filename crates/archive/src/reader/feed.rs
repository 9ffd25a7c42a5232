//! Bytes that were pushed and not yet taken.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

#[derive(Default)]
pub(super) struct Feed {
    chunks: VecDeque<Bytes>,
    len: usize,
}

impl Feed {
    pub(super) fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() {
            self.len += chunk.len();
            self.chunks.push_back(chunk);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The first `N` bytes, left where they are.
    pub(super) fn peek<const N: usize>(&self) -> Option<[u8; N]> {
        if self.len < N {
            return None;
        }
        let mut bytes = [0; N];
        let all = self.chunks.iter().flat_map(|chunk| chunk.iter());
        for (to, from) in bytes.iter_mut().zip(all) {
            *to = *from;
        }
        Some(bytes)
    }

    /// The first `count` bytes in one piece, once so many are there.
    pub(super) fn take(&mut self, count: usize) -> Option<Bytes> {
        if self.len < count {
            return None;
        }
        let first = self.take_some(count);
        if first.len() == count {
            return Some(first);
        }
        let mut joined = BytesMut::with_capacity(count);
        joined.extend_from_slice(&first);
        while joined.len() < count {
            joined.extend_from_slice(&self.take_some(count - joined.len()));
        }
        Some(joined.freeze())
    }

    /// A slice of at most `most` bytes, not copied; empty when nothing is there.
    pub(super) fn take_some(&mut self, most: usize) -> Bytes {
        let Some(first) = self.chunks.front_mut() else {
            return Bytes::new();
        };
        let taken = first.split_to(first.len().min(most));
        if first.is_empty() {
            self.chunks.pop_front();
        }
        self.len -= taken.len();
        taken
    }

    /// The bytes that one slice has, at most `most`.
    pub(super) fn front(&self, most: usize) -> &[u8] {
        let front = self.chunks.front().map_or(&[][..], |chunk| chunk);
        &front[..front.len().min(most)]
    }
}
