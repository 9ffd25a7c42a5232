//! A package to be downloaded, and the steps of downloading it.

use entrepot_server::packages::{Archive, store};
use http_body_util::BodyExt;

use crate::harness::{Answer, Call, Library, Node};

#[derive(Debug, Clone)]
pub struct Package {
    pub id: String,
    pub path: String,
    pub digest: String,
    pub bytes: Vec<u8>,
    pub asset: String,
}

impl Package {
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    pub fn etag(&self) -> String {
        format!("\"{}\"", self.digest)
    }
}

impl Library {
    /// A package, READY, with one asset whose file has so many bytes.
    pub async fn package(&self, size: usize) -> Package {
        let bytes: Vec<u8> = (0..size)
            .map(|n| (n / 7 + n % 251).to_le_bytes()[0])
            .collect();
        let asset = self.ready_asset("IMAGE", &bytes).await;
        let app = self.create_app(&self.app.ids.next()).await;
        self.attach(&app, &[&asset]).await.ok();
        let archive = self.exported(&[&app], &[]).await;
        let id = archive.archive_id.as_str();
        Package {
            id: id.to_owned(),
            path: self.packages(&format!("/archives/{id}")),
            digest: archive.digest.clone(),
            bytes: self.whole_archive(&archive).await,
            asset,
        }
    }

    pub fn download(&self, package: &Package) -> Call<'_> {
        self.call("GET", &package.path)
    }

    /// From a byte on, if the package still is the same.
    pub fn resume(&self, package: &Package, from: usize) -> Call<'_> {
        self.download(package)
            .header("range", &format!("bytes={from}-"))
            .header("if-range", &package.etag())
    }

    pub async fn record(&self, package: &Package) -> serde_json::Value {
        let path = format!("{}/entrepot/record", package.path);
        self.get(&path).await.ok()
    }

    pub async fn give_receipt(&self, package: &Package, digest: &str) -> Answer {
        let path = format!("{}/entrepot/receipt", package.path);
        let body = serde_json::json!({"digest": digest});
        self.post(&path, &body).await
    }

    /// Writes the row as a process that died would have left it.
    pub async fn put_archive(&self, before: &Archive, after: &Archive) {
        let (before, after) = (before.clone(), after.clone());
        let written = self
            .app
            .db
            .write(async move |tx| store::archives::replace(tx, &before, &after).await);
        assert!(written.await.unwrap());
    }
}

impl Node {
    /// Begins a download, takes so many bytes (or the block that they are in) and hangs up.
    pub async fn cut(&self, call: Call<'_>, bytes: usize) -> Vec<u8> {
        let mut body = self.open(call).await.into_body();
        let mut taken = Vec::new();
        while taken.len() < bytes {
            let frame = body.frame().await.unwrap().unwrap();
            taken.extend_from_slice(frame.data_ref().unwrap());
        }
        drop(body);
        self.quiet().await;
        taken
    }

    /// Waits until no delivery of this node is under way.
    pub async fn quiet(&self) {
        while self.app.deliveries.count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
