//! SQL of asset jobs, archives and packages on their way in.

pub mod archives;
pub mod entries;
pub mod items;
pub mod jobs;
pub mod uploads;
