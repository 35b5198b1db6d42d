//! The words that the rest of the program shares. They are small and pure, and import nothing from outside this folder.

pub mod address;
pub mod description;
pub mod format;
pub mod history;
pub mod installation;
pub mod journal;
pub mod label;
pub mod names;
pub mod need;
pub mod offline;
pub mod rare;
pub mod rule;
pub mod selection;
pub mod shared;
pub mod small_set;
pub mod state;
pub mod subject;
pub(crate) mod time;
pub mod why;
pub mod world;
