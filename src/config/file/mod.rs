//! Reading a file: where it is, what its TOML says, and what is wrong where.

mod defaults;
mod env;
mod files;
mod locate;
mod named;
mod reading;
mod same;
mod suggest;
mod syntax;
mod table;
mod words;

pub(crate) use defaults::Defaults;
pub(crate) use env::{Environment, of_process};
pub(crate) use files::{MISSING, text, warn_of_readers, with_advice};
pub(crate) use locate::{exists, foreign_owner, user_folder};
pub(crate) use reading::{Found, Named, Place, Reading, Warnings};
pub(crate) use suggest::did_you_mean;
pub(crate) use syntax::errors;
pub(crate) use table::Table;

pub use env::person;
pub use locate::{NotFound, locate};
pub use reading::{ConfigErrors, UsedFile};
pub use same::FileIdentity;
