//! How mita talks to the services of OpenStack: one log-in, requests, lists in pages, and what a refusal means.

mod advice;
pub(super) mod error_body;
pub(super) mod errors;
mod microversion;
mod pages;
mod requests;
pub(super) mod service;
mod session;
pub(super) mod values;

pub(crate) use advice::{NO_DISK, NO_MICROVERSION, PASSES};
pub(crate) use error_body::Effect;
pub(crate) use errors::{
    Operation, says_no_floating_ip, says_no_image, says_no_server, says_no_volume, says_not_reachable, unusable_client,
};
pub(crate) use microversion::{ATTACHMENTS, Microversion};
pub(crate) use requests::Entry;
pub(crate) use service::Service;
pub(crate) use session::{Call, Session};
pub(crate) use values::{Named, lookup, loose, number, remaining, timestamp, usage};
