//! What a media file is and what it looks like: files in, files out; no database, no HTTP.
//!
//! Every byte is hostile. A [`Task`] names one file and what is wanted of it; a [`Program`] starts a child
//! process for it, which locks itself in (`isolation`), looks at the content (`kind`) and tells
//! each result as one [`Step`] on its standard output, pictures as files in the task's folder. The
//! parent ends it, and everything it started, at the first limit it meets. Whatever goes wrong ends
//! as a [`Reason`] with a code and a sentence: a bad file is a result, not a fault.
//!
//! | part | what it does |
//! |---|---|
//! | [`task`] | what goes over the pipe: task, limits, steps, reasons |
//! | [`run`] | the parent's side: start, listen, bound, kill |
//! | `worker` | the child's side: lock in, look, dispatch |
//! | `isolation` | limits of the kernel, no network, no files but its own |
//! | `tool` | outside programs inside the child's walls |
//! | `kind` | what a file is, by its content |
//! | `probe` | what FFprobe tells of films and sound |
//! | `picture` | still images: decode, turn, colours, shrink, encode |
//! | `film` | FFprobe's figures, a frame that shows something |
//! | `sound` | cover art or a waveform |
//! | `deck` | slides and PDF pages |

mod deck;
mod film;
mod input;
mod isolation;
mod kind;
mod picture;
mod probe;
mod run;
mod sound;
pub mod task;
mod tool;
mod worker;

pub use run::{Program, Running, open_output};
pub use task::{Reason, Step, Task};
pub use worker::main as worker_main;
