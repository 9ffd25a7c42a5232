//! Metadata as `asset_extra_meta` has it. Pure.
//!
//! Of the four kinds here the server fills all fields but `auto_analysis`, which is the user's wish;
//! a value that a user gave stands until the server has learned what the file is. A page's `file_id`
//! is not kept but looked up when the asset is shown, so that it is right wherever the asset travels.

use entrepot_api::files::AssetFileInfo;
use entrepot_media::Reason;
use entrepot_media::task::{Facts, Family, FilmFacts, Page, PictureFacts, Size, SoundFacts};
use serde_json::{Map, Value, json};

use super::reasons;

pub type Meta = Map<String, Value>;

/// Pages of a deck at most, on the wire.
const PAGES: u32 = 256;
/// What the user says of a deck; everything else is the server's.
const WISH: &str = "auto_analysis";

/// The field of `asset_extra_meta` that a family's metadata is in.
pub fn field(family: Family) -> &'static str {
    match family {
        Family::Picture => "image_meta",
        Family::Film => "video_meta",
        Family::Sound => "audio_meta",
        Family::Deck => "ppt_meta",
    }
}

/// The name of a page's file.
pub fn page_name(number: u32) -> String {
    format!("page-{number}.jpg")
}

/// Whether pages of a deck are wanted.
pub fn wants_pages(meta: Option<&Meta>) -> bool {
    let wish = meta.and_then(|meta| meta.get("ppt_meta")?.get(WISH)?.as_bool());
    wish == Some(true)
}

pub fn status(meta: Option<&Meta>) -> Option<&str> {
    meta?.get("ppt_meta")?.get("ppt_analysis_status")?.as_str()
}

/// Where the analysis of a deck stands: INITIALIZE, WAITING, CONVERTING, FAILED or SUCCEEDED.
pub fn with_status(meta: Option<Meta>, status: &str) -> Meta {
    let mut meta = meta.unwrap_or_default();
    let deck = section(&mut meta, "ppt_meta");
    deck.insert("ppt_analysis_status".into(), status.into());
    meta
}

/// What of the metadata travels: an analysis that is under way here is not under way elsewhere.
pub fn portable(mut meta: Meta) -> Meta {
    if matches!(
        status(Some(&meta)),
        Some("INITIALIZE" | "WAITING" | "CONVERTING")
    ) {
        section(&mut meta, "ppt_meta").remove("ppt_analysis_status");
    }
    meta
}

fn section<'a>(meta: &'a mut Meta, field: &str) -> &'a mut Meta {
    let value = meta.entry(field).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was just made an object")
}

/// The metadata without what was learned of another file.
pub fn unlearned(mut meta: Option<Meta>, family: Family) -> Option<Meta> {
    let there = meta.as_mut().and_then(|meta| meta.get_mut(field(family)));
    if let Some(Value::Object(there)) = there {
        there.retain(|name, _| name == WISH);
    }
    meta
}

/// What a user's update makes of the metadata that is there: other kinds are replaced as they
/// come; of these four, what is there stays, but for the user's wish.
pub fn updated(meta: Option<Meta>, given: Meta) -> Meta {
    let mut meta = meta.unwrap_or_default();
    let own = [Family::Picture, Family::Film, Family::Sound, Family::Deck].map(field);
    for (name, value) in given {
        let Value::Object(fields) = value else {
            continue;
        };
        if !own.contains(&name.as_str()) {
            meta.insert(name, fields.into());
            continue;
        }
        let there = section(&mut meta, &name);
        for (field, value) in fields {
            if field == WISH || !there.contains_key(&field) {
                there.insert(field, value);
            }
        }
    }
    meta
}

/// Everything that was learned of a file.
#[derive(Debug, Default)]
pub struct Learned<'a> {
    pub facts: Option<&'a Facts>,
    /// Bytes of the main file.
    pub size: u64,
    /// Of a deck whose pages were wanted.
    pub pages: Option<Result<&'a [Page], &'a Reason>>,
    /// The first thing that went wrong.
    pub error: Option<&'a Reason>,
}

