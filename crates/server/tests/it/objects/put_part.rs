//! `PUT /objects/…?partNumber=…`: one part of a large file.

use crate::harness::Library;

#[tokio::test]
async fn a_part_answers_its_md5_and_needs_no_headers() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.declare_large(&asset, 2, None).await;
    let answer = library.send_part(&large.urls[0], b"hello").await;
    assert_eq!(
        answer.header("etag"),
        "\"5d41402abc4b2a76b9719d911017c592\""
    );
}

#[tokio::test]
async fn a_part_sent_again_replaces_the_first() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.declare_large(&asset, 1, None).await;
    for bytes in ["one", "two!", "three"] {
        library
            .send_part(&large.urls[0], bytes.as_bytes())
            .await
            .ok();
        assert_eq!(library.stored().await, 1);
    }
    library.complete(&large.file, "CREATED").await.ok();
    library.run_due_jobs().await;
    assert_eq!(
        library.file(&asset, &large.file).await.unwrap()["file_size"],
        5
    );
}

#[tokio::test]
async fn a_part_has_at_least_one_byte_and_no_more_than_the_file() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.declare_large(&asset, 2, Some(5)).await;
    assert_eq!(
        library.send_part(&large.urls[0], b"").await.code(),
        "400 EntityTooSmall"
    );
    assert_eq!(
        library.send_part(&large.urls[0], b"sixsix").await.code(),
        "400 EntityTooLarge"
    );
    assert_eq!(
        library.send_part(&large.urls[0], b"fives").await.code(),
        "200"
    );
    let no_length = library.object("PUT", &large.urls[0]).body("x").send().await;
    assert_eq!(no_length.code(), "411 MissingContentLength");
}

#[tokio::test]
async fn part_numbers_can_not_be_made_up() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.declare_large(&asset, 2, None).await;
    for (from, to, expected) in [
        ("partNumber=1", "partNumber=2", "403 SignatureDoesNotMatch"),
        ("partNumber=1", "partNumber=x", "403 AccessDenied"),
        ("partNumber=1&", "", "403 AccessDenied"),
        ("uploadId=", "uploadId=0", "403 AccessDenied"),
    ] {
        let url = large.urls[0].replace(from, to);
        assert_eq!(library.send_part(&url, b"x").await.code(), expected, "{to}");
    }
}

#[tokio::test]
async fn after_giving_up_no_part_is_taken() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library.upload_parts(&asset, &[b"abc"]).await;
    library.complete(&large.file, "CANCELLED").await.ok();
    assert_eq!(
        library.send_part(&large.urls[0], b"abc").await.code(),
        "403 AccessDenied"
    );
    assert_eq!(library.rows("file_parts").await, 0);
}
