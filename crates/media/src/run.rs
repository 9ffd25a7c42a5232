//! The parent's side: starts a child for a task, hears its steps, ends it at the first limit.
