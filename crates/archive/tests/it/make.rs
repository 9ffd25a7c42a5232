//! Archives for tests: by the crate's own writer, and field by field.

use entrepot_archive::{
    DosTime, EntryMeta, EntryPath, Method, central_header, deflate, end_of_directory, local_header,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub path: String,
    pub data: Vec<u8>,
    pub method: Method,
}

pub fn item(path: &str, data: &[u8], method: Method) -> Item {
    Item {
        path: path.into(),
        data: data.into(),
        method,
    }
}

pub fn some_items() -> Vec<Item> {
    vec![
        item("bagit.txt", b"BagIt-Version: 1.0\n", Method::Deflated),
        item("data/assets/a/empty", b"", Method::Stored),
        item("data/assets/a/f.bin", &noise(3000), Method::Stored),
        item(
            "data/assets.jsonl",
            &b"{\"a\": 1}\n".repeat(500),
            Method::Deflated,
        ),
        item("data/assets/b/none", b"", Method::Deflated),
    ]
}

/// Bytes that do not compress, the same ones each time.
pub fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    (0..count).map(|_| next()).collect()
}

pub fn time() -> DosTime {
    DosTime::from_unix(1_772_352_550)
}

/// Header fields of `item` and its bytes in the archive.
pub fn packed(item: &Item) -> (EntryMeta, Vec<u8>) {
    let path = EntryPath::new(item.path.as_str()).unwrap();
    match item.method {
        Method::Deflated => {
            let (data, deflated) = deflate(&item.data);
            (deflated.meta(path), data)
        }
        Method::Stored => {
            let size = item.data.len() as u64;
            let meta = EntryMeta {
                path,
                method: Method::Stored,
                crc32: crc32fast::hash(&item.data),
                size,
                compressed_size: size,
            };
            (meta, item.data.clone())
        }
    }
}

pub fn archive(items: &[Item]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for item in items {
        let (meta, data) = packed(item);
        directory.extend(central_header(&meta, bytes.len() as u64, time()));
        bytes.extend(local_header(&meta, time()));
        bytes.extend(data);
    }
    let end = end_of_directory(
        items.len() as u64,
        directory.len() as u64,
        bytes.len() as u64,
    );
    bytes.extend(directory);
    bytes.extend(end);
    bytes
}

/// The fields that a local header and a record of the directory share.
#[derive(Clone)]
pub struct Fields {
    pub name: Vec<u8>,
    pub flags: u16,
    pub method: u16,
    pub crc32: u32,
    pub compressed_size: u32,
    pub size: u32,
    pub extra: Vec<u8>,
}

/// An entry whose every field can be made wrong.
#[derive(Clone)]
pub struct RawEntry {
    pub local: Fields,
    pub data: Vec<u8>,
    /// What follows the data.
    pub descriptor: Vec<u8>,
    pub central: Fields,
    pub attributes: u32,
    pub disk: u16,
    pub comment: Vec<u8>,
    /// Instead of the true one.
    pub offset: Option<u32>,
}

impl RawEntry {
    pub fn of(item: &Item) -> Self {
        let (meta, data) = packed(item);
        let fields = Fields {
            name: item.path.clone().into(),
            flags: 0,
            method: if item.method == Method::Stored { 0 } else { 8 },
            crc32: meta.crc32,
            compressed_size: u32::try_from(meta.compressed_size).unwrap(),
            size: u32::try_from(meta.size).unwrap(),
            extra: Vec::new(),
        };
        Self {
            local: fields.clone(),
            data,
            descriptor: Vec::new(),
            central: fields,
            attributes: 0o100_644 << 16,
            disk: 0,
            comment: Vec::new(),
            offset: None,
        }
    }

    /// Changes both records alike.
    pub fn both(mut self, change: impl Fn(&mut Fields)) -> Self {
        change(&mut self.local);
        change(&mut self.central);
        self
    }

    pub fn named(self, name: &[u8]) -> Self {
        self.both(|fields| fields.name = name.to_vec())
    }

    /// As a tool writes it that does not know the sizes beforehand.
    pub fn streamed(mut self, signature: bool, wide: bool) -> Self {
        let known = self.central.clone();
        if signature {
            self.descriptor.extend(0x0807_4b50_u32.to_le_bytes());
        }
        self.descriptor.extend(known.crc32.to_le_bytes());
        for size in [known.compressed_size, known.size] {
            self.descriptor.extend(size.to_le_bytes());
            if wide {
                self.descriptor.extend(0_u32.to_le_bytes());
            }
        }
        if wide {
            self.local.extra = extra(1, &[0; 16]);
        }
        self.local.crc32 = 0;
        self.local.compressed_size = if wide { u32::MAX } else { 0 };
        self.local.size = self.local.compressed_size;
        self.both(|fields| fields.flags |= 8)
    }
}

pub fn extra(id: u16, content: &[u8]) -> Vec<u8> {
    let mut bytes = id.to_le_bytes().to_vec();
    bytes.extend(u16::try_from(content.len()).unwrap().to_le_bytes());
    bytes.extend(content);
    bytes
}

/// An archive of raw entries; `end` may change the end record, which is given without its signature.
pub fn raw_archive(entries: &[RawEntry]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = entry.offset.unwrap_or(u32::try_from(bytes.len()).unwrap());
        bytes.extend(b"PK\x03\x04\x14\x00");
        put_fields(&mut bytes, &entry.local);
        bytes.extend(&entry.local.name);
        bytes.extend(&entry.local.extra);
        bytes.extend(&entry.data);
        bytes.extend(&entry.descriptor);
        directory.extend(b"PK\x01\x02\x14\x03\x14\x00");
        put_fields(&mut directory, &entry.central);
        directory.extend(u16::try_from(entry.comment.len()).unwrap().to_le_bytes());
        directory.extend(entry.disk.to_le_bytes());
        directory.extend([0, 0]);
        directory.extend(entry.attributes.to_le_bytes());
        directory.extend(offset.to_le_bytes());
        directory.extend(&entry.central.name);
        directory.extend(&entry.central.extra);
        directory.extend(&entry.comment);
    }
    let end = end_of_directory(
        entries.len() as u64,
        directory.len() as u64,
        bytes.len() as u64,
    );
    bytes.extend(directory);
    bytes.extend(end);
    bytes
}

fn put_fields(bytes: &mut Vec<u8>, fields: &Fields) {
    bytes.extend(fields.flags.to_le_bytes());
    bytes.extend(fields.method.to_le_bytes());
    bytes.extend([0, 0, 33, 0]);
    bytes.extend(fields.crc32.to_le_bytes());
    bytes.extend(fields.compressed_size.to_le_bytes());
    bytes.extend(fields.size.to_le_bytes());
    bytes.extend(u16::try_from(fields.name.len()).unwrap().to_le_bytes());
    bytes.extend(u16::try_from(fields.extra.len()).unwrap().to_le_bytes());
}
