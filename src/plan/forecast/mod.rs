//! Step 5: how many servers of each type should be at hand before a job asks for them.
//!
//! One pure function for each rule (`spare`, `keep`, `steady`, `ahead`). Its only result is a number for each type and the
//! reason for it; limits, breaker and assignment do the rest as for waiting jobs. What the rules need to know is counted in `usage`.

mod ahead;
mod keep;
mod spare;
mod steady;
pub(crate) mod usage;
mod wanted;

pub(crate) use wanted::wanted_at_hand;
