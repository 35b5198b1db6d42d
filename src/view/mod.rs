//! What people and monitors read of a run: tables, JSON documents, the status page, metrics, explanations.
//!
//! Everything here is made from a [`Report`](crate::reconcile::Report) or another result that is complete. Nothing here
//! prints, logs or asks a service: the commands in [`crate::cli`] do that.

pub(crate) mod compact;
pub(crate) mod document;
pub(crate) mod exit;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod metrics;
pub(crate) mod natural;
pub(crate) mod overview;
pub(crate) mod page;
pub(crate) mod quota;
pub(crate) mod run_report;
pub(crate) mod status;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod text;

#[cfg(test)]
pub(crate) mod tests;

pub use document::schemas::schemas;
pub use exit::Exit;
