//! Starts the OpenStack servers that waiting Jenkins jobs need, and retires the nodes that stand idle.
//!
//! ```text
//! observe : Jenkins, clouds            -> World      reads only
//! plan    : Config, World, State, now  -> Plan       pure: no clock, no network, no log
//! apply   : Plan                       -> Report     writes only
//! a run   : lock, load, observe, plan, show, check, apply, save, exit
//! ```

pub mod apply;
pub mod cli;
pub mod concurrency;
pub mod config;
pub mod description;
pub mod hand;
pub mod history;
pub mod http;
pub mod jenkins;
pub mod label;
pub mod naming;
pub mod observe;
pub mod offline;
pub mod plan;
pub mod progress;
pub mod provider;
pub mod reconcile;
pub mod record;
pub mod script;
pub mod secret;
pub mod state;
pub mod store;
pub mod why;
pub mod world;
