//! A plan in words.

pub mod display;
pub(crate) mod notices;
