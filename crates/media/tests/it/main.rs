//! The child as the server starts it, over files that real tools make in the test.

mod decks;
mod pictures;
mod streams;
mod telling;
