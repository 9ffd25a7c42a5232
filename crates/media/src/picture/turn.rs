//! EXIF's eight orientations.

use image::metadata::Orientation;

use super::Pixels;
use crate::task::Size;

/// The size as shown.
pub fn shown(size: Size, orientation: Orientation) -> Size {
    if !swaps(orientation) {
        return size;
    }
    Size {
        width: size.height,
        height: size.width,
    }
}

fn swaps(orientation: Orientation) -> bool {
    match orientation {
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => false,
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => true,
    }
}

pub fn upright(pixels: Pixels, orientation: Orientation) -> Pixels {
    if orientation == Orientation::NoTransforms {
        return pixels;
    }
    let size = shown(pixels.size, orientation);
    let each = if pixels.alpha { 4 } else { 3 };
    let stored = pixels.size.width as usize;
    let (right, bottom) = (
        pixels.size.width as usize - 1,
        pixels.size.height as usize - 1,
    );
    let mut bytes = Vec::with_capacity(pixels.bytes.len());
    for y in 0..size.height as usize {
        for x in 0..size.width as usize {
            let (column, row) = match orientation {
                Orientation::NoTransforms => (x, y),
                Orientation::FlipHorizontal => (right - x, y),
                Orientation::Rotate180 => (right - x, bottom - y),
                Orientation::FlipVertical => (x, bottom - y),
                // 5: over the main diagonal; 7: over the other one
                Orientation::Rotate90FlipH => (y, x),
                Orientation::Rotate90 => (y, bottom - x),
                Orientation::Rotate270FlipH => (right - y, bottom - x),
                Orientation::Rotate270 => (right - y, x),
            };
            let at = (row * stored + column) * each;
            bytes.extend_from_slice(&pixels.bytes[at..at + each]);
        }
    }
    Pixels {
        size,
        bytes,
        alpha: pixels.alpha,
    }
}
