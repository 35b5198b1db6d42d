//! A plan in words.

pub mod display;
pub mod held_back;
pub(crate) mod problems;
pub mod waiting;
pub(crate) mod warnings;
