//! The planner against its promises: situations with the whole plan as text, one file for each subject, and random ones
//! that only the checker judges.

mod checker;
mod held;
mod identity;
mod needs;
mod placing;
mod rows;
mod situation;
