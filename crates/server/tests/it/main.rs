//! The server through its router, over SQLite or, where `ENTREPOT_TEST_POSTGRES_URL` is set, over
//! PostgreSQL. Folders mirror `src/`; `harness` boots the library that each test has to itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to panic")]

mod architecture;
mod assets;
mod audit;
mod db;
mod files;
mod fuzz;
mod harness;
mod http;
mod iam;
mod instances;
mod jobs;
mod objects;
mod packages;
mod processing;
mod replication;
mod vault;
