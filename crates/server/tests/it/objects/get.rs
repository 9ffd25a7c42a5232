//! `GET` and `HEAD /objects/…`

use serde_json::json;

use crate::harness::{Answer, Library};

const BYTES: &[u8] = b"0123456789";

async fn stored(library: &Library) -> String {
    let asset = library.create_asset("VIDEO").await;
    let file = library.upload(&asset, "MAIN", BYTES).await;
    library.download_url(&asset, &file).await.unwrap()
}

async fn ranged(library: &Library, url: &str, range: &str) -> Answer {
    library
        .object("GET", url)
        .header("range", range)
        .send()
        .await
}

#[tokio::test]
async fn a_download_has_all_the_headers() {
    let library = Library::start().await;
    let url = stored(&library).await;
    let whole = library.fetch(&url).await;
    assert_eq!((whole.status, whole.text().as_bytes()), (200, BYTES));
    for (name, value) in [
        ("content-type", "video/mp4"),
        ("content-length", "10"),
        ("accept-ranges", "bytes"),
        ("x-content-type-options", "nosniff"),
        ("content-security-policy", "sandbox"),
        ("content-disposition", "inline; filename*=UTF-8''a%20file"),
        ("last-modified", "Fri, 15 Jan 2027 08:00:00 GMT"),
        ("cache-control", "private, max-age=3600"),
    ] {
        assert_eq!(whole.header(name), value, "{name}");
    }
    let head = library.object("HEAD", &url).send().await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in [
        "content-type",
        "content-length",
        "etag",
        "content-disposition",
    ] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
}

#[tokio::test]
async fn only_media_shows_in_place_and_names_are_labels() {
    let library = Library::start().await;
    for (suffix, kind, disposition) in [
        ("html", "application/octet-stream", "attachment"),
        ("svg", "application/octet-stream", "attachment"),
        ("PDF", "application/pdf", "inline"),
        ("../x", "application/octet-stream", "attachment"),
    ] {
        let asset = library.create_asset("COMMON_FILE").await;
        let mut body = library.file_body(&asset, "MAIN", b"x").await;
        body["file_type"] = json!(suffix);
        body["file_name"] = json!("../\"夏\";\\.html");
        let answer = library.post("files", &body).await.ok();
        let put = library.object("PUT", answer["upload_url"].as_str().unwrap());
        let put = put.header("content-md5", body["file_md5"].as_str().unwrap());
        let put = put.header("content-type", "application/octet-stream");
        put.header("content-length", "1")
            .body("x")
            .send()
            .await
            .ok();
        let file = answer["file_id"].as_str().unwrap();
        library.complete(file, "CREATED").await.ok();
        let url = library.download_url(&asset, file).await.unwrap();
        let got = library.fetch(&url).await;
        assert_eq!(got.header("content-type"), kind, "{suffix}");
        let expected = format!("{disposition}; filename*=UTF-8''..%2F%22%E5%A4%8F%22%3B%5C.html");
        assert_eq!(got.header("content-disposition"), expected);
    }
}

#[tokio::test]
async fn one_range_is_answered_with_its_place() {
    let library = Library::start().await;
    let url = stored(&library).await;
    for (range, bytes, place) in [
        ("bytes=0-0", "0", "bytes 0-0/10"),
        ("bytes=2-5", "2345", "bytes 2-5/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=5-99", "56789", "bytes 5-9/10"),
    ] {
        let answer = ranged(&library, &url, range).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (206, bytes),
            "{range}"
        );
        assert_eq!(answer.header("content-range"), place);
        assert_eq!(answer.header("content-length"), bytes.len().to_string());
    }
    let head = library
        .object("HEAD", &url)
        .header("range", "bytes=2-5")
        .send()
        .await;
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (206, "4", 0)
    );
}

