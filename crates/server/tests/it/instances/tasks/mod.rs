mod create;
mod list;
mod show;
mod update;
