//! The state file, which is checked when it is read and replaced as a whole.
//!
//! A file that cannot be read is kept under another name and never overwritten; the file of a newer program or of another
//! installation is not touched. A save replaces the file by a new one, so that after a crash there is either the old state
//! or the new one.

mod clean;
mod error;
mod history;
mod journal;
mod lines;
mod lock;
mod place;
mod redacted;
mod state;
#[cfg(test)]
mod tests;

pub use clean::without_secrets;
pub use error::{Attempt, StoreError};
pub use history::history_of;
pub use journal::{JournalRead, journal_of, latest_of_journal};
pub use lock::{Lock, LockError};
pub use place::{owners, publish, replace_file};
pub use state::{Loaded, Older, Store, load_only};
