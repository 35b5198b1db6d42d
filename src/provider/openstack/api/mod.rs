//! How OpenStack's services are spoken to: one log-in, requests, pages, and what a refusal means.

mod errors;
mod microversion;
mod pages;
mod service;
mod session;
mod values;

pub(crate) use errors::{Task, Verb, says_no_floating_ip, says_no_image, says_no_server, says_no_volume, setup};
pub(crate) use microversion::Microversion;
pub(crate) use pages::{Link, Pages};
pub(crate) use service::Service;
pub(crate) use session::{Call, Session};
pub(crate) use values::{Limits, left, mark, timestamp};
