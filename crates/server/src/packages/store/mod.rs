//! SQL of asset jobs, archives and packages on their way in.

pub mod archives;
pub mod jobs;
