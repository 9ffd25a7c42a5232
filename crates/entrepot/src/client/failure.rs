//! What goes wrong in a client command, in sentences that say what to do.

use std::fmt;
use std::path::Path;

/// Why a command, or one file of it, did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The server said no.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// Nobody answered, or the line was cut.
    #[error("{server} can't be reached or broke off: {reason}")]
    Unreachable { server: String, reason: String },
    /// An answer that no library gives.
    #[error("{server} gave an answer that is not understood: {reason}; is it an Entrepot?")]
    Garbled { server: String, reason: String },
    /// What arrived is not what was sent.
    #[error("{0}")]
    Damaged(String),
    /// The local file is another one than at the start.
    #[error("{0} changed while it was being uploaded; nothing of it was kept, upload it again")]
    Changed(String),
    /// A job of the server came to a bad end.
    #[error("{0}")]
    Job(String),
    /// Something on this machine.
    #[error("{0}")]
    Local(String),
    /// The command can't be meant like this.
    #[error("{0}")]
    Usage(String),
    #[error("interrupted; the same command goes on where this one stopped")]
    Interrupted,
}

pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub fn io(doing: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::Local(format!("{doing} {}: {error}", path.display()))
    }

    /// Whether the same again may well succeed.
    pub fn may_pass(&self) -> bool {
        match self {
            Failure::Unreachable { .. } | Failure::Damaged(_) => true,
            Failure::Refused(refused) => {
                matches!(refused.status, 408 | 409 | 429 | 500 | 502 | 503 | 504)
            }
            Failure::Garbled { .. }
            | Failure::Changed(_)
            | Failure::Job(_)
            | Failure::Local(_)
            | Failure::Usage(_)
            | Failure::Interrupted => false,
        }
    }

    pub fn code(&self) -> Option<&str> {
        match self {
            Failure::Refused(refused) => Some(&refused.code),
            _ => None,
        }
    }

    /// The server refused the request for what it is, not for who asks or for want of room.
    pub fn is_bad_request(&self) -> bool {
        matches!(self, Failure::Refused(refused) if refused.status == 400)
    }

    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Interrupted => 130,
            _ => 1,
        }
    }
}

/// An error that a server answered with.
#[derive(Debug, Clone)]
pub struct Refused {
    pub status: u16,
    /// As the server has it, or the status where it names none.
    pub code: String,
    pub message: String,
    pub request_id: Option<String>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message.trim_end_matches('.'))?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        match advice(&self.code, &self.message) {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

fn advice(code: &str, message: &str) -> Option<&'static str> {
    match code {
        // this message says itself what to do
        "APIGW.0301" if message.contains("set the clock") => None,
        "APIGW.0301" => Some("check the access key and the secret key of the credentials"),
        "MSS.00010009" => Some("check project_id of the credentials"),
        "MSS.00024001" => Some("ask the owner of the library for the permission"),
        "MSS.10001001" => Some("check the id: `entrepot ls` lists them"),
        "MSS.10001007" | "MSS.10009010" => {
            Some("choose another type, such as --type COMMON_FILE, which takes every file")
        }
        "MSS.10009011" | "InsufficientStorage" => {
            Some("the server is full: when it has room, the same command goes on")
        }
        "MSS.10009012" => Some("only the library's administrator can unblock it"),
        "ROMA.1006" => Some("check project_id of the credentials, and the user's permissions"),
        "ROMA.10012" => Some("wait for its end, then give the same command again"),
        "APIG.3030" => Some("check --instance, or instance_id of the credentials"),
        "MSS.10009090" | "ROMA.19090" => Some("tell the library's administrator this request id"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_has_code_message_request_and_advice() {
        let refused = Refused {
            status: 400,
            code: "MSS.00010009".into(),
            message: "urlTenantId is not equal tokenTenantId.".into(),
            request_id: Some("42".into()),
        };
        assert_eq!(
            refused.to_string(),
            "MSS.00010009: urlTenantId is not equal tokenTenantId (request 42); \
             check project_id of the credentials"
        );
    }

    #[test]
    fn a_full_server_is_not_asked_again() {
        let full = Refused {
            status: 507,
            code: "InsufficientStorage".into(),
            message: String::new(),
            request_id: None,
        };
        assert!(!Failure::Refused(Box::new(full)).may_pass());
    }
}
