//! Reading a file: where it is, what its TOML says, and what is wrong where.

mod env;
mod files;
mod locate;
mod reading;
mod suggest;
mod syntax;
mod table;

pub(crate) use env::{Lookup, of_process};
pub(crate) use files::{text, too_open};
pub(crate) use locate::{is_there, user_folder};
pub(crate) use reading::{Found, Place, Reading};
pub(crate) use suggest::nearest;
pub(crate) use syntax::errors;
pub(crate) use table::Table;

pub use env::person;
pub use locate::{NotFound, locate};
pub use reading::ConfigErrors;
