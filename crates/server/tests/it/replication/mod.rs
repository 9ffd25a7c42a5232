mod by_hand;
mod by_replication_info;
mod copies;
mod keys;
mod replication_info;
mod rules;
mod source;
mod ticket;
