//! The program: arguments, logger, clock, run, exit status.

fn main() {}
