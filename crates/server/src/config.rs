//! Settings: defaults, then a TOML file, then `ENTREPOT_…` variables, then flags.
//!
//! Every key is documented in `docs/OPERATIONS.md`, which a test compares with [`Config`].

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

use crate::http::address::TrustedProxies;

/// All settings, by the names they have in the file; `ENTREPOT_` and the name in capitals as variables.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The data folder: database, blobs, keys, credentials.
    pub data: PathBuf,
    /// Address and port to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The URL that clients reach this server by; signed URLs carry it. By default the address listened on.
    pub public_endpoint: Option<String>,
    /// This deployment's name, as other regions know it.
    pub region: String,
    /// `postgres://…`; without it, SQLite in the data folder.
    pub database_url: Option<String>,
    /// Connections to PostgreSQL at most.
    pub database_connections: usize,
    /// `full` syncs SQLite's log at every commit, `normal` only at checkpoints.
    pub database_synchronous: String,
    /// Where the master key is, if not in the data folder.
    pub master_key_file: Option<PathBuf>,
    /// A command that prints the master key.
    pub master_key_command: Option<String>,
    /// `text` or `json`.
    pub log_format: LogFormat,
    /// What is logged, such as `info` or `info,entrepot::access=debug`.
    pub log: String,
    /// Whether an asset is ACTIVED, instead of UNACTIVED, once its main file is complete.
    pub activate_at_once: bool,
    /// Whether a name may stand only once in a project among assets of one type.
    pub unique_names: bool,
    /// How many days the recycle bin keeps an asset.
    pub recycle_bin_days: u32,
    /// How many days a deleted asset still answers by its id.
    pub deleted_visible_days: u32,
    /// After how many days without a byte an unfinished upload is given up.
    pub unfinished_upload_days: u32,
    /// How many minutes bytes that nothing refers to are kept before they are removed.
    pub quarantine_minutes: u32,
    /// How many minutes lie between two sweeps.
    pub sweep_minutes: u32,
    /// How many days a package waits to be downloaded.
    pub archive_days: u32,
    /// How many minutes the caller who began to download a package has to get it whole.
    pub archive_lease_minutes: u32,
    /// How many times its size may be sent of a package until it is delivered.
    pub archive_max_sends: u32,
    /// The regions that assets are copied from.
    pub peers: Vec<PeerConfig>,
    /// The region that a ticket is for when the call does not name one.
    pub default_peer: Option<String>,
    /// How many hours a ticket can be presented.
    pub ticket_hours: u32,
    /// How many copies from other regions run at a time.
    pub copy_workers: usize,
    /// How many ranges of files are fetched at a time, of all copies together.
    pub copy_streams: usize,
    /// How many MiB a second copies may fetch, together; 0 sets no limit.
    pub copy_rate_mib: u32,
    /// How many requests a second a key, or a token's user, may send; 0 sets no limit.
    pub key_requests_per_second: u32,
    /// How many of its requests may be under way at a time; 0 sets no limit.
    pub key_requests_in_flight: u32,
    /// Addresses and ranges of proxies whose `X-Forwarded-For` says where requests come from.
    pub trusted_proxies: Vec<String>,
    /// How many days events of the audit are kept; 0 keeps them for ever.
    pub audit_days: u32,
    /// Whether each download of a file by its URL is an event of the audit.
    pub audit_downloads: bool,
    /// How many jobs run at a time, copies and media aside.
    pub job_workers: usize,
    /// Whether metadata, thumbnails, covers and slides are made of main files.
    pub media: bool,
    /// How many pictures, films and sounds are looked at at a time; 0 means as many as there are cores.
    pub media_workers: usize,
    /// How much private memory a program that looks at a file may have.
    pub media_memory_mib: u32,
    /// How many seconds looking at a picture, film or sound may take.
    pub media_seconds: u32,
    /// How many seconds converting slides may take.
    pub slides_seconds: u32,
    /// How many million pixels a picture may have to get a thumbnail.
    pub media_megapixels: u32,
    /// The program that looks at files, called with `media-worker`, if it is not this one.
    pub media_program: Option<PathBuf>,
    /// How many seconds requests under way have when the server stops.
    pub stop_seconds: u32,
}

/// Another deployment, as it is configured here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeerConfig {
    /// Its name, as its own setting `region` has it.
    pub region: String,
    /// The URL that it is reached by.
    pub endpoint: String,
    /// Certificates (PEM) to trust beside the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// The URL of a proxy, such as `http://proxy:3128`; otherwise the environment's are followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

impl std::str::FromStr for PeerConfig {
    type Err = String;

