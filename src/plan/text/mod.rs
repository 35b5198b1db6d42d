//! A plan in words.

pub mod display;
pub(crate) mod problems;
pub(crate) mod warnings;
