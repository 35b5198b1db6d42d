//! The program against a real Jenkins controller, with the simulator's OpenStack beside it.
//!
//! Only where `MITA_TEST_JENKINS_URL`, `MITA_TEST_JENKINS_USER` and `MITA_TEST_JENKINS_TOKEN` name a controller and somebody
//! who may use it; elsewhere each test says so in a word and passes. The user needs the permissions of mita, with those to
//! create and configure agents, and Job/Create, Job/Build and Job/Delete. Each test makes jobs and nodes under a name of its
//! own, and removes at its end whatever is left of them, also when it fails.
//!
//! No server boots: the test starts the agents, on this machine with `java`, or with the shell command in
//! `MITA_TEST_JENKINS_AGENT` (`agent.rs` says how it is called).
//!
//! Each test is also rehearsed in every run of the tests: on the simulated controller, which is given like a stranger's,
//! over HTTP and in real time. No other controller has met them yet.

mod agent;
mod client;
mod drain;
mod follower;
mod hold;
mod life;
mod rights;
mod site;

use super::{LONGEST, clock, eventually, pause, skipped, variable};
