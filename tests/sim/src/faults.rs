//! Scripted faults: which requests they hit, and what goes wrong.

use std::time::Duration;

use crate::World;
use crate::http::Request;
use crate::log::{Service, shape};

/// Something that a test does to the world in the middle of a client's run. Any closure that can be copied.
pub trait Meanwhile: FnMut(&mut World) + Send {
    /// A copy, for a world that is set back later.
    fn copy(&self) -> Box<dyn Meanwhile>;
}

impl<F: FnMut(&mut World) + Send + Clone + 'static> Meanwhile for F {
    fn copy(&self) -> Box<dyn Meanwhile> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Meanwhile> {
    fn clone(&self) -> Self {
        (**self).copy()
    }
}

/// What goes wrong.
#[derive(Clone)]
pub enum Kind {
    /// Not done; this status with this JSON text.
    Status(u16, String),
    /// Not done; this status with an HTML page, as a proxy in front would send.
    Html(u16),
    /// Not done; this status with nothing.
    Empty(u16),
    /// Not done; 429 with `Retry-After` in seconds.
    RetryAfter(u64),
    /// Not done; a redirect to this address.
    Redirect(u16, String),
    /// Not done; a JSON text of so many bytes, without its length in the head.
    HugeBody(usize),
    /// Not done; the connection is closed.
    DropBefore,
    /// Not done; no answer until [`crate::Sim::release`].
    Hang,
    /// Not done, though the answer says so: a delete that is forgotten.
    AckedButNotDone(u16),
    /// Done; the connection is closed before the answer.
    DropAfter,
    /// Done; no answer until [`crate::Sim::release`].
    HangAfter,
    /// Done; this status all the same ("500, but created").
    DoneBut(u16),
    /// Done; half of the body, then the connection is closed.
    Truncated,
    /// Done; one byte at a time, with this pause.
    SlowDrip(Duration),
    /// Done; every list in the answer is empty.
    EmptyLists,
    /// Done; of the first entry of every list, all but its id and name has another type.
    OddEntry,
    /// Done; the entries of every list have no metadata, as those of a list that lags.
    BareEntries,
    /// Done; every list is a page without entries that leads to another page, each after this pause.
    EndlessList(Duration),
    /// Done; servers younger than this are missing from the answer.
    ListLag(Duration),
    /// Answered as if no `marker` had been sent: the first page again.
    RepeatMarker,
    /// Nothing goes wrong, but this happens just before.
    Before(Box<dyn Meanwhile>),
    /// Nothing goes wrong, but this happens just after.
    After(Box<dyn Meanwhile>),
}

/// A rule: which requests, how often, and what goes wrong.
#[derive(Clone)]
pub struct Fault {
    service: Option<Service>,
    host: Option<String>,
    method: Option<String>,
    path: String,
    shape: Option<String>,
    skip: usize,
    times: usize,
    pub(crate) number: u64,
    pub(crate) kind: Kind,
}

impl Fault {
    /// Hits the next request to this service.
    pub fn new(service: Service, kind: Kind) -> Self {
        Fault { service: Some(service), ..Fault::anywhere(kind) }
    }

    /// Hits the next request to any service.
    pub fn anywhere(kind: Kind) -> Self {
        Fault {
            service: None,
            host: None,
            method: None,
            path: String::new(),
            shape: None,
            skip: 0,
            times: 1,
            number: 0,
            kind,
        }
    }

    /// Hits only requests to this host (a cloud's name).
    #[must_use]
    pub fn on(mut self, host: &str) -> Self {
        self.host = Some(host.to_string());
        self
    }

    /// Hits only requests with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_string());
        self
    }

    /// Hits only requests whose path (with query) contains this.
    #[must_use]
    pub fn path(mut self, part: &str) -> Self {
        self.path = part.to_string();
        self
    }

    /// Hits only requests whose path has this shape ([`crate::log::shape`]).
    #[must_use]
    pub fn shape(mut self, shape: &str) -> Self {
        self.shape = Some(shape.to_string());
        self
    }

    /// Lets so many matching requests through first.
    #[must_use]
    pub fn after(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// Hits so many requests.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Hits every matching request until [`crate::Sim::heal`].
    #[must_use]
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }

    fn matches(&self, host: &str, service: Service, request: &Request) -> bool {
        self.service.is_none_or(|own| own == service)
            && self.host.as_deref().is_none_or(|h| h == host)
            && self.method.as_deref().is_none_or(|m| m == request.method)
            && self.shape.as_deref().is_none_or(|s| s == shape(&request.path))
            && format!("{}?{}", request.path, request.query).contains(&self.path)
    }

    /// Whether this request is hit; counts it.
    pub(crate) fn hits(&mut self, host: &str, service: Service, request: &Request) -> bool {
        if self.times == 0 || !self.matches(host, service, request) {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.times = if self.times == usize::MAX { self.times } else { self.times - 1 };
        true
    }

    pub(crate) fn spent(&self) -> bool {
        self.times == 0
    }
}
