//! Records of runs: what was observed, the state, and the plan, in one document that can be given away.
//!
//! Planning is a pure function. So with a record, anybody can plan the run again, with this version or a later one, and
//! see where the plan differs. A record has the names of jobs, nodes and servers, their addresses, and messages of
//! services, but no secrets, no log-ins and no scripts. Replaying a record reads nothing else and sends nothing.

pub mod clean;
mod document;
mod file;
mod replay;

pub use document::{Record, VERSION};
pub use file::RecordError;
pub use replay::{Difference, Part};
