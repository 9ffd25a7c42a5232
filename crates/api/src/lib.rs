//! Wire types of the two published API families: plain data, no behaviour.
//!
//! Field names, optionality and odd spellings are the wire's (`docs/API.md`). What a server
//! answers leaves absent fields out instead of sending null.

pub mod archives;
pub mod assets;
pub mod credentials;
pub mod files;
pub mod iam;
pub mod imports;
pub mod integration;
pub mod packages;
pub mod replication;
