//! What becomes of each server and its node.

mod asked;
mod at_work;
mod clock;
mod forgotten;
mod held;
mod last_builds;
mod locked;
mod node_rows;
mod outages;
mod rights;
mod rows;
mod shields;
mod vanished;
mod waited_for;
