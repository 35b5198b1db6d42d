//! Reading a file: where it is, what its TOML says, and what is wrong where.

mod env;
mod files;
mod locate;
mod reading;
mod suggest;
mod syntax;
mod table;

pub(crate) use env::{Environment, of_process};
pub(crate) use files::{MISSING, text, warn_of_readers};
pub(crate) use locate::{exists, user_folder};
pub(crate) use reading::{Found, Place, Reading};
pub(crate) use suggest::did_you_mean;
pub(crate) use syntax::errors;
pub(crate) use table::{Defaults, Table};

pub use env::person;
pub use locate::{NotFound, locate};
pub use reading::ConfigErrors;
