//! Whatever the bytes are, the answer is a picture or a reason. What becomes of which file, the
//! integration tests show.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::light::Light;
use super::{Pixels, open};
use crate::input::Input;
use crate::kind;
use crate::task::{Code, Limits, Size};

const LIMITS: Limits = Limits {
    memory: 64 << 20,
    cpu: 10,
    time: 10,
    file: 1 << 20,
    pixels: 4_000_000,
};

/// Small ones of every format; the options make other decoders' paths run.
fn samples(folder: &Path) -> Vec<Vec<u8>> {
    let wanted = [
        ("plain.jpg", ""),
        ("progressive.jpg", "-interlace Plane"),
        ("ink.jpg", "-colorspace CMYK"),
        ("plain.png", ""),
        ("interlaced.png", "-interlace PNG"),
        ("palette.png", "-colors 9 -type Palette"),
        ("plain.gif", ""),
        ("moving.gif", "-duplicate 2"),
        ("plain.bmp", "-type TrueColor"),
        ("palette.bmp", "-colors 16 -type Palette -compress RLE"),
        ("lossy.webp", ""),
        ("lossless.webp", "-define webp:lossless=true"),
        ("alpha.webp", "-alpha set -channel A -evaluate set 50%"),
    ];
    let make = |(name, options): &(&str, &str)| {
        let path = folder.join(name);
        let mut convert = Command::new("convert");
        convert.args(["-size", "40x30", "gradient:red-blue", "-swirl", "90"]);
        convert.args(options.split_whitespace()).arg(&path);
        assert!(convert.status().unwrap().success(), "{name}");
        fs::read(path).unwrap()
    };
    wanted.iter().map(make).collect()
}

/// A small generator, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % most.max(1)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len());
            match self.below(5) {
                0 => bytes[at] = u8::MAX,
                1 => bytes[at] = 0,
                2 => bytes[at] ^= 1 << self.below(8),
                3 => bytes.truncate(at.max(20)),
                _ => bytes.insert(at, bytes[self.below(bytes.len())]),
            }
        }
    }
}

#[test]
fn no_mutated_file_makes_it_panic() {
    let folder = tempfile::tempdir().unwrap();
    let samples = samples(folder.path());
    let path = folder.path().join("mutated");
    let mut dice = Dice(0x5EED);
    let (mut shown, mut refused) = (0, 0);
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(2) {
        for sample in &samples {
            let mut bytes = sample.clone();
            dice.mutate(&mut bytes);
            fs::write(&path, &bytes).unwrap();
            let input = Input::open(std::slice::from_ref(&path)).unwrap();
            let opened = kind::of(&input).and_then(|kind| open(&path, kind, 16, &LIMITS));
            match opened {
                Ok(pixels) => {
                    assert!(pixels.size.width.max(pixels.size.height) <= 16);
                    shown += 1;
                }
                Err(reason) => {
                    assert_ne!(reason.code, Code::Crashed, "{reason}");
                    refused += 1;
                }
            }
        }
    }
    assert!(shown > 20 && refused > 20, "{shown} {refused}");
}

fn flat(colour: [u8; 4], alpha: bool) -> Pixels {
    let each = if alpha { 4 } else { 3 };
    Pixels {
        size: Size {
            width: 8,
            height: 4,
        },
        bytes: colour[..each].repeat(32),
        alpha,
    }
}

#[test]
fn light_is_what_is_seen() {
    let near = |light: Light, mean: f64, deviation: f64| {
        assert!((light.mean - mean).abs() < 1.0, "{light:?}");
        assert!((light.deviation - deviation).abs() < 1.0, "{light:?}");
    };
    near(flat([0, 0, 0, 255], false).light(), 0.0, 0.0);
    near(flat([255, 255, 255, 255], false).light(), 255.0, 0.0);
    near(flat([0, 0, 0, 0], true).light(), 255.0, 0.0);
    near(flat([0, 255, 0, 255], false).light(), 182.0, 0.0);
    let mut half = flat([0, 0, 0, 255], false);
    half.bytes[..48].fill(255);
    near(half.light(), 127.5, 127.5);
}
