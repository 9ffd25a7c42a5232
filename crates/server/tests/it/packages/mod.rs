mod delete;
mod export;
mod jobs;
mod layout;
mod refusals;
