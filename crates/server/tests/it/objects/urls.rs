//! Signed URLs: their windows, their end, and what kills them before.

use std::time::Duration;

use crate::harness::{DAY, HOUR, Library};

async fn link(library: &Library) -> (String, String, String) {
    let asset = library.create_asset("IMAGE").await;
    let file = library.upload(&asset, "MAIN", b"x").await;
    let url = library.download_url(&asset, &file).await.unwrap();
    (asset, file, url)
}

#[tokio::test]
async fn a_download_link_is_the_same_for_four_hours_and_good_for_24_to_28() {
    let library = Library::start().await;
    let (asset, file, url) = link(&library).await;
    library.pass_almost(4 * HOUR);
    assert_eq!(library.download_url(&asset, &file).await.unwrap(), url);
    library.pass(Duration::from_millis(1));
    assert_ne!(library.download_url(&asset, &file).await.unwrap(), url);
    library.pass_almost(DAY);
    assert_eq!(library.fetch(&url).await.status, 200);
    library.pass(Duration::from_millis(1));
    let late = library.fetch(&url).await;
    insta::assert_snapshot!(late.line(), @"403 AccessDenied Request has expired; ask the API for a new URL.");
}

#[tokio::test]
async fn an_upload_link_is_good_for_24_hours() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let main = library.declare(&asset, "MAIN", b"x").await;
    let cover = library.declare(&asset, "COVER", b"c").await;
    library.pass_almost(DAY);
    library.send(&main, b"x").await.ok();
    library.pass(Duration::from_millis(1));
    assert_eq!(library.send(&cover, b"c").await.code(), "403 AccessDenied");
}

#[tokio::test]
async fn blocking_and_deleting_kill_links_for_good() {
    let library = Library::start().await;
    for step in ["block", "delete"] {
        let (asset, file, url) = link(&library).await;
        if step == "block" {
            assert!(library.block(&asset).await);
        } else {
            library.delete_asset(&asset).await.ok();
        }
        assert_eq!(
            library.fetch(&url).await.code(),
            "403 AccessDenied",
            "{step}"
        );
        if step == "block" {
            assert!(library.unblock(&asset).await);
        } else {
            library.restore(&asset).await.ok();
        }
        let old = library.fetch(&url).await;
        assert_eq!(old.code(), "403 AccessDenied", "{step}");
        assert!(old.line().contains("no longer good"), "{}", old.line());
        let fresh = library.download_url(&asset, &file).await.unwrap();
        assert_ne!(fresh, url);
        assert_eq!(library.fetch(&fresh).await.text(), "x");
    }
    let (asset, _, url) = link(&library).await;
    library.purge(&asset).await.ok();
    assert_eq!(library.fetch(&url).await.code(), "403 AccessDenied");
}

#[tokio::test]
async fn a_link_for_uploading_dies_with_a_block_too() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let upload = library.declare(&asset, "MAIN", b"x").await;
    assert!(library.block(&asset).await);
    assert_eq!(library.send(&upload, b"x").await.code(), "403 AccessDenied");
    assert!(library.unblock(&asset).await);
    assert_eq!(library.send(&upload, b"x").await.code(), "403 AccessDenied");
}

#[tokio::test]
async fn nothing_of_a_link_can_be_changed() {
    let library = Library::start().await;
    let (_, _, url) = link(&library).await;
    let (other_asset, other_file, _) = link(&library).await;
    let (path, query) = url.split_once('?').unwrap();
    let ids: Vec<&str> = path.rsplit('/').collect();
    let changed = [
        (path.to_owned(), "403 AccessDenied"),
        (
            url.replace("Expires=1", "Expires=2"),
            "403 SignatureDoesNotMatch",
        ),
        (url.replace("Expires=", "Expires=x"), "403 AccessDenied"),
        (
            url.replace("AccessKeyId=", "AccessKeyId=A"),
            "403 AccessDenied",
        ),
        (
            url.replace("Signature=", "Signature=A"),
            "403 SignatureDoesNotMatch",
        ),
        (
            url.replace("&Signature=", "&signature="),
            "403 AccessDenied",
        ),
        (
            url.replace(ids[1], &other_asset),
            "403 SignatureDoesNotMatch",
        ),
        (
            url.replace(ids[0], &format!("{other_file}.png")),
            "403 SignatureDoesNotMatch",
        ),
        (url.replace(".png", ".mp4"), "403 SignatureDoesNotMatch"),
        (
            url.replace(ids[2], "elsewhere"),
            "403 SignatureDoesNotMatch",
        ),
        (format!("{path}?{query}&partNumber=1"), "403 AccessDenied"),
        (format!("/objects/a/b/%00?{query}"), "400 InvalidArgument"),
    ];
    for (url, expected) in changed {
        assert_eq!(library.fetch(&url).await.code(), expected, "{url}");
    }
    // the spelling of other object stores is understood
    let aws = url.replace("AccessKeyId=", "AWSAccessKeyId=");
    assert_eq!(library.fetch(&aws).await.status, 200);
}

#[tokio::test]
async fn errors_are_xml_with_the_request_s_id() {
    let library = Library::start().await;
    let answer = library.fetch("/objects/a/b/c.png?x=%3C&%3E").await;
    let id = answer.header("x-request-id").to_owned();
    let text = answer.text().replace(&id, "ID");
    insta::assert_snapshot!(text, @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <Error><Code>AccessDenied</Code><Message>The URL is not signed; ask the API for it.</Message><RequestId>ID</RequestId></Error>
    "#);
}
