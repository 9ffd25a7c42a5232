//! Why a file has no preview or no metadata: the codes in `error_info`, which stay. They are no
//! answers to requests; `docs/ERRORS.md` lists them in a table of their own.

use entrepot_media::Reason;
use entrepot_media::task::Code;
use serde_json::{Value, json};

/// Of a sentence in `error_info`, as of any other message on the wire.
const MESSAGE: usize = 256;

pub fn code(code: Code) -> &'static str {
    match code {
        Code::FormatUnknown => "MSS.10009030",
        Code::FormatMismatch => "MSS.10009031",
        Code::Damaged => "MSS.10009032",
        Code::TooLarge => "MSS.10009033",
        Code::LimitExceeded => "MSS.10009034",
        Code::NothingToShow => "MSS.10009035",
        Code::Encrypted => "MSS.10009036",
        Code::ToolMissing => "MSS.10009037",
        Code::Crashed => "MSS.10009038",
    }
}

/// At most as many characters as the wire allows.
pub fn message(reason: &Reason) -> String {
    reason.message.chars().take(MESSAGE).collect()
}

/// As `error_info` has it.
pub fn error_info(reason: &Reason) -> Value {
    json!({"error_code": code(reason.code), "error_msg": message(reason)})
}
