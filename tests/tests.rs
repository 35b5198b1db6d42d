//! The whole program against the simulator: one installation of mita, one controller, some clouds, one clock.
//!
//! Each module tells stories about one subject. Stories about a promise of the design carry its name (`s1_` to `s9_`,
//! `l1_` to `l4_`); the simulator checks the most dangerous ones after every request of every story besides.

#[cfg(test)]
mod addresses;
#[cfg(test)]
mod boot_script;
#[cfg(test)]
mod budget;
#[cfg(test)]
mod by_hand;
#[cfg(test)]
mod consoles;
#[cfg(test)]
mod crashes;
#[cfg(test)]
mod cron;
#[cfg(test)]
mod dry_run;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod init;
#[cfg(test)]
mod last_builds;
#[cfg(test)]
mod layering;
#[cfg(test)]
mod leftovers;
#[cfg(test)]
mod lifetime;
#[cfg(test)]
mod live;
#[cfg(test)]
mod lost_orders;
#[cfg(test)]
mod matrix;
#[cfg(test)]
mod monitors;
#[cfg(test)]
mod names;
#[cfg(test)]
mod nodes;
#[cfg(test)]
mod old_states;
#[cfg(test)]
mod places;
#[cfg(test)]
mod playground;
#[cfg(test)]
mod races;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod registration;
#[cfg(test)]
mod replays;
#[cfg(test)]
mod restarts;
#[cfg(test)]
mod rights;
#[cfg(test)]
mod security;
#[cfg(test)]
mod servers;
#[cfg(test)]
mod shipping;
#[cfg(test)]
mod statuses;
#[cfg(test)]
mod strangers;
#[cfg(test)]
mod unbelieved;
#[cfg(test)]
mod watching;
