mod administer;
mod apps;
mod bootstrap;
mod list;
mod tasks;
