//! The life of servers, nodes, addresses and volumes, from the order to the end.

mod addresses;
mod consoles;
mod last_builds;
mod leftovers;
mod lifetime;
mod names;
mod nodes;
mod odd_clouds;
mod places;
mod programs;
mod registration;
mod servers;
