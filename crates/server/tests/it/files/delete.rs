//! `DELETE /v1/{project_id}/files/{file_id}`

use crate::harness::Library;

#[tokio::test]
async fn a_deleted_file_is_gone_from_answers_and_its_link_dies() {
    let library = Library::start().await;
    let asset = library.create_asset("COMMON_FILE").await;
    library.upload(&asset, "MAIN", b"main").await;
    let other = library.upload(&asset, "OTHER", b"other").await;
    let url = library.download_url(&asset, &other).await.unwrap();
    let deleted = library.delete_file(&other).await;
    assert_eq!((deleted.status, deleted.body.len()), (200, 0));
    assert!(library.file(&asset, &other).await.is_none());
    assert_eq!(library.state(&asset).await, "UNACTIVED");
    assert_eq!(library.fetch(&url).await.code(), "403 AccessDenied");
    assert_eq!(library.delete_file(&other).await.code(), "400 MSS.10001004");
    assert_eq!(
        library.complete(&other, "CREATED").await.code(),
        "400 MSS.10001004"
    );
}

#[tokio::test]
async fn links_of_the_other_files_stay_good() {
    let library = Library::start().await;
    let asset = library.create_asset("COMMON_FILE").await;
    let main = library.upload(&asset, "MAIN", b"main").await;
    let other = library.upload(&asset, "OTHER", b"other").await;
    let pending = library.declare(&asset, "SAMPLE", b"sample").await;
    let url = library.download_url(&asset, &main).await.unwrap();
    library.delete_file(&other).await.ok();
    assert_eq!(library.fetch(&url).await.text(), "main");
    library.send(&pending, b"sample").await.ok();
    // nor does a main file that is to be sent again stop an upload beside it
    library.delete_file(&main).await.ok();
    library.send(&pending, b"sample").await.ok();
    library.complete(&pending.file, "CREATED").await.ok();
}

#[tokio::test]
async fn without_its_main_file_an_asset_is_creating_again() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let main = library.upload(&asset, "MAIN", b"x").await;
    let url = library.download_url(&asset, &main).await.unwrap();
    library.delete_file(&main).await.ok();
    assert_eq!(library.state(&asset).await, "CREATING");
    assert_eq!(library.fetch(&url).await.code(), "403 AccessDenied");
    library.upload(&asset, "MAIN", b"y").await;
    assert_eq!(library.state(&asset).await, "UNACTIVED");
    assert_eq!(library.fetch(&url).await.code(), "403 AccessDenied");
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn the_main_file_of_an_asset_in_use_stays() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let main = library.upload(&asset, "MAIN", b"x").await;
    let cover = library.upload(&asset, "COVER", b"c").await;
    for state in ["ACTIVED", "WAITING_DELETE"] {
        library.set_state(&asset, state).await.ok();
        assert_eq!(library.delete_file(&main).await.code(), "400 MSS.10009001");
    }
    library.delete_file(&cover).await.ok();
    library.set_state(&asset, "UNACTIVED").await.ok();
    library.delete_file(&main).await.ok();
}

#[tokio::test]
async fn files_in_every_state_of_their_own_can_go() {
    let library = Library::start().await;
    for state in ["CREATING", "FAILED", "CANCELLED"] {
        let asset = library.create_asset("IMAGE").await;
        let upload = library.declare(&asset, "MAIN", b"x").await;
        if state != "CREATING" {
            library.complete(&upload.file, state).await.ok();
        }
        let before = library.state(&asset).await;
        library.delete_file(&upload.file).await.ok();
        assert_eq!(library.state(&asset).await, before);
        library.upload(&asset, "MAIN", b"x").await;
    }
}

#[tokio::test]
async fn files_of_what_is_away_or_foreign_stay() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let asset = library.create_asset("IMAGE").await;
    let main = library.upload(&asset, "MAIN", b"x").await;
    let path = format!("/v1/{}/files/{main}", stranger.project_id);
    let theirs = library.call("DELETE", &path).by(&stranger).send().await;
    assert_eq!(theirs.code(), "400 MSS.10001004");
    assert!(library.block(&asset).await);
    assert_eq!(library.delete_file(&main).await.code(), "400 MSS.10009012");
    assert!(library.unblock(&asset).await);
    library.delete_asset(&asset).await.ok();
    assert_eq!(library.delete_file(&main).await.code(), "400 MSS.10009001");
}
