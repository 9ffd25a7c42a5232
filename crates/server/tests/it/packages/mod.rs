mod archives;
mod delivery;
mod once;
mod package;
mod tcp;
mod wire;
