//! What FFprobe tells of films and sound. Numbers in its answer may be missing, odd or lies: what
//! can't be understood is as good as not told.

use serde_json::Value;

use crate::kind::{Container, Kind};
use crate::task::{Code, Limits, Reason, Size, SoundFacts};
use crate::tool::Tool;
use crate::worker::Work;

/// Debian's, for the sentence that says what to install.
pub const PACKAGE: &str = "ffmpeg";
/// Of an answer, bytes; a stream has about half a KiB.
const ANSWER_MOST: usize = 2 * 1024 * 1024;
/// What is asked for. Tags of the file at large are not, for they may be of any size.
const ENTRIES: &str = "format=duration,bit_rate\
    :stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,color_space,\
    avg_frame_rate,r_frame_rate,bit_rate,duration,channels,sample_rate\
    :stream_disposition=attached_pic:stream_tags=rotate,BPS,comment:stream_side_data=rotation";

/// What a file holds, in its own order.
#[derive(Debug, Default)]
pub struct Contents {
    /// Bits a second of everything together.
    pub bit_rate: Option<u64>,
    /// Seconds.
    pub duration: Option<f64>,
    pub streams: Vec<Stream>,
}

#[derive(Debug)]
pub struct Stream {
    /// The number that FFmpeg knows it by.
    pub index: u64,
    pub sort: Sort,
    pub codec: String,
    pub bit_rate: Option<u64>,
    pub duration: Option<f64>,
}

#[derive(Debug)]
pub enum Sort {
    Video(Video),
    /// A picture that belongs to the file as a whole; whether it is called the front.
    CoverArt {
        front: bool,
    },
    Sound {
        channels: Option<u32>,
        sample_rate: Option<u32>,
    },
    Other,
}

#[derive(Debug)]
pub struct Video {
    /// As stored.
    pub stored: Option<Size>,
    /// Whether it lies on its side.
    pub lying: bool,
    /// Width of a pixel by its height.
    pub pixel_aspect: f64,
    /// Whether the film says how its colours are to be understood.
    pub colours_told: bool,
    pub frame_rate: Option<String>,
}

/// What FFmpeg and FFprobe are told before the name of the input: the one format that the content
/// was found to have, so that no playlist or script is ever followed, and no protocol but files.
pub fn input(work: &Work) -> Vec<String> {
    let (format, names) = demuxer(work.kind);
    let url = work.input.ffmpeg_url();
    let told = [
        "-protocol_whitelist",
        "file,concat",
        "-format_whitelist",
        names,
        "-probesize",
        "20000000",
        "-analyzeduration",
        "10000000",
        "-f",
        format,
        "-i",
        &url,
    ];
    told.map(str::to_owned).to_vec()
}

/// A film of that many pixels is not even begun to be decoded.
pub fn bound_pixels(limits: &Limits) -> [String; 2] {
    let most = limits.pixels.min(i32::MAX.unsigned_abs().into());
    ["-max_pixels".to_owned(), most.to_string()]
}

/// By its short name, and all names it goes by.
fn demuxer(kind: Kind) -> (&'static str, &'static str) {
    let Kind::Stream(container) = kind else {
        // no such format: FFmpeg refuses it
        return ("none", "none");
    };
    match container {
        Container::IsoMedia => ("mov", "mov,mp4,m4a,3gp,3g2,mj2"),
        Container::Matroska => ("matroska", "matroska,webm"),
        Container::Flv => ("flv", "flv"),
        Container::Avi => ("avi", "avi"),
        Container::Asf => ("asf", "asf"),
        Container::Wav => ("wav", "wav"),
        Container::Mp3 => ("mp3", "mp3"),
    }
}

/// Asks FFprobe.
pub fn contents(work: &Work) -> Result<Contents, Reason> {
    let answer = Tool::new("ffprobe", PACKAGE)
        .args(["-v", "error", "-print_format", "json"])
        .args(["-show_entries", ENTRIES])
        .args(input(work))
        .run(ANSWER_MOST)
        .map_err(broken)?;
    let contents = read(&answer)?;
    if contents.video().is_none() && contents.sound().is_none() {
        return Err(Reason::new(
            Code::NothingToShow,
            "the file has neither film nor sound in it",
        ));
    }
    Ok(contents)
}

