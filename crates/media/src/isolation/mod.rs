//! The walls: limits of the kernel on processor time, memory and files; no network; no files but
//! the task's own. What a process has put around itself, all that it starts inherits.
