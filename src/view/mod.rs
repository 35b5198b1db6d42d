//! view

pub(crate) mod document;
pub(crate) mod explain;
pub(crate) mod failures;
pub(crate) mod metrics;
pub(crate) mod next;
pub(crate) mod page;
pub(crate) mod picture;
pub(crate) mod status;
pub(crate) mod table;
