mod authorize;
mod domains;
mod policies;
mod projects;
mod tokens;
