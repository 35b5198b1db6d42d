//! Step 4: which jobs wait, and what each needs.

pub(crate) mod mismatch;
pub mod need;
pub(crate) mod queue;
pub mod serving;
pub(crate) mod waiting;
