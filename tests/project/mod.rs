//! The project itself: the order of its sources, the README, and what is shipped beside the program.

mod boot_script;
mod cron;
mod layering;
mod playground;
mod readme;
mod shipping;
