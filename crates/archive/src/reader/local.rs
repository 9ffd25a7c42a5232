//! Local headers: the records in front of each entry's data.

use bytes::Bytes;

use super::fields::{
    DESCRIPTOR, Identity, Mark, Numbers, check_flags, check_method, check_name, widen, zip64_extra,
};
use super::refusal::{Refusal, shown};
use crate::{EntryPath, InvalidPath, MAX_PATH_BYTES, Method};

/// Its length without name and extra fields.
pub(super) const FIXED: usize = 30;

/// A header that has been checked as far as it can be by itself.
pub(super) struct Local {
    pub(super) path: EntryPath,
    pub(super) folder: bool,
    pub(super) method: Method,
    flags: u16,
    pub(super) crc32: u32,
    pub(super) size: u64,
    pub(super) compressed_size: u64,
    /// The sizes after the data have 64 bits.
    pub(super) wide: bool,
    pub(super) header: Bytes,
    name_length: usize,
}

/// How long the header is in all, from its fixed part.
pub(super) fn length(fixed: &[u8; FIXED]) -> Result<usize, Refusal> {
    let mut numbers = Numbers(&fixed[26..]);
    let (name, extra) = (usize::from(numbers.u16()), usize::from(numbers.u16()));
    // One more for a folder's slash.
    if name > MAX_PATH_BYTES + 1 {
        return Err(Refusal::Name {
            entry: format!("with a name of {name} bytes"),
            problem: InvalidPath::TooLong,
        });
    }
    Ok(FIXED + name + extra)
}

impl Local {
    /// `header` is as long as [`length`] says.
    pub(super) fn parse(header: &Bytes) -> Result<Self, Refusal> {
        let mut numbers = Numbers(&header[6..]);
        let (flags, method) = (numbers.u16(), numbers.u16());
        let _time_and_date = numbers.u32();
        let crc32 = numbers.u32();
        let (narrow_compressed, narrow_size) = (numbers.u32(), numbers.u32());
        let name_length = usize::from(numbers.u16());
        let (name, extra) = header[FIXED..].split_at(name_length);

        let (path, folder) = check_name(name)?;
        check_flags(name, flags)?;
        let zip64 = zip64_extra(name, extra)?;
        let method = check_method(name, method)?;
        let [size, compressed_size] = widen([narrow_size, narrow_compressed], zip64)
            .ok_or_else(|| Refusal::Zip64 { entry: shown(name) })?;
        let local = Self {
            path,
            folder,
            method,
            flags,
            crc32,
            size,
            compressed_size,
            wide: zip64.is_some(),
            header: header.clone(),
            name_length,
        };
        local.check()?;
        Ok(local)
    }

    fn check(&self) -> Result<(), Refusal> {
        let stored = self.method == Method::Stored;
        if stored && self.has_descriptor() {
            return Err(Refusal::StoredDescriptor {
                entry: self.shown(),
            });
        }
        if self.folder && (!stored || self.size != 0 || self.compressed_size != 0) {
            return Err(Refusal::Folder {
                entry: self.shown(),
            });
        }
        if stored && self.size != self.compressed_size {
            return Err(Refusal::StoredSizes {
                entry: self.shown(),
            });
        }
        Ok(())
    }

    /// Sizes and CRC-32 follow the data.
    pub(super) fn has_descriptor(&self) -> bool {
        self.flags & DESCRIPTOR != 0
    }

    /// Whether the header's sizes and CRC-32 can be relied on before the data has come.
    pub(super) fn is_declared(&self) -> bool {
        !self.has_descriptor()
    }

    /// Whether the header of an entry with a descriptor agrees with what came. Some tools write what
    /// they know beforehand, the others zeros.
    pub(super) fn allows(&self, crc32: u32, size: u64, compressed_size: u64) -> bool {
        let crc32 = self.crc32 == 0 || self.crc32 == crc32;
        let size = self.size == 0 || self.size == size;
        let compressed_size = self.compressed_size == 0 || self.compressed_size == compressed_size;
        crc32 && size && compressed_size
    }

    /// As it stands in the archive, a folder's slash included.
    pub(super) fn name(&self) -> &[u8] {
        &self.header[FIXED..FIXED + self.name_length]
    }

    pub(super) fn shown(&self) -> String {
        shown(self.name())
    }

    /// Once sizes and CRC-32 are known for certain.
    pub(super) fn mark(&self, offset: u64) -> Mark {
        let identity = Identity {
            name: self.name(),
            offset,
            flags: self.flags,
            method: self.method.number(),
            crc32: self.crc32,
            size: self.size,
            compressed_size: self.compressed_size,
        };
        identity.mark()
    }
}
