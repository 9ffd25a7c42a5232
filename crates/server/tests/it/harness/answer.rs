//! An answer of the server, with what tests ask of it.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The JSON of an answer that must be good.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.line());
        self.json()
    }

    /// Status and published code: `400 MSS.10001001`, `403 AccessDenied`, or just `200`.
    pub fn code(&self) -> String {
        let (code, _) = self.error();
        format!("{} {code}", self.status).trim_end().to_owned()
    }

    /// Status, code and sentence of an error.
    pub fn line(&self) -> String {
        let (code, message) = self.error();
        format!("{} {code} {message}", self.status)
            .trim_end()
            .to_owned()
    }

    fn error(&self) -> (String, String) {
        let json = self.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if json["error_code"].is_string() {
            return (text(&json["error_code"]), text(&json["error_msg"]));
        }
        if json["error"].is_object() {
            return (
                text(&json["error"]["title"]),
                text(&json["error"]["message"]),
            );
        }
        let body = self.text();
        let element = |name: &str| {
            let inner = body.split_once(&format!("<{name}>"))?.1;
            Some(inner.split_once(&format!("</{name}>"))?.0.to_owned())
        };
        let code = element("Code").unwrap_or_default();
        (code, element("Message").unwrap_or_default())
    }
}
