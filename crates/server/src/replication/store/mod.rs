//! SQL of copies between regions.

pub mod copies;
pub mod keys;
pub mod segments;
pub mod tickets;
