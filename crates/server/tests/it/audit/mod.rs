mod buffer;
mod downloads;
mod list;
mod refusals;
mod retention;
mod rows;
