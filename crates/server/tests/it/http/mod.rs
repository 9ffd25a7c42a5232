mod authenticate;
mod connection;
mod respond;