/// Says what to do about a file that FFmpeg gives up on.
pub fn broken(reason: Reason) -> Reason {
    if reason.code != Code::Damaged {
        return reason;
    }
    let told = format!(
        "the file is broken or cut off; upload it again from its source ({})",
        reason.message
    );
    Reason::new(Code::Damaged, told)
}

fn read(answer: &[u8]) -> Result<Contents, Reason> {
    let answer: Value = serde_json::from_slice(answer).map_err(|_| {
        Reason::new(
            Code::Damaged,
            "FFprobe has no clear answer on what the file is",
        )
    })?;
    let format = &answer["format"];
    let streams = answer["streams"].as_array().map(Vec::as_slice);
    Ok(Contents {
        bit_rate: whole(&format["bit_rate"]),
        duration: seconds(&format["duration"]),
        streams: streams.unwrap_or_default().iter().map(stream).collect(),
    })
}

fn stream(told: &Value) -> Stream {
    let codec = told["codec_name"].as_str().unwrap_or("unknown");
    let stated = whole(&told["bit_rate"]).or_else(|| whole(&told["tags"]["BPS"]));
    Stream {
        index: told["index"].as_u64().unwrap_or(0),
        sort: sort(told),
        codec: codec.to_owned(),
        bit_rate: stated,
        duration: seconds(&told["duration"]),
    }
}

fn sort(told: &Value) -> Sort {
    match told["codec_type"].as_str() {
        Some("video") if told["disposition"]["attached_pic"] == 1 => Sort::CoverArt {
            front: told["tags"]["comment"] == "Cover (front)",
        },
        Some("video") => Sort::Video(video(told)),
        Some("audio") => Sort::Sound {
            channels: small(&told["channels"]),
            sample_rate: small(&told["sample_rate"]),
        },
        _ => Sort::Other,
    }
}

fn video(told: &Value) -> Video {
    let size = small(&told["width"]).zip(small(&told["height"]));
    let rate = frame_rate(&told["avg_frame_rate"]);
    Video {
        stored: size.map(|(width, height)| Size { width, height }),
        lying: lies(told),
        pixel_aspect: pixel_aspect(&told["sample_aspect_ratio"]),
        colours_told: told["color_space"].is_string() && told["color_space"] != "unknown",
        frame_rate: rate.or_else(|| frame_rate(&told["r_frame_rate"])),
    }
}

/// Turned by a quarter, one way or the other: by the display matrix, or by the tag of older files.
fn lies(told: &Value) -> bool {
    let beside = told["side_data_list"].as_array().map(Vec::as_slice);
    let by_matrix = beside
        .unwrap_or_default()
        .iter()
        .find_map(|data| number(&data["rotation"]));
    let turned = by_matrix.or_else(|| number(&told["tags"]["rotate"]));
    turned.is_some_and(|degrees| (degrees / 90.0).round() % 2.0 != 0.0)
}

fn pixel_aspect(told: &Value) -> f64 {
    let ratio = told.as_str().and_then(|ratio| quotient(ratio, ':'));
    // beyond what any camera has it is a mistake
    ratio
        .filter(|ratio| (0.2..=5.0).contains(ratio))
        .unwrap_or(1.0)
}

/// "30000/1001" becomes "29.97".
fn frame_rate(told: &Value) -> Option<String> {
    let rate = told.as_str().and_then(|rate| quotient(rate, '/'))?;
    // what is told of films without a steady rate are ticks of a clock, not frames
    if !(0.001..=1000.0).contains(&rate) {
        return None;
    }
    let text = format!("{rate:.3}");
    Some(text.trim_end_matches('0').trim_end_matches('.').to_owned())
}

fn quotient(text: &str, sign: char) -> Option<f64> {
    let (above, below) = text.split_once(sign)?;
    let ratio = above.parse::<f64>().ok()? / below.parse::<f64>().ok()?;
    ratio.is_finite().then_some(ratio)
}

/// FFprobe writes most numbers as strings.
fn number(told: &Value) -> Option<f64> {
    let number = match told {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite())
}

fn seconds(told: &Value) -> Option<f64> {
    number(told).filter(|seconds| *seconds >= 0.0)
}

