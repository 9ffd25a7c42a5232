mod complete;
mod create;
mod create_large;
mod delete;
mod hash;
mod part_urls;
mod races;
mod unfinished;
