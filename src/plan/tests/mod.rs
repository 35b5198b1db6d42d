//! The planner against its promises: situations with the whole plan as text, one file for each subject, and random ones
//! that only the checker judges.

mod braking;
mod checker;
mod clock;
mod failures;
mod gates;
mod held;
mod identity;
mod in_vain;
mod min_idle;
mod needs;
mod other_names;
mod placing;
mod random;
mod rows;
mod scout;
mod shared_address;
mod situation;