/// The metadata with what was learned in the place of what was there.
pub fn learned(meta: Option<Meta>, family: Family, learned: &Learned<'_>) -> Meta {
    let mut meta = meta.unwrap_or_default();
    let there = section(&mut meta, field(family));
    if learned.facts.is_some() {
        there.retain(|name, _| name == WISH || name == "ppt_analysis_status");
    }
    there.remove("error_info");
    match learned.facts {
        Some(Facts::Picture(facts)) => picture(there, facts, learned.size),
        Some(Facts::Film(facts)) => film(there, facts),
        Some(Facts::Sound(facts)) => sound(there, facts),
        Some(Facts::Deck(facts)) => put(there, "page_count", facts.pages.map(|n| n.min(PAGES))),
        None => {}
    }
    match learned.pages {
        Some(Ok(pages)) => {
            put(there, "ppt_analysis_status", Some("SUCCEEDED"));
            let shown: Vec<Value> = pages
                .iter()
                .map(|page| json!({"page_no": page.number, "page_content": page.text}))
                .collect();
            put(there, "pages", Some(shown));
        }
        Some(Err(_)) => put(there, "ppt_analysis_status", Some("FAILED")),
        None => {}
    }
    put(there, "error_info", learned.error.map(reasons::error_info));
    meta
}

fn put(fields: &mut Meta, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        fields.insert(name.to_owned(), value.into());
    }
}

fn mode(size: Size) -> &'static str {
    if size.height > size.width {
        "Vertical"
    } else {
        "Horizontal"
    }
}

fn kbps(bits: Option<u64>) -> Option<u64> {
    bits.map(|bits| (bits + 500) / 1000)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float to an integer saturates, and a negative duration is none"
)]
fn seconds(duration: Option<f64>) -> Option<u64> {
    duration.map(|seconds| seconds.round() as u64)
}

fn picture(fields: &mut Meta, facts: &PictureFacts, size: u64) {
    put(fields, "codec", Some(facts.codec.as_str()));
    put(fields, "width", Some(facts.size.width));
    put(fields, "height", Some(facts.size.height));
    put(fields, "size", Some(size));
    put(fields, "mode", Some(mode(facts.size)));
    put(fields, "frame_rate", facts.frame_rate.clone());
    put(fields, "duration", seconds(facts.duration));
}

fn film(fields: &mut Meta, facts: &FilmFacts) {
    put(fields, "video_codec", Some(facts.codec.as_str()));
    put(fields, "width", Some(facts.size.width));
    put(fields, "height", Some(facts.size.height));
    put(fields, "frame_rate", facts.frame_rate.clone());
    put(fields, "video_bit_rate", kbps(facts.bit_rate));
    put(fields, "mode", Some(mode(facts.size)));
    if let Some(track) = &facts.sound {
        sound_track(fields, track);
    }
    put(fields, "duration", seconds(facts.duration));
}

fn sound(fields: &mut Meta, facts: &SoundFacts) {
    sound_track(fields, facts);
    put(fields, "duration", seconds(facts.duration));
}

fn sound_track(fields: &mut Meta, facts: &SoundFacts) {
    put(fields, "audio_codec", Some(facts.codec.as_str()));
    put(fields, "audio_bit_rate", kbps(facts.bit_rate));
    put(fields, "audio_channels", facts.channels);
    put(fields, "sample", facts.sample_rate);
}

