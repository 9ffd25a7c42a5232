//! What is made of main files, with workers of the tests' own; real files are in the black-box tests.

mod covers;
mod decks;
mod failures;
mod reprocess;
mod thumbnails;
