//! A package to be downloaded, and the steps of downloading it.

use entrepot_blob::StorageKey;
use entrepot_server::ids::{ArchiveId, AssetJobId, InstanceId, ProjectId, UserId};
use entrepot_server::packages::model::Delivery;
use entrepot_server::packages::{Archive, ArchiveState, store};
use http_body_util::BodyExt;

use crate::harness::{Answer, Call, DAY, Library, Node};

#[derive(Debug, Clone)]
pub struct Package {
    pub id: String,
    pub path: String,
    pub digest: String,
    pub bytes: Vec<u8>,
}

impl Package {
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.digest)
    }
}

impl Library {
    /// A package with about so many bytes, READY.
    pub async fn package(&self, size: usize) -> Package {
        let bytes: Vec<u8> = (0..size).map(|n| (n / 7 + n % 251) as u8).collect();
        let app = &self.app;
        let key = StorageKey::parse(&app.ids.next()).unwrap();
        let mut writer = app.blobs.writer(&key).await.unwrap();
        writer.write(bytes.clone().into()).await.unwrap();
        writer.finish().await.unwrap();
        let (id, instance) = (app.ids.next(), app.ids.next());
        let project = self.owner.project_id.clone();
        let path = format!("/v2/{project}/instances/{instance}/assets/archives/{id}");
        let digest = "ab".repeat(32);
        let now = app.clock.now();
        let archive = Archive {
            archive_id: ArchiveId::new(&id),
            project_id: ProjectId::new(&project),
            instance_id: InstanceId::new(&instance),
            job_id: AssetJobId::new(app.ids.next()),
            state: ArchiveState::Ready,
            file_name: "package.zip".into(),
            size: bytes.len() as u64,
            digest: digest.clone(),
            entry_count: 0,
            layout_key: Some(key.as_str().to_owned()),
            table_at: 0,
            piece_count: 0,
            directory_at: 0,
            created_by: UserId::new(&self.owner.user_id),
            created_at: now,
            expires_at: now.plus(7 * DAY),
            lease: None,
            receipt_required: false,
            delivery: Delivery {
                number: 0,
                until: None,
                from: 0,
                to: 0,
            },
            covered: 0,
            sent_bytes: 0,
            ended_at: None,
        };
        let inserted = app.db.write(async move |tx| {
            let sql = format!(
                "INSERT INTO instances (instance_id, project_id, name, description, created_at, \
                 updated_at) VALUES ('{instance}', '{project}', '{instance}', '', 0, 0)"
            );
            tx.execute(&sql, &[]).await?;
            store::archives::insert(tx, &archive).await
        });
        inserted.await.unwrap();
        Package {
            id,
            path,
            digest,
            bytes,
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

    /// The row itself.
    pub async fn archive(&self, package: &Package) -> Archive {
        let mut ids = package.path.split('/').skip(2);
        let project = ProjectId::new(ids.next().unwrap());
        let instance = InstanceId::new(ids.nth(1).unwrap());
        let id = ArchiveId::new(&package.id);
        let found = self
            .app
            .db
            .read(async move |tx| store::archives::find(tx, &project, &instance, &id).await);
        found.await.unwrap().unwrap()
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
