//! SQL of identity.

mod accounts;
mod groups;
mod keys;
mod policies;
mod tokens;

pub use accounts::*;
pub use groups::*;
pub use keys::*;
pub use policies::*;
pub use tokens::*;
