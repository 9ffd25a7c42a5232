//! What local headers and records of the central directory have in common.

use sha2::{Digest, Sha256};

use super::refusal::{Refusal, shown};
use crate::zip::{FULL_32, ZIP64_EXTRA};
use crate::{EntryPath, Method};

const AES_EXTRA: u16 = 0x9901;
const SECOND_NAME_EXTRA: u16 = 0x7075;
const AES_METHOD: u16 = 99;

/// Encryption: of the data, strong, of the directory.
const ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
pub(super) const DESCRIPTOR: u16 = 1 << 3;
/// How hard it was deflated (1, 2), a descriptor (3), a name in UTF-8 (11).
const KNOWN: u16 = 1 << 1 | 1 << 2 | DESCRIPTOR | 1 << 11;

/// Sixteen bytes by which an entry is known again in the central directory.
pub type Mark = [u8; 16];

/// Reads little-endian numbers off a record whose length has been checked.
pub(super) struct Numbers<'a>(pub(super) &'a [u8]);

impl Numbers<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (head, rest) = self
            .0
            .split_first_chunk()
            .expect("the record is long enough");
        self.0 = rest;
        *head
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.bytes())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    pub(super) fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }
}

/// The name, read as a folder's when it ends in a slash.
pub(super) fn check_name(name: &[u8]) -> Result<(EntryPath, bool), Refusal> {
    let (name, folder) = match name.split_last() {
        Some((b'/', front)) if !front.is_empty() => (front, true),
        _ => (name, false),
    };
    match EntryPath::from_bytes(name) {
        Ok(path) => Ok((path, folder)),
        Err(problem) => Err(Refusal::Name {
            entry: shown(name),
            problem,
        }),
    }
}

pub(super) fn check_flags(entry: &[u8], flags: u16) -> Result<(), Refusal> {
    if flags & ENCRYPTED != 0 {
        return Err(Refusal::Encrypted {
            entry: shown(entry),
        });
    }
    if flags & !KNOWN != 0 {
        return Err(Refusal::Flags {
            entry: shown(entry),
            flags,
        });
    }
    Ok(())
}

pub(super) fn check_method(entry: &[u8], method: u16) -> Result<Method, Refusal> {
    match method {
        0 => Ok(Method::Stored),
        8 => Ok(Method::Deflated),
        AES_METHOD => Err(Refusal::Encrypted {
            entry: shown(entry),
        }),
        _ => Err(Refusal::Method {
            entry: shown(entry),
            method,
        }),
    }
}

/// The content of the zip64 field, if there is one. Every other field is passed over, but for those
/// that change what the entry is.
pub(super) fn zip64_extra<'a>(entry: &[u8], extra: &'a [u8]) -> Result<Option<&'a [u8]>, Refusal> {
    let mut found = None;
    let mut rest = extra;
    while !rest.is_empty() {
        let (id, content, after) = split_extra(rest).ok_or_else(|| Refusal::Extra {
            entry: shown(entry),
        })?;
        match id {
            ZIP64_EXTRA if found.is_some() => {
                return Err(Refusal::Zip64 {
                    entry: shown(entry),
                });
            }
            ZIP64_EXTRA => found = Some(content),
            AES_EXTRA => {
                return Err(Refusal::Encrypted {
                    entry: shown(entry),
                });
            }
            SECOND_NAME_EXTRA => {
                return Err(Refusal::SecondName {
                    entry: shown(entry),
                });
            }
            _ => {}
        }
        rest = after;
    }
    Ok(found)
}

fn split_extra(extra: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let (id, rest) = extra.split_first_chunk::<2>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    let (content, after) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    Some((u16::from_le_bytes(*id), content, after))
}

/// The true values of `fields`, which are in the order of the zip64 field. That has the values of
/// the full ones and no others, or else of all from the first on, where a value that stands twice
/// is the same.
pub(super) fn widen<const N: usize>(fields: [u32; N], zip64: Option<&[u8]>) -> Option<[u64; N]> {
    let mut values = fields.map(u64::from);
    let full = fields.iter().filter(|&&field| field == FULL_32).count();
    let Some(content) = zip64 else {
        return (full == 0).then_some(values);
    };
    if content.len() % 8 != 0 || content.len() / 8 > N {
        return None;
    }
    let only_full = full > 0 && content.len() == full * 8;
    let mut wide = Numbers(content);
    for (value, field) in values.iter_mut().zip(fields) {
        if only_full && field != FULL_32 {
            continue;
        }
        if wide.0.is_empty() {
            // What is not covered must not need to be.
            if field == FULL_32 {
                return None;
            }
            continue;
        }
        let true_value = wide.u64();
        if field != FULL_32 && true_value != *value {
            return None;
        }
        *value = true_value;
    }
    Some(values)
}

/// What the local header and the directory's record must agree in.
pub(super) struct Identity<'a> {
    pub(super) name: &'a [u8],
    pub(super) offset: u64,
    pub(super) flags: u16,
    pub(super) method: u16,
    pub(super) crc32: u32,
    pub(super) size: u64,
    pub(super) compressed_size: u64,
}

impl Identity<'_> {
    pub(super) fn mark(&self) -> Mark {
        let mut hash = Sha256::new();
        hash.update(self.offset.to_le_bytes());
        hash.update(self.flags.to_le_bytes());
        hash.update(self.method.to_le_bytes());
        hash.update(self.crc32.to_le_bytes());
        hash.update(self.size.to_le_bytes());
        hash.update(self.compressed_size.to_le_bytes());
        hash.update(self.name);
        cut(hash)
    }
}

/// Stands for a name where names are looked up.
pub(super) fn name_digest(name: &[u8]) -> Mark {
    cut(Sha256::new_with_prefix(name))
}

fn cut(hash: Sha256) -> Mark {
    let digest: [u8; 32] = hash.finalize().into();
    *digest.first_chunk().expect("16 of 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zip64_fields_are_those_that_overflow_or_all_in_order() {
        let content = |values: &[u64]| {
            values
                .iter()
                .flat_map(|v| v.to_le_bytes())
                .collect::<Vec<_>>()
        };
        let with = |fields, values: &[u64]| widen(fields, Some(&content(values)));
        let big = 1 << 40;
        assert_eq!(widen([1, 2, 3], None), Some([1, 2, 3]));
        assert_eq!(widen([1, FULL_32, 3], None), None);
        assert_eq!(with([1, 2, FULL_32], &[big]), Some([1, 2, big]));
        assert_eq!(with([FULL_32, 2, FULL_32], &[big, 9]), Some([big, 2, 9]));
        assert_eq!(with([1, 2, FULL_32], &[1, 2, big]), Some([1, 2, big]));
        assert_eq!(with([1, 2, FULL_32], &[1, 3, big]), None);
        assert_eq!(with([1, 2, FULL_32], &[1, 2]), None);
        assert_eq!(with([1, 2, 3], &[1, 2]), Some([1, 2, 3]));
        assert_eq!(with([1, 2, 3], &[]), Some([1, 2, 3]));
        assert_eq!(with([1, 2, 3], &[5]), None);
        assert_eq!(with([FULL_32, 2, 3], &[1, 2, 3, 4]), None);
        assert_eq!(widen([FULL_32], Some(&[0; 7])), None);
    }
}
