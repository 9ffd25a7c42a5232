//! Metadata and thumbnails: from the end of an upload to the link, and the end of the link.

use serde_json::json;

use crate::harness::{DAY, HOUR, Library};

const GOOD: &str = "facts; thumbnail; finish";

#[tokio::test]
async fn a_picture_gets_metadata_and_a_thumbnail() {
    let library = Library::with_worker(GOOD).await;
    let asset = library.ready_asset("IMAGE", b"1234567").await;
    assert_eq!(library.thumbnail_url(&asset).await, None);
    let before = library.show(&asset).await["entrepot_version"].as_i64();

    assert_eq!(library.run_due_jobs().await, 1);
    let wanted = json!({"codec": "png", "width": 20, "height": 30, "size": 7, "mode": "Vertical"});
    assert_eq!(library.meta(&asset, "image_meta").await, wanted);
    let after = library.show(&asset).await["entrepot_version"].as_i64();
    assert!(after > before);
    let url = library.thumbnail_url(&asset).await.unwrap();
    assert_eq!(library.fetch(&url).await.text(), "thumbnail as jpeg");
    assert!(library.scratch_is_empty());
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn the_accept_header_chooses_the_form() {
    let library = Library::with_worker(GOOD).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    library.run_due_jobs().await;
    let url = library.thumbnail_url(&asset).await.unwrap();
    let get = async |accept: &str| {
        let call = library.object("GET", &url).header("accept", accept);
        call.send().await
    };
    let webp = get("image/avif,image/webp,*/*").await;
    assert_eq!(webp.header("content-type"), "image/webp");
    assert_eq!(webp.header("vary"), "Accept");
    assert_eq!(webp.text(), "thumbnail as webp");
    let jpeg = get("*/*").await;
    assert_eq!(jpeg.header("content-type"), "image/jpeg");
    assert_eq!(jpeg.header("content-length"), "17");
    assert_ne!(jpeg.header("etag"), webp.header("etag"));
    let etag = webp.header("etag").to_owned();
    let call = library.object("GET", &url).header("accept", "image/webp");
    let again = call.header("if-none-match", &etag).send().await;
    assert_eq!(again.status, 304);
    let call = library.object("HEAD", &url).header("accept", "image/webp");
    let head = call.send().await;
    assert_eq!(head.header("content-length"), "17");
    assert_eq!(head.text(), "");
}

#[tokio::test]
async fn a_link_that_was_changed_or_withdrawn_is_refused() {
    let library = Library::with_worker(GOOD).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    library.run_due_jobs().await;
    let url = library.thumbnail_url(&asset).await.unwrap();
    let other = url.replace("Expires=1", "Expires=2");
    let refused = library.fetch(&other).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("SignatureDoesNotMatch"));
    let at = url.find("/thumbnail/").unwrap() + "/thumbnail/".len();
    let unknown = format!("{}{}{}", &url[..at], "0".repeat(32), &url[at + 32..]);
    assert!(
        library
            .fetch(&unknown)
            .await
            .text()
            .contains("SignatureDoesNotMatch")
    );

    assert!(library.block(&asset).await);
    assert_eq!(library.thumbnail_url(&asset).await, None);
    assert!(library.fetch(&url).await.text().contains("AccessDenied"));
    assert!(library.unblock(&asset).await);
    assert!(library.fetch(&url).await.text().contains("AccessDenied"));
    let new = library.thumbnail_url(&asset).await.unwrap();
    assert_eq!(library.fetch(&new).await.text(), "thumbnail as jpeg");
}

#[tokio::test]
async fn a_purged_asset_leaves_nothing_stored() {
    let library = Library::with_worker(GOOD).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    library.run_due_jobs().await;
    assert_eq!(library.stored().await, 2);
    assert_eq!(library.remove_unclaimed().await, 0, "all of it has a row");
    library.purge(&asset).await.ok();
    library.pass(DAY);
    library.sweep().await;
    // the thumbnail's bytes have no row any more, which the listing finds
    let removed = library.remove_unclaimed().await;
    assert_eq!((removed, library.stored().await), (1, 0));
}

#[tokio::test]
async fn another_main_file_gets_another_thumbnail() {
    let library = Library::with_worker(GOOD).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    library.run_due_jobs().await;
    let url = library.thumbnail_url(&asset).await.unwrap();
    let (_, main) = library.files_of(&asset, "MAIN").await.remove(0);
    library.delete(&format!("files/{main}")).await.ok();
    assert_eq!(library.thumbnail_url(&asset).await, None, "it is CREATING");
    library.upload(&asset, "MAIN", b"others").await;
    assert_eq!(
        library.thumbnail_url(&asset).await,
        None,
        "the old one is not its own"
    );
    let meta = library.meta(&asset, "image_meta").await;
    assert_eq!(meta["width"], json!(null), "nor is what was learned");
    library.run_due_jobs().await;
    let new = library.thumbnail_url(&asset).await.unwrap();
    assert_ne!(url, new);
    assert_eq!(library.meta(&asset, "image_meta").await["size"], 6);
    assert_eq!(library.fetch(&url).await.status, 403);
}

#[tokio::test]
async fn what_was_deleted_meanwhile_stays_deleted() {
    let library = Library::with_worker(GOOD).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    library.purge(&asset).await.ok();
    assert_eq!(library.run_due_jobs().await, 1);
    assert_eq!(library.state(&asset).await, "DELETED");
    assert_eq!(library.thumbnail_url(&asset).await, None);
    library.pass(HOUR);
    library.sweep().await;
    assert_eq!(library.stored().await, 0);
}

#[tokio::test]
async fn types_that_nothing_is_made_of_cost_no_job() {
    let library = Library::with_worker(GOOD).await;
    library.ready_asset("MATERIAL", b"bytes").await;
    assert_eq!(library.run_due_jobs().await, 0);
}

#[tokio::test]
async fn an_update_does_not_change_what_was_learned() {
    let library = Library::with_worker(GOOD).await;
    let asset = library.ready_asset("IMAGE", b"bytes").await;
    library.run_due_jobs().await;
    let body = json!({"asset_extra_meta": {"image_meta": {"width": 1, "frame_rate": "9"},
        "material_meta": {"colour": "red"}}});
    library.update(&asset, &body).await.ok();
    let meta = library.meta(&asset, "image_meta").await;
    assert_eq!(
        (&meta["width"], &meta["frame_rate"]),
        (&json!(20), &json!("9"))
    );
    assert_eq!(
        library.meta(&asset, "material_meta").await,
        json!({"colour": "red"})
    );
}
