mod contents;
mod download;
mod receipt;
mod record;
