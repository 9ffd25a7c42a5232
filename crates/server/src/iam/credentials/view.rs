//! An access key as it is answered, without its secret.

use entrepot_api::credentials as wire;

use crate::clock::Timestamp;
use crate::iam::model::StoredKey;

pub fn status(enabled: bool) -> &'static str {
    if enabled { "active" } else { "inactive" }
}

pub fn view(key: StoredKey) -> wire::Credential {
    wire::Credential {
        user_id: key.user_id.into_string(),
        access: key.access_key,
        status: status(key.enabled).into(),
        create_time: key.created_at.rfc3339_micros(),
        description: key.description,
        last_use_time: None,
    }
}

pub fn view_with_use(key: StoredKey) -> wire::Credential {
    let used_at = key.last_used_at.map(Timestamp::rfc3339_micros);
    wire::Credential {
        last_use_time: used_at,
        ..view(key)
    }
}
