//! Starts the OpenStack servers that waiting Jenkins jobs need, and retires the nodes that stand idle.
//!
//! ```text
//! observe : Jenkins, clouds            -> World      reads only
//! plan    : Config, World, State, now  -> Plan       pure: no clock, no network, no log
//! apply   : Plan                       -> Results    writes only
//! a run   : lock, load, observe, plan, check, show, save, apply, report
//! ```
//!
//! [`reconcile`] is a run from top to bottom: start reading there. [`domain`] has the words that everything shares,
//! [`config`] what the operator wants. [`observe`] reads, [`plan`] decides, [`apply`] writes; [`jenkins`] and [`provider`]
//! are the services, with [`http`] beneath them. [`store`] keeps the state file, [`journal`] says what happened, [`record`]
//! keeps records of runs.
//! [`operator`] does what a person requests for one node. [`cli`] has the commands, and [`view`] what people and monitors
//! read.

pub mod apply;
pub mod cli;
pub mod concurrency;
pub mod config;
pub mod domain;
pub mod http;
pub mod jenkins;
pub mod journal;
pub(crate) mod json;
pub mod observe;
pub mod operator;
pub(crate) mod permission;
pub mod plan;
pub mod progress;
pub mod provider;
pub mod reconcile;
pub mod record;
pub mod secret;
pub mod store;
pub mod view;
