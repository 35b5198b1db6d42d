//! The simulator as a client sees it, over real sockets.

mod client;
mod configuration;
mod create;
mod faults;
mod jenkins;
mod labels;
mod openstack;
mod pipelines;
mod placement;
mod projects;
mod promises;
mod recorded;
mod restarts;
mod set_back;
mod speed;
mod start;
mod volumes;
