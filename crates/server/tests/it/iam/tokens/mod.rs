mod create;
mod delete;
mod exchange;
mod lockout;
mod show;
