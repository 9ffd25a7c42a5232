//! The child as the server starts it, over files that real tools make in the test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to panic")]

mod decks;
mod pictures;
mod streams;
mod telling;
