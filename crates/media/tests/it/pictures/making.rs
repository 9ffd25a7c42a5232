//! Files to look at, and pieces of files that tools do not make.

use std::fs;
use std::path::{Path, PathBuf};

use super::{text, tool};

/// A picture whose corners, sides and colours all differ, so that one that is turned, mirrored,
/// cut or tinted is not like it.
pub fn scene(folder: &Path, size: &str) -> PathBuf {
    let path = folder.join(format!("scene-{size}.png"));
    let shapes = "fill #f8f0e0 circle 70,60 70,90 fill #202428 rectangle 300,20 390,80 \
                  fill #b86058 polygon 20,280 120,280 70,200 \
                  fill #80b080 rectangle 330,240 380,290 fill #304068 ellipse 200,150 90,40 0,360";
    let args = [
        "-size",
        "400x300",
        "gradient:#d8b078-#5078a0",
        "-draw",
        shapes,
        "-filter",
        "Triangle",
        "-resize",
        size,
        "-type",
        "TrueColor",
        "-depth",
        "8",
        text(&path),
    ];
    tool("convert", &args);
    path
}

/// Puts a segment right after a JPEG's first marker.
pub fn with_segment(jpeg: &[u8], marker: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, marker], &length, body, &jpeg[2..]].concat()
}

/// TIFF with nothing but the orientation.
pub fn exif(orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    tiff
}

pub fn with_icc(jpeg: &[u8], icc: &[u8]) -> Vec<u8> {
    with_segment(jpeg, 0xE2, &[b"ICC_PROFILE\0\x01\x01", icc].concat())
}

/// A PNG chunk with its checksum.
pub fn chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    let named = [name, body].concat();
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length, named.as_slice(), &crc(&named).to_be_bytes()].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    !crc
}

/// A PNG of chunks between its signature and its end.
pub fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
    let begin = b"\x89PNG\r\n\x1a\n".to_vec();
    [begin, chunks.concat(), chunk(b"IEND", b"")].concat()
}

pub fn ihdr(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
    chunk(b"IHDR", &[sides, vec![depth, colour, 0, 0, 0]].concat())
}

/// Puts chunks right after a PNG's header.
pub fn with_chunk(png: &[u8], chunk: &[u8]) -> Vec<u8> {
    [&png[..33], chunk, &png[33..]].concat()
}

pub fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}
