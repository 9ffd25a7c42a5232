mod get;
mod put;
mod put_part;
mod races;
mod storage_full;
mod sweep;
mod tcp;
mod urls;
