//! Files and their bytes.

use std::num::NonZeroUsize;

use data_encoding::BASE64;
use entrepot_blob::{Entry, Hasher};
use entrepot_server::objects::content_type::content_type;
use entrepot_server::objects::sweep::remove_if_unclaimed;
use serde_json::{Value, json};

use super::{Answer, ENDPOINT, Library};

/// A file that was declared.
#[derive(Debug, Clone)]
pub struct Upload {
    pub file: String,
    pub url: String,
    pub md5: String,
    pub content_type: &'static str,
}

/// A large file that was declared.
#[derive(Debug, Clone)]
pub struct Large {
    pub file: String,
    pub urls: Vec<String>,
}

/// In base64, as the wire has it.
pub async fn md5(bytes: &[u8]) -> String {
    let mut hasher = Hasher::new();
    hasher.push(bytes.to_vec().into()).await.unwrap();
    BASE64.encode(&hasher.finish().await.unwrap().md5)
}

/// A suffix that the main file of a type may have.
fn suffix(kind: &str) -> &'static str {
    match kind {
        "VIDEO" => "mp4",
        "IMAGE" => "png",
        "MUSIC" | "AUDIO" => "mp3",
        "PPT" => "pdf",
        _ => "bin",
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Library {
    pub async fn suffix_for(&self, asset: &str) -> &'static str {
        suffix(self.show(asset).await["asset_type"].as_str().unwrap())
    }

    /// The body that declares a file; tests change single fields of it.
    pub async fn file_body(&self, asset: &str, category: &str, bytes: &[u8]) -> Value {
        json!({"file_name": "a file", "file_md5": md5(bytes).await, "file_size": bytes.len(),
            "file_type": self.suffix_for(asset).await, "asset_id": asset,
            "asset_file_category": category})
    }

    pub async fn declare(&self, asset: &str, category: &str, bytes: &[u8]) -> Upload {
        let body = self.file_body(asset, category, bytes).await;
        let answer = self.post("files", &body).await.ok();
        Upload {
            file: text(&answer["file_id"]),
            url: text(&answer["upload_url"]),
            md5: text(&body["file_md5"]),
            content_type: content_type(body["file_type"].as_str().unwrap()),
        }
    }

    /// PUTs the bytes as the client must.
    pub async fn send(&self, upload: &Upload, bytes: &[u8]) -> Answer {
        self.object("PUT", &upload.url)
            .header("content-md5", &upload.md5)
            .header("content-type", upload.content_type)
            .header("content-length", &bytes.len().to_string())
            .body(bytes)
            .send()
            .await
    }

    pub async fn complete(&self, file: &str, state: &str) -> Answer {
        let path = format!("files/{file}/complete");
        self.post(&path, &json!({"state": state})).await
    }

    /// Declares, sends and completes a file; answers its id.
    pub async fn upload(&self, asset: &str, category: &str, bytes: &[u8]) -> String {
        let upload = self.declare(asset, category, bytes).await;
        self.send(&upload, bytes).await.ok();
        self.complete(&upload.file, "CREATED").await.ok();
        upload.file
    }

    pub async fn delete_file(&self, file: &str) -> Answer {
        self.delete(&format!("files/{file}")).await
    }

    pub async fn declare_large(&self, asset: &str, parts: usize, size: Option<usize>) -> Large {
        let mut body = json!({"file_name": "a large file", "file_type": self.suffix_for(asset).await,
            "asset_id": asset, "asset_file_category": "MAIN", "file_multipart_count": parts});
        if let Some(size) = size {
            body["file_size"] = size.into();
        }
        let answer = self.post("large-files", &body).await.ok();
        let urls = answer["upload_urls"].as_array().unwrap();
        Large {
            file: text(&answer["file_id"]),
            urls: urls.iter().map(text).collect(),
        }
    }

    pub async fn send_part(&self, url: &str, bytes: &[u8]) -> Answer {
        self.object("PUT", url)
            .header("content-length", &bytes.len().to_string())
            .body(bytes)
            .send()
            .await
    }

    /// Declares a large file and sends all of its parts.
    pub async fn upload_parts(&self, asset: &str, parts: &[&[u8]]) -> Large {
        let large = self.declare_large(asset, parts.len(), None).await;
        for (url, bytes) in large.urls.iter().zip(parts) {
            self.send_part(url, bytes).await.ok();
        }
        large
    }

    /// A request to a signed URL, without any other proof.
    pub fn object(&self, method: &str, url: &str) -> super::Call<'_> {
        let path = url.strip_prefix(ENDPOINT).unwrap_or(url);
        self.call(method, path).anonymous()
    }

    pub async fn fetch(&self, url: &str) -> Answer {
        self.object("GET", url).send().await
    }

    /// The download URL of a file, where it has one.
    pub async fn download_url(&self, asset: &str, file: &str) -> Option<String> {
        let shown = self.file(asset, file).await?;
        shown["download_url"].as_str().map(str::to_owned)
    }

    pub async fn file(&self, asset: &str, file: &str) -> Option<Value> {
        let shown = self.show(asset).await;
        let files = shown["files"].as_array().unwrap();
        files.iter().find(|f| f["file_id"] == file).cloned()
    }

    /// How many objects the storage holds.
    pub async fn stored(&self) -> usize {
        self.objects().await.len()
    }

    async fn objects(&self) -> Vec<Entry> {
        let all = NonZeroUsize::new(10_000).unwrap();
        self.app.blobs.list(None, all).await.unwrap().entries
    }

    /// What the sweep's listing does with objects that are old enough; answers how many went.
    pub async fn remove_unclaimed(&self) -> usize {
        let mut removed = 0;
        for entry in self.objects().await {
            removed += usize::from(remove_if_unclaimed(&self.app, entry.key).await.unwrap());
        }
        removed
    }
}
