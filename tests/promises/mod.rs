//! The promises of the design, each against what could break it: faults, crashes, races, strangers.

mod budget;
mod closing;
mod cloud_rights;
mod crashes;
mod doubtful_clouds;
mod dry_run;
mod durability;
mod holds;
mod installations;
mod locks;
mod lost_orders;
mod old_entries;
mod old_states;
mod one_node;
mod other_names;
mod races;
mod restarts;
mod rights;
mod strangers;
mod unbelieved;
mod users;
