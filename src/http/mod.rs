//! One HTTP client for both services, over ureq.
//!
//! It knows requests, answers and the run's deadline, but neither Jenkins nor OpenStack. Its errors say whether something
//! was sent: after [`Kind::NotSent`] nothing left this machine, any other error leaves open whether a write was done. Reads
//! are retried a few times, writes never. Redirects are never followed, so that no credential reaches another host. Only
//! this module waits and measures time.

mod addresses;
mod client;
mod clock;
mod error;
mod failure;
pub(crate) mod lenient;
#[cfg(test)]
pub(crate) mod loopback;
mod network;
mod proxy;
mod repair;
mod request;
mod response;
mod sent;
#[cfg(test)]
mod tests;
mod tls;

pub use client::{Client, ClientOptions};
pub use clock::parse_date;
pub use error::{HttpError, Kind, may_be_passed_on};
pub use network::Network;
pub use request::{Request, encode_query, encode_segment};
pub use response::{JsonBody, Response, excerpt};
pub use ureq::http::Method;
