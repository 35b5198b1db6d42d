//! One HTTP client for both services, over ureq.
//!
//! It knows requests, answers and the run's deadline, and nothing of Jenkins or OpenStack. What callers need of it most
//! is honesty about a failure: [`Kind::NotSent`] says that nothing left this machine, everything else leaves the outcome
//! of a write open. Reads are repeated a few times, writes never; a redirect is never followed, so that no
//! credential reaches a host that it does not belong to. Only this module waits and looks at a stopwatch.

mod client;
mod clock;
mod error;
mod failure;
#[cfg(test)]
pub(crate) mod loopback;
mod request;
mod response;
mod sent;
#[cfg(test)]
mod tests;
mod tls;

pub use client::{Client, ClientOptions};
pub use error::{HttpError, Kind};
pub use request::{Request, encode_query, encode_segment};
pub use response::{JsonBody, Response, excerpt};
pub use ureq::http::Method;
