//! The planner against its promises: situations with the whole plan as text, one file for each subject, and random ones
//! that only the checker judges.

mod checker;
mod clock;
mod failures;
mod held;
mod identity;
mod in_vain;
mod needs;
mod placing;
mod rows;
mod scout;
mod situation;
