//! What mita reads of a cloud before it orders anything.

mod inspection;
mod inventory;
mod survey;

pub(crate) use inspection::inspect;
pub(crate) use inventory::inventory;
pub use inventory::probe;
pub(crate) use survey::survey;
