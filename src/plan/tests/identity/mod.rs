//! Which server is ours, and which node is which server.

mod addresses;
mod arrivals;
mod bystanders;
mod decoys;
mod handed_over;
mod left_over_entries;
mod mapping;
mod misleading;
mod other_names;
mod ownership;
mod places;
mod providers;
mod renamed;
mod shared_address;
