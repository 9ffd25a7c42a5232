//! The Entrepot server. `router` lists every endpoint; `docs/ARCHITECTURE.md` walks through the rest.

pub mod app;
pub mod assets;
pub mod audit;
pub mod background;
pub mod clock;
pub mod config;
pub mod db;
pub mod error;
pub mod files;
pub mod health;
pub mod http;
pub mod iam;
pub mod ids;
pub mod instances;
pub mod jobs;
pub mod keys;
pub mod objects;
pub mod openapi;
pub mod packages;
pub mod portable;
pub mod processing;
pub mod replication;
pub mod router;
pub mod server;
pub mod vault;
