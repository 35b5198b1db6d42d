//! A plan in words.

pub mod display;
pub(crate) mod problems;
pub mod waiting;
pub(crate) mod warnings;
