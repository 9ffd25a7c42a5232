//! What every endpoint needs of HTTP: who calls, what was sent, how errors are printed.

pub mod accept;
pub mod address;
pub mod audit;
pub mod authenticate;
pub mod caller;
pub mod connection;
pub mod json;
pub mod limits;
pub mod lockout;
pub mod origin;
pub mod path;
pub mod query;
pub mod render;
pub mod respond;
pub mod serve;
pub mod signature;
pub mod slashes;
pub mod tracked_body;
