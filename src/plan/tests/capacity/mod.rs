//! Which executors there are or may be ordered, and which job gets which.

mod budgets;
mod limits;
mod min_idle;
mod placing;
mod size;