#[tokio::test]
async fn ranges_that_are_not_there_or_not_understood() {
    let library = Library::start().await;
    let url = stored(&library).await;
    for range in ["bytes=10-", "bytes=10-20"] {
        let answer = ranged(&library, &url, range).await;
        assert_eq!(answer.code(), "416 InvalidRange", "{range}");
    }
    for range in ["lines=1-2", "bytes=x", "bytes"] {
        let answer = ranged(&library, &url, range).await;
        assert_eq!((answer.status, answer.body.len()), (200, 10), "{range}");
    }
}

#[tokio::test]
async fn several_ranges_come_as_one_multipart_answer() {
    let library = Library::start().await;
    let url = stored(&library).await;
    let answer = ranged(&library, &url, "bytes=0-1,4-5,-1").await;
    assert_eq!(answer.status, 206);
    let kind = answer.header("content-type");
    let boundary = kind
        .strip_prefix("multipart/byteranges; boundary=")
        .unwrap();
    let part = |range: &str, bytes: &str| {
        format!(
            "--{boundary}\r\nContent-Type: video/mp4\r\nContent-Range: bytes {range}/10\r\n\r\n{bytes}\r\n"
        )
    };
    let expected = [part("0-1", "01"), part("4-5", "45"), part("9-9", "9")].concat();
    assert_eq!(answer.text(), format!("{expected}--{boundary}--\r\n"));
    assert_eq!(
        answer.header("content-length"),
        answer.body.len().to_string()
    );
}

#[tokio::test]
async fn ranges_cross_the_seams_of_parts() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let large = library
        .upload_parts(&asset, &[b"012", b"3456", b"789"])
        .await;
    library.complete(&large.file, "CREATED").await.ok();
    library.run_due_jobs().await;
    let url = library.download_url(&asset, &large.file).await.unwrap();
    assert_eq!(library.fetch(&url).await.text().as_bytes(), BYTES);
    for (range, bytes) in [
        ("bytes=2-7", "234567"),
        ("bytes=3-6", "3456"),
        ("bytes=-4", "6789"),
    ] {
        assert_eq!(ranged(&library, &url, range).await.text(), bytes, "{range}");
    }
}

#[tokio::test]
async fn what_is_known_already_is_not_sent_again() {
    let library = Library::start().await;
    let url = stored(&library).await;
    let etag = library.fetch(&url).await.header("etag").to_owned();
    let conditional =
        |name: &'static str, value: String| library.object("GET", &url).header(name, &value);
    for value in [
        etag.clone(),
        format!("W/{etag}"),
        "*".into(),
        format!("\"x\", {etag}"),
    ] {
        let answer = conditional("if-none-match", value.clone()).send().await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{value}");
        assert_eq!(answer.header("etag"), etag);
    }
    assert_eq!(
        conditional("if-none-match", "\"x\"".into())
            .send()
            .await
            .status,
        200
    );
    let mut statuses = Vec::new();
    for known in [etag.as_str(), "\"x\""] {
        let call = conditional("if-range", known.to_owned());
        statuses.push(call.header("range", "bytes=0-1").send().await.status);
    }
    assert_eq!(statuses, [206, 200]);
}

#[tokio::test]
async fn bytes_are_read_only_while_file_and_asset_allow_it() {
    let library = Library::start().await;
    let asset = library.create_asset("VIDEO").await;
    let upload = library.declare(&asset, "MAIN", BYTES).await;
    library.send(&upload, BYTES).await.ok();
    library.complete(&upload.file, "CREATED").await.ok();
    let url = library.download_url(&asset, &upload.file).await.unwrap();
    // the upload's link does not read, nor does the download's link write
    assert_eq!(
        library.fetch(&upload.url).await.code(),
        "403 SignatureDoesNotMatch"
    );
    let write = library
        .object("PUT", &url)
        .header("content-length", "10")
        .body(BYTES);
    assert_eq!(write.send().await.code(), "403 SignatureDoesNotMatch");
    for state in ["ACTIVED", "WAITING_DELETE", "UNACTIVED"] {
        library.set_state(&asset, state).await.ok();
        assert_eq!(library.fetch(&url).await.status, 200, "{state}");
    }
}
