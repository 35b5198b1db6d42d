//! What the process shows besides results: errors with their exit statuses, the log, panics; and how it prints results.

pub(crate) mod failure;
pub(crate) mod logger;
pub(crate) mod output;
pub(crate) mod panics;
pub(crate) mod terminal;
