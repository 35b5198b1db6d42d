//! Errors of requests.

/// A request without a usable answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{request}: {text}")]
pub struct HttpError {
    /// Method and URL, without query and user.
    pub request: String,
    /// What it means.
    pub kind: Kind,
    /// What happened, and what to do. May quote the service, so it has to be redacted where it leaves the program.
    pub text: String,
}

/// What an error means. Every kind except [`Kind::NotSent`] leaves open whether a write was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing of the request left this machine: no address, no connection, no valid certificate, or no time.
    NotSent,
    /// At least a part of it was sent, and no complete answer came.
    Lost,
    /// The answer is too large.
    TooLarge,
    /// The answer redirects to another address, which is not followed.
    Redirect,
    /// The answer is complete, but not the JSON that was asked for.
    NotJson,
}

/// Whether a proxy may answer a request with this status below 500 after it passed the request on: it gave up waiting (408,
/// 499), or the status is in no standard. With the others (400, 403, 404, 413, 429) a proxy refuses what it has not passed on.
pub fn may_be_passed_on(status: u16) -> bool {
    matches!(status, 408 | 425 | 432..=450 | 452..=499)
}
