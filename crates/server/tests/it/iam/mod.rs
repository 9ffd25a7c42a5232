mod authorize;
mod domains;
mod projects;
mod tokens;
