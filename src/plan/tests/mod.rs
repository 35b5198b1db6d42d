//! The planner against its promises: situations with the whole plan as text, one file for each subject, and random ones
//! that only the checker judges.

mod addresses;
mod arrivals;
mod asked;
mod braking;
mod bystanders;
mod checker;
mod clock;
mod failures;
mod gates;
mod handed_over;
mod held;
mod identity;
mod in_vain;
mod last_builds;
mod lasting;
mod limits;
mod locked;
mod min_idle;
mod needs;
mod node_rows;
mod other_names;
mod outcome;
mod ownership;
mod paused;
mod placing;
mod providers;
mod random;
mod registering;
mod renamed;
mod rows;
mod scout;
mod shared_address;
mod situation;
mod size;
mod text;
