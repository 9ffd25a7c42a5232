mod authenticate;
mod respond;
