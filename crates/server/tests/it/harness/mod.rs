//! A library of a test's own: real router, real database, bytes in memory, a clock that stands
//! still until the test moves it.
//!
//! When it is dropped, no job may be left unfinished, unless the test said so.

mod answer;
mod audited;
mod call;
mod foreign;
mod imports;
mod instances;
mod media;
mod nodes;
mod pack;
mod packages;
mod postgres;
mod recount;
mod regions;
mod tcp;
mod uploads;
mod users;
mod verbs;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use entrepot_blob::Blobs;
use entrepot_server::app::App;
use entrepot_server::clock::{Clock, Timestamp};
use entrepot_server::config::Config;
use entrepot_server::db::{Db, Synchronous};
use entrepot_server::iam::bootstrap::{self, Credentials};
use entrepot_server::router;
use entrepot_server::vault::{Source, Vault};
use tempfile::TempDir;

pub use answer::Answer;
pub use call::Call;
pub use instances::{apps_of, task, tasks_of};
pub use media::looked_at_by;
pub use nodes::Node;
pub use pack::Pack;
pub use postgres::Database;
pub use regions::Regions;
pub use tcp::Served;
pub use uploads::{Upload, md5};

/// `2027-01-15T08:00:00Z`, at the start of a window of download URLs.
pub const START: i64 = 1_800_000_000;
pub const ENDPOINT: &str = "http://library.test";

pub const MINUTE: Duration = Duration::from_mins(1);
pub const HOUR: Duration = Duration::from_hours(1);
pub const DAY: Duration = Duration::from_hours(24);

pub struct Library {
    pub app: App,
    pub owner: Credentials,
    router: Router,
    database: Database,
    jobs_may_remain: AtomicBool,
    data: TempDir,
}

/// What a test may have otherwise.
pub struct Setup {
    pub config: Config,
    pub blobs: Blobs,
    /// Bytes in a folder instead of `blobs`.
    pub disk: bool,
}

impl Library {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(edit: impl FnOnce(&mut Setup)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut setup = Setup {
            config: Config {
                data: data.path().to_owned(),
                // what is made of files is tested where it is asked for
                media: false,
                ..Config::default()
            },
            blobs: Blobs::memory(),
            disk: false,
        };
        edit(&mut setup);
        let database = Database::create(data.path()).await;
        let db = database.open(8).await;
        let blobs = if setup.disk {
            Blobs::open_disk(&data.path().join("blobs")).unwrap()
        } else {
            setup.blobs
        };
        let clock = Clock::fixed(Timestamp::from_seconds(START));
        let vault = unlock(&db, &data.path().join("master.key"), &clock).await;
        let app = App::new(setup.config, ENDPOINT, db, blobs, clock, vault);
        let owner = credentials(&app, "entrepot", "owner");
        bootstrap::create_account(&app, &owner).await.unwrap();
        foreign::create_instance(&app, &owner).await;
        Self {
            router: router::router(app.clone()),
            app,
            owner,
            database,
            jobs_may_remain: AtomicBool::new(false),
            data,
        }
    }

    /// This test ends with jobs that wait.
    pub fn leave_jobs(&self) {
        self.jobs_may_remain.store(true, Ordering::SeqCst);
    }

    /// Moves the clock.
    pub fn pass(&self, time: Duration) {
        self.app.clock.advance(time);
    }

    /// Moves the clock to the last millisecond before that.
    pub fn pass_almost(&self, time: Duration) {
        self.pass(time.saturating_sub(Duration::from_millis(1)));
    }

    pub fn data(&self) -> &std::path::Path {
        self.data.path()
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let unfinished = self.database.close(&self.app);
        if !std::thread::panicking() && !self.jobs_may_remain.load(Ordering::SeqCst) {
            assert!(unfinished.is_empty(), "jobs are left: {unfinished:?}");
        }
    }
}

fn credentials(app: &App, domain: &str, user: &str) -> Credentials {
    let id = || app.ids.next();
    Credentials {
        endpoint: ENDPOINT.into(),
        region: "local-1".into(),
        domain_id: id(),
        domain_name: domain.into(),
        project_id: id(),
        project_name: "local-1".into(),
        user_id: id(),
        user_name: user.into(),
        password: format!("{user}'s password"),
        access_key: entrepot_server::keys::random_access_key(),
        secret_key: "a secret of the tests".into(),
        instance_id: Some(id()),
    }
}

/// The keys of a library whose master key is in that file.
async fn unlock(db: &Db, file: &std::path::Path, clock: &Clock) -> Vault {
    let unlocked = Vault::unlock(db.clone(), Source::File(file.to_owned()), clock.now());
    unlocked.await.unwrap()
}

/// The embedded database of a test.
fn open_sqlite(folder: &std::path::Path) -> Db {
    Db::open_sqlite(&folder.join("entrepot.db"), Synchronous::Normal).unwrap()
}