/// Zero is how much is written that isn't known.
fn whole(told: &Value) -> Option<u64> {
    let number = match told {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    };
    number.filter(|number| *number > 0)
}

fn small(told: &Value) -> Option<u32> {
    whole(told).and_then(|number| u32::try_from(number).ok())
}

impl Contents {
    /// The first that moves, and what is known of it.
    pub fn video(&self) -> Option<(&Stream, &Video)> {
        self.streams.iter().find_map(|stream| match &stream.sort {
            Sort::Video(video) => Some((stream, video)),
            _ => None,
        })
    }

    /// The first.
    pub fn sound(&self) -> Option<&Stream> {
        let mut streams = self.streams.iter();
        streams.find(|stream| matches!(stream.sort, Sort::Sound { .. }))
    }

    /// What is told of the first sound.
    pub fn sound_facts(&self) -> Option<SoundFacts> {
        self.streams.iter().find_map(|stream| match stream.sort {
            Sort::Sound {
                channels,
                sample_rate,
            } => Some(SoundFacts {
                codec: stream.codec.clone(),
                bit_rate: stream.bit_rate,
                channels,
                sample_rate,
                duration: stream.duration.or(self.duration),
            }),
            _ => None,
        })
    }
}

impl Video {
    /// As shown: turned upright.
    pub fn shown(&self) -> Option<Size> {
        let stored = self.stored?;
        Some(if self.lying {
            Size {
                width: stored.height,
                height: stored.width,
            }
        } else {
            stored
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_odd_is_not_told() {
        let answer = br#"{"streams": [{"codec_type": "video", "width": "x", "height": 4,
            "avg_frame_rate": "0/0", "r_frame_rate": "90000/1", "bit_rate": "N/A",
            "sample_aspect_ratio": "0:1", "side_data_list": 7}, 3, null, {"codec_type": {}}],
            "format": {"duration": "-1", "bit_rate": [1]}}"#;
        let contents = read(answer).unwrap();
        let (stream, video) = contents.video().unwrap();
        assert_eq!(stream.codec, "unknown");
        assert_eq!(stream.bit_rate, None);
        assert_eq!(video.shown(), None);
        assert_eq!(video.frame_rate, None);
        assert!((video.pixel_aspect - 1.0).abs() < 1e-9);
        assert_eq!(contents.duration, None);
        assert!(contents.sound_facts().is_none());
        assert_eq!(read(b"[]").unwrap().streams.len(), 0);
        assert_eq!(read(b"not json").unwrap_err().code, Code::Damaged);
    }

    #[test]
    fn frame_rates_are_short() {
        let text = |rate: &str| frame_rate(&Value::String(rate.to_owned()));
        assert_eq!(text("25/1").as_deref(), Some("25"));
        assert_eq!(text("30000/1001").as_deref(), Some("29.97"));
        assert_eq!(text("24000/1001").as_deref(), Some("23.976"));
        assert_eq!(text("100/1").as_deref(), Some("100"));
        assert_eq!(text("0/0"), None);
        assert_eq!(text("25"), None);
    }

    #[test]
    fn a_quarter_turn_swaps_the_sides() {
        let shown = |told: &str| {
            let told = format!(r#"{{"width": 320, "height": 240, {told}}}"#);
            video(&serde_json::from_str(&told).unwrap()).shown()
        };
        let (upright, lying) = ((320, 240), (240, 320));
        for (told, (width, height)) in [
            (r#""tags": {"rotate": "90"}"#, lying),
            (r#""tags": {"rotate": "180"}"#, upright),
            (r#""side_data_list": [{}, {"rotation": -90}]"#, lying),
            (r#""side_data_list": [{"rotation": 270}]"#, lying),
            (r#""side_data_list": [{"rotation": 0}]"#, upright),
        ] {
            assert_eq!(shown(told), Some(Size { width, height }), "{told}");
        }
    }

    #[test]
    fn a_picture_that_belongs_to_the_file_is_no_film() {
        let answer = br#"{"streams": [{"codec_type": "video", "index": 1,
            "disposition": {"attached_pic": 1}, "tags": {"comment": "Cover (front)"}}]}"#;
        let contents = read(answer).unwrap();
        assert!(contents.video().is_none());
        assert!(matches!(
            contents.streams[0].sort,
            Sort::CoverArt { front: true }
        ));
    }
}
