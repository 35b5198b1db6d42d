//! The planner against its promises: situations with the whole plan as text, one file for each subject, and random ones
//! that only the checker judges.

mod capacity;
mod checker;
mod decisions;
mod demand;
mod identity;
mod lifecycle;
mod lives;
mod outcome;
mod random;
mod rhythm_keys;
mod situation;
