mod queue;
mod runner;
