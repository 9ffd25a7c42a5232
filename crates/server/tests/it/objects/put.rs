//! `PUT /objects/…`: the bytes of a file in one go.

use crate::harness::{Answer, Library, Upload, md5};

async fn declared(library: &Library, bytes: &[u8]) -> (String, Upload) {
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", bytes).await;
    (asset, upload)
}

/// A PUT with headers of the test's choice.
async fn put(
    library: &Library,
    upload: &Upload,
    headers: [(&str, &str); 3],
    bytes: &[u8],
) -> Answer {
    let mut call = library.object("PUT", &upload.url).body(bytes);
    for (name, value) in headers.into_iter().filter(|(_, value)| !value.is_empty()) {
        call = call.header(name, value);
    }
    call.send().await
}

fn headers<'a>(md5: &'a str, content_type: &'a str, length: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("content-md5", md5),
        ("content-type", content_type),
        ("content-length", length),
    ]
}

#[tokio::test]
async fn a_put_answers_the_md5_as_etag() {
    let library = Library::start().await;
    let (_, upload) = declared(&library, b"hello").await;
    let answer = library.send(&upload, b"hello").await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("etag"),
        "\"5d41402abc4b2a76b9719d911017c592\""
    );
    assert!(!answer.header("x-request-id").is_empty());
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn length_must_be_sent_and_be_the_declared_one() {
    let library = Library::start().await;
    let (_, upload) = declared(&library, b"hello").await;
    let md5 = &upload.md5;
    for (length, expected) in [
        ("", "411 MissingContentLength"),
        ("x", "411 MissingContentLength"),
        ("6", "400 EntityTooLarge"),
        ("4", "400 EntityTooSmall"),
        ("0", "400 EntityTooSmall"),
        ("5", "200"),
    ] {
        let answer = put(
            &library,
            &upload,
            headers(md5, "image/png", length),
            b"hello",
        )
        .await;
        assert_eq!(answer.code(), expected, "{length}");
    }
    assert_eq!(library.stored().await, 1);
}

#[tokio::test]
async fn bytes_other_than_declared_are_refused_and_nothing_is_kept() {
    let library = Library::start().await;
    let (_, upload) = declared(&library, b"hello").await;
    let md5 = &upload.md5;
    let other = put(&library, &upload, headers(md5, "image/png", "5"), b"HELLO").await;
    assert_eq!(other.header("content-type"), "application/xml");
    insta::assert_snapshot!(other.line(), @"400 BadDigest The Content-MD5 you specified did not match what we received.");
    assert_eq!(library.stored().await, 0);
    assert_eq!(
        library.complete(&upload.file, "CREATED").await.code(),
        "400 MSS.10009008"
    );
}

#[tokio::test]
async fn headers_other_than_declared_do_not_match_the_signature() {
    let library = Library::start().await;
    let (_, upload) = declared(&library, b"hello").await;
    let other = md5(b"HELLO").await;
    for (md5, content_type) in [
        (&*other, "image/png"),
        ("", "image/png"),
        (&upload.md5, "image/jpeg"),
        (&upload.md5, ""),
        (&upload.md5, "image/png; charset=utf-8"),
    ] {
        let answer = put(&library, &upload, headers(md5, content_type, "5"), b"hello").await;
        assert_eq!(
            answer.code(),
            "403 SignatureDoesNotMatch",
            "{md5} {content_type}"
        );
    }
    let signed = library
        .object("PUT", &upload.url)
        .header("x-amz-meta-a", "b");
    let signed = signed
        .header("content-md5", &upload.md5)
        .header("content-type", "image/png");
    assert_eq!(signed.send().await.code(), "403 SignatureDoesNotMatch");
    assert_eq!(library.stored().await, 0);
}

#[tokio::test]
async fn a_put_may_be_repeated_until_complete() {
    let library = Library::start().await;
    let (asset, upload) = declared(&library, b"hello").await;
    for _ in 0..3 {
        library.send(&upload, b"hello").await.ok();
    }
    assert_eq!(library.stored().await, 1);
    library.complete(&upload.file, "CREATED").await.ok();
    assert_eq!(
        library.send(&upload, b"hello").await.code(),
        "403 AccessDenied"
    );
    let url = library.download_url(&asset, &upload.file).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "hello");
}

#[tokio::test]
async fn equal_content_is_stored_once_across_projects() {
    let library = Library::start().await;
    for _ in 0..3 {
        library.ready_asset("IMAGE", b"the same").await;
    }
    library.ready_asset("VIDEO", b"another").await;
    assert_eq!(library.stored().await, 2);
    assert_eq!(library.rows("blobs").await, 2);
    assert_eq!(library.rows("segments").await, 2);
}

#[tokio::test]
async fn files_that_are_given_up_take_no_bytes() {
    let library = Library::start().await;
    for state in ["FAILED", "CANCELLED"] {
        let (_, upload) = declared(&library, b"hello").await;
        library.complete(&upload.file, state).await.ok();
        assert_eq!(
            library.send(&upload, b"hello").await.code(),
            "403 AccessDenied"
        );
    }
    let (_, upload) = declared(&library, b"hello").await;
    library.delete_file(&upload.file).await.ok();
    assert_eq!(
        library.send(&upload, b"hello").await.code(),
        "403 AccessDenied"
    );
    assert_eq!(library.stored().await, 0);
}

#[tokio::test]
async fn methods_that_objects_do_not_know_are_refused_in_xml() {
    let library = Library::start().await;
    let (_, upload) = declared(&library, b"hello").await;
    for method in ["POST", "DELETE", "PATCH"] {
        let answer = library.object(method, &upload.url).send().await;
        assert_eq!(answer.code(), "405 MethodNotAllowed", "{method}");
    }
    assert_eq!(library.fetch("/objects/a").await.code(), "404 NoSuchKey");
}
