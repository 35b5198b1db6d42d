//! Records of runs: what was observed, remembered and decided, in one document that can be given away.
//!
//! Planning is a pure function, so a record is all it takes to plan a run again anywhere, with this program or a later
//! one, and to see where the plan differs. A record holds the names of jobs, nodes and servers, their addresses and what
//! services said, but no secrets, no log-ins and no scripts. Replaying one reads nothing else and sends nothing.

pub mod clean;
mod document;
mod file;
mod replay;

pub use document::{Record, VERSION};
pub use file::RecordError;
pub use replay::{Difference, Part};
