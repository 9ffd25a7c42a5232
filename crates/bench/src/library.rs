//! Calls of the library's API, made for what is measured and not measured themselves.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use entrepot_server::iam::bootstrap::Credentials;
use serde_json::{Value, json};

use crate::client::{self, Connection};
use crate::load;
use crate::server::{self, Server};

/// A library whose owner calls.
#[derive(Debug)]
pub struct Library {
    pub address: SocketAddr,
    pub credentials: Credentials,
    pub token: String,
}

/// A file that waits for its bytes.
#[derive(Debug)]
pub struct Declared {
    pub asset: String,
    file: String,
    pub md5: String,
    /// Path and query of its upload URL.
    pub target: String,
}

impl Library {
    pub fn of(server: &Server, data: &Path) -> anyhow::Result<Self> {
        let credentials = server::credentials(data)?;
        let token = load::block_on(server::token(server.address, &credentials))?;
        Ok(Self {
            address: server.address,
            credentials,
            token,
        })
    }

    /// What the server answers to a body of JSON, or to none if that is `Value::Null`.
    pub async fn call(&self, method: &str, target: &str, body: &Value) -> anyhow::Result<Value> {
        let mut connection = Connection::open(self.address).await?;
        self.call_on(&mut connection, method, target, body).await
    }

    pub async fn call_on(
        &self,
        connection: &mut Connection,
        method: &str,
        target: &str,
        body: &Value,
    ) -> anyhow::Result<Value> {
        let headers = [("Host", "bench"), ("X-Auth-Token", self.token.as_str())];
        let body = if body.is_null() {
            Vec::new()
        } else {
            serde_json::to_vec(body)?
        };
        let request = client::request(method, target, &headers, &body);
        let answer = connection.call(&request).await?;
        let body = answer.success()?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_slice(body)?)
    }

    /// The target of a call of the library's own family.
    pub fn media(&self, path: &str) -> String {
        format!("/v1/{}{path}", self.credentials.project_id)
    }

    pub async fn declare(&self, size: u64, md5: &str) -> anyhow::Result<Declared> {
        let asset = json!({"asset_name": "Film", "asset_type": "VIDEO"});
        let asset = self
            .call("POST", &self.media("/digital-assets"), &asset)
            .await?;
        let asset = text(&asset, "asset_id")?;
        let file = json!({"file_name": "film.mp4", "file_md5": md5, "file_size": size,
            "file_type": "mp4", "asset_id": asset, "asset_file_category": "MAIN"});
        let file = self.call("POST", &self.media("/files"), &file).await?;
        Ok(Declared {
            asset,
            file: text(&file, "file_id")?,
            md5: md5.to_owned(),
            target: target_of(&text(&file, "upload_url")?)?,
        })
    }

    pub async fn complete(&self, file: &Declared) -> anyhow::Result<()> {
        let target = self.media(&format!("/files/{}/complete", file.file));
        self.call("POST", &target, &json!({"state": "CREATED"}))
            .await?;
        Ok(())
    }

    pub async fn download_target(&self, file: &Declared) -> anyhow::Result<String> {
        let target = self.media(&format!("/digital-assets/{}", file.asset));
        let asset = self.call("GET", &target, &Value::Null).await?;
        target_of(&text(&asset["files"][0], "download_url")?)
    }
}

pub fn text(value: &Value, field: &str) -> anyhow::Result<String> {
    let text = value[field].as_str();
    Ok(text
        .with_context(|| format!("no {field} in {value}"))?
        .to_owned())
}

/// Path and query of a URL.
pub fn target_of(url: &str) -> anyhow::Result<String> {
    let uri: http::Uri = url.parse()?;
    Ok(uri
        .path_and_query()
        .context("a URL without a path")?
        .to_string())
}