    /// `REGION=URL`
    fn from_str(text: &str) -> Result<Self, String> {
        let (region, endpoint) = text
            .split_once('=')
            .ok_or("must have the form REGION=URL, such as west=https://media.west.example")?;
        Ok(Self {
            region: region.to_owned(),
            endpoint: endpoint.to_owned(),
            ca_file: None,
            proxy: None,
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_endpoint: None,
            region: "local-1".into(),
            database_url: None,
            database_connections: 16,
            database_synchronous: "full".into(),
            master_key_file: None,
            master_key_command: None,
            log_format: LogFormat::Text,
            log: "info,refinery_core=warn,tokio_postgres=warn".into(),
            activate_at_once: false,
            unique_names: false,
            recycle_bin_days: 7,
            deleted_visible_days: 30,
            unfinished_upload_days: 3,
            quarantine_minutes: 60,
            sweep_minutes: 10,
            archive_days: 7,
            archive_lease_minutes: 24 * 60,
            archive_max_sends: 10,
            peers: Vec::new(),
            default_peer: None,
            ticket_hours: 24,
            copy_workers: 8,
            copy_streams: 8,
            copy_rate_mib: 0,
            key_requests_per_second: 0,
            key_requests_in_flight: 0,
            trusted_proxies: Vec::new(),
            audit_days: 365,
            audit_downloads: true,
            job_workers: 2,
            media: true,
            media_workers: 0,
            media_memory_mib: 1024,
            media_seconds: 60,
            slides_seconds: 300,
            media_megapixels: 256,
            media_program: None,
            stop_seconds: 30,
        }
    }
}

impl Config {
    /// Layers the sources; `flags` are keys of this struct with the values given on the command line.
    pub fn load(
        file: Option<&Path>,
        flags: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Self, String> {
        let mut figment = Figment::from(Serialized::defaults(Config::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(format!(
                    "the configuration file {} is not there",
                    file.display()
                ));
            }
            figment = figment.merge(Toml::file(file));
        }
        // ENTREPOT_MASTER_KEY is a secret and read apart; ENTREPOT_CONFIG names the file
        let env = Env::prefixed("ENTREPOT_").filter(|key| {
            let names = Config::keys();
            names.iter().any(|name| key == name.as_str())
        });
        let config: Config = figment
            .merge(env)
            .merge(Serialized::defaults(flags))
            .extract()
            .map_err(|e| format!("the configuration is not valid: {e}"))?;
        config.check()?;
        Ok(config)
    }

    /// Adds peers to those of the file, or gives these another endpoint.
    pub fn add_peers(&mut self, peers: Vec<PeerConfig>) -> Result<(), String> {
        for peer in peers {
            match self.peers.iter_mut().find(|p| p.region == peer.region) {
                Some(known) => known.endpoint = peer.endpoint,
                None => self.peers.push(peer),
            }
        }
        self.check()
    }

    /// The names of all settings.
    pub fn keys() -> Vec<String> {
        match serde_json::to_value(Config::default()) {
            Ok(serde_json::Value::Object(map)) => map.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn check(&self) -> Result<(), String> {
        check_region(&self.region).map_err(|problem| format!("region {problem}"))?;
        if !matches!(self.database_synchronous.as_str(), "full" | "normal") {
            return Err("database_synchronous must be full or normal".into());
        }
        if let Some(url) = &self.database_url
            && !url.starts_with("postgres://")
            && !url.starts_with("postgresql://")
        {
            return Err(
                "database_url must begin with postgres:// ; for SQLite leave it out".into(),
            );
        }
        if let Some(url) = &self.public_endpoint
            && !is_http_url(url)
        {
            return Err("public_endpoint must begin with http:// or https://".into());
        }
        if self.job_workers == 0 || self.database_connections == 0 || self.sweep_minutes == 0 {
            return Err(
                "job_workers, database_connections and sweep_minutes must be at least 1".into(),
            );
        }
        if self.archive_days == 0 || self.archive_lease_minutes == 0 || self.archive_max_sends == 0
        {
            return Err(
                "archive_days, archive_lease_minutes and archive_max_sends must be at least 1"
                    .into(),
            );
        }
        if self.media_memory_mib < 64 || self.media_seconds == 0 || self.slides_seconds == 0 {
            return Err(
                "media_memory_mib must be at least 64, media_seconds and slides_seconds at least 1"
                    .into(),
            );
        }
        TrustedProxies::parse(&self.trusted_proxies)
            .map_err(|problem| format!("trusted_proxies: {problem}"))?;
        self.check_peers()
    }

    fn check_peers(&self) -> Result<(), String> {
        if self.ticket_hours == 0 || self.copy_workers == 0 || self.copy_streams == 0 {
            return Err("ticket_hours, copy_workers and copy_streams must be at least 1".into());
        }
        for (at, peer) in self.peers.iter().enumerate() {
            check_region(&peer.region).map_err(|problem| format!("a peer's region {problem}"))?;
            if peer.region == self.region {
                return Err(format!(
                    "the peer {} has this region's own name",
                    peer.region
                ));
            }
            if self.peers[..at].iter().any(|p| p.region == peer.region) {
                return Err(format!("the peer {} is there twice", peer.region));
            }
            if !is_http_url(&peer.endpoint) {
                return Err(format!(
                    "the endpoint of the peer {} must begin with http:// or https://",
                    peer.region
                ));
            }
        }
        Ok(())
    }

    /// How many files of the media lane are looked at at a time.
    pub fn media_workers(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        match (self.media, self.media_workers) {
            (false, _) => 0,
            (true, 0) => cores(),
            (true, n) => n,
        }
    }

    pub fn stop_grace(&self) -> Duration {
        Duration::from_secs(self.stop_seconds.into())
    }
}

/// A region's name: 1 to 64 characters on one line.
pub fn check_region(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > 64 || name.chars().any(char::is_control) {
        return Err("must have 1 to 64 characters".into());
    }
    Ok(())
}

fn is_http_url(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

/// A setting in days as a duration.
pub fn days(n: u32) -> Duration {
    Duration::from_secs(u64::from(n) * 24 * 3600)
}

/// A setting in hours as a duration.
pub fn hours(n: u32) -> Duration {
    Duration::from_secs(u64::from(n) * 3600)
}

/// A setting in minutes as a duration.
pub fn minutes(n: u32) -> Duration {
    Duration::from_secs(u64::from(n) * 60)
}