/// Names the file of each page that the server made, among the asset's files.
pub fn name_page_files(meta: Option<&mut Meta>, files: &[AssetFileInfo]) {
    let pages = meta.and_then(|meta| meta.get_mut("ppt_meta")?.get_mut("pages")?.as_array_mut());
    for page in pages.into_iter().flatten() {
        let Some(page) = page.as_object_mut() else {
            continue;
        };
        let number = page.get("page_no").and_then(Value::as_u64);
        let Some(number) = number.and_then(|n| u32::try_from(n).ok()) else {
            continue;
        };
        let name = page_name(number);
        let file = files.iter().find(|file| {
            file.asset_file_category == "PAGE" && file.state == "CREATED" && file.file_name == name
        });
        if let Some(file) = file.filter(|_| !page.contains_key("file_id")) {
            page.insert("file_id".into(), file.file_id.clone().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use entrepot_media::task::{Code, DeckFacts};

    use super::*;

    fn object(value: Value) -> Meta {
        match value {
            Value::Object(fields) => fields,
            other => panic!("{other} is no object"),
        }
    }

    fn picture_facts(width: u32, height: u32) -> Facts {
        Facts::Picture(PictureFacts {
            codec: "jpeg".into(),
            size: Size { width, height },
            frame_rate: None,
            duration: None,
        })
    }

    #[test]
    fn what_is_learned_takes_the_place_of_what_was_there() {
        let facts = picture_facts(30, 40);
        let before =
            object(json!({"image_meta": {"width": 1, "error_info": {}}, "other": {"a": 1}}));
        let news = Learned {
            facts: Some(&facts),
            size: 7,
            ..Learned::default()
        };
        let meta = learned(Some(before), Family::Picture, &news);
        let wanted = json!({"image_meta": {"codec": "jpeg", "width": 30, "height": 40, "size": 7,
            "mode": "Vertical"}, "other": {"a": 1}});
        assert_eq!(Value::from(meta), wanted);
    }

    #[test]
    fn where_nothing_is_learned_a_users_values_stay() {
        let reason = Reason::new(Code::Damaged, "cut");
        let before =
            object(json!({"video_meta": {"width": 1920, "error_info": {"error_code": "old"}}}));
        let news = Learned {
            error: Some(&reason),
            ..Learned::default()
        };
        let meta = learned(Some(before), Family::Film, &news);
        let wanted = json!({"width": 1920,
            "error_info": {"error_code": "MSS.10009032", "error_msg": "cut"}});
        assert_eq!(meta["video_meta"], wanted);
    }

    #[test]
    fn a_failed_analysis_keeps_the_wish_and_says_why() {
        let reason = Reason::new(Code::ToolMissing, "not installed");
        let facts = Facts::Deck(DeckFacts { pages: Some(3) });
        let before = with_status(
            Some(object(json!({"ppt_meta": {"auto_analysis": true}}))),
            "CONVERTING",
        );
        let news = Learned {
            facts: Some(&facts),
            pages: Some(Err(&reason)),
            error: Some(&reason),
            ..Learned::default()
        };
        let meta = learned(Some(before), Family::Deck, &news);
        let wanted = json!({"auto_analysis": true, "ppt_analysis_status": "FAILED", "page_count": 3,
            "error_info": {"error_code": "MSS.10009037", "error_msg": "not installed"}});
        assert_eq!(meta["ppt_meta"], wanted);
    }

    #[test]
    fn a_user_changes_the_wish_and_nothing_that_was_learned() {
        let before =
            object(json!({"ppt_meta": {"auto_analysis": false, "page_count": 3}, "x": {"a": 1}}));
        let given =
            object(json!({"ppt_meta": {"auto_analysis": true, "page_count": 9}, "x": {"b": 2}}));
        let meta = updated(Some(before), given);
        assert_eq!(
            Value::from(meta),
            json!({"ppt_meta": {"auto_analysis": true, "page_count": 3}, "x": {"b": 2}})
        );
    }

    #[test]
    fn an_analysis_under_way_does_not_travel() {
        let meta = object(json!({"ppt_meta": {"auto_analysis": true}}));
        let under_way = with_status(Some(meta.clone()), "CONVERTING");
        assert_eq!(portable(under_way), meta);
        let done = with_status(Some(meta), "SUCCEEDED");
        assert_eq!(portable(done.clone()), done);
    }

    #[test]
    fn more_pages_than_the_wire_has_are_told_as_its_most() {
        let facts = Facts::Deck(DeckFacts { pages: Some(900) });
        let news = Learned {
            facts: Some(&facts),
            ..Learned::default()
        };
        let meta = learned(None, Family::Deck, &news);
        assert_eq!(meta["ppt_meta"]["page_count"], 256);
    }

    #[test]
    fn rates_are_in_kilobits_and_times_in_whole_seconds() {
        let facts = Facts::Sound(SoundFacts {
            codec: "mp3".into(),
            bit_rate: Some(127_999),
            channels: Some(2),
            sample_rate: Some(44_100),
            duration: Some(2.6),
        });
        let news = Learned {
            facts: Some(&facts),
            ..Learned::default()
        };
        let meta = learned(None, Family::Sound, &news);
        let wanted = json!({"audio_codec": "mp3", "audio_bit_rate": 128, "audio_channels": 2,
            "sample": 44100, "duration": 3});
        assert_eq!(meta["audio_meta"], wanted);
    }
}
