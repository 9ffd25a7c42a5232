//! What is written reads back, here and elsewhere; what is wrong is refused, each for its reason.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to panic")]

mod codec;
mod fuzz;
mod hostile;
mod hostile_directory;
mod make;
mod model;
mod read;
mod reading;
mod zip64;
