//! What was signed is let in; with a byte changed it is not.

use std::net::{IpAddr, Ipv6Addr};

use entrepot_server::error::{ErrorCode, Result};
use entrepot_server::http::signature::{
    self, Authorization, CONTENT_HEADER, Parts, UNSIGNED_PAYLOAD, canonical_request,
};
use entrepot_server::iam::identity::{self, Payload};
use entrepot_server::iam::{Caller, Needs};
use http::{HeaderValue, Uri};

use super::dice::Dice;
use super::request_maker::{Request, make};
use super::{naive, run};
use crate::harness::Library;

/// A request with its body, as it arrives.
#[derive(Debug, Clone)]
struct Sent {
    request: Request,
    body: Vec<u8>,
}

#[test]
fn a_signature_is_good_for_what_was_signed_only() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let library = runtime.block_on(Library::start());
    let arrive = |sent: &Sent, from: u64| runtime.block_on(authenticate(&library, sent, from));
    let (mut equal, mut other) = (0, 0);
    run(|dice| {
        let sent = signed(dice, &library);
        // failures lock a key for an address: each comes from one of its own
        let caller = arrive(&sent, dice.roll());
        let caller = caller.unwrap_or_else(|e| panic!("{} {sent:?}", e.message));
        assert_eq!(caller.access_key.as_ref(), Some(&library.owner.access_key));
        let mut changed = sent.clone();
        change(dice, &mut changed);
        if arriving_uri(&changed.request).is_none() {
            return;
        }
        // another spelling of the same is the same
        let same = meaning(&changed) == meaning(&sent);
        *if same { &mut equal } else { &mut other } += 1;
        match arrive(&changed, dice.roll()) {
            Ok(_) => assert!(same, "let in: {changed:?} signed as {sent:?}"),
            Err(error) => {
                assert_eq!(error.code, ErrorCode::Unauthenticated);
                assert!(!same, "{} {changed:?} signed as {sent:?}", error.message);
                assert!(!error.message.contains(&library.owner.secret_key));
            }
        }
    });
    println!("{equal} changes meant the same, {other} did not");
    assert!(equal > 0 && other > 0);
}

fn signed(dice: &mut Dice, library: &Library) -> Sent {
    let mut request = make(dice);
    while arriving_uri(&request).is_none() {
        request = make(dice);
    }
    let body = dice.many(3, Dice::byte);
    let date = library.app.clock.now().compact();
    let headers = &mut request.headers;
    headers.insert("x-sdk-date", HeaderValue::from_str(&date).unwrap());
    let mut hash = signature::payload_hash(&body);
    if dice.once_in(4) {
        UNSIGNED_PAYLOAD.clone_into(&mut hash);
        headers.insert(CONTENT_HEADER, HeaderValue::from_static(UNSIGNED_PAYLOAD));
    }
    let mut signed_headers: Vec<String> = headers.keys().map(ToString::to_string).collect();
    signed_headers.retain(|name| name.starts_with("x-sdk") || !dice.once_in(4));
    let parts = Parts {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
    };
    let canonical = canonical_request(parts, &signed_headers, &hash).unwrap();
    let authorization = Authorization {
        access_key: library.owner.access_key.clone(),
        signed_headers,
        signature: signature::sign(&library.owner.secret_key, &date, &canonical),
    };
    let value = HeaderValue::from_str(&authorization.to_string()).unwrap();
    request.headers.insert("authorization", value);
    Sent { request, body }
}

fn arriving_uri(request: &Request) -> Option<Uri> {
    let target = match request.query.as_str() {
        "" => request.path.clone(),
        query => format!("{}?{query}", request.path),
    };
    let uri: Uri = target.parse().ok()?;
    let _: http::Method = request.method.parse().ok()?;
    // a fragment is no part of what is sent
    (uri.path() == request.path && uri.query().unwrap_or("") == request.query).then_some(uri)
}

async fn authenticate(library: &Library, sent: &Sent, from: u64) -> Result<Caller> {
    let mut request = http::Request::new(());
    *request.method_mut() = sent.request.method.parse().unwrap();
    *request.headers_mut() = sent.request.headers.clone();
    let uri = arriving_uri(&sent.request).unwrap();
    let (parts, ()) = request.into_parts();
    let request = identity::Request {
        parts: &parts,
        uri: &uri,
        payload: Payload::Read(&sent.body),
        address: Some(IpAddr::V6(Ipv6Addr::from_bits(from.into()))),
        request_id: "",
        needs: Needs::Nothing,
    };
    library
        .app
        .identity
        .authenticate(&library.app, request)
        .await
}

/// Everything that a signature stands for; `None` where it can't be good.
fn meaning(sent: &Sent) -> Option<(Vec<u8>, String, String, String)> {
    let Sent { request, body } = sent;
    let header = |name: &str| Some(request.headers.get(name)?.to_str().ok()?.to_owned());
    let authorization = Authorization::parse(&header("authorization")?).ok()?;
    let date = header("x-sdk-date")?;
    if !authorization.signs("x-sdk-date") {
        return None;
    }
    let unsigned = header(CONTENT_HEADER).as_deref() == Some(UNSIGNED_PAYLOAD);
    let hash = if unsigned {
        UNSIGNED_PAYLOAD.to_owned()
    } else {
        signature::payload_hash(body)
    };
    let canonical = naive::canonical(
        &request.method,
        &request.path,
        &request.query,
        &request.headers,
        &authorization.signed_headers,
        &hash,
    )?;
    Some((
        canonical,
        date,
        authorization.access_key,
        authorization.signature,
    ))
}

/// Changes one thing about it, mostly one byte.
fn change(dice: &mut Dice, sent: &mut Sent) {
    let Sent { request, body } = sent;
    match dice.below(6) {
        0 => change_text(dice, &mut request.method),
        1 => change_text(dice, &mut request.path),
        2 => change_text(dice, &mut request.query),
        3 => dice.damage(body),
        _ => {
            let names: Vec<_> = request.headers.keys().cloned().collect();
            let name = names[dice.below(names.len())].clone();
            let mut value = request.headers[&name].as_bytes().to_vec();
            let at = dice.below(value.len());
            match value.get_mut(at) {
                Some(byte) => *byte = letter(dice),
                None => value.push(letter(dice)),
            }
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                request.headers.insert(name, value);
            }
        }
    }
}

fn change_text(dice: &mut Dice, text: &mut String) {
    let mut bytes = std::mem::take(text).into_bytes();
    let at = dice.below(bytes.len());
    match (bytes.get_mut(at), dice.below(4)) {
        (Some(byte), 0) if byte.is_ascii_lowercase() => byte.make_ascii_uppercase(),
        (Some(byte), 0) => byte.make_ascii_lowercase(),
        (Some(byte), 1 | 2) => *byte = letter(dice),
        _ => bytes.insert(at, letter(dice)),
    }
    *text = String::from_utf8_lossy(&bytes).into_owned();
}

fn letter(dice: &mut Dice) -> u8 {
    b"aAfF09 /%&=;,-~Z"[dice.below(16)]
}
