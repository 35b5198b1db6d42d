//! A provider that is a program: `type = "command"`.
//!
//! mita starts it with a verb, writes one JSON document to its standard input and reads one from its standard output.
//! `examples/backend.md` is the contract.

mod call;
mod contract;
mod process;
mod program;
mod schemas;

#[cfg(test)]
mod tests;

pub use schemas::{schemas, validate};

pub(crate) use program::Program;
