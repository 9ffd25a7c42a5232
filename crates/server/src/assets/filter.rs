//! What the list filters by beside columns: tags, system properties, metadata, services.
//!
//! Each is a (name, value) row of `asset_attributes`; this is the one place that knows which part
//! of an asset becomes which row.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::model::Asset;

/// The name under which a system property is indexed.
pub fn property(key: &str) -> String {
    format!("property:{key}")
}

/// The longest value that stands in the index as it is: databases bound the length of a key.
const LONGEST: usize = 512;

/// A value as the index has it: a very long one by its digest, which is as good for equality.
pub fn indexed(value: &str) -> String {
    if value.len() <= LONGEST {
        return value.to_owned();
    }
    format!("sha256:{}", HEXLOWER.encode(&Sha256::digest(value)))
}

pub const TAG: &str = "tag";
pub const SERVICE: &str = "service";
pub const SEX: &str = "meta:sex";
pub const LANGUAGE: &str = "meta:language";
pub const VOICE_PROVIDER: &str = "meta:voice_provider";
pub const REALTIME_VOICE: &str = "meta:is_realtime_voice";
pub const ACTION_EDITABLE: &str = "meta:action_editable";
pub const ACTION_LIBRARY: &str = "meta:is_with_action_library";
pub const MOVABLE: &str = "meta:is_movable";
pub const MODEL_VERSION: &str = "meta:human_model_2d_version";
pub const DEVICE_NAME: &str = "meta:device_name";

/// A voice that names no outside provider is the platform's own.
const OWN_VOICE: &str = "HUAWEI_METASTUDIO";

/// All (name, value) pairs of an asset.
pub fn attributes(asset: &Asset) -> BTreeSet<(String, String)> {
    let mut pairs = BTreeSet::new();
    let mut add = |name: &str, value: &str| {
        if !value.contains('\0') {
            pairs.insert((name.to_owned(), indexed(value)));
        }
    };
    for tag in &asset.tags {
        add(TAG, tag);
    }
    for p in &asset.properties {
        add(&property(&p.key), p.value.as_deref().unwrap_or_default());
    }
    for service in &asset.services {
        add(SERVICE, service);
    }
    let Some(meta) = &asset.extra_meta else {
        return pairs;
    };
    if let Some(Value::Object(voice)) = meta.get("voice_model_meta") {
        add_voice(voice, &mut add);
    }
    if let Some(Value::Object(human)) = meta.get("human_model_2d_meta") {
        add_human(human, &mut add);
    }
    pairs
}

fn add_voice(voice: &Map<String, Value>, add: &mut impl FnMut(&str, &str)) {
    let text = |field: &str| voice.get(field).and_then(Value::as_str);
    if let Some(sex) = text("sex") {
        add(SEX, sex);
    }
    if let Some(language) = text("language") {
        add(LANGUAGE, language);
    }
    let languages = voice.get("languages").and_then(Value::as_array);
    for language in languages.into_iter().flatten() {
        if let Some(language) = language.get("language").and_then(Value::as_str) {
            add(LANGUAGE, language);
        }
    }
    let provider = voice
        .get("external_voice_meta")
        .and_then(|m| m.get("provider"));
    add(
        VOICE_PROVIDER,
        provider.and_then(Value::as_str).unwrap_or(OWN_VOICE),
    );
    add_flag(voice, "is_realtime_voice", REALTIME_VOICE, add);
}

fn add_human(human: &Map<String, Value>, add: &mut impl FnMut(&str, &str)) {
    add_flag(human, "is_action_editable", ACTION_EDITABLE, add);
    add_flag(human, "is_with_action_library", ACTION_LIBRARY, add);
    add_flag(human, "is_movable", MOVABLE, add);
    if let Some(version) = human.get("model_version").and_then(Value::as_str) {
        add(MODEL_VERSION, version);
    }
    let devices = human.get("device_names").and_then(Value::as_array);
    for device in devices.into_iter().flatten().filter_map(Value::as_str) {
        add(DEVICE_NAME, device);
    }
}

/// A flag that is not set is false: both answers can be asked for.
fn add_flag(meta: &Map<String, Value>, field: &str, name: &str, add: &mut impl FnMut(&str, &str)) {
    let set = meta.get(field).and_then(Value::as_bool).unwrap_or(false);
    add(name, if set { "true" } else { "false" });
}
