//! Step 6: which executors exist or are on their way, which servers may be ordered, and which job gets which executor.

mod acceptance;
pub mod assignment;
pub(crate) mod blocker;
pub mod budgets;
mod coming;
pub(crate) mod failing;
mod full;
mod kept;
pub mod limits;
mod offer;
pub(crate) mod placement;
mod placing;
pub(crate) mod pool;
pub(crate) mod presumed;
mod read_out;
pub(crate) mod supply;
