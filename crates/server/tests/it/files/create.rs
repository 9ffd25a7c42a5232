//! `POST /v1/{project_id}/files`

use serde_json::{Value, json};

use crate::harness::{Library, md5};

/// Declares a file with one field set to a value; answers the code.
async fn with(library: &Library, asset: &str, field: &str, value: Value) -> String {
    let mut body = library.file_body(asset, "MAIN", b"x").await;
    body[field] = value;
    let answer = library.post("files", &body).await;
    if answer.status == 200 {
        let file = answer.json()["file_id"].as_str().unwrap().to_owned();
        library.delete_file(&file).await.ok();
    }
    answer.code()
}

#[tokio::test]
async fn a_declared_file_shows_as_it_was_declared() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let body = json!({"file_name": "../夏 \"x\".PNG", "file_md5": md5(b"x").await, "file_size": 1,
        "file_type": "PNG", "asset_id": asset, "asset_file_category": "MAIN"});
    let answer = library.post("files", &body).await.ok();
    let url = answer["upload_url"].as_str().unwrap();
    let file = answer["file_id"].as_str().unwrap();
    let path = format!(
        "http://library.test/objects/{}/{asset}/{file}.png?AccessKeyId=",
        library.owner.project_id
    );
    assert!(url.starts_with(&path), "{url}");
    assert!(url.contains("&Expires=1800086400&Signature="), "{url}");
    let shown = library.file(&asset, file).await.unwrap();
    assert_eq!(
        shown,
        json!({"file_id": file, "file_name": "../夏 \"x\".PNG", "file_md5": md5(b"x").await,
        "file_size": 1, "file_type": "PNG", "asset_file_category": "MAIN", "state": "CREATING"})
    );
    assert_eq!(library.show(&asset).await["entrepot_version"], 2);
}

#[tokio::test]
async fn limits_hold_to_the_last_one() {
    let library = Library::start().await;
    let asset = library.create_asset("COMMON_FILE").await;
    for (field, value, expected) in [
        ("file_name", json!("ä".repeat(256)), "200"),
        ("file_name", json!("ä".repeat(257)), "400 MSS.00000003"),
        ("file_name", json!(""), "400 MSS.00000003"),
        ("file_name", json!("a\nb"), "400 MSS.00000003"),
        ("file_size", json!(1), "200"),
        ("file_size", json!(0), "400 MSS.00000003"),
        ("file_size", json!(5_368_709_120_i64), "200"),
        ("file_size", json!(5_368_709_121_i64), "400 MSS.00000003"),
        ("file_type", json!("x".repeat(64)), "200"),
        ("file_type", json!("x".repeat(65)), "400 MSS.00000003"),
        ("file_type", json!(""), "400 MSS.10001003"),
        ("file_md5", json!("1B2M2Y8AsgTpgAmY7PhCfg=="), "200"),
        (
            "file_md5",
            json!("1B2M2Y8AsgTpgAmY7PhCfg="),
            "400 MSS.00000003",
        ),
        (
            "file_md5",
            json!("d41d8cd98f00b204e9800998ecf8427e"),
            "400 MSS.00000003",
        ),
        ("asset_file_category", json!("main"), "400 MSS.00000003"),
        ("asset_id", json!("x".repeat(64)), "400 MSS.10001001"),
        ("asset_id", json!("x".repeat(65)), "400 MSS.00000003"),
        ("asset_id", json!(""), "400 MSS.00000003"),
        ("asset_id", json!("a\u{0}"), "400 MSS.00000003"),
        ("file_size", json!("1"), "400 MSS.00000002"),
        ("file_name", Value::Null, "400 MSS.00000002"),
    ] {
        assert_eq!(
            with(&library, &asset, field, value.clone()).await,
            expected,
            "{field}: {value}"
        );
    }
}

#[tokio::test]
async fn every_field_is_required() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    let full = library.file_body(&asset, "MAIN", b"x").await;
    for field in full.as_object().unwrap().keys() {
        let mut body = full.clone();
        body.as_object_mut().unwrap().remove(field);
        assert_eq!(
            library.post("files", &body).await.code(),
            "400 MSS.00000002",
            "{field}"
        );
    }
}

