//! What reading tells before anything is ordered.

mod inspection;
mod inventory;
mod survey;

pub(crate) use inspection::inspect;
pub(crate) use inventory::inventory;
pub(crate) use survey::survey;
