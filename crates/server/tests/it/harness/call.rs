//! One request: what to send, who signs it, and sending it through the router.

use axum::body::Body;
use entrepot_server::clock::Timestamp;
use entrepot_server::http::signature;
use entrepot_server::iam::bootstrap::Credentials;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::{Answer, Library};

/// Who a request says it is from.
#[derive(Clone)]
enum Proof {
    None,
    Token(String),
    Signature(Box<Credentials>),
}

#[derive(Clone)]
pub struct Call<'a> {
    library: &'a Library,
    method: String,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
    proof: Proof,
    at: Timestamp,
}

impl<'a> Call<'a> {
    /// Signed by the owner, unless it is told otherwise.
    pub fn new(library: &'a Library, method: &str, path: &str) -> Self {
        let mut call = Self {
            library,
            method: method.to_owned(),
            path: path.to_owned(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            proof: Proof::Signature(Box::new(library.owner.clone())),
            at: library.app.clock.now(),
        };
        call.set("host", "library.test");
        call
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
        self.headers
            .insert(name.parse::<HeaderName>().unwrap(), value);
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.set(name, value);
        self
    }

    pub fn at_path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub fn json(mut self, body: &Value) -> Self {
        self.set("content-type", "application/json");
        self.body = serde_json::to_vec(body).unwrap();
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub fn by(mut self, caller: &Credentials) -> Self {
        self.proof = Proof::Signature(Box::new(caller.clone()));
        self
    }

    pub fn token(mut self, token: &str) -> Self {
        self.proof = Proof::Token(token.to_owned());
        self
    }

    pub fn anonymous(mut self) -> Self {
        self.proof = Proof::None;
        self
    }

    /// When the caller's clock says it is.
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = at;
        self
    }

    /// The request, signed.
    pub fn request(mut self) -> Request<Body> {
        match self.proof.clone() {
            Proof::None => {}
            Proof::Token(token) => self.set("x-auth-token", &token),
            Proof::Signature(caller) => self.sign(&caller),
        }
        let mut request = Request::new(Body::from(self.body));
        *request.method_mut() = self.method.parse().unwrap();
        *request.uri_mut() = self.path.parse().unwrap();
        *request.headers_mut() = self.headers;
        request
    }

    pub async fn send(self) -> Answer {
        let (library, method, path) = (self.library, self.method.clone(), self.path.clone());
        let router = library.router.clone();
        let response = router.oneshot(self.request()).await.unwrap();
        let (parts, body) = response.into_parts();
        let answer = Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        };
        library.assert_audited(&method, &path, &answer).await;
        answer
    }

    fn sign(&mut self, caller: &Credentials) {
        let date = self.at.compact();
        self.set("x-sdk-date", &date);
        let mut signed: Vec<String> = self.headers.keys().map(ToString::to_string).collect();
        signed.sort();
        let (path, query) = self.path.split_once('?').unwrap_or((&self.path, ""));
        let parts = signature::Parts {
            method: &self.method,
            path,
            query,
            headers: &self.headers,
        };
        let hash = match self.headers.get(signature::CONTENT_HEADER) {
            Some(declared) => declared.to_str().unwrap().to_owned(),
            None => signature::payload_hash(&self.body),
        };
        let canonical = signature::canonical_request(parts, &signed, &hash).unwrap();
        let signature = signature::sign(&caller.secret_key, &date, &canonical);
        let (access_key, signed) = (&caller.access_key, signed.join(";"));
        self.set(
            "authorization",
            &format!(
                "{} Access={access_key}, SignedHeaders={signed}, Signature={signature}",
                signature::ALGORITHM
            ),
        );
    }
}