#[tokio::test]
async fn the_type_decides_which_categories_there_are() {
    let library = Library::start().await;
    let all = [
        "MAIN",
        "COVER",
        "PAGE",
        "SAMPLE",
        "OTHER",
        "TEMPORARY",
        "PACKAGE",
    ];
    for (kind, allowed) in [
        ("PPT", &["MAIN", "COVER", "PAGE", "OTHER"][..]),
        ("VOICE_MODEL", &["MAIN", "SAMPLE", "OTHER"]),
        ("HUMAN_MODEL_2D", &["MAIN", "COVER", "SAMPLE", "OTHER"]),
        ("BUSINESS_CARD_TEMPLET", &["MAIN", "COVER"]),
        ("IMAGE", &["MAIN"]),
        ("VIDEO", &["MAIN", "COVER"]),
        ("COMMON_FILE", &all),
    ] {
        let asset = library.create_asset(kind).await;
        for category in all {
            let body = library.file_body(&asset, category, b"x").await;
            let expected = if allowed.contains(&category) {
                "200"
            } else {
                "400 MSS.10009009"
            };
            assert_eq!(
                library.post("files", &body).await.code(),
                expected,
                "{kind} {category}"
            );
        }
    }
}

#[tokio::test]
async fn the_type_decides_suffix_and_size_of_the_main_file() {
    let library = Library::start().await;
    let mib = 1024 * 1024;
    for (kind, suffixes, most) in [
        (
            "VIDEO",
            &[
                "MP4", "m4v", "mkv", "mov", "flv", "3gp", "wmv", "avi", "webm",
            ][..],
            5120 * mib,
        ),
        ("IMAGE", &["JPEG", "jpg", "png", "bmp", "gif"], 50 * mib),
        ("MUSIC", &["wav", "mp3", "M4A"], 100 * mib),
        ("AUDIO", &["wav", "mp3", "m4a"], 100 * mib),
        ("PPT", &["ppt", "pptx", "PDF"], 100 * mib),
    ] {
        let asset = library.create_asset(kind).await;
        for suffix in suffixes {
            assert_eq!(
                with(&library, &asset, "file_type", json!(suffix)).await,
                "200",
                "{kind} {suffix}"
            );
        }
        let refused = with(&library, &asset, "file_type", json!("exe")).await;
        assert_eq!(refused, "400 MSS.10009010", "{kind}");
        assert_eq!(
            with(&library, &asset, "file_size", json!(most)).await,
            "200",
            "{kind}"
        );
        let larger = with(&library, &asset, "file_size", json!(most + 1_i64)).await;
        let expected = if kind == "VIDEO" {
            "400 MSS.00000003"
        } else {
            "400 MSS.10001007"
        };
        assert_eq!(larger, expected, "{kind}");
    }
    // other categories are free
    let film = library.create_asset("VIDEO").await;
    let mut cover = library.file_body(&film, "COVER", b"x").await;
    cover["file_type"] = json!("anything");
    library.post("files", &cover).await.ok();
}

#[tokio::test]
async fn there_is_one_main_and_one_cover_and_any_number_of_others() {
    let library = Library::start().await;
    let asset = library.create_asset("SCENE").await;
    for (category, second) in [
        ("MAIN", "400 MSS.10001008"),
        ("COVER", "400 MSS.10001009"),
        ("OTHER", "200"),
    ] {
        let body = library.file_body(&asset, category, b"x").await;
        library.post("files", &body).await.ok();
        assert_eq!(
            library.post("files", &body).await.code(),
            second,
            "{category}"
        );
    }
}

#[tokio::test]
async fn a_main_file_that_came_to_nothing_makes_room() {
    let library = Library::start().await;
    let asset = library.create_asset("IMAGE").await;
    for state in ["FAILED", "CANCELLED"] {
        let upload = library.declare(&asset, "MAIN", b"x").await;
        library.complete(&upload.file, state).await.ok();
    }
    // an asset whose main file failed begins anew
    let upload = library.declare(&asset, "MAIN", b"x").await;
    library.complete(&upload.file, "FAILED").await.ok();
    assert_eq!(library.state(&asset).await, "FAILED");
    library.upload(&asset, "MAIN", b"x").await;
    assert_eq!(library.state(&asset).await, "UNACTIVED");
    library.assert_counts_are_right().await;
}

#[tokio::test]
async fn assets_that_are_gone_blocked_or_others_take_no_files() {
    let library = Library::start().await;
    let stranger = library.stranger().await;
    let asset = library.create_asset("IMAGE").await;
    let body = library.file_body(&asset, "MAIN", b"x").await;
    let path = format!("/v1/{}/files", stranger.project_id);
    let theirs = library
        .call("POST", &path)
        .by(&stranger)
        .json(&body)
        .send()
        .await;
    assert_eq!(theirs.code(), "400 MSS.10001001");
    assert!(library.block(&asset).await);
    assert_eq!(
        library.post("files", &body).await.code(),
        "400 MSS.10009012"
    );
    assert!(library.unblock(&asset).await);
    library.delete_asset(&asset).await.ok();
    assert_eq!(
        library.post("files", &body).await.code(),
        "400 MSS.10009001"
    );
    library.purge(&asset).await.ok();
    assert_eq!(
        library.post("files", &body).await.code(),
        "400 MSS.10009001"
    );
}
