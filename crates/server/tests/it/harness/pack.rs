//! A package taken apart, to be changed and put together again.

use bytes::Bytes;
use entrepot_archive::bag::{Oxum, bag_info, put_manifest_line};
use entrepot_archive::reader::{Event, Limits, Reader};
use entrepot_archive::{
    DosTime, EntryMeta, EntryPath, Method, Moment, central_header, deflate, end_of_directory,
    local_header,
};
use sha2::{Digest, Sha256};

#[derive(Clone)]
pub struct Pack {
    pub entries: Vec<(String, Vec<u8>, Method)>,
}

impl Pack {
    pub fn of(bytes: &[u8]) -> Self {
        let mut reader = Reader::new(Limits::default());
        reader.push(Bytes::copy_from_slice(bytes));
        let mut entries: Vec<(String, Vec<u8>, Method)> = Vec::new();
        while let Some(event) = reader.next_event().unwrap() {
            match event {
                Event::Begin(begin) => {
                    entries.push((begin.path.to_string(), Vec::new(), begin.method));
                }
                Event::Data(block) => entries.last_mut().unwrap().1.extend_from_slice(&block),
                _ => {}
            }
        }
        Self { entries }
    }

    pub fn position(&self, path: &str) -> usize {
        self.entries.iter().position(|(p, ..)| p == path).unwrap()
    }

    pub fn content(&mut self, path: &str) -> &mut Vec<u8> {
        let at = self.position(path);
        &mut self.entries[at].1
    }

    /// The paths that begin so.
    pub fn paths(&self, prefix: &str) -> Vec<String> {
        let paths = self.entries.iter().map(|(path, ..)| path.clone());
        paths.filter(|path| path.starts_with(prefix)).collect()
    }

    /// Replaces text in an entry.
    pub fn replace(&mut self, path: &str, from: &str, to: &str) {
        let content = self.content(path);
        let text = String::from_utf8(content.clone()).unwrap();
        assert!(text.contains(from), "{path} has no {from}");
        *content = text.replace(from, to).into_bytes();
    }

    /// Writes the bag's files anew, so that they fit what there is now.
    pub fn seal(&mut self) {
        let (mut manifest, mut oxum) = (String::new(), Oxum::default());
        for (path, content, _) in &self.entries {
            if path.starts_with("data/") {
                line(&mut manifest, path, content);
                oxum.files += 1;
                oxum.bytes += content.len() as u64;
            }
        }
        *self.content("manifest-sha256.txt") = manifest.into_bytes();
        let info = bag_info(Moment::from_millis(0), oxum);
        *self.content("bag-info.txt") = info.into_bytes();
        self.seal_tags();
    }

    pub fn seal_tags(&mut self) {
        let mut manifest = String::new();
        for (path, content, _) in &self.entries {
            if !path.starts_with("data/") && path != "tagmanifest-sha256.txt" {
                line(&mut manifest, path, content);
            }
        }
        *self.content("tagmanifest-sha256.txt") = manifest.into_bytes();
    }

    pub fn bytes(&self) -> Vec<u8> {
        let time = DosTime::from_unix(1_800_000_000);
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for (path, content, method) in &self.entries {
            let path = EntryPath::new(path.as_str()).unwrap();
            let (meta, data) = pack(path, content, *method);
            directory.extend(central_header(&meta, bytes.len() as u64, time));
            bytes.extend(local_header(&meta, time));
            bytes.extend(data);
        }
        let (count, at) = (self.entries.len() as u64, bytes.len() as u64);
        let end = end_of_directory(count, directory.len() as u64, at);
        bytes.extend(directory);
        bytes.extend(end);
        bytes
    }
}

fn line(manifest: &mut String, path: &str, content: &[u8]) {
    let path = EntryPath::new(path).unwrap();
    put_manifest_line(manifest, &Sha256::digest(content).into(), &path);
}

fn pack(path: EntryPath, content: &[u8], method: Method) -> (EntryMeta, Vec<u8>) {
    if method == Method::Deflated {
        let (data, deflated) = deflate(content);
        return (deflated.meta(path), data);
    }
    let size = content.len() as u64;
    let meta = EntryMeta {
        path,
        method,
        crc32: crc32fast::hash(content),
        size,
        compressed_size: size,
    };
    (meta, content.to_vec())
}
