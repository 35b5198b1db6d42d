//! The simulator as a client sees it, over real sockets.

mod client;
mod create;
mod faults;
mod jenkins;
mod labels;
mod openstack;
mod promises;
mod set_back;
mod speed;
