//! The state file: read with distrust, replaced whole.
//!
//! Knows files and nothing of what the state means. What cannot be read is set aside and never overwritten; what a
//! newer program or another installation wrote is left untouched. A save is a new file that takes the old one's
//! place, so that a crash at any moment leaves either the old state or the new one.

mod clean;
mod error;
mod files;
mod history;
mod lock;
mod state;
#[cfg(test)]
mod tests;

pub use clean::without_secrets;
pub use error::{Attempt, StoreError};
pub use files::replace_file;
pub use history::{history_of, publish};
pub use lock::{Lock, LockError};
pub use state::{Loaded, Store, load_only};
